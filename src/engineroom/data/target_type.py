"""Regression or classification: whether a target's whole numbers count something or name classes."""

from __future__ import annotations

import re

import numpy as np

FEW_CLASSES = 30
ORDERED = 10  # more whole numbers than this may be counts, not the names of classes
COUNTS = re.compile(
    r"(?:^|[^a-z])(?:age|count|counts|number|num|n|qty|quantity|amount|rings|years|months|days|hours|minutes|points|score|visits|sales|children)(?:$|[^a-z])"
)


def number_or_classes(x: np.ndarray, name: str = "") -> tuple[str, str]:
    """Whole numbers that are few and unordered look like the names of classes; many that rise and fall as counts do are
    numbers."""
    x = x[np.isfinite(x)]
    distinct, counts = np.unique(x, return_counts=True)
    whole = bool((x == np.round(x)).all())
    few = len(distinct) <= 2 or (whole and len(distinct) <= min(FEW_CLASSES, max(2, len(x) // 10)))
    if not few:
        return "number", f"{len(distinct)} different values"
    if len(distinct) > ORDERED and (named := bool(COUNTS.search(name.lower())) or looks_counted(distinct, counts)):
        why = (
            "its name says that it counts or measures"
            if named and COUNTS.search(name.lower())
            else "they are spread as counts or ages are"
        )
        return "number", f"{len(distinct)} different whole numbers, and {why} (else say --set task=classification)"
    return "category", f"{len(distinct)} different whole values look like classes (else say --set task=regression)"


def looks_counted(values: np.ndarray, counts: np.ndarray) -> bool:
    """Do frequencies rise and fall along the numbers (ages, counts), rather than be alike or jump about (codes of
    classes)?"""
    if values[-1] - values[0] > 3 * len(values):
        return False
    line = np.zeros(int(values[-1] - values[0]) + 1)
    line[(values - values[0]).astype(int)] = counts
    steps = np.abs(np.diff(np.r_[0, line, 0])).sum()  # twice the peak where there is one hill
    uneven = line.max() > 4 * max(1.0, float(np.quantile(line, 0.1)))
    return uneven and steps <= 2 * line.max() + 1.5 * np.sqrt(line).sum()
