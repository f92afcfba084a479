"""COLLECT: large text tables become Arrow columns on disk, mapped instead of read: memory does not grow with rows."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import polars as pl

from ....core.errors import install_hint

LARGE = 64 << 20  # bytes of text; below this, reading is quicker than converting


def map_frame(make: Callable[[], pl.LazyFrame], out: Path) -> tuple[pl.DataFrame, list[str]]:
    """(the rows mapped from `out`, notes): streamed there first unless an earlier run has done so."""
    if not out.exists():
        aside = out.with_name(f"{out.name}.{os.getpid()}.part")
        try:
            make().sink_ipc(aside, compression="uncompressed")
            aside.replace(out)
        finally:
            aside.unlink(missing_ok=True)
    return mapped(out)


def mapped(path: Path) -> tuple[pl.DataFrame, list[str]]:
    """An uncompressed Arrow file as a frame whose pages the system loads and drops as it likes.

    polars itself (2.1) copies the file into memory, even from a memory map; pyarrow does not.
    """
    try:
        import pyarrow as pa
    except ImportError:
        return pl.read_ipc(path), [
            f"{path.stat().st_size / 1e9:.1f} GB of columns are held in memory; with pyarrow "
            f"({install_hint('arrow')}) they would be mapped from disk."
        ]
    with pa.memory_map(str(path)) as source:
        frame = pl.from_arrow(pa.ipc.open_file(source).read_all(), rechunk=False)
    assert isinstance(frame, pl.DataFrame)
    return frame, []
