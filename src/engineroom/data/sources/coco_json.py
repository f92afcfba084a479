"""COLLECT: boxes as COCO has them: one JSON file with images, categories and annotations (Lin et al. 2014)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.table import Table
from ._boxes import Found, pictures_below
from ._files import run_name, split_of, stem, walk

PEEK = 3_000  # files looked at to recognise a folder
KEYS = (b'"images"', b'"annotations"', b'"categories"')
BEGINNING = 1 << 16  # bytes; lists of pictures may come first and be long, so the end is looked at too


@dataclass(frozen=True)
class CocoJson:
    """Reads a file, or every such file in a folder (instances_train.json, train/_annotations.coco.json); the pictures lie beside or below."""

    def recognises(self, path: Path) -> float:
        return 0.97 if files_in(path, at_most=PEEK) else 0.0

    def read(self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None) -> Table:
        root = path if path.is_dir() else path.parent
        found = Found()
        for file in files_in(path):
            beside = pictures_below(file.parent)
            read_file(file, {**pictures_below(root), **beside}, split_of(stem(file)) or split_of(file.parent.name), found)
        return found.table(run_name(path), limits)


def files_in(path: Path, at_most: int | None = None) -> list[Path]:
    """The COCO files of a folder, or the file itself if it is one."""
    files = walk(path, at_most=at_most) if path.is_dir() else iter([path])
    return [file for file in files if file.suffix.lower() == ".json" and is_coco(file)]


def is_coco(file: Path) -> bool:
    size = file.stat().st_size
    with file.open("rb") as opened:
        seen = opened.read(BEGINNING)
        if size > BEGINNING:
            opened.seek(max(BEGINNING, size - BEGINNING))
            seen += opened.read()
    return sum(key in seen for key in KEYS) >= 2


def read_file(file: Path, pictures: dict[str, Path], split: str | None, found: Found) -> None:
    """Every picture of one file, those without boxes too."""
    try:
        data = json.loads(file.read_text("utf-8"))
        names = {one["id"]: str(one["name"]) for one in data["categories"]}
        images = {one["id"]: one for one in data["images"]}
        boxes: dict[Any, list[dict[str, Any]]] = {key: [] for key in images}
        stray = [one for one in data["annotations"] if one["image_id"] not in images]
        for one in data["annotations"]:
            boxes.get(one["image_id"], []).append(one)
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        why = f"It lacks {error}." if isinstance(error, KeyError) else str(error)[:200]
        raise DataError(f"{file.name} is no COCO file that can be read.", why, "It needs images, categories and annotations.") from None
    if stray:
        found.odd.append(f"{file.name}: {len(stray)} boxes of pictures it does not list")
    for key, one in images.items():
        name = str(one.get("file_name", key))
        picture = pictures.get(Path(name).name)
        if picture is None:
            found.skipped.append((f"{file.name}: {name}", "the picture is not there"))
            continue
        try:
            rows = [corners(box, names) for box in boxes[key] if not box.get("iscrowd")]
            found.add(picture, rows, (float(one["width"]), float(one["height"])), split, f"{file.name}: {name}")
        except (KeyError, TypeError, ValueError) as error:
            found.skipped.append((f"{file.name}: {name}", f"a box of it cannot be read ({error})"))


def corners(box: dict[str, Any], names: dict[Any, str]) -> tuple[str, float, float, float, float]:
    if box["category_id"] not in names:
        raise ValueError(f"its class {box['category_id']} is no category of the file")
    x, y, w, h = (float(v) for v in box["bbox"])
    return names[box["category_id"]], x, y, x + w, y + h


SOURCE = CocoJson()
