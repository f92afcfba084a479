"""COLLECT: boxes, outlines and masks as CVAT exports them for images: one XML file, an <image> a picture."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ._box_table import Annotated, BoxSource, Found, Thing, box_of
from ._files import IMAGE, split_of, visible
from ._media_lookup import FileIndex, NameMatcher
from ._polygons import rows_to_mask

PEEK = 4_000  # bytes looked at
LARGEST = 500_000_000  # bytes


@dataclass(frozen=True)
class CvatXml(BoxSource):
    """Reads `CVAT for images 1.1` (annotations.xml) with its pictures beside or below."""

    def detect(self, path: Path) -> float:
        return 0.98 if files_in(path) else 0.0

    def annotated(self, path: Path, limits: LimitsConfig) -> Found:
        root, found = path if path.is_dir() else path.parent, Found()
        trees = [parsed(file) for file in files_in(path)]
        images = [image for tree in trees for image in tree.iter("image")]
        if not images:
            raise DataError(
                f"{path.name} holds no <image>.",
                "It may be an export of a video (tracks).",
                "Export as `CVAT for images 1.1`, COCO or YOLO.",
            )
        matcher = NameMatcher(FileIndex(root, IMAGE), [image.get("name", "") for image in images])
        left: Counter[str] = Counter()
        for image in images:
            add_image(found, image, matcher, left)
        if left:
            found.notes.append(
                "Shapes that are neither boxes nor outlines were left out: "
                + ", ".join(f"{n} {kind}" for kind, n in left.most_common(5))
                + "."
            )
        return found


def files_in(path: Path) -> list[Path]:
    files = visible(path)[1] if path.is_dir() else [path]
    return [file for file in files if file.suffix.lower() == ".xml" and is_export(file)]


def is_export(file: Path) -> bool:
    with file.open("rb") as opened:
        return b"<annotations" in opened.read(PEEK)


def parsed(file: Path) -> ElementTree.Element:
    data = file.read_bytes() if file.stat().st_size <= LARGEST else b"<!DOCTYPE"
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise DataError(
            f"{file.name} is no export of boxes.", "It is absurdly large, or defines entities.", "Export it again."
        )
    try:
        return ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise DataError(
            f"{file.name} is no readable XML.", str(error), "Export it again, or as COCO or YOLO."
        ) from None


def add_image(found: Found, image: ElementTree.Element, matcher: NameMatcher, left: Counter[str]) -> None:
    name = image.get("name", "")
    picture = matcher.find(name) if name else None
    if picture is None:
        found.skipped.append((name or "an image without name", "the picture is not there, or several have its name"))
        return
    try:
        size = float(image.get("width", 0)), float(image.get("height", 0))
        things = []
        for shape in image:
            thing = thing_of(shape, (int(size[1]), int(size[0])))
            if thing is None:
                left[shape.tag] += 1
            else:
                things.append(thing)
        split = split_of(image.get("subset") or "") or split_of(name.rpartition("/")[0].split("/")[0])
        found.add(Annotated(picture, things, size, split, name, {"file_name": name}))
    except (ValueError, TypeError) as error:
        found.skipped.append((name, f"a shape of it cannot be read ({error})"))


def thing_of(shape: ElementTree.Element, size: tuple[int, int]) -> Thing | None:
    """A shape as a thing; None for points, lines and tags."""
    label = shape.get("label", "object")
    if shape.tag == "box":
        x1, y1, x2, y2 = (float(shape.get(key, "nan")) for key in ("xtl", "ytl", "xbr", "ybr"))
        return Thing(label, (x1, y1, x2, y2))
    if shape.tag == "polygon":
        outline = tuple(float(v) for point in shape.get("points", "").split(";") for v in point.split(","))
        return Thing(label, box_of([outline]), (outline,))
    if shape.tag == "mask":
        left, top, width, height = (int(float(shape.get(key, "nan"))) for key in ("left", "top", "width", "height"))
        mask = rows_to_mask([int(v) for v in shape.get("rle", "").split(",")], left, top, width, height, size)
        return Thing(label, (left, top, left + width, top + height), (), mask)
    return None


SOURCE = CvatXml()
