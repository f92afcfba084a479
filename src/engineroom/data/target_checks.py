"""Checks of the target before training: a single class, unbalanced classes, few rows a class or label, far values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import polars as pl

from ..core.panels import Finding
from ..core.schema import Column
from ..modalities.tabular.category import to_strings
from ..modalities.tabular.multilabel import to_sets
from ..modalities.tabular.number import to_floats

FEW_ROWS = 5  # of a class or a label
FAR = 100  # times the spread of the middle 98 % of the numbers


def class_findings(values: pl.Series, target: Column) -> Iterator[Finding]:
    words = to_strings(values)
    counts = words.filter(words != "").value_counts(sort=True)
    sizes = dict(sorted(counts.iter_rows(), key=lambda pair: (-pair[1], pair[0])))
    names, rows = list(sizes), sum(sizes.values())
    if len(names) < 2:
        what = f"The target {target.name!r} has one class only: {names[0] if names else 'none'}."
        yield Finding(
            "error", what, "There is nothing to tell apart.", "Add rows of another class, or choose another --target."
        )
        return
    if sizes[names[0]] == 1 or len(names) > 0.5 * rows:
        yield Finding(
            "error",
            f"The target {target.name!r} has {len(names)} classes in {rows} training rows.",
            "A class must be seen several times to be learnt.",
            "Choose another --target, add rows per class, or say --set task=regression if it is a number.",
        )
        return
    if sizes[names[0]] > 10 * sizes[names[-1]]:
        yield Finding(
            "warning",
            f"The classes are unbalanced: {names[0]} has {sizes[names[0]]:,} rows, {names[-1]} {sizes[names[-1]]:,}.",
            "Accuracy alone would flatter; look at F1 (macro), recall per class and average precision.",
        )
    if small := [name for name in names if sizes[name] < FEW_ROWS]:
        what = f"{len(small)} class(es) have fewer than {FEW_ROWS} training rows: {', '.join(small[:6])}."
        yield Finding("warning", what, "They can hardly be learnt.", "Collect more of them, or merge them.")
    if values.dtype.is_numeric() and len(names) > 20:
        what = f"The target {target.name!r} takes {len(names)} different numbers, each treated as a class of its own."
        yield Finding("note", what, "", "If they count or measure something, say --set task=regression")


def number_findings(values: pl.Series, target: Column) -> Iterator[Finding]:
    x = to_floats(values)
    x = x[np.isfinite(x)]
    different = len(np.unique(x))
    if different < 2:
        what = (
            f"The target {target.name!r} is always {x[0]:g}."
            if different
            else f"The target {target.name!r} holds no numbers."
        )
        yield Finding("error", what, "There is nothing to predict.", "Choose another --target.")
        return
    if different < 8:
        yield Finding(
            "note",
            f"The target takes {different} values only.",
            "",
            "If they are classes, say --set task=classification",
        )
    yield from far_values(x, f"The target {target.name!r}")


def label_findings(values: pl.Series, target: Column) -> Iterator[Finding]:
    counts = Counter(label for labels in to_sets(values) for label in set(labels))
    if not counts:
        what = f"The target {target.name!r} holds no labels."
        yield Finding("error", what, "There is nothing to learn.", "Add labels, or choose another --target.")
    if small := sorted(label for label, count in counts.items() if count < FEW_ROWS):
        what = f"{len(small)} label(s) stand in fewer than {FEW_ROWS} training rows: {', '.join(small[:6])}."
        yield Finding("warning", what, "They can hardly be learnt.", "Collect more of them, or leave them out.")


def far_values(x: np.ndarray, name: str) -> Iterator[Finding]:
    """Typing errors and codes such as 999999 for a missing value."""
    if len(x) < 20:
        return
    low, middle, high = np.quantile(x, [0.01, 0.5, 0.99])
    with np.errstate(over="ignore"):  # numbers near the largest there are
        far = x[np.abs(x - middle) > FAR * (high - low)] if high > low else x[:0]
    if len(far):
        what = f"{name} holds {len(far)} value(s) far from all others, such as {far[np.abs(far - middle).argmax()]:g}."
        yield Finding(
            "note",
            what,
            "Typing errors, or a code for a missing value?",
            "If so, correct them or leave the cells empty.",
        )
