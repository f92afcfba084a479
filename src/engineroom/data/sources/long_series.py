"""COLLECT: series in long form: a table with a row for every moment, and a table with a label for every series."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import polars as pl

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.table import Table
from ._concat_splits import concat_tables
from ._files import DELIMITED, ending, run_name, split_of, stem, visible
from ._text_tables.encoding import head_text
from ._text_tables.sniff import sniff
from ._text_tables.types import plainly_typed
from .delimited import SOURCE as DELIMITED_SOURCE

ORDER_NAMES = ("t", "time", "timestamp", "step", "index", "frame", "order", "date", "datetime", "seconds", "tick")


@dataclass(frozen=True)
class Layout:
    """Which file plays which part."""

    signals: Path
    labels: tuple[tuple[str | None, Path], ...]  # (split, file)
    key: str


@dataclass(frozen=True)
class LongSeries:
    """Reads signals.csv (key, time, channels) with labels.csv, or train_labels.csv and test_labels.csv."""

    def detect(self, path: Path) -> float:
        return 0.95 if path.is_dir() and _layout(path) is not None else 0.0

    def read(self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None) -> Table:
        layout = _layout(path)
        if layout is None:
            raise DataError(f"{path} holds no series in long form.", "It takes a signals table and a labels table.")
        signals = DELIMITED_SOURCE.read(layout.signals, limits=limits, target=None, cache=cache)
        series, note = _gathered(plainly_typed(signals.frame), layout.key, layout.signals.name)
        parts = [
            (split, DELIMITED_SOURCE.read(file, limits=limits, target=target, cache=cache))
            for split, file in layout.labels
        ]
        labels = concat_tables(parts, run_name(path))
        labels = replace(labels, frame=plainly_typed(labels.frame))
        return _with_series(labels, series, layout, limits=limits, notes=(*signals.notes, note))


def _layout(path: Path) -> Layout | None:
    """A signals file and labels files that share their key column, told by their headers and by what repeats."""
    tables = [file for file in visible(path)[1] if ending(file) in DELIMITED]
    labels = [file for file in tables if "label" in stem(file).lower() or "target" in stem(file).lower()]
    signals = [file for file in tables if file not in labels]
    if not labels or len(signals) != 1:
        return None
    try:
        long, short = _header(signals[0]), [_header(file) for file in labels]
    except DataError:
        return None
    shared = [name for name in long if all(name in names for names in short)]
    key = next((name for name in shared if _repeats(signals[0], long.index(name))), None)
    splits = [(split_of(stem(file)), file) for file in labels]
    if key is None or (len(splits) > 1 and len({split for split, _ in splits if split}) < len(splits)):
        return None
    return Layout(signals[0], tuple(splits) if len(splits) > 1 else ((None, labels[0]),), key)


def _header(path: Path) -> tuple[str, ...]:
    return sniff(head_text(path), path).names


def _repeats(path: Path, column: int) -> bool:
    """Does the key stay the same over several rows? In a table of one row an example it never does."""
    text = head_text(path)
    values = [row[column] for row in sniff(text, path).reader(text.splitlines()[1:200]) if len(row) > column]
    return len(values) > 2 and sum(a == b for a, b in pairwise(values)) > len(values) / 2


def _gathered(frame: pl.DataFrame, key: str, name: str) -> tuple[pl.DataFrame, str]:
    """One row a key: a column `series`, (T,) or channel-major (C, T), in the order of the time column."""
    order = next((column for column in frame.columns if column.lower() in ORDER_NAMES and column != key), None)
    channels = [column for column, kind in frame.schema.items() if kind.is_numeric() and column not in {key, order}]
    if not channels:
        raise DataError(f"{name} has no numeric column beside {key!r}.", "The channels of a series are numbers.")
    if order is not None:
        frame = frame.sort(key, order, maintain_order=True)
    values = [pl.col(channel).cast(pl.Float64) for channel in channels]
    grouped = frame.group_by(key, maintain_order=True).agg(values)
    # one list a row out of each channel's list, then those lists side by side: (C, T)
    series = (
        pl.col(channels[0])
        if len(channels) == 1
        else pl.concat_list([pl.col(c).implode().over(pl.int_range(pl.len())) for c in channels])
    )
    note = f"Each {key} is one series of {len(channels)} channels ({', '.join(channels[:8])}), " + (
        f"ordered by {order}." if order else "in the order of the rows."
    )
    return grouped.select(key, series.alias("series")), note


def _with_series(
    labels: Table, series: pl.DataFrame, layout: Layout, *, limits: LimitsConfig, notes: tuple[str, ...]
) -> Table:
    key = layout.key
    if labels.frame[key].dtype != series[key].dtype:
        labels_frame, series = labels.frame.cast({key: pl.String}), series.cast({key: pl.String})
    else:
        labels_frame = labels.frame
    name = "series" if "series" not in labels_frame.columns else "series_"
    frame = labels_frame.join(series.rename({"series": name}), on=key, how="left", maintain_order="left")
    absent = frame.filter(pl.col(name).is_null())[key].cast(pl.String).to_list()
    skipped = tuple((f"{key} {value}", f"has a label, but no rows in {layout.signals.name}") for value in absent)
    if len(absent) > limits.max_damaged * frame.height:
        raise DataError(
            f"{len(absent):,} of {frame.height:,} labels have no signals: {key} {', '.join(absent[:5])}.",
            f"{layout.signals.name} has no rows for them.",
            "Are these files of one data set?",
        )
    unlabelled = series.height - series.join(labels_frame, on=key, how="semi").height
    notes += (f"{unlabelled:,} series have no label and were left out.",) if unlabelled else ()
    hints = dict(labels.hints) | {
        name: {"modality": "series", "role": "input", "why": f"the rows of {layout.signals.name}"},
        key: {"modality": "identifier", "role": "id", "why": "ties labels to series"},
    }
    frame = frame.filter(pl.col(name).is_not_null())
    return Table(frame, labels.name, hints, (*labels.notes, *notes), (*labels.skipped, *skipped))


SOURCE = LongSeries()
