"""COLLECT: what a careful colleague would say before training. Judged on the training rows alone, but for what splits
share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl

from ..core import registry
from ..core.panels import Finding
from ..core.schema import Column, Schema
from ..core.table import Table
from ..modalities.tabular.number import to_floats
from .leakage import leaks
from .split_leakage import PLAIN
from .splits import Split
from .target_checks import class_findings, far_values, label_findings, number_findings

MANY = 10_000  # categories
LONG, LONGER = 5_000, 50  # characters, times the median length
SOME_UNSEEN = 0.2
SINGLY = 3  # columns with missing values that get a line each


def check(table: Table, schema: Schema, split: Split, *, task: str) -> list[Finding]:
    """Findings in plain words, errors first."""
    rows = table.frame[split.train]
    judge = {"classes": class_findings, "number": number_findings, "labels": label_findings}.get(task)
    found = [*(judge(rows[schema.target.name], schema.target) if judge else ()), *source_findings(table, schema, split)]
    for column in schema.inputs:
        found += column_findings(rows[column.name], column)
        found += unseen(table, column, split)
    found += missing_values(rows, schema)
    if not any(f.level == "error" for f in found):
        found += leaks(rows, schema, task)
    order = {"error": 0, "warning": 1, "note": 2}
    return sorted(leave_one(found, schema), key=lambda f: order[f.level])


def leave_one(found: list[Finding], schema: Schema) -> list[Finding]:
    """Where suspicion would leave no column to learn from, it stays a warning."""
    gone = {name for f in found if f.action == "ignore" for name in f.columns}
    if set(c.name for c in schema.inputs) - gone:
        return found
    why = "It would be left out, but there is no other column to learn from."
    return [
        replace(f, fix=why, action="") if f.action and f.level == "warning" and "empty" not in f.what else f
        for f in found
    ]


def source_findings(table: Table, schema: Schema, split: Split) -> Iterator[Finding]:
    for note in split.notes:
        yield Finding("note", note)
    target = table.frame[schema.target.name]
    if target.dtype.is_float() and (infinite := int(target.is_infinite().sum())):
        yield Finding("warning", f"{infinite} row(s) have an infinite target and were left out.")
    if table.skipped:
        first = "; ".join(f"{name} ({why})" for name, why in table.skipped[:5]) + (
            " …" if len(table.skipped) > 5 else ""
        )
        yield Finding(
            "warning",
            f"{len(table.skipped)} file(s) or row(s) were left out by the source.",
            first,
            "Repair or remove them.",
        )
    if split.duplicates:
        plain = all(column.modality in PLAIN for column in schema.inputs)
        what = (
            f"{split.duplicates:,} rows have "
            f"{'another row with the same values' if plain else 'an equal or nearly equal twin'}."
        )
        why = "They may be different cases that agree. " if plain else ""
        yield Finding("note", what, why + ("" if split.straddling else "Such rows were kept on one side of the split."))


def column_findings(values: pl.Series, column: Column) -> Iterator[Finding]:
    known = values.drop_nulls()
    if values.dtype.is_float():
        known = known.drop_nans()
        if infinite := int(known.is_infinite().sum()):
            yield Finding(
                "warning", f"Column {column.name!r} holds {infinite} infinite values.", "They count as missing."
            )
    if not len(known):
        yield Finding("warning", f"Column {column.name!r} is empty.", "", "It is left out.", (column.name,), "ignore")
    elif registry.get("modalities", column.modality).may_be_constant:
        return
    elif (
        not values.dtype.is_nested()
        and column.modality != "image"
        and known.n_unique() == 1
        and len(known) == len(values)
    ):
        yield Finding(
            "note",
            f"Column {column.name!r} is always {str(known[0])[:40]}.",
            "",
            "It is left out.",
            (column.name,),
            "ignore",
        )
    elif column.modality == "category" and known.n_unique() > MANY:
        what = f"Column {column.name!r} has {known.n_unique():,} categories."
        fix = f"If it names rows, say --set columns.{column.name}.role=id"
        yield Finding("warning", what, "Those seen once share one embedding.", fix)
    elif column.modality == "number":
        x = to_floats(known)
        yield from far_values(x[np.isfinite(x)], f"Column {column.name!r}")
    elif column.modality == "text":
        yield from long_texts(known, column)


def long_texts(known: pl.Series, column: Column) -> Iterator[Finding]:
    lengths = known.cast(pl.String).str.len_chars().to_numpy()
    far = int((lengths > max(LONG, LONGER * float(np.median(lengths)))).sum())
    if far:
        what = (
            f"Column {column.name!r} holds {far} text(s) far longer than the others (up to {lengths.max():,} "
            "characters)."
        )
        yield Finding("note", what, "Only their beginning is read (limits.characters).")


def missing_values(rows: pl.DataFrame, schema: Schema) -> Iterator[Finding]:
    """Column by column where they are few, else all in one line, the emptiest first."""
    shares = {}
    for column in schema.inputs:
        values = rows[column.name].fill_nan(None) if rows[column.name].dtype.is_float() else rows[column.name]
        if 0.05 < (share := values.null_count() / max(1, len(values))) < 1:
            shares[column.name] = share
    listed = sorted(shares.items(), key=lambda pair: -pair[1])
    lines = [f"Column {name!r} is missing in {share:.0%} of the rows." for name, share in listed]
    if len(listed) > SINGLY:
        named = ", ".join(f"{name} {share:.0%}" for name, share in listed[:8]) + (", …" if len(listed) > 8 else "")
        lines = [f"Values are missing in {len(listed)} columns: {named}."]
    for line in lines:
        yield Finding("note", line, "The model learns what a missing value means.")


def unseen(table: Table, column: Column, split: Split) -> Iterator[Finding]:
    """A category (or code) whose values in the test rows were never seen in training teaches nothing that can be
    used."""
    values = table.frame[column.name]
    if column.modality not in ("category", "number") or values.dtype.is_float() or values.dtype.is_nested():
        return
    seen, tested = values.gather(split.train).drop_nulls().unique(), values.gather(split.test).drop_nulls()
    if not len(seen) or not len(tested) or (column.modality == "number" and len(seen) > 5):
        return
    strange = 1 - float(tested.is_in(seen.implode()).mean())  # type: ignore[arg-type]
    if strange == 1.0 and len(seen) <= 50:
        yield Finding(
            "warning",
            f"Column {column.name!r} takes values in the test rows that training never saw.",
            "What is learnt from it cannot be used there.",
            f"It is left out; bring it back with --set columns.{column.name}.role=input",
            (column.name,),
            "ignore",
        )
    elif strange >= SOME_UNSEEN and column.modality == "category":
        what = f"In {strange:.0%} of the test rows column {column.name!r} takes a value that training never saw."
        yield Finding("note", what, "All such values are treated alike.")
