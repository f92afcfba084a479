"""COLLECT: series in wide form: train.csv with a line a series (its name, then its values) and test.csv with how each
went on, as in M4."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.table import Table
from ._cache import head
from ._files import DELIMITED, ending, run_name, split_of, stem, visible
from ._text_tables.encoding import plain_text

LEAST = 8  # values of a line; fewer are a table of ordinary columns
COLUMNS = ("id", "series", "continuation")


@dataclass(frozen=True)
class WideSeries:
    """Reads a folder of two such files. Lines may be of any length; empty cells at their end are no values."""

    def detect(self, path: Path) -> float:
        return 0.9 if path.is_dir() and _files(path) is not None else 0.0

    def read(self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None) -> Table:
        files = _files(path)
        if files is None:
            raise DataError(
                f"{path} holds no series in wide form.", "It takes a train and a test file with a line a series."
            )
        first, later = (_lines(file, limits=limits, cache=cache) for file in files)
        absent = [name for name in first if name not in later]
        frame = pl.DataFrame(
            {
                COLUMNS[0]: list(first),
                COLUMNS[1]: list(first.values()),
                COLUMNS[2]: [later.get(name) for name in first],
            },
            schema=dict(zip(COLUMNS, (pl.String, pl.List(pl.Float64), pl.List(pl.Float64)), strict=True)),
        )
        notes = (f"{len(absent):,} series do not go on in {files[1].name}.",) if absent else ()
        return Table(frame, run_name(path), {COLUMNS[2]: {"role": "ignore", "why": "what came next"}}, notes)


def _files(folder: Path) -> tuple[Path, Path] | None:
    """(train, test) where both begin with the same series."""
    found = {split_of(stem(file)): file for file in visible(folder)[1] if ending(file) in DELIMITED}
    if set(found) != {"train", "test"}:
        return None
    begins = [_first(file) for file in (found["train"], found["test"])]
    same = all(begins) and begins[0] and begins[1] and begins[0][0] == begins[1][0] and len(begins[0]) != len(begins[1])
    return (found["train"], found["test"]) if same else None


def _first(file: Path) -> list[str]:
    """The cells of the first line that is a series, or none."""
    for line in head(file).decode("utf-8-sig", "replace").splitlines()[:2]:
        cells = _cells(next(csv.reader([line]), []))
        if len(cells) > LEAST and not _is_number(cells[0]) and all(_is_number(cell) for cell in cells[1:-1]):
            return cells  # the last cell may be cut in two
    return []


def _lines(file: Path, *, limits: LimitsConfig, cache: Path | None) -> dict[str, list[float]]:
    """{name: values}; the header, if there is one, is left out. An odd cell is a DataError with its line."""
    plain, _ = plain_text(file, limits=limits, cache=cache)
    found: dict[str, list[float]] = {}
    for number, cells in _numbered(plain):
        if number == 1 and not any(_is_number(cell) for cell in cells[1:]):
            continue
        if cells[0] in found:
            raise DataError(
                f"{file.name} holds series {cells[0]!r} twice.",
                f"Line {number} is the second.",
                "Give every series a name of its own.",
            )
        odd = next((cell for cell in cells[1:] if cell and not _is_number(cell)), None)
        if odd is not None:
            raise DataError(f"{file.name}, line {number}: {odd[:40]!r} is no number.", "", "Repair the line.")
        found[cells[0]] = [float(cell) if cell else float("nan") for cell in cells[1:]]
    return found


def _numbered(plain: Path) -> Iterator[tuple[int, list[str]]]:
    with plain.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        for number, line in enumerate(csv.reader(file), 1):
            if cells := _cells(line):
                yield number, cells


def _cells(line: list[str]) -> list[str]:
    cells = [cell.strip() for cell in line]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return not cell
    return True


SOURCE = WideSeries()
