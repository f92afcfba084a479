"""COLLECT: boxes as Pascal VOC has them: an XML file a picture (Everingham et al. 2010)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from ...core.config import LimitsConfig
from ...modalities.vision._masks import mask_size
from ._box_table import Annotated, BoxSource, Found, Thing
from ._files import IMAGE, walk
from ._layout import Place, listed_splits, pair_places, places_below
from ._media_lookup import FileIndex, NameMatcher

PEEK = 400  # files looked at to recognise a folder
LARGEST = 10_000_000  # bytes of a description


@dataclass(frozen=True)
class VocXml(BoxSource):
    """Reads `root[/train]/…/x.xml` with x.jpg beside it or in a sister folder; ImageSets/Main/test.txt is heeded."""

    def detect(self, path: Path) -> float:
        if not path.is_dir():
            return 0.0
        files = [file for file in walk(path, at_most=PEEK) if file.suffix.lower() == ".xml"]
        return 0.96 if files and re.search(rb"<annotation[\s>]", head(files[0])) else 0.0

    def annotated(self, path: Path, limits: LimitsConfig) -> Found:
        found, index = Found(), FileIndex(path, IMAGE)
        files, pictures = places_below(path, frozenset({".xml"})), places_below(path, IMAGE)
        partners = pair_places(files, pictures, lambda name: (name,), lambda name: (name,))
        trees = [parsed(place.path) for place in files]
        said = [tree.findtext("filename") or "" for tree in trees if not isinstance(tree, str)]
        matcher = NameMatcher(index, [name for name in said if name])
        listed = listed_splits(path, "Main", "Segmentation")
        for place, tree, partner in zip(files, trees, partners, strict=True):
            read_tree(tree, place, partner, matcher, listed.get(place.path.stem, place.split), found, path, limits)
        return found


def head(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(2_000)


def parsed(file: Path) -> ElementTree.Element | str:
    """The description, or why it cannot be read."""
    try:
        if file.stat().st_size > LARGEST:
            return "it is absurdly large"
        data = file.read_bytes()
        if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
            return "it defines entities, which no description of boxes needs"
        return ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        return f"no readable XML ({error})"
    except OSError as error:
        return str(error)


def read_tree(
    tree: ElementTree.Element | str,
    place: Place,
    partner: Place | None,
    matcher: NameMatcher,
    split: str | None,
    found: Found,
    root: Path,
    limits: LimitsConfig,
) -> None:
    """One picture's boxes into `found`, or why they cannot be used. The picture is the file's namesake, else the one
    that it names: names inside files are often those of before the pictures were renamed."""
    name = str(place.path.relative_to(root))
    try:
        if isinstance(tree, str):
            raise ValueError(tree)
        said = (tree.findtext("filename") or "").replace("\\", "/").rsplit("/", 1)[-1]
        neighbour = place.path.parent / said
        picture = (
            neighbour
            if said and neighbour.is_file()
            else partner.path
            if partner
            else matcher.find(said)
            if said
            else None
        )
        if picture is None:
            raise ValueError(f"its picture {said or place.path.stem} is not there")
        size = stated(tree) or mask_size(str(picture), pixels=limits.pixels)[::-1]
        things = [thing_of(one) for one in tree.iter("object")]
        found.add(Annotated(picture, things, (float(size[0]), float(size[1])), split, name))
    except (ValueError, OSError, SyntaxError) as error:
        found.skipped.append((name, str(error)))


def stated(tree: ElementTree.Element) -> tuple[float, float] | None:
    """(width, height) as the file has them; some write 0."""
    try:
        size = float(tree.findtext("size/width") or 0), float(tree.findtext("size/height") or 0)
    except ValueError:
        return None
    return size if min(size) > 0 else None


def thing_of(thing: ElementTree.Element) -> Thing:
    """An object's class and corners; VOC counts pixels from 1 and means the last one to belong to the box."""
    texts = [thing.findtext(f"bndbox/{key}") for key in ("xmin", "ymin", "xmax", "ymax")]
    if any(text is None for text in texts):
        raise ValueError("an object in it has no box")
    x1, y1, x2, y2 = (float(str(text)) for text in texts)
    return Thing((thing.findtext("name") or "object").strip(), (x1 - 1, y1 - 1, x2, y2))


SOURCE = VocXml()
