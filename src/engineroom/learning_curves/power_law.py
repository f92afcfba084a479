"""What two learning curves say: a power law for each (Cortes et al. 1994; Hestness et al. 2017), and the size at which
they cross."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

REACH = 10.0  # an extrapolation over more than so many times the rows is a guess, and is not made
FEWEST = 3  # points for a power law


@dataclass(frozen=True)
class PowerLaw:
    """error(n) = floor + scale · n^(−power)."""

    floor: float
    scale: float
    power: float

    def at(self, rows: Any) -> Any:
        return self.floor + self.scale * np.asarray(rows, float) ** -self.power

    def __str__(self) -> str:
        return f"{self.floor:.3g} + {self.scale:.3g} · rows^−{self.power:.2f}"


def fit(rows: np.ndarray, errors: np.ndarray) -> PowerLaw | None:
    """The power law nearest to (rows, errors), with floor and scale ≥ 0; None for fewer than three sizes.

    For a given power the two others are a non-negative least-squares line; the power is searched on a grid. An error
    that can be below 0 (nats of a density) has no such floor: there the line is free.
    """
    from scipy.optimize import nnls

    rows, errors = np.asarray(rows, float), np.asarray(errors, float)
    if len(rows) < FEWEST:
        return None
    lift = min(0.0, float(errors.min())) * 2
    best: tuple[float, PowerLaw] | None = None
    for power in np.linspace(0.05, 2.0, 79):
        x = np.stack([np.ones(len(rows)), rows**-power], 1)
        (floor, scale), miss = nnls(x, errors - lift)
        if best is None or miss < best[0] - 1e-15:
            best = (miss, PowerLaw(float(floor + lift), float(scale), float(power)))
    return best[1] if best else None


def crossing(rows: np.ndarray, lead: np.ndarray) -> float:
    """The number of rows from which the lead (deep − baseline, better is above 0) stays above 0; 0 = already before the
    first size.

    Between sizes the straight line over log rows; beyond the last one the line through the last three, up to REACH
    times the rows: else inf.
    """
    rows, lead = np.log(np.asarray(rows, float)), np.asarray(lead, float)
    behind = np.flatnonzero(lead <= 0)
    if not len(behind):
        return 0.0
    last = int(behind[-1])
    if last + 1 < len(rows):
        share = -lead[last] / (lead[last + 1] - lead[last])
        return float(np.exp(rows[last] + share * (rows[last + 1] - rows[last])))
    if len(rows) < 2:
        return math.inf
    slope, level = np.polyfit(rows[-3:], lead[-3:], 1)
    if slope <= 0:
        return math.inf
    found = max(-level / slope, rows[-1])
    return float(np.exp(found)) if found - rows[-1] <= math.log(REACH) else math.inf


def advise(rows: int, ahead: dict[str, float], cross: dict[str, float]) -> dict[str, str]:
    """{"use", "sentence"}: `ahead` is the lead at the most rows with its interval, `cross` the crossing with its own (0
    = before, inf = never)."""
    value, low, high = cross["value"], cross["low"], cross["high"]
    about = f"about {said(value)} rows ({said(low)} to {said(high)})"
    if ahead["low"] > 0:
        when = "at every size tried" if value == 0 else f"from {about} on"
        return {"use": "deep", "sentence": f"Use the deep model: it is ahead {when}."}
    if not math.isfinite(value):
        word = (
            "Use the classical model"
            if ahead["high"] < 0
            else "Use the classical model, which costs less: no clear winner"
        )
        return {
            "use": "baseline",
            "sentence": f"{word}; within {REACH:g} times the {rows:,} rows the curves do not cross.",
        }
    if value <= rows:
        return {
            "use": "either",
            "sentence": f"No clear winner yet: the deep model draws level at {about}, but its lead is within what "
            "chance explains.",
        }
    more = f"Collect about {nice(value - rows)} more rows: the curves cross at {about}, if they go on so."
    return {"use": "baseline", "sentence": f"{more} Until then use the classical model."}


def nice(value: float) -> str:
    """Two figures are all that an extrapolation is worth."""
    return "0" if value <= 0 else f"{round(value, 1 - math.floor(math.log10(value))):,.0f}"


def said(value: float) -> str:
    return "beyond reach" if not math.isfinite(value) else "the first size" if value == 0 else nice(value)
