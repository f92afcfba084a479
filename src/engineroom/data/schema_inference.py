"""COLLECT: what is in each column? Hints of the source first, the user's word above all, else the modality that
recognises it best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from ..core import registry
from ..core.config import ColumnConfig, Config, LimitsConfig
from ..core.errors import DataError, UserError, nearest
from ..core.schema import Column, Schema
from ..core.table import Table
from ..modalities.tabular.datetime import to_timestamps
from ..modalities.tabular.number import to_floats
from .target_type import number_or_classes

SAMPLE = 20_000
TARGET_NAMES = ("target", "label", "class", "y", "labels")
UNREAD = "unread"  # no kind of column reads it
NUMERIC = ("number", "datetime")
TRIED = 50  # cells that a kind named by the user is tried on
SPLIT_WORDS = {
    word: part
    for part, words in {
        "train": ("train", "training"),
        "val": ("val", "valid", "validation", "dev"),
        "test": ("test", "testing"),
    }.items()
    for word in words
}


def infer_schema(table: Table, config: Config) -> Schema:
    """Type every column and find the target; nothing is learnt from values beyond their kind."""
    names = table.frame.columns
    if not names or not len(table):
        raise DataError(f"{table.name!r} holds no rows.", "There is nothing to learn from.", "Check the file.")
    for name in config.columns:
        if name not in names:
            raise UserError(
                f"Settings name a column {name!r} that is not there.", "", nearest(name, names, label="Columns")
            )
    target = find_target(table, config)
    return Schema(tuple(type_column(table, name, config, is_target=name == target) for name in names))


def find_target(table: Table, config: Config) -> str:
    names = table.frame.columns
    hinted = [name for name, hint in table.hints.items() if hint.get("role") == "target"]
    if config.target is not None and (
        config.target in names or len(hinted) != 1
    ):  # a task may have put a question of its own in its place
        if config.target not in names:
            raise DataError(
                f"There is no column {config.target!r} to predict.", "", nearest(config.target, names, label="Columns")
            )
        return config.target
    said = [name for name, column in config.columns.items() if column.role == "target"]
    named = [name for name in names if name.lower() in TARGET_NAMES]
    for found in (said, hinted, named):
        if len(found) == 1:
            return found[0]
    raise UserError(
        "Which column should be predicted?",
        "\n".join(table.notes),
        f"Say --target COLUMN. Columns: {', '.join(names[:40])}.",
    )


def type_column(table: Table, name: str, config: Config, *, is_target: bool) -> Column:
    said = config.columns.get(name, ColumnConfig())
    hint = table.hints.get(name, {})
    values = table.frame[name]
    sample = values if len(values) <= SAMPLE else values.gather(np.linspace(0, len(values) - 1, SAMPLE).astype(int))
    role: Any = "target" if is_target else said.role or hint.get("role")
    if is_target:
        modality, why = type_target(sample, config, said, hint)
    elif said.modality or hint.get("modality"):
        modality, why = (
            said.modality or hint["modality"],
            "set by you" if said.modality else hint.get("why", "the source says so"),
        )
        if said.modality and values.null_count() == len(values):
            modality, why = "category", "empty"
        elif said.modality:
            check_modality(sample, said.modality, config.limits)
    elif role is None and (words := tells_split(values)):
        modality, why, role = "category", f"its values name the parts of the data: {words}", "split"
    elif role in ("ignore", "id"):
        modality, why = "identifier", "as you said" if said.role else "the source says so"
    else:
        settled = values.dtype == pl.String and table.conventions.get(name, {}).get("kind") == "text"
        modality, why = recognise(sample, learnt=role == "input", settled=settled)
    if modality != UNREAD and modality not in registry.names("modalities"):
        raise UserError(
            f"There is no kind of column {modality!r} (column {name!r}).",
            "",
            nearest(modality, registry.names("modalities"), label="Kinds"),
        )
    role = role or {"identifier": "id", UNREAD: "ignore"}.get(modality, "input")
    modality = "identifier" if modality == UNREAD else modality
    if role == "target" and not is_target:
        role = "ignore"
    return Column(name, modality, role, {}, why)


def recognise(values: pl.Series, *, learnt: bool = False, settled: bool = False) -> tuple[str, str]:
    """The modality with the highest claim; (UNREAD, why) where none reads the column. `learnt`: identifiers will not
    do, it is to be an input; `settled`: it was looked at already whether the cells are numbers, dates or label sets,
    and they are text."""
    if values.null_count() == len(values):
        return "category", "empty"
    if values.dtype.is_numeric():  # nothing else claims numbers, and wide tables have thousands of them
        claims = {name: registry.get("modalities", name).detect(values) for name in ("number", "identifier")}
    else:
        skipped = ("number", "datetime", "multilabel") if settled else ()
        claims = {
            name: modality.detect(values)
            for name, modality in registry.every("modalities").items()
            if name not in skipped
        }
    if learnt:
        claims.pop("identifier", None)
        if max(claims.values()) <= 0 and values.dtype == pl.String:
            claims["category"] = 0.1
    best = max(claims, key=lambda name: claims[name])
    if claims[best] <= 0:
        if learnt:
            raise DataError(
                f"Column {values.name!r} holds {values.dtype}, which no kind of column reads.",
                "",
                "Leave it out, or convert it to numbers or text.",
            )
        return UNREAD, f"holds {values.dtype}, which no kind of column reads: left out"
    return best, f"looks like it ({claims[best]:.0%})"


def tells_split(values: pl.Series) -> str:
    """The words of a column that says which rows train, validate and test; "" where it says anything else."""
    if values.dtype != pl.String or values.null_count():
        return ""
    words = values.unique().to_list()
    parts = {SPLIT_WORDS.get(word.strip().lower(), "") for word in words} if len(words) <= 6 else {""}
    return ", ".join(sorted(words)) if "" not in parts and "train" in parts and len(parts) > 1 else ""


def check_modality(values: pl.Series, modality: str, limits: LimitsConfig) -> None:
    """A kind that the user names must be able to read the cells: tried on some of them, because every kind fails in a
    way of its own."""
    if modality not in registry.names("modalities") or modality == "identifier":
        return
    some, reader = values.drop_nulls().head(TRIED), registry.get("modalities", modality)
    damaged: dict[int, str] = {}
    why = "" if reader.layouts and not reader.paired_with else "A task gives this kind to a column of its own."
    try:
        if (
            modality in NUMERIC
            and not np.isfinite(to_floats(some) if modality == "number" else to_timestamps(some).to_numpy()).any()
        ):
            why = "None of these is one."
        state = reader.fit(some, limits=limits)
        reader.encode(some, state, damaged)
    except UserError:
        raise
    except Exception as error:
        why = f"{type(error).__name__}: {str(error).partition(chr(10))[0][:100]}"
    if why or (some.dtype == pl.Boolean and modality == "datetime"):
        first = ", ".join(f"“{str(cell)[:40]}”" for cell in some.head(3).to_list())
        raise DataError(
            f"Column {values.name!r} cannot be read as {modality}: it holds {values.dtype}, such as {first}.",
            why,
            f"Leave columns.{values.name}.modality out, or say another: number, category, text, datetime.",
        )


def type_target(values: pl.Series, config: Config, said: ColumnConfig, hint: Mapping[str, Any]) -> tuple[str, str]:
    """Classes, a set of labels, or a number?"""
    if config.task != "auto":
        task = registry.get("tasks", config.task)
        return hint["modality"] if hint.get(
            "modality"
        ) in task.other_target_modalities else task.target_modality, f"the task is {config.task}"
    if said.modality:
        return said.modality, "set by you"
    if hint.get("modality") in {task.target_modality for task in registry.every("tasks").values()}:
        return hint["modality"], hint.get("why", "the source says so")
    if values.dtype == pl.List(pl.String):
        return "multilabel", "cells are lists of words"
    if values.dtype.is_numeric():
        return number_or_classes(values.cast(pl.Float64).to_numpy(), values.name)
    kind, why = recognise(values)
    if kind == "number":
        return number_or_classes(to_floats(values), values.name)
    if values.dtype.is_temporal():
        return "category", "moments cannot be forecast: each is a class"
    return ("multilabel", why) if kind == "multilabel" else ("category", "words name classes")


def fit_schema(schema: Schema, table: Table, train: np.ndarray, limits: LimitsConfig) -> Schema:
    """Learn each column's state from the training rows; `facts` are what the source or the task knows of a column
    besides."""
    columns = []
    for column in schema:
        if column.role in ("input", "target"):
            modality = registry.get("modalities", column.modality)
            facts = table.hints.get(column.name, {}).get("facts", {})
            column = replace(
                column,
                state=modality.fit_with_hints(table.frame[column.name].gather(train), limits=limits, facts=facts),
            )
        columns.append(column)
    fitted = Schema(tuple(columns))
    followed = followed_input(fitted)
    if followed is None:
        return fitted
    target = fitted.target
    state = registry.get("modalities", target.modality).link_to_input(dict(target.state), followed.state)
    return fitted.with_column(replace(target, state=state))


def followed_input(schema: Schema) -> Column | None:
    """The input on whose plane or clock the target lives (the picture of a mask), where there is one."""
    kind = registry.get("modalities", schema.target.modality).paired_with if schema.role("target") else ""
    return next((c for c in schema.inputs if kind and registry.get("modalities", c.modality).signal_type == kind), None)


def apply_findings(schema: Schema, findings, config: Config) -> Schema:
    """Leave out the columns that a check found useless or leaking, unless the user named their role."""
    for finding in findings:
        if finding.action == "ignore":
            for name in finding.columns:
                asked = config.columns.get(name, ColumnConfig()).role
                if asked is None and schema[name].role == "input":
                    schema = schema.with_column(replace(schema[name], role="ignore", why=finding.what))
    return schema
