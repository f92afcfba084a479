"""LOSS of whatever goes on by itself, text or music: at every place the token that follows, by what came before; then
it can write."""

from __future__ import annotations

import html
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ...core.batch import Batch, Losses, Predictions, RowResults
from ...core.panels import Panel
from ...core.schema import Column
from ...metrics import language as metrics
from ...modalities.text.next_token import NOTHING
from ...modalities.text.text_corpus import UNKNOWN, UNKNOWN_NATS
from ...preprocessing.text.corpus_windows import TEXT
from .._base import BaseTask
from .._explained_score import stays

WORST = 6


@dataclass(frozen=True)
class Continuing(BaseTask):
    """Answers: see metrics.language.told. A target of tokens knows their `names` and `widths` in the unit that the
    headline counts by.

    Ground truth: the test's own text. The headline is per byte (frame, point) of the text as it is written, so it does
    not depend on how it is cut into tokens.
    """

    names: tuple[str, ...] = field(default=(), metadata={"bound": True})
    widths: tuple[int, ...] = field(default=(), metadata={"bound": True})
    unknown: bool = field(default=False, metadata={"bound": True})  # does token 0 stand for what was never met?

    target_modality: ClassVar[str]
    output_type = "continuation"
    higher_is_better = False
    higher = ("accuracy",)
    monitor = "log_loss"
    head = "lm_head"
    tie_weights = True
    backbones = {"words": ("gpt", "lstm")}
    training_defaults = "language_modeling"
    baseline = "kneser_ney"
    eval_batch_size = 4
    has_render = True

    def matches(self, target: Column) -> float:
        return 1.0 if target.modality == self.target_modality else 0.0

    def for_target(self, target: Column) -> Any:
        s = target.state
        return replace(self, names=tuple(s["names"]), widths=tuple(s["widths"]), unknown=bool(s["open"]))

    def output_size(self, target: Column) -> int:
        return len(target.state["widths"])

    def to_targets(self, codes: Any, target: Column) -> np.ndarray:
        """(N,) zeros: the text itself is the truth, and predictor and examiner both have it."""
        return np.zeros(len(codes), np.int64)

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        """output (B, K, T, V) logits; batch["target"] (B, T) what follows each place, or where no windows were drawn
        (B,) nothing."""
        y = batch["target"].long()
        if y.ndim == 1:
            y = follows(batch)
        each = F.cross_entropy(
            output.flatten(0, 2), y[:, None].expand(-1, output.shape[1], -1).flatten(), ignore_index=NOTHING
        )
        return Losses(each)

    def postprocess(self, output: Tensor, batch: Batch, target: Column) -> Predictions:
        """(B, K, T, V) logits → what each token of the text cost, given those before it."""
        y = follows(batch)
        logp = (
            output.softmax(-1).mean(1).clamp_min(1e-30).log() if output.shape[1] > 1 else output[:, 0].log_softmax(-1)
        )
        likeliest = logp.argmax(-1)
        nats = -logp.gather(2, y.clamp_min(0)[..., None])[..., 0]
        if self.unknown:
            nats = nats + UNKNOWN_NATS * (y == UNKNOWN)
        ends = (y != NOTHING).sum(1)
        last = likeliest[torch.arange(len(y)), ends]
        codes = batch[f"column:{TEXT}"].cpu().numpy()
        rows = list(enumerate(ends.tolist()))
        hits, texts = (likeliest == y).numpy(), [codes[i, : n + 1] for i, n in rows]
        return metrics.token_predictions(
            [nats[i, :n].double().numpy() for i, n in rows],
            [hits[i, :n] for i, n in rows],
            texts,
            self.widths,
            last.numpy(),
        )

    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        """(B,) log odds of the token that is likeliest to come next after the text."""
        return stays(output[:, :, -1], whole[:, :, -1])

    def trim_input(self, batch: Batch, target: Column) -> Batch:
        """The last window: what comes next is told from no more."""
        name = f"column:{TEXT}"
        end = int(batch[name + "_mask"].sum()) if name + "_mask" in batch.fields else batch[name].shape[1]
        cut = slice(max(0, end - target.state["context"]), end)
        return Batch(
            {key: value[:, cut] if key.startswith(name) else value for key, value in batch.fields.items()}, batch.rows
        )

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        return metrics.graded(answers, truth)

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        return metrics.scores(records)

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        longest = max((len(row) for row in records["each"]), default=1)
        edges = np.unique([int(2 ** (k / 2)) for k in range(40) if 2 ** (k / 2) <= longest] + [longest + 1])
        middles = [float((a + b - 1) / 2) for a, b in pairwise(edges)]
        series = [
            {"name": name, "x": middles, "y": metrics.by_place(list(r["each"]), edges)}
            for name, r in (("deep", records), ("classical", baseline))
        ]
        return [
            Panel(
                "lines",
                "How much it helps to know more of the text",
                {"x": "tokens seen before", "y": "nats a token", "series": series, "log_x": True},
                "Where a curve stops falling, what lies further back no longer helps. The window is "
                f"{target.state['context']} tokens.",
            )
        ]

    def rank_errors(self, records: RowResults) -> np.ndarray:
        """The stretches that surprised it most."""
        return np.argsort(-records["nats"] / np.maximum(1, records["bytes"]), kind="stable")[:WORST]


def follows(batch: Batch) -> Tensor:
    """(B, T) the token that follows each place of the text, NOTHING where the text ends."""
    codes, mask = batch[f"column:{TEXT}"].long(), batch.get(f"column:{TEXT}_mask")
    shifted = F.pad(codes[:, 1:], (0, 1), value=NOTHING)
    return shifted if mask is None else shifted.masked_fill(~F.pad(mask[:, 1:], (0, 1)), NOTHING)


def prose(text: str, *, escaped: bool = False) -> str:
    return (
        "<p "
        f'style="white-space:pre-wrap;font-family:ui-monospace,monospace;font-size:.85em;line-height:1.45">'
        f"{text if escaped else html.escape(text)}</p>"
    )
