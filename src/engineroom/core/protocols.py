"""WORDS: the shapes that newcomers fill in. One file in the folder of that name, holding an object like this, is all it takes."""

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
    """One kind of column. Instances are stateless; what was learnt lives in the column's `state` (JSON)."""

    is_scalar: bool  # scalar columns of this kind travel as one block (B, C, …)
    layouts: tuple[Layout, ...]  # offered by the stem, preferred first; () = never an input
    signal_type: str  # what the stem's signal is to a backbone: set (columns in no order), words, steps, picture, graph
    backbones: tuple[str, ...]  # backbones that make sense, the usual choice first

    def detect(self, values: pl.Series) -> float: ...
    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]: ...
    def fit_with_hints(self, values: pl.Series, *, limits: LimitsConfig, facts: State) -> dict[str, Any]: ...
    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray | Ragged: ...
    def collate(self, arrays: Any, state: State) -> dict[str, Tensor]: ...
    def augment(self, fields: dict[str, Tensor], state: State, generator: Generator) -> dict[str, Tensor]: ...
    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module: ...
    def initialise_stem(self, stems: Sequence[Any], rows: Callable[[], Any]) -> None: ...  # begin better than at random, without answers
    def mask_spec(self, columns: Sequence[Column]) -> dict[str, Any] | None: ...  # what of them can be hidden and told from the rest
    def typical_length(self, state: State) -> int: ...
    def validate_example(self, state: State, tensor: Tensor) -> bool: ...
    def to_html(self, value: Any, state: State) -> str: ...
    def group_ids(self, values: pl.Series) -> pl.Series: ...  # what split.by=group keeps together
    def canonical(self, values: pl.Series) -> pl.Series | None: ...  # one text a value, where a thing can be written in several ways


class Backbone(Protocol):
    """A backbone: Signal → Features."""

    takes: tuple[Layout, ...]  # preferred first

    def build(self, signal: Signal, config: Config, *, kind: str, size: str, members: int) -> nn.Module: ...


class Task(Protocol):
    """A kind of question: what an answer means, how it is graded, scored and shown. Its options are the fields of its dataclass."""

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

    def matches(self, target: Column) -> float: ...
    def for_column(self, target: Column) -> Task: ...
    def for_target(self, target: Column) -> Task: ...
    def output_size(self, target: Column) -> int: ...
    def to_targets(self, codes: np.ndarray, target: Column) -> np.ndarray: ...  # the target as the network learns it
    def decode_targets(self, values: pl.Series, codes: Any, target: Column) -> np.ndarray: ...  # ground truth: the source's own values
    def target_notes(self, truth: np.ndarray) -> list[str]: ...
    def loss(self, output: Tensor, batch: Batch) -> Losses: ...
    def postprocess(self, output: Tensor, batch: Batch, target: Column) -> Predictions: ...
    def from_baseline(self, values: np.ndarray) -> Predictions: ...
    def fit_calibration(self, answers: Predictions, truth: np.ndarray) -> dict[str, float]: ...
    def apply_calibration(self, answers: Predictions, state: dict[str, float]) -> Predictions: ...
    def score_predictions(self, answers: Predictions, whole: Predictions) -> np.ndarray: ...  # (N,) what an explanation moves
    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor: ...  # the same on tensors
    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults: ...
    def compute_metrics(self, records: RowResults) -> dict[str, float]: ...
    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame: ...  # "_row" where an answer takes several rows
    def build_samples(self, table: Table, target: str | None, *, asking: bool) -> Table: ...
    def select_rows(self, records: RowResults) -> np.ndarray: ...  # those that a report draws
    def render(self, frame: pl.DataFrame, row: int, schema: Schema, answers: RowResults, place: int) -> str: ...
    def write(self, answers: Predictions, frame: pl.DataFrame, schema: Schema, path: Path) -> None: ...
    def sample_panels(self, network: nn.Module, schema: Schema) -> list[Panel]: ...
    def generate(
        self, network: nn.Module, schema: Schema, prompt: str, *, tokens: int, temperature: float, top_p: float, seed: int
    ) -> Iterator[str]: ...
    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]: ...
    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]: ...
    def rank_errors(self, records: RowResults) -> np.ndarray: ...
    def confidence(self, records: RowResults) -> tuple[np.ndarray, np.ndarray] | None: ...  # what calibration is read from


class Objective(Protocol):
    """A training objective: which networks there are, and which optimiser moves which weights by which loss."""

    def build_networks(self, task: Task, schema: Schema, config: Config) -> nn.ModuleDict: ...
    def make_learners(
        self, cast: nn.ModuleDict, task: Task, schedule: Any, precision: Any, *, lr: float, weight_decay: float
    ) -> tuple[Learner, ...]: ...


__all__ = ["Backbone", "Features", "Modality", "Objective", "Ragged", "State", "Task"]
