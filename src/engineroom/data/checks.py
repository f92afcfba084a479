"""COLLECT: what a careful colleague would say before training. Judged on the training rows alone, but for what splits share."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from ..core.columns import Column, Schema
from ..core.exhibits import Finding
from ..core.table import Table
from ..modalities.category import to_strings
from ..modalities.number import to_floats
from .splits import Split

LEAK, SUSPICION = 0.999, 0.985  # share explained by one column alone
SAMPLE = 20_000
MANY = 10_000  # categories


def check(table: Table, schema: Schema, split: Split, *, task: str) -> list[Finding]:
    """Findings in plain words, errors first."""
    rows = table.frame[split.train]
    found = [*target_findings(rows, schema, split, table, task), *source_findings(table, split)]
    for column in schema:
        if column.role == "input":
            found += column_findings(rows[column.name], column)
            found += unseen(table, column, split)
    if not any(f.level == "error" for f in found):
        found += leaks(rows, schema, task)
    order = {"error": 0, "warning": 1, "note": 2}
    return sorted(found, key=lambda f: order[f.level])


def target_findings(rows: pl.DataFrame, schema: Schema, split: Split, table: Table, task: str) -> Iterator[Finding]:
    values = rows[schema.target.name]
    if task == "classes":
        counts = to_strings(values).drop_nulls().value_counts(sort=True)
        names, sizes = counts.to_series(0).to_list(), counts.to_series(1).to_list()
        if len(names) < 2:
            yield Finding(
                "error",
                f"The target {schema.target.name!r} has one class only: {names[0] if names else 'none'}.",
                "There is nothing to tell apart.",
                "Add rows of another class, or choose another --target.",
            )
            return
        if max(sizes) == 1 or len(names) > 0.5 * len(rows):
            yield Finding(
                "error",
                f"The target {schema.target.name!r} has {len(names)} classes in {len(rows)} training rows.",
                "A class must be seen several times to be learnt.",
                "Choose another --target, add rows per class, or say --set task=regression if it is a number.",
            )
        elif sizes[0] > 10 * sizes[-1]:
            yield Finding(
                "warning",
                f"The classes are unbalanced: {names[0]} has {sizes[0]:,} rows, {names[-1]} {sizes[-1]:,}.",
                "Accuracy alone would flatter; look at F1 (macro), recall per class and average precision.",
            )
        small = [name for name, size in zip(names, sizes, strict=True) if size < 5]
        if small and max(sizes) > 1:
            yield Finding(
                "warning",
                f"{len(small)} class(es) have fewer than 5 training rows: {', '.join(small[:6])}.",
                "They can hardly be learnt.",
                "Collect more of them, or merge them.",
            )
    if task == "number":
        x = to_floats(values)
        infinite = int(np.isinf(to_floats(table.frame[schema.target.name])).sum())
        if infinite:
            yield Finding("warning", f"{infinite} row(s) have an infinite target and were left out.")
        if np.nanstd(x) == 0:
            yield Finding(
                "error",
                f"The target {schema.target.name!r} is always {x[0]:g}.",
                "There is nothing to predict.",
                "Choose another --target.",
            )
        elif len(np.unique(x[np.isfinite(x)])) < 8:
            yield Finding(
                "note", f"The target takes {len(np.unique(x))} values only.", "", "If they are classes, say --set task=classification"
            )


def source_findings(table: Table, split: Split) -> Iterator[Finding]:
    for note in split.notes:
        yield Finding("note", note)
    if table.skipped:
        first = "; ".join(f"{name} ({why})" for name, why in table.skipped[:5])
        yield Finding(
            "warning",
            f"{len(table.skipped)} file(s) or row(s) were left out by the source.",
            first + (" …" if len(table.skipped) > 5 else ""),
            "Repair or remove them.",
        )
    if split.duplicates:
        yield Finding("note", f"{split.duplicates:,} rows have an equal or nearly equal twin.", "Twins were kept on one side of the split.")


def column_findings(values: pl.Series, column: Column) -> Iterator[Finding]:
    known = values.drop_nulls()
    missing = 1 - len(known) / max(1, len(values))
    if not len(known):
        yield Finding("warning", f"Column {column.name!r} is empty.", "", "It is left out.", (column.name,), "ignore")
        return
    if values.dtype.is_float():
        x = values.to_numpy()
        missing = float(np.isnan(x).mean())
        if np.isinf(x).any():
            yield Finding("warning", f"Column {column.name!r} holds {int(np.isinf(x).sum())} infinite values.", "They count as missing.")
    if not values.dtype.is_nested() and column.modality != "image" and known.n_unique() == 1 and missing == 0:
        yield Finding("note", f"Column {column.name!r} is always {str(known[0])[:40]}.", "", "It is left out.", (column.name,), "ignore")
        return
    if missing > 0.05:
        yield Finding(
            "note", f"Column {column.name!r} is missing in {missing:.0%} of the rows.", "The model learns what a missing value means."
        )
    if column.modality == "category" and known.n_unique() > MANY:
        yield Finding(
            "warning",
            f"Column {column.name!r} has {known.n_unique():,} categories.",
            "Those seen once share one embedding.",
            f"If it names rows, say --set columns.{column.name}.role=id",
        )


def unseen(table: Table, column: Column, split: Split) -> Iterator[Finding]:
    """A category (or code) whose values in the test rows were never seen in training teaches nothing that can be used."""
    values = table.frame[column.name]
    if column.modality not in ("category", "number") or values.dtype.is_float() or values.dtype.is_nested():
        return
    seen, asked = values.gather(split.train).drop_nulls().unique(), values.gather(split.test).drop_nulls().unique()
    if not 0 < len(seen) <= 50 or not len(asked):
        return
    if column.modality == "category" or len(seen) <= 5:
        strange = 1 - asked.is_in(seen.implode()).mean()  # type: ignore[operator]
        if strange == 1.0:
            yield Finding(
                "warning",
                f"Column {column.name!r} takes values in the test rows that training never saw.",
                "What is learnt from it cannot be used there.",
                f"It is left out; bring it back with --set columns.{column.name}.role=input",
                (column.name,),
                "ignore",
            )


def leaks(rows: pl.DataFrame, schema: Schema, task: str) -> Iterator[Finding]:
    """A single column that gives the target away: judged on half of the training rows, learnt on the other half."""
    if task == "labels" or len(rows) < 20:
        return
    picked = rows[np.unique(np.linspace(0, len(rows) - 1, min(SAMPLE, len(rows))).astype(int))]
    picked = picked[np.random.default_rng(0).permutation(len(picked))]
    y = (
        to_floats(picked[schema.target.name])
        if task == "number"
        else to_strings(picked[schema.target.name]).fill_null("").rank("dense").to_numpy().astype(int) - 1
    )
    base = 0.0 if task == "number" else float(np.bincount(y).max() / len(y))
    for column in schema.inputs:
        if column.modality not in ("number", "category"):
            continue
        score = alone(picked[column.name], y, column, task)
        share = (score - base) / max(1e-9, 1 - base)
        if share >= LEAK:
            yield Finding(
                "warning",
                f"Column {column.name!r} alone tells the target {schema.target.name!r} (almost) perfectly.",
                "It may be a copy of the answer, or known only afterwards.",
                f"It is left out; if it is honest, say --set columns.{column.name}.role=input",
                (column.name,),
                "ignore",
            )
        elif share >= SUSPICION:
            yield Finding(
                "warning",
                f"Column {column.name!r} alone explains {share:.1%} of the target.",
                "Is it known at the time of prediction?",
                f"If not: --set columns.{column.name}.role=ignore",
            )


def alone(values: pl.Series, y: np.ndarray, column: Column, task: str) -> float:
    """Accuracy or R² on the second half of a small tree grown on the first half, from this column alone."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    x = (
        np.nan_to_num(to_floats(values), nan=-1e30, posinf=1e30, neginf=-1e30)
        if column.modality == "number"
        else to_strings(values).fill_null("").rank("dense").to_numpy().astype(float)
    )
    half = len(y) // 2
    tree = (DecisionTreeRegressor if task == "number" else DecisionTreeClassifier)(
        max_leaf_nodes=256 if task == "number" else max(8, 2 * len(np.unique(y))), random_state=0
    )
    tree.fit(x[:half, None].clip(-1e30, 1e30).astype(np.float64), y[:half])
    return float(tree.score(x[half:, None], y[half:]))
