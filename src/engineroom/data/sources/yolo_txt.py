"""COLLECT: boxes as YOLO has them: a text file a picture, a line a box: class number, middle and sides in shares of the
picture; or a
polygon: class number and the points of an outline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ._box_table import SHARES, Annotated, BoxSource, Found, Thing, box_of
from ._files import IMAGE
from ._layout import Place, pair_places, places_below

PEEK = 6_000  # files looked at to recognise a folder
LOOKED = 400  # text files
NAMES = ("classes.txt", "obj.names", "names.txt")
ABOVE = 2  # folders above in which names of classes are looked for
PIXELS = 2.0  # no share of a side is so large


@dataclass(frozen=True)
class YoloTxt(BoxSource):
    """Reads images/…/x.jpg with labels/…/x.txt (train/ and test/ above or below), or both in one folder; data.yaml or
    classes.txt names classes."""

    def detect(self, path: Path) -> float:
        if not path.is_dir():
            return 0.0
        labels = [text.path for _, text in partners(path, at_most=PEEK) if text and text.path.stat().st_size]
        sure = [looks_right(label) for label in labels[:LOOKED]]
        return max(sure, default=0.0)

    def annotated(self, path: Path, limits: LimitsConfig) -> Found:
        found, (names, poses) = Found(), class_names(path)
        found.categories = {name: k for k, name in enumerate(names)}
        rows = partners(path)
        labelled = {(place.split, place.rest) for place, text in rows if text}
        bare, alone, outlined = 0, 0, 0
        for place, text in rows:
            if text is None and (place.split, place.rest) not in labelled:
                alone += 1
                continue
            bare += text is None
            name = str((text or place).path.relative_to(path))
            try:
                lines = text.path.read_text("utf-8").splitlines() if text else []
                things = [thing_of(line, names, poses) for line in lines if line.strip()]
            except (ValueError, UnicodeDecodeError) as error:
                found.skipped.append((name, str(error)))
                continue
            outlined += sum(bool(thing.outlines) for thing in things)
            found.add(Annotated(place.path, things, SHARES, place.split, name))
        if bare:
            found.notes.append(
                f"{bare:,} pictures without a text file of boxes, among others that have one, are taken to hold no "
                "things (backgrounds)."
            )
        if alone:
            found.notes.append(f"{alone:,} pictures in folders without any text file of boxes were left out.")
        if outlined:
            found.notes.append(
                f"{outlined:,} things are outlines (polygons): for detection the boxes around them are taken."
            )
        return found


def partners(path: Path, at_most: int | None = None) -> list[tuple[Place, Place | None]]:
    """Each picture with its text file."""
    pictures = places_below(path, IMAGE, at_most=at_most)
    texts = places_below(path, frozenset({".txt"}), at_most=at_most)
    return list(zip(pictures, pair_places(pictures, texts, lambda name: (name,), lambda name: (name,)), strict=True))


def looks_right(label: Path) -> float:
    """How sure: a line of five numbers or an outline, the class a whole one, the places shares; less where they are
    pixels."""
    try:
        words = next(line for line in label.read_text("utf-8").split("\n") if line.strip()).split()
        values = [float(word) for word in words]
    except (ValueError, UnicodeDecodeError, OSError, StopIteration):
        return 0.0
    if len(values) < 5 or values[0] != int(values[0]) or values[0] < 0:
        return 0.0
    return 0.96 if all(-1 <= v <= PIXELS for v in values[1:5]) else 0.8 if len(values) == 5 else 0.0


def class_names(path: Path) -> tuple[list[str], bool]:
    """(names of the classes, [] where they are numbers; whether lines hold key points after the box), from data.yaml or
    a list of names: in the folder, else above it (`evaluate RUN yolo/test` knows what data.yaml beside test/ says)."""
    for folder in [path, *path.parents[:ABOVE]]:
        for file in [*sorted(folder.glob("*.yaml")), *sorted(folder.glob("*.yml"))]:
            facts = read_yaml_facts(file, strict=folder == path)
            names = facts.get("names")
            if folder != path and not {"train", "val", "test", "nc", "path"} & set(facts):
                continue  # some other file
            if isinstance(names, dict):
                return [str(names.get(k, k)) for k in range(max(names, default=-1) + 1)], "kpt_shape" in facts
            if isinstance(names, list):
                return [str(name) for name in names], "kpt_shape" in facts
        for name in NAMES:
            for file in sorted(folder.rglob(name) if folder == path else folder.glob(name)):
                return [line.strip() for line in file.read_text("utf-8", "replace").splitlines() if line.strip()], False
    return [], False


def read_yaml_facts(file: Path, *, strict: bool) -> dict[Any, Any]:
    import yaml

    try:
        facts = yaml.safe_load(file.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        if strict:
            raise DataError(
                f"{file.name} is not readable YAML.", str(error).splitlines()[0], "It should hold `names:`."
            ) from None
        return {}
    return facts if isinstance(facts, dict) else {}


def thing_of(line: str, names: list[str], poses: bool) -> Thing:
    """A line: class and box (a sixth number is a score), class, box and key points, or class and an outline."""
    words = line.split()
    try:
        values = [float(word) for word in words]
        k = int(values[0])
    except (ValueError, OverflowError):
        raise ValueError(f"a line is no box: {line[:60]!r}") from None
    if len(words) < 5 or (len(words) > 6 and len(words) % 2 == 0 and not poses):
        raise ValueError(f"a line is no box: {line[:60]!r}")
    if names and not 0 <= k < len(names):
        raise ValueError(f"class {k} is none of the {len(names)} names")
    if any(abs(v) > PIXELS for v in values[1:5]):
        raise ValueError(f"a line is in pixels, not in shares (0 to 1) of the picture's sides: {line[:60]!r}")
    kind = names[k] if names else str(k)
    if len(words) > 6 and not poses:
        outline = tuple(values[1:])
        return Thing(kind, box_of([outline]), (outline,))
    x, y, w, h = values[1:5]
    return Thing(kind, (x - w / 2, y - h / 2, x + w / 2, y + h / 2))


SOURCE = YoloTxt()
