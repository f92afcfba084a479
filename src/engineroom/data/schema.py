"""COLLECT: what is in each column? Hints of the source first, the user's word above all, else the modality that recognises it best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from ..core import registry
from ..core.columns import Column, Schema
from ..core.config import ColumnConfig, Config, LimitsConfig
from ..core.errors import DataError, UserError, nearest
from ..core.table import Table

SAMPLE = 20_000
TARGET_NAMES = ("target", "label", "class", "y", "labels")
FEW_CLASSES = 30


def infer_schema(table: Table, config: Config) -> Schema:
    """Type every column and find the target; nothing is learnt from values beyond their kind."""
    names = table.frame.columns
    if not names or not len(table):
        raise DataError(f"{table.name!r} holds no rows.", "There is nothing to learn from.", "Check the file.")
    for name in config.columns:
        if name not in names:
            raise UserError(f"Settings name a column {name!r} that is not there.", "", nearest(name, names, label="Columns"))
    target = find_target(table, config)
    return Schema(tuple(type_column(table, name, config, is_target=name == target) for name in names))


def find_target(table: Table, config: Config) -> str:
    names = table.frame.columns
    hinted = [name for name, hint in table.hints.items() if hint.get("role") == "target"]
    if config.target is not None and (config.target in names or len(hinted) != 1):  # a task may have put a question of its own in its place
        if config.target not in names:
            raise DataError(f"There is no column {config.target!r} to predict.", "", nearest(config.target, names, label="Columns"))
        return config.target
    said = [name for name, column in config.columns.items() if column.role == "target"]
    named = [name for name in names if name.lower() in TARGET_NAMES]
    for found in (said, hinted, named):
        if len(found) == 1:
            return found[0]
    raise UserError("Which column should be predicted?", "\n".join(table.notes), f"Say --target COLUMN. Columns: {', '.join(names[:40])}.")


def type_column(table: Table, name: str, config: Config, *, is_target: bool) -> Column:
    said = config.columns.get(name, ColumnConfig())
    hint = table.hints.get(name, {})
    values = table.frame[name]
    sample = values if len(values) <= SAMPLE else values.gather(np.linspace(0, len(values) - 1, SAMPLE).astype(int))
    if is_target:
        modality, why = type_target(sample, config, said, hint)
    elif said.modality or hint.get("modality"):
        modality, why = said.modality or hint["modality"], "set by you" if said.modality else hint.get("why", "the source says so")
    else:
        modality, why = recognise(sample)
    if modality not in registry.names("modalities"):
        raise UserError(
            f"There is no kind of column {modality!r} (column {name!r}).",
            "",
            nearest(modality, registry.names("modalities"), label="Kinds"),
        )
    role = "target" if is_target else said.role or hint.get("role") or ("id" if modality == "identifier" else "input")
    if role == "target" and not is_target:
        role = "ignore"
    return Column(name, modality, role, {}, why)


def recognise(values: pl.Series) -> tuple[str, str]:
    """The modality with the highest claim."""
    if values.null_count() == len(values):
        return "category", "empty"
    claims = {name: modality.recognises(values) for name, modality in registry.every("modalities").items()}
    best = max(claims, key=lambda name: claims[name])
    if claims[best] <= 0:
        raise DataError(
            f"Column {values.name!r} holds {values.dtype}, which no kind of column reads.",
            "",
            "Leave it out, or convert it to numbers or text.",
        )
    return best, f"looks like it ({claims[best]:.0%})"


def type_target(values: pl.Series, config: Config, said: ColumnConfig, hint: Mapping[str, Any]) -> tuple[str, str]:
    """Classes, a set of labels, or a number?"""
    if config.task != "auto":
        task = registry.get("tasks", config.task)
        return hint["modality"] if hint.get("modality") in task.also else task.target_modality, f"the task is {config.task}"
    if said.modality:
        return said.modality, "set by you"
    if hint.get("modality") in {task.target_modality for task in registry.every("tasks").values()}:
        return hint["modality"], hint.get("why", "the source says so")
    if values.dtype == pl.List(pl.String):
        return "multilabel", "cells are lists of words"
    if values.dtype.is_numeric():
        return number_or_classes(values.cast(pl.Float64).to_numpy())
    kind, why = recognise(values)
    if kind == "number":
        return number_or_classes(values.str.strip_chars().cast(pl.Float64, strict=False).to_numpy())
    return ("multilabel", why) if kind == "multilabel" else ("category", "words name classes")


def number_or_classes(x: np.ndarray) -> tuple[str, str]:
    x = x[np.isfinite(x)]
    distinct = np.unique(x)
    whole = bool((x == np.round(x)).all())
    if len(distinct) <= 2 or (whole and len(distinct) <= min(FEW_CLASSES, max(2, len(x) // 10))):
        return "category", f"{len(distinct)} different whole values look like classes (else say --set task=regression)"
    return "number", f"{len(distinct)} different values"


def fit_schema(schema: Schema, table: Table, train: np.ndarray, limits: LimitsConfig) -> Schema:
    """Learn each column's state from the training rows; `facts` are what the source or the task knows of a column besides."""
    columns = []
    for column in schema:
        if column.role in ("input", "target"):
            modality = registry.get("modalities", column.modality)
            facts = table.hints.get(column.name, {}).get("facts", {})
            column = replace(column, state=modality.fit_knowing(table.frame[column.name].gather(train), limits=limits, facts=facts))
        columns.append(column)
    fitted = Schema(tuple(columns))
    followed = followed_input(fitted)
    if followed is None:
        return fitted
    target = fitted.target
    state = registry.get("modalities", target.modality).beside(dict(target.state), followed.state)
    return fitted.with_column(replace(target, state=state))


def followed_input(schema: Schema) -> Column | None:
    """The input on whose plane or clock the target lives (the picture of a mask), where there is one."""
    kind = registry.get("modalities", schema.target.modality).follows if schema.role("target") else ""
    return next((c for c in schema.inputs if kind and registry.get("modalities", c.modality).kind == kind), None)


def apply_findings(schema: Schema, findings, config: Config) -> Schema:
    """Leave out the columns that a check found useless or leaking, unless the user named their role."""
    for finding in findings:
        if finding.action == "ignore":
            for name in finding.columns:
                asked = config.columns.get(name, ColumnConfig()).role
                if asked is None and schema[name].role == "input":
                    schema = schema.with_column(replace(schema[name], role="ignore", why=finding.what))
    return schema
