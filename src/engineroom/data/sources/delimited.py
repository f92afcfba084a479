"""COLLECT: csv, tsv and their kin (.txt, .data; .gz, .zst), whatever the delimiter, encoding or header."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from ...core.config import FormatConfig, LimitsConfig
from ...core.errors import DataError
from ...core.table import Table
from ._cache import fingerprint, head, work_folder
from ._files import DELIMITED, ending, run_name
from ._media_columns import with_media
from ._records import Survey, cached_survey, judge, rewrite_records
from ._text_tables.dialect import Dialect
from ._text_tables.encoding import head_text, plain_text
from ._text_tables.memory_map import LARGE, map_frame
from ._text_tables.sniff import consistency, sniff
from ._text_tables.types import named

SAMPLE = 1 << 18  # bytes the dialect is judged by


@dataclass(frozen=True)
class Delimited:
    """Reads text tables; see `_dialect` for what is sniffed; cells stay text until data/conventions.py reads them."""

    def detect(self, path: Path) -> float:
        if not path.is_file():
            return 0.0
        if ending(path) in DELIMITED:
            return 0.8
        if ending(path) not in {".txt", ".dat", ".item", ".user", ""}:
            return 0.0
        text = head_text(path).strip()
        if ending(path) == ".txt" and "\n" not in text and "\r" not in text:
            return 0.0  # one line of words is no table
        share, width = consistency(text, path)
        return 0.5 if width > 1 and share >= 0.9 else 0.0

    def read(self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None) -> Table:
        plain, notes = plain_text(path, limits=limits, cache=cache)
        dialect = self._dialect(plain, path, limits.format)
        notes += [f"{path.name}: {note}" for note in dialect.notes]
        if not dialect.header:
            notes.append(
                f"{path.name} has no header line: its columns are called column_1 to column_{len(dialect.names)}."
            )
        found = cached_survey(plain, dialect, cache=cache if plain.stat().st_size > LARGE else None)
        notes += judge(found, dialect, path, limits=limits)
        frame, more = self._frame(plain, dialect, found, cache=cache)
        gaps = tuple((place, _reason(path, line, fields, len(dialect.names))) for place, line, fields in found.gaps)
        skipped = self._skipped(found, path, len(dialect.names))
        table = Table(
            frame, run_name(path), {}, (*notes, *more), skipped, gaps, decimal="," if dialect.delimiter == ";" else ""
        )
        return with_media(table, path, limits=limits)

    def _dialect(self, plain: Path, path: Path, wanted: FormatConfig) -> Dialect:
        data = plain.read_bytes() if plain.stat().st_size <= SAMPLE else head(plain, SAMPLE)
        text = data.decode("utf-8", "replace")
        if not text.strip("\ufeff\r\n\t "):
            raise DataError(
                f"{path} is empty.", "There is nothing to learn from.", "Name a file with a header and rows."
            )
        if "\0" in text:
            raise DataError(
                f"{path} is not a text table.", "It holds zero bytes, as binary files do.", "Is its ending right?"
            )
        return sniff(text, path, whole=len(data) < SAMPLE, wanted=wanted)

    def _frame(
        self, plain: Path, dialect: Dialect, found: Survey, *, cache: Path | None
    ) -> tuple[pl.DataFrame, list[str]]:
        """Polars reads the file itself where it and the csv module see the same records, else a copy written anew."""
        expected = found.rows - len(found.ragged)
        if not found.odd:
            with suppress(pl.exceptions.PolarsError):
                frame, notes = _scanned(plain, dialect, cache=cache)
                if frame.height == expected:
                    return frame, notes
        out = work_folder(cache) / f"{fingerprint(plain, dialect)}.csv"
        comma = Dialect("," if dialect.delimiter != ";" else ";", names=dialect.names)
        frame, notes = _scanned(rewrite_records(plain, dialect, out, delimiter=comma.delimiter), comma, cache=cache)
        if frame.height != expected:
            raise DataError(
                f"{plain.name} reads as {frame.height:,} rows, but holds {expected:,} records.",
                "Quotes or line ends inside it are ambiguous.",
                "Save it again as plain UTF-8 CSV.",
            )
        return frame, notes

    def _skipped(self, found: Survey, path: Path, width: int) -> tuple[tuple[str, str], ...]:
        return tuple(
            (f"{path.name}, line {line}", f"{fields} fields instead of {width}") for line, fields in found.ragged
        )


def _reason(path: Path, line: int, fields: int, width: int) -> str:
    return f"line {line} of {path.name} " + (f"has {fields} fields instead of {width}" if fields else "is empty")


def _scanned(plain: Path, dialect: Dialect, *, cache: Path | None) -> tuple[pl.DataFrame, list[str]]:
    """(the rows as text, notes); those of a large file are converted into `cache` and mapped from there."""
    lazy = pl.scan_csv(
        plain,
        separator=dialect.delimiter,
        has_header=dialect.header,
        new_columns=[str(i) for i in range(len(dialect.names))],
        infer_schema=False,
        glob=False,
    )
    make = partial(named, lazy, dialect.names)
    if cache is None or plain.stat().st_size <= LARGE:
        return make().collect(), []
    return map_frame(make, work_folder(cache) / f"{fingerprint(plain, dialect)}.arrow")


SOURCE = Delimited()
