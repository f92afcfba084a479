"""COLLECT: boxes as YOLO has them: a text file a picture, a line a box: class number, middle and sides in shares of the picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.table import Table
from ._boxes import Found
from ._files import IMAGE, run_name, split_of, walk

PEEK = 3_000  # files looked at to recognise a folder
NAMES = ("classes.txt", "obj.names", "names.txt")


@dataclass(frozen=True)
class YoloTxt:
    """Reads images/…/x.jpg with labels/…/x.txt (train/ and test/ above or below), or both in one folder with classes.txt; data.yaml names classes."""

    def recognises(self, path: Path) -> float:
        if not path.is_dir():
            return 0.0
        pictures = [file for file in walk(path, at_most=PEEK) if file.suffix.lower() in IMAGE][:50]
        labels = [label for file in pictures if (label := label_of(file)) is not None]
        return 0.96 if labels and any(looks_right(label) for label in labels) else 0.0

    def read(self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None) -> Table:
        found, names, alone = Found(), class_names(path), 0
        for file in walk(path):
            if file.suffix.lower() not in IMAGE:
                continue
            label = label_of(file)
            if label is None:
                alone += 1
                continue
            splits = {split for part in file.relative_to(path).parts[:-1] if (split := split_of(part))}
            name = str(label.relative_to(path))
            try:
                boxes = [corners(line, names) for line in label.read_text("utf-8").splitlines() if line.strip()]
            except (ValueError, UnicodeDecodeError) as error:
                found.skipped.append((name, str(error)))
                continue
            found.add(file, boxes, (1.0, 1.0), splits.pop() if len(splits) == 1 else None, name)
        notes = [f"{alone:,} pictures without a text file of boxes were left out."] if alone else []
        return found.table(run_name(path), limits, notes=notes)


def label_of(picture: Path) -> Path | None:
    """The text file of a picture: in labels/ where it lies in images/, or beside it."""
    parts = list(picture.parts)
    for place in range(len(parts) - 2, -1, -1):
        if parts[place].lower() == "images":
            label = Path(*parts[:place], "labels", *parts[place + 1 :]).with_suffix(".txt")
            return label if label.is_file() else None
    label = picture.with_suffix(".txt")
    return label if label.is_file() else None


def looks_right(label: Path) -> bool:
    """Five or more numbers in the first line, the class a whole one, the places shares."""
    try:
        lines = label.read_text("utf-8").split("\n")
        values = [float(word) for word in lines[0].split()]
    except (ValueError, UnicodeDecodeError, OSError):
        return False
    return len(values) == 5 and values[0] == int(values[0]) >= 0 and all(-1 <= v <= 2 for v in values[1:])


def class_names(path: Path) -> list[str]:
    """From data.yaml or a list of names; [] where classes are numbers."""
    for file in [*sorted(path.glob("*.yaml")), *sorted(path.glob("*.yml"))]:
        import yaml

        try:
            names = (yaml.safe_load(file.read_text("utf-8")) or {}).get("names")
        except (yaml.YAMLError, UnicodeDecodeError, AttributeError) as error:
            raise DataError(f"{file.name} is not readable YAML.", str(error).splitlines()[0], "It should hold `names:`.") from None
        if isinstance(names, dict):
            return [str(names.get(k, k)) for k in range(max(names, default=-1) + 1)]
        if isinstance(names, list):
            return [str(name) for name in names]
    for name in NAMES:
        for file in path.rglob(name):
            return [line.strip() for line in file.read_text("utf-8", "replace").splitlines() if line.strip()]
    return []


def corners(line: str, names: list[str]) -> tuple[str, float, float, float, float]:
    words = line.split()
    if len(words) not in (5, 6):  # a sixth number is a score
        raise ValueError(f"a line is no box: {line[:60]!r}")
    try:
        k, x, y, w, h = int(float(words[0])), *(float(word) for word in words[1:5])
    except (ValueError, OverflowError):
        raise ValueError(f"a line is no box: {line[:60]!r}") from None
    if names and not 0 <= k < len(names):
        raise ValueError(f"class {k} is none of the {len(names)} names")
    return names[k] if names else str(k), x - w / 2, y - h / 2, x + w / 2, y + h / 2


SOURCE = YoloTxt()
