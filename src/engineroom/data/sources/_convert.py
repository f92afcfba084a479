"""COLLECT: large tables become columns on disk, mapped instead of read, so that memory does not grow with the rows."""

from __future__ import annotations

from pathlib import Path

import polars as pl

LARGE = 64 << 20  # bytes of text; below this, reading is quicker than converting


def collected(lazy: pl.LazyFrame, out: Path | None) -> pl.DataFrame:
    """The rows: in memory, or streamed into `out` and mapped from there."""
    if out is None:
        return lazy.collect(engine="streaming")
    if not out.exists():
        aside = out.with_suffix(".part")
        lazy.sink_ipc(aside, compression="uncompressed")
        aside.replace(out)
    return pl.read_ipc(out)
