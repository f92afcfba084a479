"""The protocol of a task: a specification (data), nine core methods, and components that most tasks take from
tasks/_base.py. What only some objectives ask of a task is in core/task_hooks.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .batch import Batch, Losses, Predictions, RowResults
from .panels import Finding, Panel
from .schema import Column, Schema
from .table import Table

if TYPE_CHECKING:
    import polars as pl
    from torch import Tensor, nn


class TaskSpec(Protocol):
    """What is fixed of a task, as data."""

    objective: str  # objectives/NAME.py
    output_type: str  # what a baseline is asked for: classes, number, labels, or a kind of the task's own
    head: str  # heads/NAME.py
    tie_weights: bool  # does the head share the vectors of the input column's stem?
    backbones: Mapping[str, tuple[str, ...]]  # kind of column → backbones
    training_defaults: str  # a row of training_plan.RECIPES; "" = by the types of the columns
    baseline: str  # baselines/NAME.py; "" = by the columns
    dummy: str  # baselines/NAME.py of the dummy predictor
    primary_metric: str  # the score that decides a verdict
    higher_is_better: bool
    higher: tuple[str, ...]  # scores that grow with quality …
    lower: tuple[str, ...]  # … and those that shrink
    monitor: str  # the validation score, lower is better, that picks the best weights
    internal_metrics: tuple[str, ...]  # scores that only choose the weights: no report shows them
    target_modality: str
    other_target_modalities: tuple[str, ...]  # further kinds of target
    default_image_size: int  # longest side of an image that the network sees, in pixels
    eval_batch_size: int  # rows of a forward pass at inference
    max_eval_rows: int  # validation rows looked at during training
    cv_folds: int  # networks on a small table, each validated on the fold it did not see
    allow_missing_columns: bool  # may rows at inference lack columns? They count as empty
    # arrays of the predictions that a blend averages; () = deep or baseline answers, None = always the network
    averaged: tuple[str, ...] | None
    validates_encoded: bool  # does validation during training compare with the encoded target?
    has_score: bool  # is there one number per prediction that explanations move?
    has_render: bool  # are predictions shown as pictures?
    has_samples: bool  # are samples drawn during training?


class Samples(Protocol):
    """How rows of the source become samples."""

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        """Source table → samples: windows, histories, pairs."""

    def build_labelled_samples(self, table: Table, target: str | None) -> Table:
        """Source rows that are scored, not trained on → samples."""

    def check_target(self, values: pl.Series, target: Column) -> list[Finding]:
        """Findings about the target's training rows beyond the checks that all tasks share."""

    def fit_state(self, schema: Schema, data: Any, seed: int) -> Schema:
        """The schema with what must be learned from the encoded training rows before training."""

    def epoch_order(
        self, rows: np.ndarray, truth: Callable[[np.ndarray], np.ndarray], generator: np.random.Generator, data: Any
    ) -> np.ndarray:
        """The training rows (N,) in the order in which one epoch takes them."""


class Inference(Protocol):
    """How a network or a baseline is asked."""

    def predict(self, network: Any, batch: Batch, target: Column) -> Predictions:
        """Predictions for a batch, by as many forward passes as the task needs."""

    def for_validation(self) -> Any:
        """The task with cheaper inference, for validation during training."""

    def from_baseline(self, values: Any) -> Predictions:
        """A baseline's output → predictions."""


class Calibration(Protocol):
    """Calibration on validation rows."""

    def fit_calibration(self, answers: Predictions, truth: np.ndarray) -> dict[str, float]:
        """What calibration learns from the validation rows: plain JSON."""

    def apply_calibration(self, answers: Predictions, state: dict[str, float]) -> Predictions:
        """Predictions → calibrated predictions."""

    def confidence(self, records: RowResults) -> tuple[np.ndarray, np.ndarray] | None:
        """(stated probability, whether it came true), from which calibration is measured; None where nothing is
        stated."""


class Explanation(Protocol):
    """What attributions move, and evidence."""

    def score_predictions(self, answers: Predictions, whole: Predictions) -> np.ndarray:
        """(N,) the scalar that an explanation of a prediction moves, such as a log-odds."""

    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        """The same on tensors, with a gradient: output (B, K, …), that of the whole row (1, K, …) → (B,)."""

    def trim_input(self, batch: Batch, target: Column) -> Batch:
        """One row without what its prediction cannot depend on."""

    def evidence(self, network: Any, batch: Batch, answers: Predictions, target: Column) -> Predictions:
        """What more queries to the network add to predictions that are shown; {} = nothing."""


class TaskReport(Protocol):
    """The task's part of the report."""

    caption: str  # which rows the report renders

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        """Panels of the report: curves, confusion matrix, errors."""

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        """Title and subtitle of an error in the report."""

    def rank_errors(self, records: RowResults) -> np.ndarray:
        """Row indices of errors, worst first."""

    def target_notes(self, truth: np.ndarray) -> list[str]:
        """What of the ground truth cannot be scored, counted, in words."""

    def metric_notes(self, records: RowResults, target: Column) -> list[str]:
        """What a reader of the scores must know: of which class they are, over how many rows."""

    def select_rows(self, records: RowResults) -> np.ndarray:
        """The test rows that the report renders."""

    def render(self, frame: pl.DataFrame, row: int, schema: Schema, answers: RowResults, place: int) -> str:
        """A row and its prediction as HTML for the report."""


class Exporter(Protocol):
    """Predictions in file formats of the field."""

    extensions: tuple[str, ...]  # endings beyond tables; "" = a folder

    def write(self, answers: Predictions, frame: pl.DataFrame, schema: Schema, path: Path) -> None:
        """Predictions in a file format of the field (COCO JSON, SRT, PNG masks, …)."""


class Generation(Protocol):
    """What a generative model makes."""

    default_temperature: float
    written_as: str  # ending of a file with what it generates
    return_full_text: bool  # does a generated text include its prompt (as in Hugging Face)?

    def sample_panels(self, network: nn.Module, schema: Schema) -> list[Panel]:
        """Panels with samples of a generative model."""

    def sample_grid(self, network: nn.Module, schema: Schema) -> bytes:
        """Samples during training as one PNG, where `has_samples`."""

    def generate(
        self,
        network: nn.Module,
        schema: Schema,
        prompt: str,
        *,
        tokens: int,
        temperature: float,
        top_p: float,
        seed: int,
    ) -> Iterator[str]:
        """A sampled text, piece by piece."""

    def reply(
        self,
        network: nn.Module,
        schema: Schema,
        turns: Sequence[str],
        *,
        tokens: int,
        temperature: float,
        top_p: float,
        seed: int,
    ) -> Iterator[str]:
        """The reply to the last of `turns`, piece by piece."""

    def save_generated(self, network: nn.Module, schema: Schema, prompt: str, written: str, path: Path) -> None:
        """What was generated, as a file."""


class Task(TaskSpec, Samples, Inference, Calibration, Explanation, TaskReport, Exporter, Generation, Protocol):
    """A task: loss, predictions, metrics and panels of a kind of target. Its options are the fields of its
    dataclass."""

    def matches(self, target: Column) -> float:
        """0 to 1: whether a target of this type means this task; 0 = only when it is named."""

    def for_column(self, target: Column) -> Any:
        """The task for a target of this modality, before its state is fitted."""

    def for_target(self, target: Column) -> Any:
        """The task for a fitted target: options resolved, sizes known."""

    def output_size(self, target: Column) -> Any:
        """The size of the head's output."""

    def to_targets(self, codes: np.ndarray, target: Column) -> np.ndarray:
        """The encoded target → what the loss compares with, in the target's own units."""

    def decode_targets(self, values: pl.Series, codes: Any, target: Column) -> np.ndarray:
        """Ground truth in the source's own values, one entry per row."""

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        """Output (B, K, …) with K ensemble members, and the batch with its target → the loss and its named terms."""

    def postprocess(self, output: Tensor, batch: Batch, target: Column) -> Predictions:
        """Output (B, K, …) → predictions, one entry per row in every array."""

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        """Per-row results, from which metrics, intervals, calibration and errors are computed."""

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        """Results → metrics by name. Bootstrap intervals call it 300 times."""

    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        """What `predict` writes: one row per input row, or several, numbered in the column `_row`."""
