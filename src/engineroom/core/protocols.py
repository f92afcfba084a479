"""Protocols of the registered components: modality, backbone, head, task (core/task_protocol.py), baseline, objective.
One file in the folder of that name, holding such an object, adds one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .batch import Batch, Features, Layout, Signal
from .config import Config, LimitsConfig
from .events import Learner
from .panels import Panel
from .schema import Column, Schema
from .task_protocol import Task

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
    ensemble: tuple[str, ...]  # backbones of an ensemble on small data; () = all of the usual one
    group_name: str  # what the rows of one group share, in words; "" = nothing
    paired_with: str  # kind of input with which a target of this type moves when it is augmented
    is_categorical: bool  # is a value one of `state["values"]`?
    is_noise: bool  # noise input of a generator, not a condition
    may_be_constant: bool  # is a column worth keeping where all rows hold the same value?
    needs_value: bool  # has a row of such columns alone no answer where the value is missing?

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

    def notices(self, values: pl.Series, state: State) -> list[str]:
        """What reading these cells leaves out or changes, counted, in words."""

    def augment_view(
        self, fields: dict[str, Tensor], states: Sequence[State], generator: Generator
    ) -> dict[str, Tensor]:
        """A stronger augmentation: a second view of the same rows for contrastive pretraining."""

    def augment_pair(
        self, own: dict[str, Tensor], said: dict[str, Tensor], state: State, target_state: State, generator: Generator
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Input and target changed together (joint transform), where `paired_with` names the input."""

    def link_to_input(self, state: dict[str, Any], other: State) -> dict[str, Any]:
        """A target's state once the input that it follows is fitted."""

    def validate_pair(self, values: pl.Series, others: pl.Series, state: State, damaged: dict[int, str]) -> None:
        """Name in `damaged` the rows of a target that do not fit the input that it follows."""

    def labels(self, values: pl.Series, state: State) -> list[str | None] | None:
        """Every class label in the cells of a target; None where the type has no classes."""

    def rename_labels(self, values: pl.Series, state: State, names: Mapping[str, str]) -> pl.Series | None:
        """The cells with class labels renamed; None where that is not possible."""

    def reference(self, x: Tensor, states: Sequence[State]) -> Tensor:
        """A field (B, …) without information, for perturbation-based explanations (Captum calls it a baseline)."""

    def token_names(self, row: Tensor, state: State) -> list[str]:
        """Names of the tokens of one encoded row, where a person reads tokens; else none."""


class Scalar(Protocol):
    """What modalities of scalar columns have besides."""

    def decode(self, values: pl.Series, state: State) -> Any:
        """The column's values as numbers in their own units, without standardisation."""

    def opposite(self, codes: Tensor, state: State) -> Tensor:
        """Encoded values with their sign turned, in the value's own units."""


class Backbone(Protocol):
    """A backbone: the main part of a network, Signal → Features."""

    takes: tuple[Layout, ...]  # preferred first

    def build(self, signal: Signal, config: Config, *, kind: str, size: str, members: int) -> nn.Module:
        """A module with `.width` that maps the signal to `Features` with `pooled` (B, K, D), K = `members`."""


class Head(Protocol):
    """A head: `Features` → the output of a task. The class is registered; an instance is a `torch.nn.Module`."""

    maps: tuple[str, ...]  # layouts of a feature map that it reads; () = the pooled vector is enough
    uses_context: bool  # are other columns' features added to every position of the map?

    def __call__(self, example: Features, outputs: Any) -> nn.Module:
        """The head for features of this shape: `forward(features)` → (B, K, …)."""


class TiedHead(Protocol):
    """A head whose output weights are those of the input's embedding (weight tying, Press & Wolf 2017)."""

    def tie(self, stem: nn.Module) -> None:
        """Share the stem's embedding."""


class DecoderHead(Protocol):
    """A head that decodes step by step (autoregressive decoding with a cache)."""

    def begin(self, features: Features) -> Any:
        """The cache before the first step."""

    def step(self, tokens: Tensor, cache: Any) -> Any:
        """One token further: (log-probabilities of the next one, the cache)."""

    def reorder(self, cache: Any, rows: Tensor) -> Any:
        """The cache of the hypotheses `rows`, as beam search keeps them."""

    def keep(self, cache: Any, rows: Tensor) -> Any:
        """The cache of those that are not finished."""

    def looks(self, features: Features) -> Tensor:
        """Attention weights over the input, one row per output token."""


class Baseline(Protocol):
    """A classical model that is trained on the same rows, as the opponent of the network."""

    output_types: tuple[str, ...]  # what it can be asked for (Task.output_type)
    max_rows: int  # rows that it learns from; more are thinned evenly

    def fits(self, schema: Schema) -> float:
        """0 to 1: how well it suits columns of these types; 0 = only where a task names it."""

    def fit(
        self, frame: pl.DataFrame, y: Any, *, schema: Schema, kind: str, classes: int, val: tuple, seed: int
    ) -> Any:
        """The fitted baseline: `predict(frame)`, `dump()` to bytes without pickle, `words` that describe it."""

    def predict(self, frame: pl.DataFrame, fitted: Any) -> Any:
        """Predictions of the fitted baseline: (N, C) probabilities, (N,) values, or the form of the task."""


class Objective(Protocol):
    """A training objective: which networks there are, and which optimizer moves which weights by which loss."""

    def build_networks(self, task: Task, schema: Schema, config: Config) -> nn.ModuleDict:
        """The networks by name; `"model"` is the one that predicts."""

    def make_learners(
        self, cast: nn.ModuleDict, task: Task, schedule: Any, precision: Any, *, lr: float, weight_decay: float
    ) -> tuple[Learner, ...]:
        """The learners: each an optimizer, the weights it moves and the loss it minimises."""

    def initialise(self, cast: nn.ModuleDict) -> None:
        """Initial weights that depend on more than the networks' own initialisation (an EMA copy, a discriminator)."""

    def make_batches(self, cast: nn.ModuleDict, task: Task, batches: Any) -> Any:
        """Where batches come from: rows, two views of rows, or an environment."""

    def references(self, cast: nn.ModuleDict) -> dict[str, nn.Module]:
        """Networks that the report compares with, by what they are."""

    def panels(self, cast: nn.ModuleDict, task: Task, batch: Batch) -> list[Panel]:
        """Panels of the objective's own: discriminator scores, episodes."""


__all__ = [
    "Backbone", "Baseline", "DecoderHead", "Features", "Head", "Modality", "Objective", "Ragged", "Scalar", "State",
    "Task", "TiedHead",
]  # fmt: skip
