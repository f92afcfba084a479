"""From a source to an encoded, split, checked data set: collect, fit the columns, encode. Decided once, written down,
and taken up again by a resumed run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from .baselines.vision._symmetry import find_symmetries
from .bundle.transfer import inherit_model, inherit_states
from .collect import Collected, collect
from .core import registry
from .core.config import Config
from .core.errors import BundleError, DataError
from .core.panels import Finding
from .core.schema import Schema
from .core.seeds import numpy_generator
from .core.table import Table
from .data.damaged_rows import drop_damaged
from .data.dataset import Dataset, encode_table
from .data.loading import full_name
from .data.schema_inference import fit_schema
from .run_directory import RunDirectory
from .training_plan import make_plan

Say = Callable[[dict[str, Any]], None]


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
    """Collect, fit the columns on the training rows, encode. Says what it finds along the way."""
    earlier = run.read_prepared() if run else None
    if config.start and not earlier:
        config = inherit_model(config)
    say({"event": "opening", "data": config.data})
    found = collect(
        config, frame, cache=run.cache if run else None, conventions=earlier.get("conventions") if earlier else None
    )
    if run is None:
        run = RunDirectory.create(config, found.table.name)
        config = resolved(config, run, found.source, frame)
        run.write_config(config)
    say(describe_collected(found))
    schema = fit_columns(found, config, earlier)
    task = found.task.for_target(schema.target)
    data, findings = encode(found, schema, config, run, say)
    if earlier and earlier["split_hash"] != found.split.hash:
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
        found.table,
        schema,
        found.task_name,
        task,
        data,
        [*found.findings, *findings],
        found.split.words,
        found.split.hash,
        len(data.splits["train"]),
        0,
        found.fingerprint,
        (earlier or {}).get("budget"),
        conventions={name: dict(one) for name, one in found.source.conventions.items()},
    )
    ready.networks = cross_fit(ready)
    return ready


def describe_collected(found: Collected) -> dict[str, Any]:
    """The event that tells how the columns were read and the rows split."""
    split = found.split
    return {
        "event": "schema",
        "rows": len(found.table),
        "split": {k: len(getattr(split, k)) for k in ("train", "val", "test")},
        "split_words": split.words,
        "columns": [{"name": c.name, "kind": c.modality, "role": c.role, "why": c.why} for c in found.schema],
        "notes": list(found.table.notes),
        "unreadable": dict(found.source.unreadable),
        "findings": [f.to_json() for f in found.findings],
    }


def fit_columns(found: Collected, config: Config, earlier: dict[str, Any] | None) -> Schema:
    """The schema with every column's state, learned from the training rows, or taken over from an interrupted run."""
    size = config.limits.image_size or found.task.default_image_size
    limits = config.limits.model_copy(update={"image_size": size})
    if earlier:
        schema = Schema.from_json(earlier["schema"])
    else:
        schema = fit_schema(found.schema, found.table, found.split.train, limits)
        if config.start:
            schema = inherit_states(schema, config.start)
    if found.task.output_type == "classes" and len(schema.target.state["values"]) < 2:
        raise DataError(
            f"The training rows hold one class only: {schema.target.state['values']}.",
            "There is nothing to tell apart.",
            "Add rows of another class.",
        )
    return schema


def encode(
    found: Collected, schema: Schema, config: Config, run: RunDirectory, say: Say
) -> tuple[Dataset, list[Finding]]:
    """The encoded columns with their splits, damaged rows left out; what was found in reading the cells."""
    findings = notices(found.table.frame, schema)

    def progress(done: int, total: int) -> None:
        say({"event": "encoding", "done": done, "total": total})

    data = encode_table(found.table.frame, schema, run.cache, progress=progress)
    split = found.split
    data.splits = {"train": split.train, "val": split.val, "test": split.test}
    findings += drop_damaged(data, found.table, config)
    if findings:
        say({"event": "findings", "findings": [f.to_json() for f in findings]})
    return data, findings


def notices(frame: pl.DataFrame, schema: Schema) -> list[Finding]:
    """What reading the cells of inputs and target leaves out or changes."""
    columns = [*schema.inputs, schema.target]
    found = [
        (column, line)
        for column in columns
        for line in registry.get("modalities", column.modality).notices(frame[column.name], column.state)
    ]
    return [Finding("note", f"Column {column.name!r}: {line}") for column, line in found]


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
