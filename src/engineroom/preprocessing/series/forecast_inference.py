"""The last window of every series, from which a forecast goes on, and what is missing in it."""

from __future__ import annotations

import numpy as np
import polars as pl

from ...core.errors import DataError
from .forecast_windows import HISTORY, Shape, covariate_columns, describe_windows, scale
from .regular_series import Timeline, forward_filled


def last_windows(
    timeline: Timeline, shape: Shape, names: tuple[str, ...] = ()
) -> tuple[pl.DataFrame, dict[str, int], tuple[str, ...]]:
    """(one row a channel of every series: the last steps that are known, {known column: empty cells over the steps
    ahead}, notes). Too short a series has no window. `names` are the columns known beforehand."""
    parts, empty = [], dict.fromkeys(names, 0)
    for line in timeline.lines:
        length = int(np.flatnonzero(np.isfinite(line.values).any(1)).max(initial=-1)) + 1
        if line.known.shape[1] and len(line.times) < length + shape.horizon:
            raise DataError(
                f"The columns known beforehand end with the values{f' of series {line.name!r}' if line.name else ''}.",
                f"A forecast needs them for the next {shape.horizon} steps.",
                f"Add {shape.horizon} rows with their times and known values, the value to forecast left empty.",
            )
        for name, missing in zip(
            names, (~np.isfinite(line.known[length : length + shape.horizon])).sum(0), strict=True
        ):
            empty[name] += int(missing)
        at = timeline.after(line.times[length - 1], np.array([1.0])) if length else np.zeros(1)
        for channel, name in enumerate(timeline.channels):
            raw = line.values[:length, channel]
            level, deviation = scale(raw[-max(4 * shape.context, 2) :])
            past = (
                forward_filled(((raw - level) / deviation)[:, None])[-shape.context :, 0]
                if length >= shape.context
                else None
            )
            columns = describe_windows(timeline, line, name, np.zeros(1), at, level, deviation)
            cell = pl.Series([None if past is None else past.tolist()], dtype=pl.Array(pl.Float32, shape.context))
            parts.append(
                pl.DataFrame(columns | {HISTORY: cell} | covariate_columns(at, line.known, np.array([length]), shape))
            )
    empty = {name: count for name, count in empty.items() if count}
    return pl.concat(parts), empty, inference_notes(timeline, shape, empty)


def inference_notes(timeline: Timeline, shape: Shape, empty: dict[str, int]) -> tuple[str, ...]:
    """Series that are too short to be forecast, by name; known columns whose cells ahead are empty."""
    lengths = {
        line.name: int(np.flatnonzero(np.isfinite(line.values).any(1)).max(initial=-1)) + 1 for line in timeline.lines
    }
    few = [f"{name or 'the series'} ({length})" for name, length in lengths.items() if length < shape.context]
    notes = [
        f"{count} cell(s) of {name} over the {shape.horizon} steps ahead are empty: the last known value is taken "
        "there."
        for name, count in empty.items()
    ]
    if few:
        named = ", ".join(few[:8]) + (", …" if len(few) > 8 else "")
        notes.append(
            f"{len(few)} series are shorter than the {shape.context} steps that the model looks back on, and get no "
            f"forecast: {named}."
        )
    return tuple(notes)
