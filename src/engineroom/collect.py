"""COLLECT: open a source, infer the types of its columns, choose the task, split the rows, check them: all that is
decided before anything is learned."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .core import registry
from .core.config import Config
from .core.errors import DataError
from .core.panels import Finding
from .core.schema import Column, Schema
from .core.table import Table
from .data.checks import check
from .data.fingerprint import fingerprint
from .data.groups import find_groups, group_by_identifier, straddling
from .data.labels import match_labels, unknown_findings
from .data.loading import open_table
from .data.schema_inference import apply_findings, infer_schema
from .data.splits import Split, split_rows
from .tasks._base import make_task

# kinds of target whose cells are words, whatever they look like
WORDS = ("category", "interaction_history", "target_text", "transcript")


@dataclass(frozen=True)
class Collected:
    """A table with typed columns, split and checked."""

    source: Table  # as it was opened
    table: Table  # as the task reads it
    schema: Schema  # without column states
    task_name: str
    task: Any
    split: Split
    findings: list[Finding]
    fingerprint: str  # a hash over a sample of the cells


def collect(config: Config, frame: Any, *, cache: Any, conventions: Any) -> Collected:
    """Open `frame`, or what the configuration names, and decide on columns, task and split.

    Raises DataError where a check finds an error, or where no input column is left.
    """
    source = table = open_table(
        frame if frame is not None else config.data,
        test=config.test,
        target=config.target,
        limits=config.limits,
        cache=cache,
        task=config.task,
        columns=config.columns,
        classes=wants_classes(config),
        conventions=conventions,
    )
    if config.task != "auto":
        table = make_task(config.task, config.options).build_samples(table, config.target, inference=False)
    schema = infer_schema(table, config)
    task_name = pick_task(schema, config)
    task = make_task(task_name, config.options).for_column(schema.target)
    table, schema, split, findings, hashed = split_and_check(table, schema, task, config)
    return Collected(source, table, schema, task_name, task, split, findings, hashed)


def split_and_check(
    table: Table, schema: Schema, task: Any, config: Config
) -> tuple[Table, Schema, Split, list[Finding], str]:
    """(table with matched labels, schema without what was left out, split, findings, fingerprint)."""
    groups = find_groups(table.frame, schema, task.output_type)
    schema, group_findings = group_by_identifier(schema, groups, config)
    split = split_rows(table, schema, config.split, seed=config.seed, task=task.output_type)
    findings = [
        *group_findings,
        *straddling(groups, table.frame, split),
        *check(table, schema, split, task=task.output_type),
        *task.check_target(table.frame[schema.target.name].gather(split.train), schema.target),
    ]
    hashed = fingerprint(table.frame)
    table, more = match_targets(table, schema.target, split)
    findings += more
    for finding in findings:
        if finding.level == "error":
            raise DataError(finding.what, finding.why, finding.fix)
    schema = apply_findings(schema, findings, config)
    if not schema.inputs:
        left_out = "; ".join(f"{c.name}: {c.role}, {c.why}" for c in schema if c.role != "target")
        raise DataError(
            "No input columns are left to learn from.", left_out[:600], "Bring one back: --set columns.NAME.role=input"
        )
    return table, schema, split, findings, hashed


def match_targets(table: Table, target: Column, split: Split) -> tuple[Table, list[Finding]]:
    """The table with the target's labels as the training rows spell them, and warnings for classes that only rows that
    judge have."""
    values, modality = table.frame[target.name], registry.get("modalities", target.modality)
    labels = modality.labels(values.gather(split.train), {})
    if labels is None:
        return table, []
    target = replace(target, state={"values": sorted({label for label in labels if label})})
    _, match = match_labels(values.gather(np.concatenate([split.val, split.test])), target)
    if match.renamed:
        values = modality.rename_labels(values, {}, match.renamed)
        table = replace(table, frame=table.frame.with_columns(values.alias(target.name)))
    found = [Finding("note", note) for note in replace(match, unknown={}).notes(target.name)]
    for part, rows in (("validation", split.val), ("test", split.test)):
        found += unknown_findings(values.gather(rows), target, part) if match.unknown else []
    return table, found


def wants_classes(config: Config) -> bool:
    """Was a task asked for whose target is words, whatever they look like?"""
    return config.task != "auto" and getattr(registry.get("tasks", config.task), "target_modality", "") in WORDS


def pick_task(schema: Schema, config: Config) -> str:
    """The task that was asked for, or the one that fits the target best."""
    if config.task != "auto":
        return config.task
    fits = {name: task.matches(schema.target) for name, task in registry.every("tasks").items()}
    return max(fits, key=lambda name: fits[name])
