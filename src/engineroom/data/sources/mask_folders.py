"""COLLECT: pictures and masks of the same names, a class for every pixel: in folders beside each other, or side by side
in one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.table import Table
from ._concat_splits import split_name
from ._exif_rotation import upright_masks
from ._files import DELIMITED, IMAGE, SPLIT_ORDER, SPLITS, absolute, run_name, split_of, stem, visible
from ._layout import Place, listed_splits, pair_places, places_below, read_name, words_of

PEEK = 6_000  # pictures looked at to recognise a folder
ENOUGH = 0.5  # of the pictures must have a mask for two folders to belong together
NAMED = 5
MARK = (
    r"(mask|masks|label|labels|labelids|labeltrainids|seg|segs|segmentation|segmentations|gt|gtfine|gtcoarse|ground_?truth|manual\d?|annotation|"
    r"annotations|annot|ann|l|matte|trimap)"
)
AT_END = re.compile(rf"([_. -]{MARK}|(?<=.)mask)$", re.I)
AT_START = re.compile(rf"^{MARK}[_. -]", re.I)
PICTURE_MARK = re.compile(
    r"[_. "
    r"-](image|img|im|sat|rgb|leftimg8bit|input|photo|frame|training|test|orig|original)$"
    r"|^(image|img|im|photo|frame)[_. -]",
    re.I,
)


@dataclass(frozen=True)
class Pairs:
    """Pictures, and for each the mask that belongs to it or None; `left` are folders of neither."""

    pictures: list[Place]
    masks: list[Place | None]
    left: list[str]

    @property
    def share(self) -> float:
        """Of the pictures that have a mask."""
        return sum(mask is not None for mask in self.masks) / max(1, len(self.pictures))


@dataclass(frozen=True)
class MaskFolders:
    """Reads images/x.jpg with masks/x.png, train/ and test/ above or below them or in their names (train,
    train_labels), VOC's JPEGImages with SegmentationClass and ImageSets, x.jpg with x_mask.png beside it; a CSV that
    names pictures and their split may lie beside."""

    tasks = ("segmentation",)

    def detect(self, path: Path) -> float:
        if not path.is_dir():
            return 0.0
        found = paired(path, at_most=PEEK)
        if not found.pictures or found.share < ENOUGH:
            return 0.0
        # classes of which some have masks: MVTec's
        return 0.95 if found.share > 0.75 or not any(place.rest for place in found.pictures) else 0.6

    def read(self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None) -> Table:
        found = paired(path)
        check_missing(found, path, limits)
        rows = [(picture, mask) for picture, mask in zip(found.pictures, found.masks, strict=True) if mask is not None]
        rows.sort(key=lambda row: SPLIT_ORDER.index(row[0].split) if row[0].split else 0)
        skipped = tuple(
            (str(picture.path.relative_to(path)), "no mask of this name")
            for picture, mask in zip(found.pictures, found.masks, strict=True)
            if mask is None
        )
        pictures = [str(absolute(picture.path)) for picture, _ in rows]
        masks, notes = upright_masks(pictures, [str(absolute(mask.path)) for _, mask in rows], cache, limits.pixels)
        frame = pl.DataFrame({"image": pictures, "mask": masks}, schema={"image": pl.String, "mask": pl.String})
        hints = {
            "image": {
                "modality": "image",
                "role": "input",
                "why": f"the pictures in {homes([one for one, _ in rows])}",
            },
            "mask": {"modality": "mask", "role": "target", "why": f"the masks in {homes([one for _, one in rows])}"},
        }
        if found.left:
            notes.append(f"Folders beside the pictures and masks were left out: {', '.join(found.left[:10])}.")
        table = Table(frame, run_name(path), hints, tuple(notes), skipped)
        splits = [picture.split for picture, _ in rows]
        if all(splits):
            return with_split(table, [str(split) for split in splits], "folders named train, test, …")
        named = _named_splits(path)
        return _split(table, named) if named else table


def paired(path: Path, at_most: int | None = None) -> Pairs:
    """Which picture has which mask. Of several folders of masks the one that has most partners is taken."""
    places = places_below(path, IMAGE, at_most=at_most)
    by_folder = [place for place in places if place.role == "mask"]
    others = [place for place in places if place.role != "mask"]
    marked = masks_beside(others)
    pictures = [place for place in others if place not in marked]
    if named := {place for place in pictures if place.role == "image"}:
        near = [place for place in pictures if place in named]  # thumbnails/ beside images/ are no further pictures
        pictures = near if len(near) >= ENOUGH * len(pictures) or not marked else pictures
    groups: dict[str, list[Place]] = {}
    for place in by_folder:
        groups.setdefault(home(place), []).append(place)
    every = [*groups.values(), *([list(marked)] if marked else [])]
    listed = listed_splits(path, "Segmentation", "Main") if by_folder else {}
    if listed:
        kept = [place for place in pictures if place.path.stem in listed]
        pictures = [Place(p.path, p.folders, listed[p.path.stem], p.role, p.inner, p.rest) for p in kept] or pictures
    best: list[Place | None] = [None] * len(pictures)
    for group in sorted(every, key=len, reverse=True):
        found = pair_places(pictures, group, mask_spellings, picture_spellings)
        if sum(one is not None for one in found) > sum(one is not None for one in best):
            best = found
    return Pairs(pictures, best, left_folders(path, [*pictures, *filter(None, best)]))


def left_folders(path: Path, used: list[Place]) -> list[str]:
    """Folders at the top, or inside those of the splits, of which no file is read."""
    above = {folder for place in used for folder in place.path.parents}
    tops = visible(path)[0]
    neighbours = [*tops, *(inner for folder in tops if split_of(folder.name) for inner in visible(folder)[0])]
    return [
        str(folder.relative_to(path)) for folder in neighbours if folder not in above and folder.name != "ImageSets"
    ]


def masks_beside(places: list[Place]) -> set[Place]:
    """x_mask.png where x.jpg lies in the same folder."""
    plain = [place for place in places if len(strip_mask_words(place.path.stem)) == 1]
    stems = {(place.path.parent, key) for place in plain for key in picture_spellings(place.path.stem)}
    return {
        place
        for place in places
        if any((place.path.parent, key) in stems for key in strip_mask_words(place.path.stem)[1:])
    }


def home(place: Place) -> str:
    """What the folders that hold masks are called, whatever the split: train_labels and val_labels are both labels."""
    named = [name for name in place.folders if read_name(name).role]
    return "/".join(" ".join(word for word in words_of(name) if word not in SPLITS) for name in named)


def homes(places: list[Place]) -> str:
    return ", ".join(sorted({"/".join(place.folders[:2]) or "the folder itself" for place in places})[:4])


def mask_spellings(name: str) -> list[str]:
    """A mask's name and what is left of it without _mask, label_, …, and without what marks pictures."""
    found = strip_mask_words(name)
    return [*found, *(bare for bare in (PICTURE_MARK.sub("", one) for one in found[:2]) if bare and bare not in found)]


def strip_mask_words(name: str) -> list[str]:
    """A name, and what is left of it without _mask, label_, …, mark by mark."""
    found = [name]
    while (shorter := AT_START.sub("", AT_END.sub("", found[-1]))) not in ("", found[-1]):
        found.append(shorter)
    return found


def picture_spellings(name: str) -> Iterable[str]:
    bare = PICTURE_MARK.sub("", name)
    return (name, bare) if bare and bare != name else (name,)


def check_missing(found: Pairs, path: Path, limits: LimitsConfig) -> None:
    """Pictures without a mask are left out, named and bounded."""
    alone = [
        str(one.path.relative_to(path)) for one, mask in zip(found.pictures, found.masks, strict=True) if mask is None
    ]
    if len(alone) > limits.max_damaged * len(found.pictures):
        masks = homes([mask for mask in found.masks if mask])
        raise DataError(
            f"{len(alone):,} of {len(found.pictures):,} pictures have no mask in {masks}: {', '.join(alone[:NAMED])}.",
            f"At most {limits.max_damaged:.0%} may be left out.",
            "Add masks of the same name, or allow more: --set limits.max_damaged=0.5",
        )


def with_split(table: Table, splits: list[str], why: str) -> Table:
    column = split_name(table.frame.columns)
    hints = {**table.hints, column: {"modality": "category", "role": "split", "why": why}}
    return Table(
        table.frame.with_columns(pl.Series(column, splits, dtype=pl.String)),
        table.name,
        hints,
        table.notes,
        table.skipped,
    )


def _named_splits(path: Path) -> dict[str, str]:
    """{a picture's name: train, val or test} from a CSV at the top with a column of names and one of splits; {} where
    there is none."""
    for file in visible(path)[1]:
        if file.suffix.lower() not in DELIMITED:
            continue
        try:
            table = pl.read_csv(
                file, infer_schema=False, separator="\t" if file.suffix.lower() in (".tsv", ".tab") else ","
            )
        except (pl.exceptions.PolarsError, OSError):
            continue
        for column in table.columns:
            splits = [split_of(value or "") for value in table[column].to_list()]
            if splits and all(splits) and "train" in splits and len(table.columns) > 1:
                names = next(c for c in table.columns if c != column)
                return {
                    Path(str(name)).stem: str(split) for name, split in zip(table[names].to_list(), splits, strict=True)
                }
    return {}


def _split(table: Table, named: dict[str, str]) -> Table:
    """The table with the split that a CSV gives; pictures it does not name are left out, counted."""
    splits = [named.get(stem(Path(file))) for file in table.frame["image"].to_list()]
    gone = [Path(file).name for file, split in zip(table.frame["image"], splits, strict=True) if split is None]
    notes = (
        (f"{len(gone):,} pictures that the table of splits does not name were left out: {', '.join(gone[:NAMED])}.",)
        if gone
        else ()
    )
    kept = table.frame.filter(pl.Series([split is not None for split in splits]))
    table = Table(kept, table.name, table.hints, (*table.notes, *notes), table.skipped)
    return with_split(table, [split for split in splits if split], "a table beside the folders")


SOURCE = MaskFolders()
