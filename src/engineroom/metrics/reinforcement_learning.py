"""How well someone acts: what episodes brought, on average and in the worst tenth of them."""

from __future__ import annotations

import numpy as np

from ..core.batch import RowResults

WORST = 0.1  # share of the episodes


def scores(records: RowResults) -> dict[str, float]:
    """`return` is the mean sum of rewards of an episode; the median and the mean of the worst tenth beside it; `loss`
    chooses weights."""
    total = np.asarray(records["return"], float)
    known = np.sort(total[np.isfinite(total)])
    if not len(known):
        return dict.fromkeys(("return", "median", "worst_tenth", "steps", "loss"), float("nan"))
    return {
        "return": float(known.mean()),
        "median": float(np.median(known)),
        "worst_tenth": float(known[: max(1, round(WORST * len(known)))].mean()),
        "steps": float(np.mean(records["steps"])),
        "loss": float(-known.mean()),
    }
