"""What differs, and is it more than chance? Paired bootstrap over the same rows (Efron 1979), corrected for several
looks (Holm 1979)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from ..core.panels import spoken
from ..metrics.bootstrap import intervals, paired_interval, resample_scores
from .align import ModelOnRows, Table

DRAWS, SECONDS = 2000, 3.0  # of each side
LEVEL = 0.05


@dataclass(frozen=True)
class Pair:
    """`value` = a − b on `metric`, its 95 % interval, and p after Holm's correction over all pairs."""

    a: str
    b: str
    metric: str
    value: float
    low: float
    high: float
    p: float
    better: str  # a, b or "" = chance may explain it

    def sentence(self) -> str:
        words = (
            f"{self.a} − {self.b}: {self.metric} {spoken(self.value, sign=True)} ({spoken(self.low, sign=True)} "
            "to "
            f"{spoken(self.high, sign=True)}, p = {self.p:.2g})"
        )
        return f"{words}; {self.better} is better." if self.better else f"{words}; chance may explain it."


def pairs(table: Table, seed: int = 0) -> list[Pair]:
    """Every two sides on the task's headline score."""
    task = table.sides[0].model.task
    sign = 1.0 if task.higher_is_better else -1.0
    metric, found = task.primary_metric, []
    drawn = {
        side.name: resample_scores(
            side.model.task.compute_metrics, side.records, n=DRAWS, seed=seed, budget_seconds=SECONDS
        )
        for side in table.sides
    }
    for a, b in combinations(table.sides, 2):
        difference = a.scores()[metric] - b.scores()[metric]
        found.append((a.name, b.name, *paired_interval(difference, drawn[a.name][metric], drawn[b.name][metric])))
    corrected = holm(np.array([one[-1] for one in found]))
    out = []
    for (one, other, value, low, high, _), p in zip(found, corrected.tolist(), strict=True):
        better = "" if not (p < LEVEL and value) else one if sign * value > 0 else other
        out.append(Pair(one, other, task.primary_metric, value, low, high, p, better))
    return out


def holm(p: np.ndarray) -> np.ndarray:
    """p-values (M,) that keep their promise together: the smallest times M, the next times M − 1, …, never falling."""
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    out = np.empty(len(p))
    out[order] = np.minimum(1.0, steps)
    return out


def facts(side: ModelOnRows, seed: int = 0) -> dict[str, Any]:
    """What one side achieved and what it costs, plain JSON."""
    model, task = side.model, side.model.task
    whiskers = intervals(task.compute_metrics, side.records, seed=seed)
    return {
        "name": side.name,
        "path": str(model.path),
        "backbones": model.manifest["model"]["backbones"],
        "scores": side.scores(),
        "intervals": {name: list(pair) for name, pair in whiskers.items()},
        "cost": {
            "training_seconds": model.manifest["provenance"]["seconds"],
            "parameters": model.manifest["model"]["parameters"],
            "megabytes": model.manifest["model"]["megabytes"],
            "rows_per_second": round(side.rate, 1),
        },
        "calibration_error": calibration_error(side),
    }


def calibration_error(side: ModelOnRows) -> float | None:
    """Expected calibration error in ten bins (Naeini et al. 2015): how far stated probabilities are from what came
    true; None where none is stated."""
    said = side.model.task.confidence(side.records)
    if said is None:
        return None
    stated, true = said
    place = np.minimum((stated * 10).astype(int), 9)
    gaps = [
        abs(stated[place == k].mean() - true[place == k].mean()) * (place == k).mean()
        for k in range(10)
        if (place == k).any()
    ]
    return float(sum(gaps))


def disagreements(table: Table) -> list[dict[str, Any]]:
    """One entry a row where one is further off than another, the widest apart first: what each said, and how wrong it
    was."""
    losses = np.stack([np.asarray(side.records["loss"], float) for side in table.sides])
    spread = np.nan_to_num(losses.max(0) - losses.min(0))
    wrong = mistakes(table)
    split = np.asarray(wrong.any(0) & ~wrong.all(0))  # one is wrong where another is right: these come first
    out = []
    for i in np.lexsort((-spread, ~split)).tolist():
        if not spread[i]:
            continue
        entry: dict[str, Any] = {
            "place": i,
            "row": int(table.rows[i]),
            "spread": float(spread[i]),
            "split": bool(split[i]),
        }
        for k, side in enumerate(table.sides):
            title, more = (
                side.model.task.error_caption(side.records, i, side.model.schema.target)
                if wrong[k, i]
                else ("right", f"loss {spoken(float(losses[k, i]))}")
            )
            entry[side.name] = {"said": title, "more": more, "loss": float(losses[k, i]), "wrong": bool(wrong[k, i])}
        out.append(entry)
    return out


def mistakes(table: Table) -> np.ndarray:
    """(sides, rows) bool, by each task's own sense of wrong."""
    wrong = np.zeros((len(table.sides), len(table.rows)), bool)
    for k, side in enumerate(table.sides):
        wrong[k, side.model.task.rank_errors(side.records)] = True
    return wrong


def agreement(table: Table) -> dict[str, int]:
    """How many rows all get right, none gets right, and one alone gets right."""
    wrong = mistakes(table)
    out = {"all right": int((~wrong).all(0).sum()), "none right": int(wrong.all(0).sum())}
    for k, side in enumerate(table.sides):
        out[f"only {side.name} right"] = int((~wrong[k] & np.delete(wrong, k, 0).all(0)).sum())
    return out
