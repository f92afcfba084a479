"""LOSS: series on a clock → windows: so many steps of history, so many ahead; learnt before the validation begins,
judged after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from ...core.errors import DataError
from .regular_series import Line, Timeline, forward_filled
from .timestamps import format_times

MOST_BYTES = 600_000_000  # of training windows; more are thinned by a larger stride
MOST_JUDGED = {"val": 8_000, "test": 24_000}  # windows
RISE = 0.1  # of the autocorrelation from its lowest before to a season's peak
UNKNOWN = 0.5  # share of the steps ahead, or of the history, that may be missing
HISTORY, CLOCK, AHEAD = "history", "clock", "ahead"
DAY = 86_400


@dataclass(frozen=True)
class Shape:
    """How windows are cut, in steps."""

    context: int
    horizon: int
    season: int
    stride: int = 1
    clock: bool = False


def find_season(timeline: Timeline, edges: list[tuple[int, int, int]]) -> int:
    """The lag at which the training rows resemble themselves most (autocorrelation, straight trend taken out); 1 =
    none."""
    total: np.ndarray | None = None
    for line, (until, _, _) in list(zip(timeline.lines, edges, strict=True))[:50]:
        for x in forward_filled(line.values[:until]).T[:20]:
            x = x[-6_000:]
            if len(x) < 8 or x.std() < 1e-12:
                continue
            x = x - np.polyval(np.polyfit(np.arange(len(x)), x, 1), np.arange(len(x)))
            size = 2 ** int(np.ceil(np.log2(2 * len(x))))
            power = np.abs(np.fft.rfft(x / max(x.std(), 1e-12), size)) ** 2
            lags = np.fft.irfft(power)[: len(x) // 3] / len(x)
            total = lags if total is None else total[: len(lags)] + lags[: len(total)]
    if total is None or len(total) < 4:
        return 1
    curve = total / max(total[0], 1e-12)
    valley = np.minimum.accumulate(curve)  # a peak rises from one: slow change with noise on it has none
    peaks = [i for i in range(2, len(curve) - 1) if curve[i] >= max(curve[i - 1], curve[i + 1], 0.2, valley[i] + RISE)]
    if not peaks:
        return 1
    highest = max(curve[i] for i in peaks)
    shortest = next(i for i in peaks if curve[i] >= highest - 0.1)  # of those that are about as high
    # noise makes peaks beside the true one
    return max((i for i in peaks if shortest <= i <= 1.25 * shortest), key=lambda i: curve[i])


def borders(
    timeline: Timeline, *, val_from: int, test_from: int, end: int, val: float, test: float, horizon: int
) -> list[tuple[int, int, int]]:
    """(first validation step, first test step, end) of each series: as given, as the source says, or the latest
    shares."""
    found = []
    for line in timeline.lines:
        stop = min(end or len(line.times), len(line.times))
        marked = {name: int(np.argmax(line.parts == name)) for name in ("val", "test") if (line.parts == name).any()}
        least = max(1, horizon)
        second = test_from or marked.get("test") or stop - max(least, round(test * stop))
        first = val_from or marked.get("val") or second - max(least, round(val * stop))
        found.append((max(0, min(first, stop)), max(0, min(second, stop)), stop))
    return found


def cut(timeline: Timeline, edges: list[tuple[int, int, int]], shape: Shape, target: str) -> pl.DataFrame:
    """The windows as rows, in the order of their origin: what is known, what came, and which part they belong to."""
    parts: list[pl.DataFrame] = []
    lengths = {
        "val": [second - first for first, second, _ in edges],
        "test": [stop - second for _, second, stop in edges],
    }
    skip = {
        part: max(1, -(-sum(max(0, n - shape.horizon + 1) for n in lengths[part]) * len(timeline.channels) // most))
        for part, most in MOST_JUDGED.items()
    }
    for line, (first, second, stop) in zip(timeline.lines, edges, strict=True):
        spans = {
            "train": np.arange(shape.context, first - shape.horizon + 1, shape.stride),
            "val": np.arange(max(first, shape.context), second - shape.horizon + 1, skip["val"]),
            "test": np.arange(max(second, shape.context), stop - shape.horizon + 1, skip["test"]),
        }
        for channel, name in enumerate(timeline.channels):
            parts += build_windows(timeline, line, channel, name, spans, first, shape, target)
    if not parts:
        raise short(timeline, shape)
    frame = pl.concat(parts)
    for part in ("train", "val", "test"):
        if not (frame["split"] == part).any():
            raise short(timeline, shape, part)
    return frame.sort("_at", maintain_order=True)


def short(timeline: Timeline, shape: Shape, part: str = "any") -> DataError:
    longest = max(len(line.times) for line in timeline.lines)
    return DataError(
        f"No window fits into the {part} part of the series.",
        f"A window takes {shape.context} + {shape.horizon} steps; the longest series has {longest}.",
        "Look back or ahead on fewer steps: --set options.context=… --set options.horizon=…, or bring longer series.",
    )


def build_windows(
    timeline: Timeline,
    line: Line,
    channel: int,
    name: str,
    spans: dict[str, np.ndarray],
    first: int,
    shape: Shape,
    target: str,
) -> Iterator[pl.DataFrame]:
    """The windows of one channel of one series, a frame for each part."""
    raw = line.values[:, channel]
    level, deviation = scale(raw[: max(first, 2)])
    x = ((raw - level) / deviation).astype(np.float32)
    filled = forward_filled(x[:, None])[:, 0]
    naive = naive_error(x[:first], shape.season)
    for part, origins in spans.items():
        origins = origins[enough(x, origins, shape)]
        if not len(origins):
            continue
        ahead = np.lib.stride_tricks.sliding_window_view(x, shape.horizon)[origins]
        marks = np.broadcast_to(np.array([level / deviation, naive], np.float32), (len(origins), 2))
        columns = describe_windows(timeline, line, name, origins, line.times[origins], level, deviation) | {
            HISTORY: pl.Series(
                np.lib.stride_tricks.sliding_window_view(filled, shape.context)[origins - shape.context].copy()
            ),
            target: pl.Series(np.concatenate([ahead, marks], 1)),
            "split": pl.repeat(part, len(origins), dtype=pl.String, eager=True),
        }
        yield pl.DataFrame(columns | covariate_columns(line.times[origins], line.known, origins, shape))


def describe_windows(
    timeline: Timeline, line: Line, name: str, origins: np.ndarray, at: np.ndarray, level: float, deviation: float
) -> dict[str, pl.Series]:
    return {
        "series": pl.repeat(line.name, len(origins), dtype=pl.String, eager=True),
        "channel": pl.repeat(name, len(origins), dtype=pl.String, eager=True),
        "origin": format_times(at, timeline.unit),
        "_at": pl.Series(np.asarray(at, np.float64)),
        "_level": pl.repeat(level, len(origins), dtype=pl.Float64, eager=True),
        "_deviation": pl.repeat(deviation, len(origins), dtype=pl.Float64, eager=True),
    }


def covariate_columns(at: np.ndarray, known: np.ndarray, origins: np.ndarray, shape: Shape) -> dict[str, pl.Series]:
    """Columns for what else is known: the time of the origin, and the known columns over the steps ahead."""
    out = {}
    if shape.clock:
        out[CLOCK] = pl.Series(np.asarray(at, np.float64))
    if known.shape[1]:
        steps = origins[:, None] + np.arange(shape.horizon)
        filled = forward_filled(known)
        out[AHEAD] = pl.Series(filled[np.minimum(steps, len(filled) - 1)].reshape(len(origins), -1).astype(np.float32))
    return out


def scale(x: np.ndarray) -> tuple[float, float]:
    """(mean, deviation) of what is known; (0, 1) of nothing, and deviation 1 of a constant."""
    x = x[np.isfinite(x)]
    if not len(x):
        return 0.0, 1.0
    return float(x.mean()), float(x.std()) if x.std() > 1e-12 * max(1.0, abs(float(x.mean()))) else 1.0


def enough(x: np.ndarray, origins: np.ndarray, shape: Shape) -> np.ndarray:
    """Which windows hold enough known values, behind and ahead."""
    count = np.concatenate([[0], np.cumsum(np.isfinite(x))])
    behind = count[origins] - count[origins - shape.context]
    ahead = count[origins + shape.horizon] - count[origins]
    return (behind >= UNKNOWN * shape.context) & (ahead >= max(1, UNKNOWN * shape.horizon))


def naive_error(x: np.ndarray, season: int) -> float:
    """Mean error of repeating the last season, in the training rows (Hyndman & Koehler 2006); NaN where there is
    none."""
    gaps = np.abs(x[season:] - x[:-season])
    gaps = gaps[np.isfinite(gaps)]
    return float(gaps.mean()) if len(gaps) and gaps.mean() > 1e-9 else float("nan")


def wants_clock(timeline: Timeline, shape: Shape, longest: int) -> bool:
    """Does the calendar know more than the history: a day, week or year that was seen twice but is longer than what the
    model looks back on?"""
    if timeline.unit == "steps":
        return False
    days = 7 * DAY / timeline.unit.count("1") if timeline.unit.startswith("weekdays") else 1
    step = timeline.step * (30.44 * DAY if timeline.unit == "months" else days)
    return any(
        shape.context * step < period and longest * step >= 2 * period and 2 * step <= period
        for period in (DAY, 7 * DAY, 365 * DAY)
    )
