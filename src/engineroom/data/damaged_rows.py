"""COLLECT: rows with cells that cannot be read are left out of all splits, counted and named."""

from __future__ import annotations

import numpy as np
import polars as pl

from ..core.config import Config
from ..core.errors import DataError
from ..core.panels import Finding
from ..core.table import Table
from .dataset import Dataset

MOST_CLASSES, NAMED = 1_000, 8  # more different values are no classes; classes named in a message


def drop_damaged(data: Dataset, table: Table, config: Config) -> list[Finding]:
    """Leave damaged rows out of all splits, up to the user's limit; name the first."""
    if not data.damaged:
        return []
    count, share = len(data.damaged), len(data.damaged) / max(1, len(data))
    first = "; ".join(f"row {row}: {cell_name(table, row, reason)}" for row, reason in list(data.damaged.items())[:5])
    bad = np.array(list(data.damaged))
    lost = lost_classes(table.frame[data.schema.target.name], np.concatenate(list(data.splits.values())), bad)
    if share > config.limits.max_damaged:
        raise DataError(
            f"{count} of {len(data)} rows cannot be read ({share:.0%}).",
            " ".join([*(one.what for one in lost), first]),
            f"Repair them, or allow more: --set limits.max_damaged={min(1.0, share + 0.01):.2f}",
        )
    data.splits = {name: rows[~np.isin(rows, bad)] for name, rows in data.splits.items()}
    return [Finding("warning", f"{count} damaged row(s) were left out.", first, "Repair or remove them."), *lost]


def lost_classes(values: pl.Series, used: np.ndarray, bad: np.ndarray) -> list[Finding]:
    """Classes of which no row can be read: the model will not know that they exist."""
    if values.dtype.is_nested() or values.dtype == pl.Binary:
        return []
    labels = values.gather(used).cast(pl.String, strict=False)
    counts = dict(labels.drop_nulls().value_counts().iter_rows())
    left = set(labels.filter(pl.Series(~np.isin(used, bad))).unique())
    gone = sorted(name for name in counts if name not in left)
    if not gone or len(counts) > MOST_CLASSES:
        return []
    named = ", ".join(f"{name} ({counts[name]:,} rows)" for name in gone[:NAMED])
    what = f"No row of {len(gone)} class(es) can be read, so the model does not know them: {named}."
    return [Finding("warning", what, "", "Repair or convert their files.")]


def cell_name(table: Table, row: int, reason: str) -> str:
    column = reason.partition(":")[0]
    value = table.frame[column][row] if column in table.frame.columns else None
    return f"{value} ({reason})" if isinstance(value, str) and len(value) < 300 else reason
