"""Answers beside the rows that were asked: one row each (or one block), empty where a row could not be read, with
the name of what it is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

NAMED = 5


def one_row_each(out: pl.DataFrame, frame: pl.DataFrame, kept: np.ndarray, id_columns: Sequence[str]) -> pl.DataFrame:
    """`out` answers the rows `kept` of `frame` (by its column `_row`, where an answer takes several lines); the
    others are null, but for the
    columns that say which row it is."""
    if len(kept) == frame.height:
        return out.drop("_row", strict=False)
    place = pl.DataFrame({"_row": np.arange(frame.height)})
    out = out.with_columns(pl.Series("_row", kept[out["_row"].to_numpy()] if "_row" in out.columns else kept))
    whole = place.join(out, on="_row", how="left", maintain_order="left")
    named = [name for name in id_columns if name in whole.columns and name in frame.columns]
    whole = whole.with_columns(
        pl.coalesce(whole[name], frame[name].gather(whole["_row"])).alias(name) for name in named
    )
    return whole.drop("_row")


def unanswered(damaged: Mapping[int, str], frame: pl.DataFrame, id_columns: Sequence[str]) -> list[str]:
    """The first rows without an answer, and why: by their number, or by the series that they are."""
    lines = []
    for row, why in list(damaged.items())[:NAMED]:
        name = next((name for name in id_columns if name in frame.columns and frame[name][row]), "")
        called = f"{name} {frame[name][row]}" if name else f"row {row}"
        lines.append(f"{called} cannot be read and has no prediction ({why})")
    return lines
