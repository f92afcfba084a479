"""COLLECT: a folder of pictures beside a folder of masks with the same names: a class for every pixel."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.table import Table
from ._files import DELIMITED, IMAGE, absolute, run_name, split_of, stem, visible, walk
from ._join import joined

MASKS = re.compile(r"(mask|label|annot|segment|ground.?truth|(^|[^a-z])gt([^a-z]|$)|manual|target)", re.I)
PICTURES = re.compile(r"(image|img|picture|photo|input|frame|^x$|jpg|jpeg)", re.I)
SUFFIX = re.compile(r"[_-](mask|masks|label|labels|labelids|seg|segmentation|gt|l|manual1?|annotation)$|mask$", re.I)
ENOUGH = 0.5  # of the pictures must have a mask for two folders to belong together
NAMED = 5


@dataclass(frozen=True)
class MaskFolders:
    """Reads `root[/train]/images/…/x.jpg` with `root[/train]/masks/…/x.png`; a CSV that names pictures and their split may lie beside."""

    def recognises(self, path: Path) -> float:
        return 0.95 if path.is_dir() and any(pair(folder) for folder in parts(path).values()) else 0.0

    def read(self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None) -> Table:
        tables = [(split, _part(folder, path, limits)) for split, folder in parts(path).items() if pair(folder)]
        table = joined(tables, run_name(path))
        named = _named_splits(path) if len(tables) == 1 and tables[0][0] is None else {}
        return _split(table, named) if named else table


def parts(path: Path) -> dict[str | None, Path]:
    """split → folder: train/, val/, test/ where they are, else the folder itself."""
    found: dict[str | None, Path] = {}
    for folder in visible(path)[0]:
        split = split_of(folder.name)
        if split and split not in found and pair(folder):
            found[split] = folder
    return found if "train" in found else {None: path}


def pair(path: Path) -> tuple[Path, Path] | None:
    """(folder of pictures, folder of masks) inside `path`, or None."""
    folders = visible(path)[0] if path.is_dir() else []
    masks = [f for f in folders if MASKS.search(f.name)]
    pictures = sorted((f for f in folders if f not in masks), key=lambda f: not PICTURES.search(f.name))
    for one in pictures:
        names = {key for key, _ in _files(one, at_most=200)}
        for other in masks if names else []:
            known = {spelling for key, _ in _files(other) for spelling in _spellings(key)}
            if len(names & known) >= ENOUGH * len(names):
                return one, other
    return None


def _files(folder: Path, at_most: int | None = None) -> list[tuple[str, Path]]:
    """(name below the folder without its ending, file) of the pictures."""
    found = [file for file in walk(folder, at_most=at_most) if file.suffix.lower() in IMAGE]
    return [(str(file.relative_to(folder).with_suffix("")), file) for file in found]


def _spellings(key: str) -> tuple[str, ...]:
    """A mask's name, and what is left of it without _mask, _gt, …"""
    return key, SUFFIX.sub("", key)


def _part(folder: Path, root: Path, limits: LimitsConfig) -> Table:
    found = pair(folder)
    assert found is not None
    images, masks = found
    by_name: dict[str, Path] = {}
    for key, file in reversed(_files(masks)):
        by_name |= {spelling: file for spelling in _spellings(key) if spelling == key or spelling not in by_name}
    rows = [(key, file, by_name.get(key)) for key, file in _files(images)]
    alone = [(str(file.relative_to(root)), "no mask of this name") for _, file, mask in rows if mask is None]
    if len(alone) > limits.skip * len(rows):
        named = ", ".join(name for name, _ in alone[:NAMED])
        raise DataError(
            f"{len(alone):,} of {len(rows):,} pictures have no mask in {masks.relative_to(root)}: {named}.",
            f"At most {limits.skip:.0%} may be left out.",
            "Add masks of the same name, or allow more: --set limits.skip=0.5",
        )
    kept = [(str(absolute(file)), str(absolute(mask))) for _, file, mask in rows if mask is not None]
    frame = pl.DataFrame({"image": [a for a, _ in kept], "mask": [b for _, b in kept]}, schema={"image": pl.String, "mask": pl.String})
    hints = {
        "image": {"modality": "image", "role": "input", "why": f"the pictures in {images.name}"},
        "mask": {"modality": "mask", "role": "target", "why": f"the masks in {masks.name}"},
    }
    others = [f.name for f in visible(folder)[0] if f not in found]
    notes = (f"Folders beside {images.name} and {masks.name} were left out: {', '.join(others[:10])}.",) if others else ()
    return Table(frame, run_name(folder), hints, notes, tuple(alone))


def _named_splits(path: Path) -> dict[str, str]:
    """{a picture's name: train, val or test} from a CSV at the top with a column of names and one of splits; {} where there is none."""
    for file in visible(path)[1]:
        if file.suffix.lower() not in DELIMITED:
            continue
        try:
            table = pl.read_csv(file, infer_schema=False, separator="\t" if file.suffix.lower() in (".tsv", ".tab") else ",")
        except (pl.exceptions.PolarsError, OSError):
            continue
        for column in table.columns:
            splits = [split_of(value or "") for value in table[column].to_list()]
            if splits and all(splits) and "train" in splits and len(table.columns) > 1:
                names = next(c for c in table.columns if c != column)
                return {Path(str(name)).stem: str(split) for name, split in zip(table[names].to_list(), splits, strict=True)}
    return {}


def _split(table: Table, named: dict[str, str]) -> Table:
    """The table with the split that a CSV gives; pictures it does not name are left out."""
    splits = [named.get(stem(Path(file))) for file in table.frame["image"].to_list()]
    frame = table.frame.with_columns(pl.Series("split", splits, dtype=pl.String))
    frame = frame.filter(frame["split"].is_not_null())
    hints = {**table.hints, "split": {"modality": "category", "role": "split", "why": "a table beside the folders"}}
    return Table(frame, table.name, hints, table.notes, table.skipped)


SOURCE = MaskFolders()
