"""COLLECT: pictures and their boxes become one table, whatever file the boxes came from; what is wrong with them is said."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.table import Table
from ...modalities._boxes import CORNERS, read_boxes
from ._files import IMAGE, SPLIT_ORDER, absolute, walk
from ._join import split_name

NAMED = 5


@dataclass
class Found:
    """What a source has read: rows, files it could not use, boxes that are none."""

    rows: list[tuple[str, str, str | None]] = field(default_factory=list)  # picture, cell, split
    skipped: list[tuple[str, str]] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)  # file: how many boxes were dropped

    def add(self, picture: Path, boxes: Sequence[tuple[str, float, float, float, float]], size: tuple[float, float], split: str | None, name: str) -> None:
        """A picture with boxes (class, x1, y1, x2, y2) in units of which `size` (width, height) are its sides."""
        rows = [{"class": str(kind), **dict(zip(CORNERS, corners, strict=True))} for kind, *corners in boxes]
        try:
            dropped = read_boxes({"width": size[0], "height": size[1], "boxes": rows})[2]
        except ValueError as error:
            self.skipped.append((name, str(error)))
            return
        if dropped:
            self.odd.append(f"{name}: {dropped}")
        self.rows.append((str(absolute(picture)), json.dumps({"width": size[0], "height": size[1], "boxes": rows}, ensure_ascii=False), split))

    def table(self, name: str, limits: LimitsConfig, *, notes: Iterable[str] = ()) -> Table:
        """One row a picture. Raises DataError where more than limits.skip of the files cannot be used."""
        total = len(self.rows) + len(self.skipped)
        if not self.rows or len(self.skipped) > limits.skip * total:
            first = "; ".join(f"{file}: {why}" for file, why in self.skipped[:NAMED])
            raise DataError(
                f"{len(self.skipped):,} of {total:,} files of boxes cannot be used.",
                first or "There are none.",
                "Repair them, or allow more: --set limits.skip=0.2",
            )
        notes = list(notes)
        if self.odd:
            notes.append(f"Boxes without an area inside their picture were dropped ({len(self.odd)} files; {', '.join(self.odd[:NAMED])}).")
        rows = sorted(self.rows, key=lambda row: SPLIT_ORDER.index(row[2]) if row[2] else 0)
        columns = {"image": pl.Series([r[0] for r in rows], dtype=pl.String), "boxes": pl.Series([r[1] for r in rows], dtype=pl.String)}
        hints = {
            "image": {"modality": "image", "role": "input", "why": "the pictures that the boxes belong to"},
            "boxes": {"modality": "boxes", "role": "target", "why": "the boxes drawn in each picture"},
        }
        if "train" in {row[2] for row in rows}:
            split = split_name(list(columns))
            columns[split] = pl.Series([r[2] for r in rows], dtype=pl.String)
            hints[split] = {"modality": "category", "role": "split", "why": "the source keeps its parts apart"}
        return Table(pl.DataFrame(columns), name, hints, tuple(notes), tuple(self.skipped))


def pictures_below(root: Path) -> dict[str, Path]:
    """{name, and name without ending, of every picture below `root`: its file}; where names repeat, the first."""
    found: dict[str, Path] = {}
    for file in walk(root):
        if file.suffix.lower() in IMAGE:
            found.setdefault(file.name, file)
            found.setdefault(file.stem, file)
    return found
