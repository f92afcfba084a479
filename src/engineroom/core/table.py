"""The table: whatever the source, data arrive as one polars frame plus what the source knows about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Table:
    """One row an example.

    Cells: numbers, booleans, strings, dates as polars holds them; image and audio cells are absolute paths (str),
    encoded files (Binary) or raw pixels (`Array(UInt8, (H, W[, C]))`); a series is `List(Float)` (T,) for one channel
    or
    `List(List(Float))` channel-major (C, T); a multi-label set is `List(String)`.
    """

    frame: pl.DataFrame
    name: str = "data"
    # column -> {"modality": ..., "role": ..., "why": ..., "facts": {…} for its state}
    hints: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # plain words for the user: what the source noticed
    skipped: tuple[tuple[str, str], ...] = ()  # (file or row, reason): what the source left out
    # (place among the source's rows, reason): rows that `frame` lacks, for one answer a row
    gaps: tuple[tuple[int, str], ...] = ()
    root: str = ""  # the folder below which the files lie that cells name; "" = the rows come from no files
    decimal: str = ""  # the decimal mark that the source's form speaks for ("," where ; parts the fields); "" = any
    # column -> how its cells are read (parsing/infer.py), plain JSON
    conventions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    # what else is counted column by column: {"missing_ahead": {…}}
    counted: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    # column -> cells that its convention could not read: they count as missing
    unreadable: Mapping[str, int] = field(default_factory=dict)

    @property
    def split(self) -> str | None:
        """The column of which the source says that it tells training rows from those that judge."""
        return next(
            (name for name, hint in self.hints.items() if hint.get("role") == "split" and name in self.frame.columns),
            None,
        )

    def __len__(self) -> int:
        return self.frame.height
