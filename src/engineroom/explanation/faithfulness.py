"""Is an explanation true? It is measured: take parts away in its order against a random order, and look whether it
needs the trained weights.

Deletion and insertion curves: Petsiuk, Das & Saenko 2018, here against random orders of the same row. Randomisation of
the model: Adebayo et al. 2018: what an explainer shows of a network with fresh weights must not look like what it shows
of the trained one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ..core.panels import spoken
from ..core.seeds import numpy_generator
from ..metrics.bootstrap import mean_interval
from ..metrics.regression import rank_correlation as spearman
from .perturbation import MaskedRow

STAGES = 10  # points of a curve after the first
ORDERS = 6  # random orders a row
ALIKE = 0.5  # rank correlation of two attributions from which they look the same
LEAST = 5  # rows for an interval


def curves(masked_row: MaskedRow, orders: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Orders (R, P) of parts → what the answer becomes, each (R, STAGES + 1): taking them away, and adding them to
    nothing."""
    P = orders.shape[1]
    counts = np.unique(np.linspace(0, P, min(STAGES, P) + 1).round().astype(int))
    rank = np.argsort(orders, 1)
    added = (rank[:, None, :] < counts[None, :, None]).astype(np.float32)  # (R, stages, P)
    masks = torch.from_numpy(np.stack([1 - added, added]).reshape(-1, P))
    with torch.no_grad():
        answers = masked_row.ask(masks).numpy().reshape(2, len(orders), len(counts))
    grid = np.linspace(0, 1, STAGES + 1)
    both = np.stack([[np.interp(grid, counts / P, line) for line in half] for half in answers])
    return both[0], both[1]


def walk(masked_row: MaskedRow, found: dict[str, np.ndarray], row: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """{method: (deletion, insertion)} curves (STAGES + 1,) of one row, and under "" the mean of random orders."""
    generator = numpy_generator(0, "orders", row)
    orders = [np.argsort(-numbers, kind="stable") for numbers in found.values()]
    orders += [generator.permutation(len(masked_row.parts)) for _ in range(ORDERS)]
    gone, come = curves(masked_row, np.stack(orders))
    out = {name: (gone[k], come[k]) for k, name in enumerate(found)}
    return {**out, "": (gone[len(found) :].mean(0), come[len(found) :].mean(0))}


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's, of two attributions (P,); 0 where one of them says the same of every part."""
    return float(np.nan_to_num(spearman(a, b))) if len(a) >= 3 else 0.0


def interval(values: np.ndarray) -> dict[str, float]:
    """{"value", "low", "high"}: the mean (rows,) and its 95 % bootstrap interval."""
    low, high = mean_interval(values, numpy_generator(0, "faithful"))
    return {"value": float(values.mean()), "low": float(low), "high": float(high)}


def verdict(
    walks: list[dict[str, tuple[np.ndarray, np.ndarray]]], likeness: dict[str, list[float]], name: str
) -> dict[str, Any]:
    """What the measurements say of one method, in numbers and words."""
    if len(walks) < LEAST:
        return {"passes": None, "words": f"Not measured: {len(walks)} row(s) are too few, {LEAST} are needed."}
    deletion = interval(np.array([(one[""][0] - one[name][0]).mean() for one in walks]))
    insertion = interval(np.array([(one[name][1] - one[""][1]).mean() for one in walks]))
    alike = interval(np.array(likeness[name]))
    faults = []
    if deletion["low"] <= 0:
        faults.append("taking parts away in its order lowers the answer no faster than a random order")
    if insertion["low"] <= 0:
        faults.append("adding parts in its order raises the answer no faster than a random order")
    if alike["high"] >= ALIKE:
        faults.append(f"it shows much the same for a network with fresh weights (likeness {spoken(alike['value'])})")
    words = (
        f"Fails: {'; '.join(faults)}."
        if faults
        else "Passes: better than random orders both ways, and it needs the trained weights."
    )
    return {
        "passes": not faults,
        "words": words,
        "deletion": deletion,
        "insertion": insertion,
        "likeness": alike,
        "rows": len(walks),
    }
