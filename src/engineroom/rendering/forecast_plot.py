"""LOSS: forecasts as people look at them: history, truth and band in one drawing, errors by step ahead and by
origin."""

from __future__ import annotations

import numpy as np
import polars as pl

from ..core.batch import RowResults
from ..core.panels import Panel, spoken
from ..core.sampling import evenly

BAND = 0.8
FEW = 8  # steps that came; from fewer nothing is measured
BACK = 3  # horizons of history in a drawing
WIDTH, HEIGHT = 320, 150
LOOKED_AT = 2_000  # windows for the errors by step
BINS = 40  # of origins
COLUMN = {"mse": "squared", "mae": "absolute", "mase": "scaled", "smape": "percent", "wql": "pinball"}


def boxed(values: np.ndarray) -> np.ndarray:
    """(N, …) → (N,) of arrays: rows can be drawn again without copying their paths."""
    out = np.empty(len(values), object)
    out[:] = list(values) if len(values) else []
    return out


def stretch(quantiles: np.ndarray, truth: np.ndarray, channels: int = 1) -> float:
    """The factor on the distance from the middle at which BAND of the known steps lie between first and last quantile.

    Errors of overlapping windows are one another's neighbours: what counts is how many horizons, end to end, the
    windows of all
    `channels` cover. Few of them know little of the spread, so the factor grows as Student's t does (Student 1908).
    """
    known = np.isfinite(truth)
    if known.sum() < FEW:
        return 1.0
    middle = quantiles[..., quantiles.shape[2] // 2]
    gap = (truth - middle)[known]
    side = np.where(gap >= 0, (quantiles[..., -1] - middle)[known], (middle - quantiles[..., 0])[known])
    factor = np.quantile(np.abs(gap) / np.maximum(side, 1e-9), BAND)
    windows, steps = truth.shape
    return float(np.clip(factor * caution((windows + channels * (steps - 1)) / steps), 0.2, 10.0))


def caution(independent: float) -> float:
    """By how much a band must be wider that was measured on so many independent errors, not on endlessly many."""
    from scipy.special import ndtri, stdtrit

    tail = (1 + BAND) / 2
    return float(stdtrit(max(1.0, independent), tail) / ndtri(tail))


def apart(order: np.ndarray, least: int) -> np.ndarray:
    """Row numbers in their order, without those next to an earlier one: neighbouring windows show the same mistake."""
    taken: list[int] = []
    for row in order[:5_000]:
        if all(abs(row - other) >= least for other in taken):
            taken.append(int(row))
        if len(taken) >= 24:
            break
    return np.array(taken, np.int64)


def drawing(frame: pl.DataFrame, row: int, answers: RowResults, place: int) -> str:
    """History, truth, forecast and its band as SVG, in the units of the data."""
    level, deviation = float(frame["_level"][row]), float(frame["_deviation"][row])
    said = np.asarray(answers["said"][place], float) * deviation + level
    truth = np.asarray(answers["truth"][place], float) * deviation + level
    steps = len(said)
    past = np.asarray(frame["history"][row].to_list(), float)[-BACK * steps if steps > 8 else -24 :] * deviation + level
    x = np.arange(-len(past), steps)
    known = np.concatenate([past, said[:, :3].ravel(), truth[np.isfinite(truth)]])
    low, high = float(known.min()), float(known.max())
    across = lambda at: 46 + (at + len(past)) / max(1, len(x) - 1) * (WIDTH - 52)
    up = lambda y: HEIGHT - 18 - (y - low) / max(high - low, 1e-12) * (HEIGHT - 26)
    line = lambda xs, ys: " ".join(
        f"{across(a):.1f},{up(b):.1f}" for a, b in zip(xs, ys, strict=True) if np.isfinite(b)
    )
    tick = lambda y: spoken(0.0 if abs(y) < 1e-4 * (high - low) else y)
    ahead = np.arange(steps)
    band = line(ahead, said[:, 0]) + " " + line(ahead[::-1], said[::-1, 2])
    name = " · ".join(
        str(frame[one][row]) for one in ("series", "channel", "origin") if frame[one][row] not in (None, "")
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="forecast" style="width:100%;height:auto">'
        f'<polygon points="{band}" fill="#2f6fdf" opacity="0.18"/>'
        f'<line x1="{across(-0.5):.1f}" x2="{across(-0.5):.1f}" y1="4" y2="{HEIGHT - 18}" stroke="currentColor" '
        'opacity="0.25" stroke-dasharray="3 3"/>'
        f'<polyline points="{line(np.arange(-len(past), 0), past)}" fill="none" stroke="currentColor" '
        'stroke-width="1" opacity="0.55"/>'
        f'<polyline points="{line(ahead, truth)}" fill="none" stroke="currentColor" stroke-width="1.3"/>'
        f'<polyline points="{line(ahead, said[:, 1])}" fill="none" stroke="#2f6fdf" stroke-width="1.8"/>'
        + "".join(
            f'<text x="42" y="{up(v) + 4:.1f}" font-size="9" text-anchor="end" fill="currentColor" '
            f'opacity="0.7">{tick(v)}</text>'
            for v in (low, high)
        )
        + f'<text x="{WIDTH - 4}" y="{HEIGHT - 5}" font-size="9" text-anchor="end" fill="currentColor" '
        f'opacity="0.7">{steps} steps ahead</text></svg>'
        f"<p>{escape(name)}</p>"
    )


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def exhibits(records: RowResults, baseline: RowResults, judge: str) -> list[Panel]:
    """Error by step ahead, the backtest over rolling origins, whether the band is honest."""
    steps = len(records["truth"][0]) if len(records["truth"]) else 0
    rows = evenly(len(records["loss"]), LOOKED_AT)
    shown = []
    if steps > 1:
        series = [
            {"name": name, "x": list(range(1, steps + 1)), "y": by_step(one, rows)}
            for name, one in (("deep", records), ("classical", baseline))
        ]
        shown.append(
            Panel(
                "lines",
                "Error by forecast horizon",
                {"x": "steps ahead", "y": "mean absolute error", "series": series},
                "The further, the harder.",
            )
        )
    column = COLUMN[judge]
    if len(records["loss"]) >= 2 * BINS:
        groups = np.array_split(np.arange(len(records["loss"])), BINS)
        series = [
            {"name": name, "x": list(range(1, BINS + 1)), "y": [float(np.nanmean(one[column][g])) for g in groups]}
            for name, one in (("deep", records), ("classical", baseline))
        ]
        words = (
            "The test windows from the earliest origin to the latest: where did it go wrong, and does it grow "
            "worse "
            "with age?"
        )
        shown.append(
            Panel(
                "lines",
                "Backtest over rolling origins",
                {"x": "earliest … latest origin", "y": judge, "series": series},
                words,
            )
        )
    facts = [
        ["stated", f"{BAND:.0%}", "of the steps inside the band"],
        ["measured, deep", f"{float(np.nanmean(records['inside'])):.1%}", "of the test steps"],
        ["measured, classical", f"{float(np.nanmean(baseline['inside'])):.1%}", "of the test steps"],
    ]
    words = (
        "Windows overlap, and so do their errors: intervals over windows are narrower than those over independent "
        "stretches of time would be."
    )
    return [*shown, Panel("facts", "Coverage of the prediction band", {"items": facts}, words)]


def by_step(records: RowResults, rows: np.ndarray) -> list[float]:
    """(H,) mean absolute error of the median, over `rows`."""
    truth = np.stack([records["truth"][row] for row in rows])
    said = np.stack([records["said"][row][:, 1] for row in rows])
    return [float(v) for v in np.nanmean(np.abs(truth - said), 0)]
