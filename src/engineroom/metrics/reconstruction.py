"""How well are hidden parts of rows told from the rest? Every column counts alike, each in its own units."""

from __future__ import annotations

import numpy as np

# in standard deviations of the column
NAMES = {"numbers": "rmse_numbers", "steps": "rmse_series", "pixels": "rmse_pixels"}


def graded(error: np.ndarray, hit: np.ndarray, kinds: list[str]) -> dict[str, np.ndarray]:
    """error (N, C), NaN where nothing was hidden, hit (N, C) of classes → a row's sums: "gap", "count" (N,), and by
    kind of column (N, kinds)."""
    asked = np.isfinite(error)
    known = np.where(asked, error, 0.0)
    of = np.array([[kind == one for one in kinds_of(kinds)] for kind in kinds], float).reshape(len(kinds), -1)
    right = np.where(asked & np.isfinite(hit), hit, 0.0).sum(1)
    return {"gap": known.sum(1), "count": asked.sum(1), "gaps": known @ of, "counts": asked @ of, "right": right}


def kinds_of(kinds: list[str]) -> list[str]:
    return sorted(set(kinds))


def scores(records: dict[str, np.ndarray], kinds: list[str]) -> dict[str, float]:
    """Headline: the share of what differs between rows that is told, 0 = nothing more than how columns are spread."""
    rest = float(records["gap"].sum() / max(1, records["count"].sum()))
    out = {"explained": 1 - rest}
    for place, kind in enumerate(kinds_of(kinds)):
        count = max(1.0, records["counts"][:, place].sum())
        if kind == "classes":
            out["accuracy"] = float(records["right"].sum() / count)
        else:
            out[NAMES[kind]] = float(np.sqrt(records["gaps"][:, place].sum() / count))
    return out | {"loss": rest}
