"""Grading a stored model on labelled data: which rows count, which labels it knows, and how the answers compare with
the table's own values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from ..core import registry
from ..core.batch import RowResults
from ..core.errors import DataError, nearest
from ..core.schema import Column, Schema
from ..core.table import Table
from ..data.dataset import strangers
from ..data.labels import LabelMatch, match_labels
from ..data.loading import open_table
from ..data.splits import PARTS
from ..modalities.tabular.category import to_strings
from .answered import comparable
from .notices import notices

if TYPE_CHECKING:
    from .model import Model


@dataclass(frozen=True)
class Graded:
    """Answers that were graded: `rows` (N,) of `frame` had a known target and could be read; `truth` and `records` are
    in their order."""

    frame: pl.DataFrame
    rows: np.ndarray
    truth: np.ndarray
    records: RowResults
    deep: RowResults  # of the network alone
    notes: tuple[str, ...] = ()  # what was left out, matched or not known, in words
    # labels that are no class of the model → how often they occur
    unknown: dict[str, int] = field(default_factory=dict)


def grade_data(model: Model, data: Any, use: str = "best") -> Graded:
    """The model's answers to labelled data, graded row by row."""
    target = model.schema.target
    source = open_table(
        data, target=target.name, limits=model.config.limits, task=model.manifest["task"], conventions=model.conventions
    )
    table = model.task.build_labelled_samples(source, model.config.target)
    if target.name not in table.frame.columns:
        what = f"There is no column {target.name!r} to compare with."
        raise DataError(what, "", nearest(target.name, table.frame.columns, label="Columns"))
    frame, notes = test_part(table, model.schema)
    frame = model._frame(frame)
    frame, more = comparable(frame, target)
    notes = [*notices(source, table, frame, model.schema)[0], *notes, *more]
    values, match = match_labels(frame[target.name], target)
    match.require_known(target.name)
    there = values.is_not_null()
    if not there.any():
        raise DataError(f"No row has a value of {target.name!r} to compare with.", "", "Check the file.")
    if not there.all():
        notes.append(f"{int((~there).sum()):,} of {frame.height:,} rows have no {target.name!r} and are not graded.")
    return grade_frame(model, frame.with_columns(values.alias(target.name)).filter(there), match, notes, use)


def grade_frame(model: Model, frame: pl.DataFrame, match: LabelMatch, notes: list[str], use: str = "best") -> Graded:
    """Ask the model about every row of `frame`; `notes` say what was left out before."""
    task, target = model.task, model.schema.target
    data, kept = model.encoded(frame)
    deep = model.respond(data, kept)
    answers = deep if model.selection.resolve(use) == "deep" else model.combined(frame, data, kept, use)
    bad = strangers(frame, model.schema)
    codes = registry.get("modalities", target.modality).encode(frame[target.name], target.state, bad)
    truth = task.decode_targets(frame[target.name], codes, target)[kept]
    known = np.ones(len(truth), bool)
    if truth.ndim == 1 and truth.dtype.kind in "fi" and task.output_type in ("number", "classes"):
        known = np.isfinite(truth) if truth.dtype.kind == "f" else truth >= 0
    known &= ~np.isin(kept, list(bad))
    if not known.any():
        raise DataError(
            f"No row has a value of {target.name!r} to compare with.",
            reasons({**model.damaged, **bad}),
            "Check the file.",
        )
    if known.sum() < frame.height:
        left = frame.height - int(known.sum())
        notes.append(
            f"{left:,} of {frame.height:,} rows cannot be read and are not "
            f"graded{reasons({**model.damaged, **bad}, ' (', ')')}."
        )
    truth = truth[known]
    records, own = (
        task.score_rows({name: values[known] for name, values in one.items()}, truth) for one in (answers, deep)
    )
    notes += [*match.notes(target.name), *task.target_notes(truth)]
    return Graded(frame, kept[known], truth, records, own, tuple(notes), match.unknown)


def reasons(damaged: dict[int, str], before: str = "", after: str = "") -> str:
    """The first rows that cannot be read, and why."""
    first = "; ".join(f"row {row}: {why}" for row, why in list(damaged.items())[:3])
    return f"{before}{first}{after}" if first else ""


def evaluation(model: Model, graded: Graded, use: str) -> dict[str, Any]:
    """The scores of graded answers and of the classical baseline's on the same rows, and what to know of them."""
    target, task = model.schema.target, model.task
    out: dict[str, Any] = {
        "rows": len(graded.rows),
        "answer": model.selection.resolve(use),
        "metrics": finite(task.compute_metrics(graded.records)),
        "deep": finite(task.compute_metrics(graded.deep)),
    }
    if model.baseline is not None:
        out["baseline"] = finite(task.compute_metrics(model.baseline_records(graded)))
    if (positive := positive_class(task, target)) is not None:
        out["positive_class"] = positive
    return out | {
        "unknown_classes": graded.unknown,
        "notes": [*graded.notes, *task.metric_notes(graded.records, target)],
    }


def test_part(table: Table, schema: Schema) -> tuple[pl.DataFrame, list[str]]:
    """(the rows that the source, or the run's own split column, marks as test; what was left out): all rows where none
    is marked."""
    names = [name for name, hint in table.hints.items() if hint.get("role") == "split"] + [
        column.name for column in schema.role("split")
    ]
    for name in dict.fromkeys(names):
        if name in table.frame.columns:
            test = to_strings(table.frame[name]).str.to_lowercase().is_in(PARTS["test"]).fill_null(False)
            if test.any() and not test.all():
                left = f"{table.frame.height - int(test.sum()):,} others are left out"
                return table.frame.filter(test), [
                    f"Graded on the {int(test.sum()):,} rows that {name!r} marks as test; {left}."
                ]
    return table.frame, []


def positive_class(task: Any, target: Column) -> str | None:
    """The class of which f1 and average_precision are, where there are two."""
    names = target.state.get("values", ())
    return (
        str(names[task.place]) if task.output_type == "classes" and len(names) == 2 and hasattr(task, "place") else None
    )


def finite(scores: dict[str, float]) -> dict[str, float]:
    return {name: float(value) for name, value in scores.items() if np.isfinite(value)}
