"""Collect: from a source to an encoded, split, checked data set. Decided once, written down, and taken up again by a
resumed run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from .baselines.vision._symmetry import find_symmetries
from .bundle.transfer import inherit_model, inherit_states
from .core import registry
from .core.config import Config
from .core.errors import BundleError, DataError
from .core.panels import Finding
from .core.schema import Column, Schema
from .core.seeds import numpy_generator
from .core.table import Table
from .data.checks import check
from .data.dataset import Dataset, encode_table
from .data.fingerprint import fingerprint
from .data.groups import find_groups, group_by_identifier, straddling
from .data.labels import match_labels, unknown_findings
from .data.loading import full_name, open_table
from .data.schema_inference import apply_findings, fit_schema, infer_schema
from .data.splits import Split, split_rows
from .run_directory import RunDirectory
from .tasks._base import make_task
from .training_plan import make_plan

# kinds of target whose cells are words, whatever they look like
WORDS = ("category", "interaction_history", "target_text", "transcript")

Say = Callable[[dict[str, Any]], None]
MOST_CLASSES, NAMED = 1_000, 8  # more different values are no classes; classes named in a message


@dataclass
class PreparedData:
    """Everything that is fixed before the first step."""

    run: RunDirectory
    config: Config
    table: Table
    schema: Schema
    task_name: str
    task: Any
    data: Dataset
    findings: list[Finding]
    split_words: str
    split_hash: str
    n_train_rows: int  # of the training split proper
    networks: int
    fingerprint: str  # what the data were: the rows and columns, by a hash over a sample of their cells
    budget: dict[str, Any] | None = None
    conventions: dict[str, dict[str, Any]] = field(default_factory=dict)  # source column -> how its cells are read

    def truth(self, rows: np.ndarray) -> np.ndarray:
        """The target of `rows` as the network learns it."""
        return self.task.to_targets(self.data.stores["target"].take(rows), self.schema.target)

    def targets(self, rows: np.ndarray) -> np.ndarray:
        """Ground truth of `rows` in the source's own values: what is graded."""
        target = self.schema.target
        return self.task.decode_targets(
            self.table.frame[target.name].gather(rows), self.data.stores["target"].take(rows), target
        )

    def validation_targets(self, rows: np.ndarray) -> np.ndarray:
        """What validation during training compares with: the ground truth, but where that is far larger than what is
        learnt (see the task)."""
        return self.truth(rows) if self.task.validates_encoded else self.targets(rows)

    def baseline_targets(self, rows: np.ndarray) -> np.ndarray:
        """What the classical baseline learns from: numbers as they stand in the table, everything else as the network
        learns it."""
        return self.targets(rows) if self.task.output_type == "number" else self.truth(rows)

    def to_json(self) -> dict[str, Any]:
        return {
            "conventions": self.conventions,
            "schema": self.schema.to_json(),
            "split_hash": self.split_hash,
            "task": self.task_name,
            "fingerprint": self.fingerprint,
        }


def prepare(config: Config, run: RunDirectory | None, frame: Any, say: Say) -> PreparedData:
    """Open, type, split, check, fit and encode. Says what it finds along the way."""
    earlier = run.read_prepared() if run else None
    if config.start and not earlier:
        config = inherit_model(config)
    say({"event": "opening", "data": config.data})
    cache = run.cache if run else None
    source = table = open_table(
        frame if frame is not None else config.data,
        test=config.test,
        target=config.target,
        limits=config.limits,
        cache=cache,
        task=config.task,
        columns=config.columns,
        classes=wants_classes(config),
        conventions=earlier.get("conventions") if earlier else None,
    )
    if config.task != "auto":
        table = make_task(config.task, config.options).build_samples(table, config.target, asking=False)
    schema = infer_schema(table, config)
    task_name = pick_task(schema, config)
    task = make_task(task_name, config.options).for_column(schema.target)
    groups = find_groups(table.frame, schema, task.output_type)
    schema, group_findings = group_by_identifier(schema, groups, config)
    split = split_rows(table, schema, config.split, seed=config.seed, task=task.output_type)
    findings = [
        *group_findings,
        *straddling(groups, table.frame, split),
        *check(table, schema, split, task=task.output_type),
    ]
    findings += task.check_target(table.frame[schema.target.name].gather(split.train), schema.target)
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
    if run is None:
        run = RunDirectory.create(config, table.name)
        config = resolved(config, run, source, frame)
        run.write_config(config)
    say(
        {
            "event": "schema",
            "rows": len(table),
            "split": {k: len(getattr(split, k)) for k in ("train", "val", "test")},
            "split_words": split.words,
            "columns": [{"name": c.name, "kind": c.modality, "role": c.role, "why": c.why} for c in schema],
            "notes": list(table.notes),
            "unreadable": dict(source.unreadable),
            "findings": [f.to_json() for f in findings],
        }
    )
    limits = config.limits.model_copy(update={"image_size": config.limits.image_size or task.default_image_size})
    schema = Schema.from_json(earlier["schema"]) if earlier else fit_schema(schema, table, split.train, limits)
    if config.start and not earlier:
        schema = inherit_states(schema, config.start)
    if task.output_type == "classes" and len(schema.target.state["values"]) < 2:
        raise DataError(
            f"The training rows hold one class only: {schema.target.state['values']}.",
            "There is nothing to tell apart.",
            "Add rows of another class.",
        )

    task = task.for_target(schema.target)
    seen = notices(table.frame, schema)
    findings += seen

    def progress(done: int, total: int) -> None:
        say({"event": "encoding", "done": done, "total": total})

    data = encode_table(table.frame, schema, run.cache, progress=progress)
    data.splits = {"train": split.train, "val": split.val, "test": split.test}
    seen += (lost := drop_damaged(data, table, config))
    findings += lost
    if seen:
        say({"event": "findings", "findings": [f.to_json() for f in seen]})
    if earlier and earlier["split_hash"] != split.hash:
        raise BundleError(
            f"The data of {run.path} have changed since the run began.",
            "A resumed run must see the same rows.",
            "Train anew.",
        )
    if not earlier:
        schema = data.schema = task.fit_state(find_symmetries(schema, data, task, config), data, config.seed)
        task = task.for_target(schema.target)
    ready = PreparedData(
        run,
        config,
        table,
        schema,
        task_name,
        task,
        data,
        findings,
        split.words,
        split.hash,
        len(data.splits["train"]),
        0,
        hashed,
        (earlier or {}).get("budget"),
        conventions={name: dict(one) for name, one in source.conventions.items()},
    )
    ready.networks = cross_fit(ready)
    return ready


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


def notices(frame: pl.DataFrame, schema: Schema) -> list[Finding]:
    """What reading the cells of inputs and target leaves out or changes."""
    columns = [*schema.inputs, schema.target]
    found = [
        (column, line)
        for column in columns
        for line in registry.get("modalities", column.modality).notices(frame[column.name], column.state)
    ]
    return [Finding("note", f"Column {column.name!r}: {line}") for column, line in found]


def wants_classes(config: Config) -> bool:
    """Was a task asked for whose target is words, whatever they look like?"""
    return config.task != "auto" and getattr(registry.get("tasks", config.task), "target_modality", "") in WORDS


def pick_task(schema: Schema, config: Config) -> str:
    """The task that was asked for, or the one that fits the target best."""
    if config.task != "auto":
        return config.task
    fits = {name: task.matches(schema.target) for name, task in registry.every("tasks").items()}
    return max(fits, key=lambda name: fits[name])


def resolved(config: Config, run: RunDirectory, table: Table, frame: Any) -> Config:
    """The configuration with nothing left implicit; a table from Python is written beside it, so that the run can be
    continued."""
    data = config.data
    if frame is not None:
        path = run.path / "data.arrow"
        table.frame.write_ipc(path)
        data = str(path)
    elif data:
        data = full_name(data)
    test = str(Path(config.test).resolve()) if config.test else None
    start = str(Path(config.start).resolve()) if config.start else None
    return config.model_copy(update={"data": data, "test": test, "start": start, "run": str(run.path)})


def drop_damaged(data: Dataset, table: Table, config: Config) -> list[Finding]:
    """Leave damaged rows out of all splits, up to the user's limit; name the first."""
    if not data.damaged:
        return []
    count, share = len(data.damaged), len(data.damaged) / max(1, len(data))
    first = "; ".join(f"row {row}: {cell_name(table, row, reason)}" for row, reason in list(data.damaged.items())[:5])
    bad = np.array(list(data.damaged))
    lost = lost_classes(table.frame[data.schema.target.name], np.concatenate(list(data.splits.values())), bad)
    if share > config.limits.max_damaged:
        raise DataError(
            f"{count} of {len(data)} rows cannot be read ({share:.0%}).",
            " ".join([*(one.what for one in lost), first]),
            f"Repair them, or allow more: --set limits.max_damaged={min(1.0, share + 0.01):.2f}",
        )
    data.splits = {name: rows[~np.isin(rows, bad)] for name, rows in data.splits.items()}
    return [Finding("warning", f"{count} damaged row(s) were left out.", first, "Repair or remove them."), *lost]


def lost_classes(values: pl.Series, used: np.ndarray, bad: np.ndarray) -> list[Finding]:
    """Classes of which no row can be read: the model will not know that they exist."""
    if values.dtype.is_nested() or values.dtype == pl.Binary:
        return []
    labels = values.gather(used).cast(pl.String, strict=False)
    counts = dict(labels.drop_nulls().value_counts().iter_rows())
    left = set(labels.filter(pl.Series(~np.isin(used, bad))).unique())
    gone = sorted(name for name in counts if name not in left)
    if not gone or len(counts) > MOST_CLASSES:
        return []
    named = ", ".join(f"{name} ({counts[name]:,} rows)" for name in gone[:NAMED])
    what = f"No row of {len(gone)} class(es) can be read, so the model does not know them: {named}."
    return [Finding("warning", what, "", "Repair or convert their files.")]


def cell_name(table: Table, row: int, reason: str) -> str:
    column = reason.partition(":")[0]
    value = table.frame[column][row] if column in table.frame.columns else None
    return f"{value} ({reason})" if isinstance(value, str) and len(value) < 300 else reason


def cross_fit(ready: PreparedData) -> int:
    """How many networks are trained side by side. On few rows each leaves out a fold, so that every row both teaches
    and judges."""
    plan = make_plan(ready.schema, ready.config, ready.n_train_rows, ready.task)
    if not plan.cross:
        return plan.networks
    data = ready.data
    rows = np.sort(np.concatenate([data.splits["train"], data.splits["val"]]))
    truth = ready.truth(rows)
    order = numpy_generator(ready.config.seed, "folds").permutation(len(rows))
    order = order[np.argsort(truth[order], kind="stable")]  # neighbours in the target go to different folds
    fold = np.full(len(data), -1, np.int8)
    fold[rows[order]] = np.arange(len(rows)) % plan.networks
    data.fold = fold
    data.splits["train"] = data.splits["val"] = rows
    ready.split_words += (
        f" Few rows: {plan.networks} networks side by side, each judged on the part of the rows it never learns from."
    )
    return plan.networks
