"""The same rows for all: graded anew on labelled data, or taken from what each bundle keeps of its test split."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch

from ..bundle.format import read_tensors
from ..bundle.golden import golden_batch
from ..bundle.model import Model
from ..core.batch import Batch, RowResults
from ..core.errors import DataError, UserError
from ..data.fingerprint import fingerprint
from ..data.loading import open_table
from ..metrics.bootstrap import take

FIX = "Name labelled data that both can read: --data FILE"
TIMED_ROWS, TIMED_SECONDS = 64, 0.3
NEAR = 1e-6  # a score read from a stored table equals the one that was written beside it


@dataclass(frozen=True)
class ModelOnRows:
    """One model and its graded answers, row by row in the order that all sides share."""

    name: str
    model: Model
    records: RowResults
    rate: float  # rows answered a second by the network alone, here and now

    def scores(self) -> dict[str, float]:
        return self.model.task.compute_metrics(self.records)


@dataclass(frozen=True)
class Table:
    """All sides, `rows` (N,) of `frame` that they answered, and where these come from in words. Without a frame rows
    cannot be shown."""

    sides: tuple[ModelOnRows, ...]
    rows: np.ndarray
    frame: pl.DataFrame | None
    words: str
    warnings: tuple[str, ...] = ()


def seat(models: Sequence[Model], data: Any = None) -> Table:
    """Bring models to one table. Raises UserError where they answer different questions or share no rows."""
    if len(models) < 2:
        raise UserError(
            "One model alone has nothing to be compared with.", "", "Example: engineroom compare runs/a runs/b"
        )
    same_question(models)
    return on_data(models, data) if data is not None else on_stored(models)


def same_question(models: Sequence[Model]) -> None:
    first = models[0]
    for other in models[1:]:
        for what, ours, theirs in (
            ("the task", first.manifest["task"], other.manifest["task"]),
            ("the target", first.schema.target.name, other.schema.target.name),
        ):
            if ours != theirs:
                why = f"For {what}, {first.path} has {ours!r} and {other.path} has {theirs!r}."
                raise UserError(
                    "These models answer different questions.", why, "Compare models of one task and one target."
                )


def on_data(models: Sequence[Model], data: Any) -> Table:
    """Every model answers `data`; rows that one of them cannot read count for none."""
    graded = [model.graded(data) for model in models]
    if len({one.frame.height for one in graded}) > 1:
        heights = ", ".join(f"{one.frame.height:,}" for one in graded)
        raise UserError(
            "The models make different rows of the same data.", f"Rows: {heights}.", "Train them with the same options."
        )
    rows = shared([one.rows for one in graded])
    sides = sit(models, [one.records for one in graded], [one.rows for one in graded], rows)
    frame = graded[0].frame
    words = (
        f"{len(rows):,} rows of {Path(data).name if isinstance(data, str) else 'the table'}, answered and graded "
        "anew "
        "by every model."
    )
    same = [
        side.name
        for side in sides
        if isinstance(data, str) and str(Path(data).resolve()) == side.model.manifest["provenance"]["data"]
    ]
    note = f"{' and '.join(same)} learnt from rows of these very data: the scores flatter." if same else ""
    return Table(
        sides, rows, frame, words, (note,) if note and not has_test_part(data, models[0].manifest["task"]) else ()
    )


def has_test_part(data: Any, task: str) -> bool:
    return any(hint.get("role") == "split" for hint in open_table(data, task=task).hints.values())


def on_stored(models: Sequence[Model]) -> Table:
    """The graded answers that each bundle keeps, where all saw the same data; rows that were not a test for one of them
    count for none."""
    prints = {model.manifest["provenance"]["data_fingerprint"] for model in models}
    if len(prints) > 1:
        raise UserError(
            "These models were not tested on the same rows.",
            "Their data differ (data_fingerprint in bundle.json).",
            FIX,
        )
    kept = [stored(model) for model in models]
    all_rows = [records.pop("row") for records in kept]
    rows = shared(all_rows)
    sides = sit(models, kept, all_rows, rows)
    words = (
        f"{len(rows):,} test rows of the same data, as graded when each was trained; no model ever learnt from them."
    )
    partial = max(map(len, all_rows)) > len(rows)
    note = f"The splits differ: only the {len(rows):,} rows that were a test for all are compared." if partial else ""
    return Table(sides, rows, source(models[0]), words, (note,) if note else ())


def shared(all_rows: Sequence[np.ndarray]) -> np.ndarray:
    """Row numbers that all have, sorted."""
    rows = np.unique(all_rows[0])
    for other in all_rows[1:]:
        rows = np.intersect1d(rows, other)
    if not len(rows):
        raise UserError("No row is a test row of every model.", "Their splits have nothing in common.", FIX)
    return rows


def sit(
    models: Sequence[Model], records: Sequence[RowResults], own: Sequence[np.ndarray], rows: np.ndarray
) -> tuple[ModelOnRows, ...]:
    sides = []
    for name, model, graded, numbers in zip(names(models), models, records, own, strict=True):
        order = np.argsort(numbers, kind="stable")
        place = order[np.searchsorted(numbers[order], rows)]
        sides.append(ModelOnRows(name, model, take(graded, place), pace(model)))
    return tuple(sides)


def names(models: Sequence[Model]) -> list[str]:
    """The shortest ends of their paths that tell the runs apart."""
    paths = [model.path.parent if model.path.name == "bundle" else model.path for model in models]
    for depth in (1, 2, 3):
        short = ["/".join(path.parts[-depth:]) for path in paths]
        if len(set(short)) == len(short):
            return short
    return [f"{path.name} ({place + 1})" for place, path in enumerate(paths)]


def stored(model: Model) -> RowResults:
    """records.parquet as it was graded; the score it gives must be the one that was written beside it."""
    path = model.path / "records.parquet"
    if not path.exists():
        raise UserError(f"{model.path} keeps no graded answers.", "Its training did not reach the end.", FIX)
    table = pl.read_parquet(path)
    records = {name: column(table[name]) for name in table.columns}
    try:
        score = model.task.compute_metrics(records)[model.task.primary_metric]
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        score = float("nan")
    wanted = model.metrics.get(model.task.primary_metric, float("nan"))
    if not abs(score - wanted) <= NEAR * max(1.0, abs(wanted)):
        raise UserError(
            f"The stored answers of {model.path} cannot be graded again.",
            "Structured answers are kept to be looked at.",
            FIX,
        )
    return records


def column(values: pl.Series) -> np.ndarray:
    """A stored column as the array it was: lists of one length are stacked, others stay lists."""
    if not values.dtype.is_nested():
        return values.to_numpy()
    rows = values.to_list()
    try:
        return np.array(rows)
    except ValueError:  # rows of unequal length
        out = np.empty(len(rows), object)
        out[:] = [np.array(row) for row in rows]
        return out


def source(model: Model) -> pl.DataFrame | None:
    """The table a model was trained on, to show rows of it; None where it has moved or changed."""
    try:
        table = open_table(
            model.config.data,
            test=model.config.test,
            target=model.config.target,
            limits=model.config.limits,
            task=model.config.task,
            conventions=model.conventions,
        )
        frame = model.task.build_samples(table, model.config.target, inference=False).frame
    except (DataError, UserError, OSError):
        return None
    return frame if fingerprint(frame) == model.manifest["provenance"]["data_fingerprint"] else None


def pace(model: Model) -> float:
    """Rows a second that the network answers: its stored inputs again and again, on this machine."""
    example, _ = golden_batch(read_tensors(model.path, "golden.safetensors"))
    times = max(1, TIMED_ROWS // len(example))
    fields = {name: tensor.repeat(times, *[1] * (tensor.ndim - 1)) for name, tensor in example.fields.items()}
    batch = Batch(fields, np.tile(example.rows, times))
    with torch.inference_mode():
        model.network(batch)
        begun, done = time.perf_counter(), 0
        while time.perf_counter() - begun < TIMED_SECONDS:
            model.network(batch)
            done += len(batch)
    return done / (time.perf_counter() - begun)
