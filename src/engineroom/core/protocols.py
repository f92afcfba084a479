"""Protocols of the registered components: modality, backbone, task, objective. One file in the folder of that name,
holding such an object, adds one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .batch import Batch, Features, Layout, Losses, Predictions, RowResults, Signal
from .config import Config, LimitsConfig
from .events import Learner
from .panels import Panel
from .schema import Column, Schema
from .table import Table

if TYPE_CHECKING:
    import polars as pl
    from torch import Generator, Tensor, nn


@dataclass(frozen=True)
class Ragged:
    """Rows of unequal length: `flat` (M, …) holds them one after the other, `lengths` (N,) says how long each is."""

    flat: np.ndarray
    lengths: np.ndarray

    def rows(self) -> list[np.ndarray]:
        """(T, …) each."""
        return np.split(np.asarray(self.flat), np.cumsum(self.lengths)[:-1]) if len(self.lengths) else []


State = Mapping[str, Any]


class Modality(Protocol):
    """A modality: a column type. Instances are stateless; what was learned from the training rows lives in the column's
    `state` (JSON)."""

    is_scalar: bool  # scalar columns of this kind travel as one block (B, C, …)
    layouts: tuple[Layout, ...]  # offered by the stem, preferred first; () = never an input
    # what the stem's signal is to a backbone: set (columns in no order), vector, words, steps, path, picture, clip,
    # graph, state, scene, static
    signal_type: str
    backbones: tuple[str, ...]  # backbones that make sense, the usual choice first

    def detect(self, values: pl.Series) -> float:
        """0 to 1: how likely a column with these values is of this type; 0 = only when a source, a task or the user
        says so."""

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        """The column state, learned from training rows only: plain JSON."""

    def fit_with_hints(self, values: pl.Series, *, limits: LimitsConfig, facts: State) -> dict[str, Any]:
        """`fit`, given what the source or the task knows of the column besides."""

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray | Ragged:
        """Values → an array (N, …) or ragged rows; the reason for an unreadable cell goes into `damaged[row]`."""

    def collate(self, arrays: Any, state: State) -> dict[str, Tensor]:
        """Encoded rows of a batch → tensors: `{"": (B, …)}`, with `"_mask"` (True = real) where rows are padded."""

    def augment(self, fields: dict[str, Tensor], state: State, generator: Generator) -> dict[str, Tensor]:
        """Data augmentation of a training batch: changes that keep the label, the same for the same generator."""

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        """The first module of a network: the encoded field → a `Signal` of this layout."""

    def initialise_stem(self, stems: Sequence[Any], rows: Callable[[], Any]) -> None:
        """Data-dependent initialisation of fresh stems, in place and without labels."""

    def mask_spec(self, columns: Sequence[Column]) -> dict[str, Any] | None:
        """What of these columns can be masked and predicted from the rest (masked pretraining); None = nothing."""

    def typical_length(self, state: State) -> int:
        """The usual length of a sequence of this column, for examples and cost estimates."""

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        """Whether a stored example has the shape that this state promises."""

    def to_html(self, value: Any, state: State) -> str:
        """A value as escaped HTML for the report."""

    def group_ids(self, values: pl.Series) -> pl.Series:
        """What `split.by=group` keeps together: the values, or coarser groups such as scaffolds."""

    def canonical(self, values: pl.Series) -> pl.Series | None:
        """A normal form of each value, to find duplicates; None = the value itself."""


class Backbone(Protocol):
    """A backbone: the main part of a network, Signal → Features."""

    takes: tuple[Layout, ...]  # preferred first

    def build(self, signal: Signal, config: Config, *, kind: str, size: str, members: int) -> nn.Module:
        """A module with `.width` that maps the signal to `Features` with `pooled` (B, K, D), K = `members`."""


class Task(Protocol):
    """A task: loss, predictions, metrics and panels of a kind of target. Its options are the fields of its
    dataclass."""

    output_type: str  # what a baseline is asked for: classes, number, labels, or a kind of the task's own
    head: str  # heads/NAME.py
    tie_weights: bool  # does the head share the vectors of the input column's stem?
    backbones: Mapping[str, tuple[str, ...]]  # kind of column → backbones
    baseline: str  # baselines/NAME.py; "" = by the columns
    primary_metric: str  # the score that decides a verdict
    higher_is_better: bool
    higher: tuple[str, ...]  # scores that grow with quality …
    lower: tuple[str, ...]  # … and those that shrink
    monitor: str  # the validation score, lower is better, that picks the best weights
    target_modality: str
    other_target_modalities: tuple[str, ...]  # further kinds of target

    def matches(self, target: Column) -> float:
        """0 to 1: whether a target of this type means this task; 0 = only when it is named."""

    def for_column(self, target: Column) -> Task:
        """The task for a target of this modality, before its state is fitted."""

    def for_target(self, target: Column) -> Task:
        """The task for a fitted target: options resolved, sizes known."""

    def output_size(self, target: Column) -> int:
        """The size of the head's output."""

    def to_targets(self, codes: np.ndarray, target: Column) -> np.ndarray:
        """The encoded target → what the loss compares with, in the target's own units."""

    def decode_targets(self, values: pl.Series, codes: Any, target: Column) -> np.ndarray:
        """Ground truth in the source's own values, one entry per row."""

    def target_notes(self, truth: np.ndarray) -> list[str]:
        """What of the ground truth cannot be scored, counted, in words."""

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        """Output (B, K, …) with K ensemble members, and the batch with its target → the loss and its named terms."""

    def postprocess(self, output: Tensor, batch: Batch, target: Column) -> Predictions:
        """Output (B, K, …) → predictions, one entry per row in every array."""

    def from_baseline(self, values: np.ndarray) -> Predictions:
        """A baseline's output → predictions."""

    def fit_calibration(self, answers: Predictions, truth: np.ndarray) -> dict[str, float]:
        """What calibration learns from the validation rows: plain JSON."""

    def apply_calibration(self, answers: Predictions, state: dict[str, float]) -> Predictions:
        """Predictions → calibrated predictions."""

    def score_predictions(self, answers: Predictions, whole: Predictions) -> np.ndarray:
        """(N,) the scalar that an explanation of a prediction moves, such as a log-odds."""

    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        """The same on tensors, with a gradient: (B,)."""

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        """Per-row results, from which metrics, intervals, calibration and errors are computed."""

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        """Results → metrics by name. Bootstrap intervals call it 300 times."""

    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        """What `predict` writes: one row per input row, or several, numbered in the column `_row`."""

    def build_samples(self, table: Table, target: str | None, *, asking: bool) -> Table:
        """Source table → samples: windows, histories, pairs. `asking` is True at inference."""

    def select_rows(self, records: RowResults) -> np.ndarray:
        """The test rows that the report renders."""

    def render(self, frame: pl.DataFrame, row: int, schema: Schema, answers: RowResults, place: int) -> str:
        """A row and its prediction as HTML for the report."""

    def write(self, answers: Predictions, frame: pl.DataFrame, schema: Schema, path: Path) -> None:
        """Predictions in a file format of the field (COCO JSON, SRT, PNG masks, …)."""

    def sample_panels(self, network: nn.Module, schema: Schema) -> list[Panel]:
        """Panels with samples of a generative model."""

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

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        """Panels of the report: curves, confusion matrix, errors."""

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        """Title and subtitle of an error in the report."""

    def rank_errors(self, records: RowResults) -> np.ndarray:
        """Row indices of errors, worst first."""

    def confidence(self, records: RowResults) -> tuple[np.ndarray, np.ndarray] | None:
        """(stated probability, whether it came true), from which calibration is measured; None where nothing is
        stated."""


class Objective(Protocol):
    """A training objective: which networks there are, and which optimizer moves which weights by which loss."""

    def build_networks(self, task: Task, schema: Schema, config: Config) -> nn.ModuleDict:
        """The networks by name; `"model"` is the one that predicts."""

    def make_learners(
        self, cast: nn.ModuleDict, task: Task, schedule: Any, precision: Any, *, lr: float, weight_decay: float
    ) -> tuple[Learner, ...]:
        """The learners: each an optimizer, the weights it moves and the loss it minimises."""


__all__ = ["Backbone", "Features", "Modality", "Objective", "Ragged", "State", "Task"]
