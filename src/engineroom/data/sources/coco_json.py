"""COLLECT: boxes as COCO has them: one JSON file with images, categories and annotations (Lin et al. 2014)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ._box_table import Annotated, BoxSource, Found, Thing, box_of
from ._files import IMAGE, absolute, split_of, stem, walk
from ._layout import read_places
from ._media_lookup import FileIndex, NameMatcher

PEEK = 3_000  # files looked at to recognise a folder
KEYS = (b'"images"', b'"annotations"', b'"categories"')
BEGINNING = 1 << 16  # bytes; lists of pictures may come first and be long, so the end is looked at too


@dataclass(frozen=True)
class CocoJson(BoxSource):
    """Reads a file, or every such file in a folder (instances_train.json, train/_annotations.coco.json); the pictures
    lie beside or below."""

    def detect(self, path: Path) -> float:
        return 0.97 if files_in(path, at_most=PEEK) else 0.0

    def annotated(self, path: Path, limits: LimitsConfig) -> Found:
        root = path if path.is_dir() else path.parent
        found, index = Found(), FileIndex(root, IMAGE)
        for file in files_in(path):
            read_file(file, root, index, found)
        return found


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


def read_file(file: Path, root: Path, index: FileIndex, found: Found) -> None:
    """Every picture of one file, those without boxes too."""
    try:
        data = json.loads(file.read_text("utf-8"))
        names = {one["id"]: str(one["name"]) for one in data.get("categories", [])}
        images = {one["id"]: one for one in data["images"]}
        boxes: dict[Any, list[dict[str, Any]]] = {key: [] for key in images}
        annotations = data.get("annotations", [])  # a file of test pictures has none
        stray = [one for one in annotations if one["image_id"] not in images]
        for one in annotations:
            boxes.get(one["image_id"], []).append(one)
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        why = f"It lacks {error}." if isinstance(error, KeyError) else str(error)[:200]
        raise DataError(
            f"{file.name} is no COCO file that can be read.", why, "It needs images, categories and annotations."
        ) from None
    if stray:
        found.odd.append(f"{file.name}: {len(stray)} boxes of pictures it does not list")
    found.categories |= {name: key for key, name in names.items()}
    place = read_places(root, [file])[0]
    split = split_of(stem(file)) or place.split or split_of(file.parent.name)
    called = {key: str(one.get("file_name") or key) for key, one in images.items()}
    find = finder(file, split, index, list(called.values()))
    for key, one in images.items():
        name = called[key]
        picture = find(name)
        if picture is None:
            found.skipped.append((f"{file.name}: {name}", "the picture is not there, or several have its name"))
            continue
        try:
            things = [thing_of(box, names) for box in boxes[key] if not box.get("iscrowd")]
            size = (float(one["width"]), float(one["height"]))
            found.add(Annotated(picture, things, size, split, f"{file.name}: {name}", {"id": key, "file_name": name}))
        except (KeyError, TypeError, ValueError) as error:
            found.skipped.append((f"{file.name}: {name}", f"a box of it cannot be read ({error})"))


def finder(file: Path, split: str | None, index: FileIndex, names: list[str]) -> Callable[[str], Path | None]:
    """A name in the file → its picture: relative to the file first, then by its path below the data folder; the same
    split is preferred."""
    folder_name = str(file.parent)

    def prefer(picture: Path) -> int:
        said = {split_of(part) for part in picture.relative_to(index.folder).parts[:-1]} - {None}
        return 2 * (split in said if split else not said) + str(picture).startswith(folder_name)

    matcher = NameMatcher(index, names, prefer)

    def find(name: str) -> Path | None:
        for near in (file.parent, file.parent / "images", index.folder):
            if (near / name).is_file():
                return absolute(near / name)
        return matcher.find(name)

    return find


def thing_of(one: dict[str, Any], names: dict[Any, str]) -> Thing:
    """An annotation: its class, its box (or the box around its outlines) and its outlines."""
    if one["category_id"] not in names:
        raise ValueError(f"its class {one['category_id']} is no category of the file")
    drawn = one.get("segmentation") or []
    outlines = (
        tuple(tuple(float(v) for v in each) for each in drawn if len(each) >= 6) if isinstance(drawn, list) else ()
    )
    if one.get("bbox"):
        x, y, w, h = (float(v) for v in one["bbox"])
        corners = x, y, x + w, y + h
    else:
        corners = box_of(outlines)
    return Thing(names[one["category_id"]], corners, outlines, drawn if isinstance(drawn, dict) else None)


SOURCE = CocoJson()
