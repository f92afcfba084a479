"""LOSS: make rows like these, with the columns as they go together; nobody's own row. What all ways to learn it share:
the question, and how its answers are graded."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import polars as pl
from torch import Tensor

from ...core.batch import Batch, Predictions, RowResults
from ...core.errors import DataError, nearest
from ...core.panels import Panel
from ...core.schema import Column
from ...core.table import Table
from ...metrics import generation as metrics
from ...metrics.generation import distances
from ...modalities.tabular.row import discretise, remembered, spans, to_table, width
from ...modalities.tabular.row import fitted as fit_column
from ...rendering.sample_grid import NOISE
from ...rendering.train_on_synthetic import taught
from .._base import BaseTask
from .._explained_score import likeness

RECORD = "record"
LEAST = 60  # rows
TOLD_APART = 0.5  # share of different values from which a text is no class
PLAIN = (pl.String, pl.Boolean, pl.Categorical, pl.Enum)


@dataclass(frozen=True)
class Rows(BaseTask):
    """Answers: {"record": (N, W), "made": (N, W + 2)}: rows as vectors, no kind (NaN), and how far the nearest training
    row is. Headline: Fréchet distance, lower is better.

    Ground truth: the test's rows as vectors (numbers by their rank in training, classes as flags): made and real rows
    are compared as two crowds in that form.
    """

    condition_on: str = ""  # columns that say what is to be made, with commas; the others are made
    state: dict[str, Any] = field(default_factory=dict, metadata={"bound": True})

    output_type = "rows"
    primary_metric = "frechet"
    higher_is_better = False
    higher = ("precision", "recall")
    lower = ("frechet", "copied")
    monitor = "frechet"
    target_modality = "row"
    baseline = "gaussian_copula"
    max_eval_rows = 1_000
    allow_missing_columns = True
    eval_batch_size = 1_024
    noise_field: ClassVar[str] = f"column:{NOISE}"
    noise_modality: ClassVar[str] = ""  # the kind of the column of chance: modalities/NAME.py

    def for_target(self, target: Column) -> Rows:
        return replace(self, state=dict(target.state))

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        """Rows become one struct, the target; each has a seed of chance beside what says what is to be made."""
        frame = table.frame
        if inference:
            seeds = frame[NOISE] if NOISE in frame.columns else pl.Series(NOISE, range(frame.height), pl.Int64)
            return replace(table, frame=frame.with_columns(seeds), hints={})
        given = self.check_conditions(frame, target)
        split = table.split
        kept = [
            name
            for name in frame.columns
            if name not in (*given, split) and makeable(frame[name], table.hints.get(name, {}))
        ]
        left_out = [name for name in frame.columns if name not in (*given, *kept, split)]
        if not kept:
            raise DataError(
                "No column can be made.",
                "Numbers and classes can; texts, dates, pictures and identifiers cannot.",
                f"Columns: {', '.join(frame.columns[:20])}.",
            )
        known = {name: fit_column(frame[name]) for name in kept}
        judge = (
            target if target in kept else next((name for name in reversed(kept) if known[name]["kind"] == "class"), "")
        )
        room = sum(width(one) for one in known.values())
        made = frame.select(pl.struct(kept).alias(RECORD), *given, *([split] if split else [])).with_columns(
            pl.Series(NOISE, range(frame.height), pl.Int64)
        )
        hints: dict[str, dict[str, Any]] = {
            RECORD: {
                "modality": "row",
                "role": "target",
                "why": "the row that is to be made",
                "facts": {"room": room, "judge": judge},
            },
            NOISE: {
                "modality": self.noise_modality,
                "role": "input",
                "why": "chance: another number, another row",
                "facts": {"width": room},
            },
        }
        hints |= {name: {**table.hints.get(name, {}), "role": "input"} for name in given} | (
            {split: dict(table.hints[split])} if split else {}
        )
        notes = (
            *table.notes,
            *([f"Not made, for they are neither numbers nor classes: {', '.join(left_out[:12])}."] if left_out else []),
        )
        return Table(made, table.name, hints, notes, table.skipped)

    def check_conditions(self, frame: pl.DataFrame, target: str | None) -> list[str]:
        """The columns that rows are conditioned on. Raises DataError for too few rows and for a column that is not
        there."""
        if frame.height < LEAST:
            raise DataError(
                f"{frame.height} rows are too few to learn what rows look like.",
                "",
                f"Bring at least {LEAST}; thousands are better.",
            )
        given = [one.strip() for one in self.condition_on.split(",") if one.strip()]
        for name in [*given, *([target] if target else [])]:
            if name not in frame.columns:
                raise DataError(f"There is no column {name!r}.", "", nearest(name, frame.columns, label="Columns"))
        return given

    def to_targets(self, codes: Any, target: Column) -> np.ndarray:
        return with_distances(np.asarray(codes), target.state)

    def from_baseline(self, values: np.ndarray) -> Predictions:
        """Rows as a maker gives them → answers, so that nobody is told from real ones by being undecided."""
        rows = discretise(values, self.state["columns"])
        return {"record": rows, "made": with_distances(rows, self.state)}

    def postprocess(self, output: Tensor, batch: Batch, target: Column) -> Predictions:
        """(B, 1, room) → rows."""
        return self.from_baseline(output[:, 0, : target.state["width"]].numpy())

    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        """(B,) decibels by which the row is still the one that all columns together ask for."""
        return likeness(output, whole)

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        return {"truth": truth, "made": answers["made"], "loss": -answers["made"][:, -1]}

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        return metrics.scores(records)

    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows made, with the columns that asked for them."""
        made = to_table(answers["record"], target.state["columns"])
        kept_columns = frame.select(name for name in frame.columns if name not in (NOISE, RECORD, *made.columns))
        return pl.concat([kept_columns, made], how="horizontal")

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        """What a model learns of made rows, how columns are spread, and whether rows are copies."""
        edges = np.linspace(0, float(np.quantile(records["truth"][:, -1], 0.99)) + 1e-6, 41)
        near = [
            {"name": n, "counts": np.histogram(v[:, -1], edges)[0].tolist()}
            for n, v in (("real, unseen", records["truth"]), ("made", records["made"]))
        ]
        words = "Made rows much nearer to a training row than unseen real ones are would be copies of somebody."
        return [
            *taught(records, baseline, target.state),
            Panel(
                "table",
                "Marginal distributions by column",
                spread(records, baseline, target.state),
                "How far apart the shares (classes) or ranks (numbers) of made and real rows are at most: 0 = alike, "
                "1 = nothing in common.",
            ),
            Panel(
                "histogram",
                "Privacy: distance to the nearest training row",
                {"x": "distance to the nearest training row", "edges": edges.tolist(), "series": near},
                words,
            ),
        ]

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        return "made", f"{records['made'][row, -1]:.2f} from the nearest training row"

    def rank_errors(self, records: RowResults) -> np.ndarray:
        """None by itself: a row alone is neither right nor wrong."""
        return np.zeros(0, int)


def makeable(values: pl.Series, hint: Any) -> bool:
    """Is it a column of numbers or of classes?"""
    if hint.get("role") in ("id", "ignore", "time", "split") or hint.get("modality") in ("text", "identifier"):
        return False
    return values.dtype.is_numeric() or (
        isinstance(values.dtype, PLAIN) and values.n_unique() <= TOLD_APART * len(values)
    )


def with_distances(rows: np.ndarray, state: Any) -> np.ndarray:
    """(N, W) → (N, W + 2) float64: as makers are graded, of no kind, with the distance to the nearest remembered
    training row."""
    gaps = distances(rows.astype(np.float64), remembered(state).astype(np.float64))
    return np.concatenate(
        [rows, np.full((len(rows), 1), np.nan), np.sqrt(gaps.min(1, initial=np.inf))[:, None]], 1
    ).astype(np.float64)


def spread(records: RowResults, baseline: RowResults, state: Any) -> dict[str, Any]:
    """Columns and rows of a table: each column's largest gap, for both makers."""
    rows = []
    for one, span in zip(state["columns"], spans(state["columns"]), strict=True):
        gaps = [
            gap(records["truth"][:, span], made[:, span], one["kind"]) for made in (records["made"], baseline["made"])
        ]
        rows.append([one["name"], one["kind"], *gaps])
    return {"columns": ["column", "kind", "deep", "classical"], "rows": rows, "best": None}


def gap(real: np.ndarray, made: np.ndarray, kind: str) -> float:
    """Total variation of classes, Kolmogorov–Smirnov's distance of numbers."""
    if kind == "class":
        shares = [np.bincount(x.argmax(1), minlength=x.shape[1]) / max(1, len(x)) for x in (real, made)]
        return float(np.abs(shares[0] - shares[1]).sum() / 2)
    grid = np.sort(np.concatenate([real[:, 0], made[:, 0]]))
    below = [np.searchsorted(np.sort(x[:, 0]), grid, side="right") / max(1, len(x)) for x in (real, made)]
    return float(np.abs(below[0] - below[1]).max(initial=0.0))
