"""LOSS: which thing belongs to which words? Two towers learn one space, so that a sentence finds a photo it was never
shown with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import polars as pl
import torch
from torch import Tensor

from ...core import registry
from ...core.batch import Batch, Losses, Predictions, RowResults
from ...core.errors import DataError, nearest
from ...core.files import blake
from ...core.panels import Panel
from ...core.schema import Column, Schema
from ...core.table import Table
from ...metrics import retrieval as metrics
from ...modalities.tabular.category import to_strings
from .._base import BaseTask
from ._embedding import small

TEMPERATURE = 0.07
FOUND = " (found)"  # the target's column keeps its values under this name, for the tower that reads them
SHOWN = 4


@dataclass(frozen=True)
class Matching(BaseTask):
    """`--target` names the column of things to be found (photos); the other column is asked with (captions).
    Contrastive loss (van den Oord et al. 2018) in both directions; rows of the same thing are all right answers."""

    embedding_dim: int = 128  # numbers of the common space

    output_type = "matches"
    primary_metric = "mrr"
    higher_is_better = True
    higher = ("mrr", "recall_at_1", "recall_at_5", "recall_at_10", "back_at_1")
    lower = ("loss",)
    monitor = "loss"
    target_modality = "instance_id"
    head: ClassVar[str] = "dual_encoder"
    training_defaults: ClassVar[str] = "pairs"
    baseline: ClassVar[str] = "cca"
    has_render: ClassVar[bool] = True
    internal_metrics: ClassVar[tuple[str, ...]] = ("loss",)
    allow_missing_columns: ClassVar[bool] = True  # a search has one side alone

    def output_size(self, target: Column) -> int:
        return self.embedding_dim

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        """The target's values go to their own column; the target itself becomes who it is, and things of the test are
        new ones."""
        if target is None:
            raise DataError("Which column holds the things to be found?", "", "Say it: --target image")
        if target not in table.frame.columns:
            if inference:
                return replace(table, frame=table.frame.with_columns(pl.lit(None, pl.String).alias(target + FOUND)))
            raise DataError(
                f"There is no column {target!r} to find.", "", nearest(target, table.frame.columns, label="Columns")
            )
        values = table.frame[target]
        frame = table.frame.with_columns(values.alias(target + FOUND), who(values).alias(target))
        hints: dict[str, Any] = {name: hint for name, hint in table.hints.items() if name != target}
        if hint := {k: v for k, v in table.hints.get(target, {}).items() if k != "role"}:
            hints[target + FOUND] = hint
        if not inference and not any(hint.get("role") == "split" for hint in hints.values()):
            frame = frame.with_columns(frame[target].alias("thing"))
            hints["thing"] = {"modality": "category", "role": "group", "why": "things are tested that nobody has seen"}
        return replace(table, frame=frame, hints=hints)

    def to_targets(self, codes: np.ndarray, target: Column) -> np.ndarray:
        return codes

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        """output (B, 1, 2, D) of length 1, batch["target"] (B,) identities; each side must pick its own among the
        batch."""
        one, other = output[:, 0, 0], output[:, 0, 1]
        logits = one @ other.T / TEMPERATURE
        right = (batch["target"][:, None] == batch["target"][None]).to(logits.dtype)
        share = right / right.sum(1, keepdim=True)
        parts = {
            "there": -(share * logits.log_softmax(1)).sum(1).mean(),
            "back": -(share.T * logits.log_softmax(0)).sum(0).mean(),
        }
        return Losses((parts["there"] + parts["back"]) / 2, parts)

    def postprocess(self, output: Tensor, batch: Batch, target: Column) -> Predictions:
        """(B, K, 2, D) → {"embedding": of what is asked with, "found": of what is to be found}, each (B, K·D)."""
        sides = output / output.shape[1] ** 0.5
        return {"embedding": sides[:, :, 0].flatten(1).numpy(), "found": sides[:, :, 1].flatten(1).numpy()}

    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        """(B,) similarity of the two sides of the row."""
        return torch.cosine_similarity(output[:, :, 0].flatten(1), output[:, :, 1].flatten(1)).double()

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        asked, found = answers["embedding"], answers["found"]
        place = metrics.ranks(asked, found, truth)
        back = metrics.back(asked, found, truth)
        return {
            "truth": truth,
            "embedding": asked,
            "found": found,
            "place": place,
            "back": back,
            "loss": np.log1p(place),
        }

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        found = metrics.scores(records["place"], records["back"])
        return found | {"loss": float(records["loss"].mean()) if len(records["truth"]) else float("nan")}

    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        return pl.DataFrame(
            {f"{side}_{i}": column for side, values in answers.items() for i, column in enumerate(values.T)}
        )

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        things = len(np.unique(records["truth"]))
        k = np.unique(np.geomspace(1, things, 40).astype(int))
        curves: list[dict[str, Any]] = [
            {"name": name, "x": k.tolist(), "y": [float((r["place"] < one).mean()) for one in k]}
            for name, r in (("deep", records), ("classical", baseline))
        ]
        curves.append({"name": "by chance", "x": k.tolist(), "y": (k / things).tolist(), "dashed": True})
        facts = [
            ["questions", f"{len(records['truth']):,}", "test rows"],
            ["things to find", f"{things:,}", "each seen by nobody in training"],
        ]
        words = "How often the right thing is among the k best."
        data = {"x": "looked at (k)", "y": "found", "series": curves, "log_x": True}
        return [Panel("facts", "What was searched", {"items": facts}), Panel("lines", "Recall", data, words)]

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        place = int(records["place"][row])
        return (
            "found at once" if place == 0 else f"found at place {place + 1}",
            f"of {len(np.unique(records['truth']))}",
        )

    def rank_errors(self, records: RowResults) -> np.ndarray:
        wrong = np.flatnonzero(records["place"] > 0)
        return wrong[np.argsort(-records["place"][wrong], kind="stable")]

    def render(self, frame: pl.DataFrame, row: int, schema: Schema, answers: RowResults, place: int) -> str:
        """The question, and what it finds; the right thing is framed green."""
        asks, finds = (
            [c for c in schema.inputs if not c.name.endswith(FOUND)],
            next(c for c in schema.inputs if c.name.endswith(FOUND)),
        )
        question = "".join(registry.get("modalities", c.modality).to_html(frame[c.name][row], c.state) for c in asks)
        _, first = np.unique(answers["truth"], return_index=True)
        best = first[np.argsort(-(answers["found"][first] @ answers["embedding"][place]), kind="stable")[:SHOWN]]
        out = []
        for k in best:
            tone = "#2a9d5c" if answers["truth"][k] == answers["truth"][place] else "#d1495b"
            words = f"{float(answers['found'][k] @ answers['embedding'][place]):.2f}"
            out.append(small(frame, int(answers["frame_row"][k]), finds, tone, words))
        return f'{question}<div style="display:flex;gap:4px;align-items:flex-end;flex-wrap:wrap">{"".join(out)}</div>'


def who(values: pl.Series) -> pl.Series:
    """A name for every thing: its own text, or what its bytes hash to."""
    if isinstance(values.dtype, pl.Array):
        return pl.Series([blake(thing.tobytes()) for thing in values.to_numpy()])
    if values.dtype == pl.Binary:
        return pl.Series([None if thing is None else blake(thing) for thing in values])
    if values.dtype.is_nested():
        return pl.Series([None if thing is None else blake(repr(thing).encode()) for thing in values.to_list()])
    return to_strings(values)


TASK = Matching()
