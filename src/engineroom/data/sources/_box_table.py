"""COLLECT: annotated things in images (boxes, outlines) become one table, whatever file they came from; what is wrong
with them is said."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.table import Table
from ...modalities.vision._boxes import CORNERS, read_boxes
from ._concat_splits import split_name
from ._exif_rotation import SIDEWAYS, frame_of_picture, turned_points
from ._files import SPLIT_ORDER, absolute, run_name

NAMED = 5
SHARES = (1.0, 1.0)  # the size of a picture in shares of its sides
NEAR = 0.02  # two shapes are the same where their ratios of sides differ by less


@dataclass(frozen=True)
class Thing:
    """One annotated object: its class, its box x1 y1 x2 y2, and where they are known its outlines (flat x y x y …) or
    its run-length mask."""

    kind: str
    corners: tuple[float, float, float, float]
    outlines: tuple[tuple[float, ...], ...] = ()
    rle: Any = None


@dataclass(frozen=True)
class Annotated:
    """A picture and its things, in units of which `size` (width, height) are the sides of the frame they were drawn in.
    `turn`: the EXIF orientation by which that frame lies; `name` is what the file calls it; `facts` are kept for
    answers: the picture's id and name."""

    picture: Path
    things: Sequence[Thing]
    size: tuple[float, float]
    split: str | None
    name: str
    facts: dict[str, Any] = field(default_factory=dict)
    turn: int = 1

    def cell(self) -> str:
        """The boxes as one cell of a table, in the frame of the upright picture."""
        sideways = self.turn in SIDEWAYS
        width, height = self.size[::-1] if sideways else self.size
        rows = []
        for thing in self.things:
            corners = np.array(thing.corners, float).reshape(2, 2)
            if self.turn != 1:
                corners = turned_points(corners / self.size, self.turn) * (width, height)
                corners = np.stack([corners.min(0), corners.max(0)])
            rows.append({"class": thing.kind, **dict(zip(CORNERS, corners.ravel().tolist(), strict=True))})
        return json.dumps({"width": width, "height": height, "boxes": rows, **self.facts}, ensure_ascii=False)


@dataclass
class Found:
    """What a source has read: annotated pictures, files it could not use, things that are none, numbers of
    categories."""

    rows: list[Annotated] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)  # file: how many boxes were dropped
    notes: list[str] = field(default_factory=list)
    categories: dict[str, int] = field(default_factory=dict)  # class → its number in the file

    def add(self, one: Annotated) -> None:
        """A picture with its things; those that cannot be boxes make it a file that cannot be used."""
        try:
            dropped = read_boxes(one.cell())[2]
        except ValueError as error:
            self.skipped.append((one.name, str(error)))
            return
        if dropped:
            self.odd.append(f"{one.name}: {dropped}")
        self.rows.append(one)

    def check(self, limits: LimitsConfig) -> None:
        """Raises DataError where more than limits.max_damaged of the files cannot be used."""
        total = len(self.rows) + len(self.skipped)
        if not self.rows or len(self.skipped) > limits.max_damaged * total:
            first = "; ".join(f"{file}: {why}" for file, why in self.skipped[:NAMED])
            raise DataError(
                f"{len(self.skipped):,} of {total:,} files of boxes cannot be used.",
                first or "There are none.",
                "Repair them, or allow more: --set limits.max_damaged=0.2",
            )

    def table(self, name: str, limits: LimitsConfig, *, root: str = "") -> Table:
        """One row a picture, in the frame in which the picture is seen."""
        self.check(limits)
        rows, notes = apply_orientation(self.rows, limits.pixels)
        notes = [*self.notes, *notes]
        if self.odd:
            notes.append(
                f"Boxes without an area inside their picture were dropped ({len(self.odd)} files; "
                f"{', '.join(self.odd[:NAMED])})."
            )
        rows = sorted(rows, key=lambda row: SPLIT_ORDER.index(row.split) if row.split else 0)
        columns = {
            "image": pl.Series([str(absolute(row.picture)) for row in rows], dtype=pl.String),
            "boxes": pl.Series([row.cell() for row in rows], dtype=pl.String),
        }
        hints: dict[str, dict[str, Any]] = {
            "image": {"modality": "image", "role": "input", "why": "the pictures that the boxes belong to"},
            "boxes": {"modality": "boxes", "role": "target", "why": "the boxes drawn in each picture"},
        }
        if self.categories:
            hints["boxes"]["facts"] = {"categories": self.categories}
        hints |= add_splits(columns, [row.split for row in rows])
        return Table(pl.DataFrame(columns), name, hints, tuple(notes), tuple(self.skipped), root=root)


def add_splits(columns: dict[str, pl.Series], splits: Sequence[str | None]) -> dict[str, dict[str, Any]]:
    """The column of splits where the source keeps parts apart, added to `columns`; its hint."""
    if not any(splits):
        return {}
    split = split_name(list(columns))
    columns[split] = pl.Series(splits, dtype=pl.String)
    return {split: {"modality": "category", "role": "split", "why": "the source keeps its parts apart"}}


class BoxSource:
    """A source of boxes: `annotated` reads them."""

    tasks: tuple[str, ...] = ("object_detection",)

    def annotated(self, path: Path, limits: LimitsConfig) -> Found:
        raise NotImplementedError

    def read(self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None) -> Table:
        return self.annotated(path, limits).table(run_name(path), limits)


def apply_orientation(rows: Sequence[Annotated], pixels: int) -> tuple[list[Annotated], list[str]]:
    """(the rows in the frame in which pictures are seen, notes).

    Cameras store pictures lying on their side, with a mark (EXIF orientation), and tools disagree whether boxes are
    drawn before or after turning. The size that the file states tells; where boxes reach over it but not over the
    turned one, the size was written the wrong way round.
    """
    out, turned, swapped, strange = list(rows), [], [], []
    frames: dict[int, tuple[tuple[int, int], int]] = {}
    for place, row in enumerate(rows):
        if row.size == SHARES:
            continue
        try:
            stored, mark = frame_of_picture(str(row.picture), pixels)
        except (OSError, ValueError, SyntaxError):
            continue  # a damaged picture is named when it is decoded
        seen = stored[::-1] if mark in SIDEWAYS else stored
        if row.size == seen or same_aspect_ratio(row.size, seen):
            continue
        if same_aspect_ratio(row.size, seen[::-1]):
            frames[place] = seen, mark
        else:
            strange.append(row.name)
    over = {
        place: beyond(rows[place], rows[place].size) - beyond(rows[place], rows[place].size[::-1]) for place in frames
    }
    for sideways in (True, False):
        group = [place for place, (_, mark) in frames.items() if (mark in SIDEWAYS) == sideways]
        wrong_way = sum(over[place] > 0 for place in group) > sum(over[place] < 0 for place in group)
        for place in group:
            mark = frames[place][1]
            if sideways and not wrong_way:
                out[place] = replace(rows[place], turn=mark)
                turned.append(rows[place].name)
            else:
                out[place] = replace(rows[place], size=rows[place].size[::-1])
                swapped.append(rows[place].name)
    lines = [
        (
            turned,
            "pictures lie on their side (EXIF) and their boxes were drawn before turning: the boxes are turned with "
            "them",
        ),
        (swapped, "files state width and height the wrong way round: the picture's own are taken"),
        (strange, "files state a size of another shape than their picture's: are these its boxes?"),
    ]
    return out, [f"{len(names):,} {words} ({', '.join(names[:NAMED])})." for names, words in lines if names]


def same_aspect_ratio(size: tuple[float, float], other: tuple[float, float]) -> bool:
    """The same shape, be it enlarged or shrunk."""
    return abs(size[0] * other[1] - size[1] * other[0]) <= NEAR * size[1] * other[0]


def beyond(row: Annotated, size: tuple[float, float]) -> int:
    """How many boxes reach over a frame of this size."""
    return sum(
        thing.corners[2] > size[0] * (1 + NEAR) or thing.corners[3] > size[1] * (1 + NEAR) for thing in row.things
    )


def box_of(outlines: Iterable[Sequence[float]]) -> tuple[float, float, float, float]:
    """The box around outlines."""
    points = np.concatenate([np.array(one, float).reshape(-1, 2) for one in outlines])
    (x1, y1), (x2, y2) = points.min(0), points.max(0)
    return float(x1), float(y1), float(x2), float(y2)
