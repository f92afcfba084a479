"""LOSS: a task with what the user said about it. The options of a task are the fields of its dataclass; most tasks have
none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, get_type_hints

import numpy as np
import polars as pl
from torch import Tensor

from ..core import registry
from ..core.batch import Batch, Losses, Predictions, RowResults
from ..core.errors import UserError, nearest
from ..core.files import write_atomic
from ..core.panels import Finding, Panel
from ..core.sampling import evenly
from ..core.schema import Column, Schema
from ..core.table import Table

DRAWN = 8  # answers that a report draws


class BaseTask:
    """What most tasks share: a row is a question, its answer a few numbers, and nothing depends on the target."""

    objective: str = "supervised"  # the way of studying: objectives/NAME.py
    head: ClassVar[str] = "linear"  # what reads the features: heads/NAME.py
    # kinds of target beyond `target_modality` that its `build_samples` may give: `for_column` tells them apart
    other_target_modalities: ClassVar[tuple[str, ...]] = ()
    tie_weights: ClassVar[bool] = False  # does the head choose among the very things that the input column embeds?
    # kind of column → backbones for it, where the usual ones cannot serve the head
    backbones: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    training_defaults: ClassVar[str] = ""  # a row of training_plan.RECIPES; "" = by the kind of the columns
    baseline: ClassVar[str] = ""  # baselines/NAME.py; "" = the one that fits the columns
    dummy: ClassVar[str] = "dummy"  # baselines/NAME.py; that one has a strategy for every type of output
    default_image_size: ClassVar[int] = 96  # longest side of a picture that the network sees, in pixels
    internal_metrics: ClassVar[tuple[str, ...]] = ()  # scores that only choose the weights: no report shows them
    # may rows that are asked lack some of the columns? They count as empty
    allow_missing_columns: ClassVar[bool] = False
    # arrays of the predictions that deep model and baseline are averaged in, where validation recommends a blend;
    # () = one of the two answers, None = always the network
    averaged: ClassVar[tuple[str, ...] | None] = None
    eval_batch_size: ClassVar[int] = 256  # rows answered at a time
    # networks on a small table, each judged on the part it never saw: where stated chances decide, few validation rows
    # do not do
    cv_folds: ClassVar[int] = 0
    # does validation during training look at the target as it is learnt (pictures at the network's size)?
    validates_encoded: ClassVar[bool] = False
    # validation rows looked at while training goes on; the final judgement takes all
    max_eval_rows: ClassVar[int] = 10_000
    # is there one number an answer (`score_predictions`) that columns can be seen to move?
    has_score: ClassVar[bool] = False
    has_render: ClassVar[bool] = False  # are answers better looked at than read?
    has_samples: ClassVar[bool] = False  # is there something to look at while it learns?
    caption: ClassVar[str] = "Test rows evenly taken, good and bad alike."  # which of them a report draws
    default_temperature: ClassVar[float] = 0.8  # the temperature at which it writes where nobody says another
    written_as: ClassVar[str] = ".txt"  # the ending of a file of what it writes, where nobody names one
    return_full_text: ClassVar[bool] = True  # is what it writes the end of what it was given?
    extensions: ClassVar[tuple[str, ...]] = ()  # of files that `write` writes beyond a table; "" = a folder

    def matches(self, target: Column) -> float:
        """Never by itself: the same column is an ordinary question until somebody names this task."""
        return 0.0

    def for_column(self, target: Column) -> Any:
        """The task as it stands for a target of that kind, before anything is learnt of it: one name may ask several
        kinds of question."""
        return self

    def for_target(self, target: Column) -> Any:
        """The task as it stands for a fitted target."""
        return self

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        """Rows of the source → rows of the question (windows of a series, users with their history); `inference`: to
        predict, not to learn."""
        return table

    def build_labelled_samples(self, table: Table, target: str | None) -> Table:
        """Rows of the source that are graded, not learnt from → rows of the question."""
        return self.build_samples(table, target, inference=False)

    def epoch_order(
        self,
        rows: np.ndarray,
        truth: Callable[[np.ndarray], np.ndarray],
        generator: np.random.Generator,
        data: Any = None,
    ) -> np.ndarray:
        """The training rows (N,) in the order in which one epoch takes them, a batch after the other; `to_targets`
        tells what rows hold, `data` (a data.dataset.Dataset) all that is encoded of them."""
        return generator.permutation(rows)

    def fit_state(self, schema: Schema, data: Any, seed: int) -> Schema:
        """What must be known of the encoded training rows before anything is taught, kept in a column's state; most
        tasks need nothing."""
        return schema

    def check_target(self, values: pl.Series, target: Column) -> list[Finding]:
        """What a careful colleague would say of the target's training rows, beyond the checks all tasks share."""
        return []

    def decode_targets(self, values: pl.Series, codes: Any, target: Column) -> np.ndarray:
        """Ground truth, one entry a row, in the source's own values: `values` (N,) are the target's cells, `codes` the
        same as the network learns them.

        What is graded is never a clipped, resized or tokenised target. The default is for kinds whose codes hold the
        value exactly.
        """
        return self.to_targets(codes, target)  # type: ignore[attr-defined]

    def target_notes(self, truth: np.ndarray) -> list[str]:
        """What of the ground truth cannot be graded, counted, in words."""
        return []

    def metric_notes(self, records: RowResults, target: Column) -> list[str]:
        """What a reader of the scores must know of them: of which class they are, over how many rows."""
        return []

    def predict(self, network: Any, batch: Batch, target: Column) -> Predictions:
        """The answers to a batch, by one question to the network, or by as many as the task needs; `network.model` is
        the module itself."""
        return self.postprocess(network(batch), batch, target)

    def for_validation(self) -> Any:
        """The task as it answers while training goes on, where its full answer takes long."""
        return self

    def from_baseline(self, values: Any) -> Predictions:
        """A baseline's word as answers."""
        return values

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        """The loss of the supervised objective; the adversarial, diffusion and acting objectives bring their own."""
        raise NotImplementedError

    def postprocess(self, output: Tensor, batch: Batch, target: Column) -> Predictions:
        """What the network says of a batch (B, K, …) as answers."""
        raise NotImplementedError

    def fit_calibration(self, answers: Predictions, truth: np.ndarray) -> dict[str, float]:
        return {}

    def apply_calibration(self, answers: Predictions, state: dict[str, float]) -> Predictions:
        return answers

    def score_predictions(self, answers: Predictions, whole: Predictions) -> np.ndarray:
        raise UserError(
            "Answers of this kind have no single number that reasons could move.", "", "Leave --top-features out."
        )

    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        """`score_predictions` on tensors, so that it has a gradient: output (B, K, …) and that of the row as it is (1,
        K, …) → (B,)."""
        raise UserError(
            "Answers of this kind have no single number that an explanation could move.",
            "",
            "Look at the report's drawn answers instead.",
        )

    def trim_input(self, batch: Batch, target: Column) -> Batch:
        """One row as an explanation looks at it: without what its answer cannot depend on, which would only make every
        query slower."""
        return batch

    def confidence(self, records: RowResults) -> tuple[np.ndarray, np.ndarray] | None:
        """(stated probability (M,), whether it came true (M,)) where answers state one: what calibration is read from;
        else None."""
        return None

    def select_rows(self, records: RowResults) -> np.ndarray:
        """Which answered rows a report draws, where answers are better looked at than read: evenly taken, good and bad
        alike."""
        rows = len(records["truth"])
        return evenly(rows, DRAWN)

    def render(self, frame: pl.DataFrame, row: int, schema: Schema, answers: RowResults, place: int) -> str:
        """The question and its answer as one picture (HTML); "" = the row as its columns show it. `answers`: records,
        or plain answers."""
        return ""

    def evidence(self, network: Any, batch: Batch, answers: Predictions, target: Column) -> Predictions:
        """What only more questions to the network can add to its answers: what they come from. Asked where answers are
        shown, not where they are graded. {} = nothing; else one entry a row, as in `answers`."""
        return {}

    def sample_panels(self, network: Any, schema: Schema) -> list[Panel]:
        """What the trained network makes by itself (texts, pictures, music), for the report."""
        return []

    def sample_grid(self, network: Any, schema: Schema) -> bytes:
        """What the network makes by now, as one PNG; asked for where `has_samples`."""
        raise NotImplementedError

    def generate(
        self, network: Any, schema: Schema, prompt: str, *, tokens: int, temperature: float, top_p: float, seed: int
    ) -> Iterator[str]:
        """Go on from `prompt`, piece by piece."""
        raise UserError(
            "This model answers questions; it does not make anything.",
            "What does: recipes language_modeling, translation, summarization, chat, music, drawing, text_to_speech, "
            "vocoder, image_generation, image_diffusion, video_diffusion, tabular_diffusion, tabular_gan.",
            "Ask it: engineroom predict RUN DATA; or train one that does: engineroom train book.txt --recipe "
            "language_modeling",
        )

    def reply(
        self,
        network: Any,
        schema: Schema,
        turns: Sequence[str],
        *,
        tokens: int,
        temperature: float,
        top_p: float,
        seed: int,
    ) -> Iterator[str]:
        """What is said in return for the last of `turns`, piece by piece."""
        raise UserError(
            "This model does not talk.", "", "Train one that does: engineroom train dialogues.jsonl --recipe chat"
        )

    def save_generated(self, network: Any, schema: Schema, prompt: str, written: str, path: Path) -> None:
        """What was written after `prompt` (or in return for it) as a file; what a text cannot hold, the network makes
        again."""
        write_atomic(path, (prompt if self.return_full_text else "") + written)

    def write(self, answers: Predictions, frame: pl.DataFrame, schema: Schema, path: Path) -> None:
        """Write the answers for the rows of `frame` in the field's usual format; called for `extensions` alone."""
        raise NotImplementedError


def make_task(name: str, options: Mapping[str, Any]) -> Any:
    """The registered task with its options set. Raises UserError for an option it does not have, or of another type."""
    task = registry.get("tasks", name)
    hints = get_type_hints(type(task))
    known = (
        {one.name: hints[one.name] for one in fields(task) if not one.metadata.get("bound")}
        if is_dataclass(task)
        else {}
    )
    given: dict[str, Any] = {}
    for key, value in options.items():
        if key not in known:
            raise UserError(f"The task {name} has no option {key!r}.", "", nearest(key, known, label="Its options"))
        kind = known[key]
        try:
            given[key] = kind(value) if kind is not str else str(value)
        except (TypeError, ValueError):
            raise UserError(
                f"Option {key!r} of the task {name} cannot be {value!r}.", f"It is a {kind.__name__}."
            ) from None
    return replace(task, **given) if given else task  # type: ignore[type-var]
