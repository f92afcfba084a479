"""COLLECT: the older text form of the UCR archive (Dau et al. 2018): a class, then the values of one series."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.table import Table
from ._cache import head
from ._files import ending, run_name, stem
from ._text_tables.encoding import plain_text
from .sktime_ts import series_table

FEWEST_VALUES = 20
MISSING = {"nan", "?", "na", "null"}


@dataclass(frozen=True)
class UcrText:
    """Reads headerless rows of numbers, the first one of few whole ones; short rows and NaN tails are short series."""

    def detect(self, path: Path) -> float:
        if not path.is_file() or ending(path) not in {".txt", ".tsv", ".csv", ".data"}:
            return 0.0
        if ending(path) in {".csv", ".data"} and not stem(path).upper().endswith(("_TRAIN", "_TEST")):
            return 0.0
        try:
            rows = [
                _row(line) for line in head(path).decode("utf-8", "replace").splitlines()[:-1][:400] if line.strip()
            ]
        except ValueError:
            return 0.0
        labels = {row[0] for row in rows}
        few = len(labels) <= max(2, min(60, len(rows) // 2)) and all(
            label == int(label) for label in labels if math.isfinite(label)
        )
        return 0.9 if rows and few and all(len(row) > FEWEST_VALUES and math.isfinite(row[0]) for row in rows) else 0.0

    def read(self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None) -> Table:
        plain, notes = plain_text(path, limits=limits, cache=cache)
        series, labels, skipped = [], [], []
        with plain.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                try:
                    first, *values = _row(line)
                    labels.append(str(int(first)))
                    series.append([_trimmed(values)])
                except ValueError as error:
                    skipped.append((f"{path.name}, line {number}", str(error)))
        if len(skipped) > limits.max_damaged * (len(series) + len(skipped)):
            raise DataError(
                f"{path.name}: {len(skipped):,} lines are no rows of numbers, the first: {skipped[0][0]}.",
                f"At most {limits.max_damaged:.0%} may be left out.",
                "Mend these lines.",
            )
        notes.append(
            f"{path.name} is read as the UCR text form: no header, the first number of each line is the label, the "
            "rest one series."
        )
        return series_table(series, labels, run_name(path), regression=False, notes=notes, skipped=skipped)


def _row(line: str) -> list[float]:
    """The numbers of a line, cut at commas, tabs or blanks."""
    fields = line.replace(",", " ").split()
    if not fields:
        raise ValueError("no numbers")
    return [math.nan if value.lower() in MISSING else float(value) for value in fields]


def _trimmed(values: list[float]) -> list[float]:
    """NaNs at the end pad series of unequal length."""
    present = np.flatnonzero(~np.isnan(values))
    return values[: int(present[-1]) + 1] if len(present) else []


SOURCE = UcrText()
