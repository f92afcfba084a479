"""COLLECT: workbooks (.xlsx, .xlsm, .xlsb, .xls, .ods): the first sheet that holds a table, or the one that was
named."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ...core.config import LimitsConfig
from ...core.errors import DataError, UserError, nearest
from ...core.table import Table
from ._cells import column
from ._files import ending, run_name
from ._media_columns import with_media
from ._text_tables.dialect import MISSING
from ._text_tables.header import find_header_line, has_header, name_columns

ENDINGS = frozenset({".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"})


@dataclass(frozen=True)
class Workbook:
    """Cells as calamine reads them: numbers, texts, dates, times and booleans keep their type; formulas give their last
    value."""

    def detect(self, path: Path) -> float:
        return 0.9 if path.is_file() and ending(path) in ENDINGS else 0.0

    def read(self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None) -> Table:
        import python_calamine

        try:
            book = python_calamine.CalamineWorkbook.from_path(str(path))
            name, others = _chosen(book, limits.format.sheet)
            rows: list[list[Any]] = book.get_sheet_by_name(name).to_python(skip_empty_area=True)
        except (python_calamine.CalamineError, OSError) as error:
            raise DataError(
                f"{path.name} cannot be read as a workbook.", f"{error}.", "Save it again, or export it as CSV."
            ) from None
        notes = [f"Sheet {name!r} of {path.name} was read; the others were not: {', '.join(others)}."] if others else []
        frame, more, gaps = _table(rows, path, limits)
        return with_media(Table(frame, run_name(path), {}, (*notes, *more), (), gaps), path, limits=limits)


def _chosen(book: Any, wanted: str | None) -> tuple[str, list[str]]:
    """(the sheet to read, the others that hold cells)."""
    names = list(book.sheet_names)
    if wanted is not None and wanted not in names:
        raise UserError(f"There is no sheet {wanted!r}.", "", nearest(wanted, names, label="Sheets"))
    filled = [name for name in names if book.get_sheet_by_name(name).height > 1]
    name = wanted or (filled or names or [""])[0]
    if not name:
        raise DataError("The workbook has no sheet.", "There is nothing to learn from.")
    return name, [other for other in filled if other != name]


def _table(
    rows: list[list[Any]], path: Path, limits: LimitsConfig
) -> tuple[pl.DataFrame, list[str], tuple[tuple[int, str], ...]]:
    """(the columns, notes, empty rows between the others). Lines above the header and empty columns are left out,
    said."""
    width = max((_filled(row) for row in rows), default=0)
    if not width:
        raise DataError(
            f"{path.name} holds no cells.",
            "There is nothing to learn from.",
            "Name another sheet: --set limits.format.sheet=…",
        )
    texts = [[_text(cell) for cell in row[:width]] for row in rows]
    wanted = limits.format.header_row
    shapes = [(i, row if any(row) else []) for i, row in enumerate(texts)]
    above = wanted - 1 if wanted else find_header_line(shapes[:1000])
    header = wanted != 0 and has_header([row for _, row in shapes[above:] if row])
    names, notes = name_columns(texts[above], width, header)
    if above:
        shown = "; ".join(repr(" ".join(filter(None, row))) for row in texts[:above][:3])
        notes.append(
            f"{above} row(s) above the header are no rows of the table: {shown}. If that is wrong: --header-row N."
        )
    body = [row[:width] for row in rows[above + header :]]
    while body and not any(map(_text, body[-1])):
        body.pop()
    if not body:
        raise DataError(f"{path.name} holds a header and no rows.", "There is nothing to learn from.", "Add rows.")
    empty = [i for i, row in enumerate(body) if not any(map(_text, row))]
    kept = [row for i, row in enumerate(body) if i not in set(empty)]
    gaps = tuple((i, f"row {above + header + i + 1} of {path.name} is empty") for i in empty)
    columns = [_column(name, [row[i] for row in kept]) for i, name in enumerate(names)]
    unnamed = [
        one.name
        for one, title in zip(columns, texts[above], strict=True)
        if header and not title and one.null_count() == len(one)
    ]
    return pl.DataFrame([one for one in columns if one.name not in unnamed]), notes, gaps


def _filled(row: list[Any]) -> int:
    """Cells up to the last that holds something."""
    return max((i + 1 for i, cell in enumerate(row) if _text(cell)), default=0)


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell).strip()


def _column(name: str, cells: list[Any]) -> pl.Series:
    """Whole numbers, which a workbook keeps as floats, become integers again; missing words among numbers become
    null."""
    cells = [None if isinstance(cell, str) and not cell.strip() else cell for cell in cells]
    words = [cell for cell in cells if isinstance(cell, str)]
    numbers = [cell for cell in cells if isinstance(cell, int | float) and not isinstance(cell, bool)]
    if words and numbers and all(word.strip() in MISSING for word in words):
        cells = [None if isinstance(cell, str) else cell for cell in cells]
    if numbers and all(cell is None or (isinstance(cell, float | int) and float(cell).is_integer()) for cell in cells):
        cells = [None if cell is None else int(cell) for cell in cells]
    dates = [cell for cell in cells if isinstance(cell, datetime.date)]
    if dates and any(isinstance(cell, datetime.datetime) for cell in dates):
        midnight = datetime.time()
        cells = [
            datetime.datetime.combine(cell, midnight)
            if isinstance(cell, datetime.date) and not isinstance(cell, datetime.datetime)
            else cell
            for cell in cells
        ]
    return column(name, cells)


SOURCE = Workbook()
