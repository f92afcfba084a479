"""COLLECT: boxes as Pascal VOC has them: an XML file a picture (Everingham et al. 2010)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from ...core.config import LimitsConfig
from ...core.table import Table
from ...modalities._masks import mask_size
from ._boxes import Found, pictures_below
from ._files import run_name, split_of, visible, walk

PEEK = 400  # files looked at to recognise a folder
LARGEST = 10_000_000  # bytes of a description
SETS = ("train", "val", "test")


@dataclass(frozen=True)
class VocXml:
    """Reads `root[/train]/…/x.xml` with x.jpg beside it or in a sister folder; ImageSets/Main/test.txt is heeded."""

    def recognises(self, path: Path) -> float:
        if not path.is_dir():
            return 0.0
        files = [file for file in walk(path, at_most=PEEK) if file.suffix.lower() == ".xml"]
        return 0.96 if files and b"<annotation" in head(files[0]) else 0.0

    def read(self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None) -> Table:
        found, folders = Found(), {split_of(f.name): f for f in visible(path)[0] if split_of(f.name)}
        folders = folders if "train" in folders else {None: path}
        sets = image_sets(path)
        for split, folder in folders.items():
            pictures = pictures_below(folder)
            for file in walk(folder):
                if file.suffix.lower() == ".xml":
                    read_file(file, path, pictures, sets.get(file.stem, split), found, limits)
        return found.table(run_name(path), limits)


def head(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(2_000)


def image_sets(path: Path) -> dict[str, str]:
    """{picture: split} from ImageSets/Main/{train,val,test}.txt, as the VOC has them."""
    found: dict[str, str] = {}
    for split in SETS:
        for file in path.glob(f"ImageSets/Main/{split}.txt"):
            found |= {line.split()[0]: split for line in file.read_text("utf-8", "replace").splitlines() if line.split()}
    return found


def read_file(file: Path, root: Path, pictures: dict[str, Path], split: str | None, found: Found, limits: LimitsConfig) -> None:
    """One picture's boxes into `found`, or why they cannot be used."""
    name = str(file.relative_to(root))
    try:
        if file.stat().st_size > LARGEST:
            raise ValueError("it is absurdly large")
        data = file.read_bytes()
        if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
            raise ValueError("it defines entities, which no description of boxes needs")
        tree = ElementTree.fromstring(data)
        picture = pictures.get(Path(tree.findtext("filename") or "").name) or pictures.get(file.stem)
        if picture is None:
            raise ValueError(f"its picture {tree.findtext('filename') or file.stem} is not there")
        size = stated(tree) or mask_size(str(picture), pixels=limits.pixels)[::-1]
        found.add(picture, [corners(one) for one in tree.iter("object")], size, split, name)
    except (ElementTree.ParseError, ValueError, OSError, SyntaxError) as error:
        found.skipped.append((name, f"no readable XML ({error})" if isinstance(error, ElementTree.ParseError) else str(error)))


def stated(tree: ElementTree.Element) -> tuple[float, float] | None:
    """(width, height) as the file has them; some write 0."""
    try:
        size = float(tree.findtext("size/width") or 0), float(tree.findtext("size/height") or 0)
    except ValueError:
        return None
    return size if min(size) > 0 else None


def corners(thing: ElementTree.Element) -> tuple[str, float, float, float, float]:
    """An object's class and corners; VOC counts pixels from 1 and means the last one to belong to the box."""
    texts = [thing.findtext(f"bndbox/{key}") for key in ("xmin", "ymin", "xmax", "ymax")]
    if any(text is None for text in texts):
        raise ValueError("an object in it has no box")
    x1, y1, x2, y2 = (float(str(text)) for text in texts)
    return (thing.findtext("name") or "object").strip(), x1 - 1, y1 - 1, x2, y2


SOURCE = VocXml()
