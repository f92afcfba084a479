"""COLLECT: .ts files (the form of sktime and the UEA archive; Bagnall et al. 2018): @ lines, then one series a line."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.table import Table
from ._files import ending, run_name
from ._text_tables.encoding import plain_text


@dataclass
class Header:
    """What the @-lines say."""

    labelled: bool = False
    regression: bool = False
    lines: int = 0
    seen: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SktimeTs:
    """Reads dimensions divided by `:`, values by `,`, missing ones as `?` (NaN here), the label last."""

    def detect(self, path: Path) -> float:
        return 0.9 if path.is_file() and ending(path) == ".ts" else 0.0

    def read(self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None) -> Table:
        plain, notes = plain_text(path, limits=limits, cache=cache)
        with plain.open(encoding="utf-8") as file:
            lines = enumerate((line.strip() for line in file), start=1)
            header = _header(lines, path)
            rows, skipped = _rows(lines, header, path)
        if len(skipped) > limits.max_damaged * (len(rows) + len(skipped)):
            raise DataError(
                f"{path.name}: {len(skipped):,} lines cannot be read: "
                + "; ".join(f"{line}: {why}" for line, why in skipped[:5])
                + ".",
                f"At most {limits.max_damaged:.0%} may be left out.",
                "Mend these lines.",
            )
        if not rows:
            raise DataError(f"{path.name} holds no series after @data.", "There is nothing to learn from.")
        notes += [f"{path.name}: left out {len(skipped):,} unreadable lines."] if skipped else []
        return series_table(
            [row for row, _ in rows],
            [label for _, label in rows] if header.labelled else None,
            run_name(path),
            regression=header.regression,
            notes=notes,
            skipped=skipped,
        )


def series_table(
    series: list[list[list[float]]],
    labels: list[str] | None,
    name: str,
    *,
    regression: bool,
    notes: list[str],
    skipped: list[tuple[str, str]],
) -> Table:
    """Rows of channels of values → one `series` column (T,) or channel-major (C, T), and `label`."""
    single = all(len(channels) == 1 for channels in series)
    kind = pl.List(pl.Float64) if single else pl.List(pl.List(pl.Float64))
    columns = {"series": pl.Series([c[0] for c in series] if single else series, dtype=kind)}
    hints = {"series": {"modality": "series", "role": "input", "why": "one recording a row"}}
    if labels is not None:
        values = [math.nan if label == "?" else float(label) for label in labels] if regression else labels
        columns["label"] = pl.Series(values, dtype=pl.Float64 if regression else pl.String)
        hints["label"] = {
            "modality": "number" if regression else "category",
            "role": "target",
            "why": "the label of each series",
        }
    return Table(pl.DataFrame(columns), name, hints, tuple(notes), tuple(skipped))


def _header(lines: Iterator[tuple[int, str]], path: Path) -> Header:
    """Reads up to @data. Timestamps are refused: sampling times would be lost silently."""
    header = Header()
    for number, line in lines:
        if not line or line.startswith(("#", "%")):
            continue
        word, _, value = line.partition(" ")
        header.seen[word.lower()] = value.strip()
        yes = value.strip().lower().startswith("true")
        if word.lower() == "@data":
            return header
        if word.lower() == "@timestamps" and yes:
            raise DataError(
                f"{path.name} has time stamps, (time, value) pairs, which are not supported.",
                "Series are read as evenly sampled values.",
                "Resample them and write @timeStamps false.",
            )
        if word.lower() in {"@classlabel", "@targetlabel"}:
            header.labelled, header.regression = yes, word.lower() == "@targetlabel"
        if not word.startswith("@"):
            raise DataError(
                f"{path.name}, line {number}: data before @data.",
                "A .ts file begins with header lines @… and a line @data.",
            )
    raise DataError(f"{path.name} has no line @data.", "A .ts file begins with header lines @… and a line @data.")


def _rows(
    lines: Iterator[tuple[int, str]], header: Header, path: Path
) -> tuple[list[tuple[list[list[float]], str]], list[tuple[str, str]]]:
    """([(channels, label)], [(line, reason)]). The first row's number of dimensions is everyone's."""
    rows: list[tuple[list[list[float]], str]] = []
    skipped: list[tuple[str, str]] = []
    for number, line in lines:
        if not line or line.startswith(("#", "%")):
            continue
        try:
            row = _row(line, header)
            if rows and len(row[0]) != len(rows[0][0]):
                raise ValueError(f"{len(row[0])} dimensions instead of {len(rows[0][0])}")
        except ValueError as error:
            skipped.append((f"{path.name}, line {number}", str(error)))
            continue
        rows.append(row)
    return rows, skipped


def _row(line: str, header: Header) -> tuple[list[list[float]], str]:
    if "(" in line:
        raise ValueError("time stamps are not supported")
    parts = [part.strip() for part in line.split(":")]
    label = ""
    if header.labelled:
        if len(parts) < 2 or not parts[-1]:
            raise ValueError("no label after the last ':'")
        label = parts.pop()
        if header.regression and label != "?":
            float(label)
    return [
        [math.nan if value.strip() in {"?", "NaN", "nan", ""} else float(value) for value in part.split(",")]
        for part in parts
    ], label


SOURCE = SktimeTs()
