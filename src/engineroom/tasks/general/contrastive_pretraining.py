"""LOSS without answers: which of many rows is this one, seen otherwise? What a network learns so, `train --from` goes
on with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from torch import Tensor

from ...core.batch import Batch, Losses, Predictions, RowResults
from ...core.panels import Panel
from ...core.schema import Column
from ...core.table import Table
from ...data.two_views import LOOKS, view
from ...metrics import contrastive as metrics
from ...preprocessing.self_supervised import without_answers
from ._embedding import Embedded, drawn_together, flat

PLACES = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)


@dataclass(frozen=True)
class Pretraining(Embedded):
    """Answers: {"embedding": (N, D), "first", "second": (N, D) of two looks at each row}. Headline: share of rows found
    again at once.

    There is no ground truth beside the row itself: two looks at a row are to find each other.
    """

    embedding_dim: int = 64  # numbers an embedding has
    temperature: float = 0.2  # the lower, the more the likest strangers count

    output_type = "views"
    objective = "contrastive"
    primary_metric = "found_at_1"
    higher_is_better = True
    higher = ("found_at_1", "found_at_10", "mrr")
    lower = ("loss",)
    monitor = "loss"
    internal_metrics: ClassVar[tuple[str, ...]] = ("loss",)
    target_modality = "row_index"
    head: ClassVar[str] = "projection"
    training_defaults: ClassVar[str] = "contrastive_pretraining"
    baseline: ClassVar[str] = "pca"
    max_eval_rows = 1_000
    neighbours: ClassVar[int] = 6
    allow_missing_columns: ClassVar[bool] = True

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        """All columns are read; answers that the source knows of are left out, for the supervised model that comes
        later."""
        return table if inference else without_answers(table, target, "to tell rows apart")

    def to_targets(self, codes: np.ndarray, target: Column) -> np.ndarray:
        return codes

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        """output (2B, K, D) of length 1, batch["target"] (2B,) which row each is a look at: its only mate is the other
        look (NT-Xent, Chen et al. 2020)."""
        return drawn_together(output, batch["target"], batch, temperature=self.temperature)

    def predict(self, network: Any, batch: Batch, target: Column) -> Predictions:
        """Three questions: the rows as they are, and two looks at them."""
        fields = network.plan.fields
        looks = [view(batch, fields, 0, "look", int(batch.rows[0]), k) for k in range(LOOKS)]
        return {
            name: flat(network(one))
            for name, one in zip(("embedding", "first", "second"), (batch, *looks), strict=True)
        }

    def postprocess(self, output: Tensor, batch: Batch, target: Column) -> Predictions:
        return {"embedding": flat(output)}

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        return {
            "truth": truth,
            "embedding": answers["embedding"],
            **metrics.graded(answers["first"], answers["second"]),
        }

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        return metrics.scores(records["place"], records["loss"])

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        most = min(metrics.MOST, len(records["place"]))
        shown = [place for place in PLACES if place <= most]
        series = [
            {"name": name, "x": shown, "y": [float((r["place"] <= k).mean()) for k in shown]}
            for name, r in (("deep", records), ("classical", baseline))
        ]
        words = (
            f"A row seen otherwise is looked for among {most:,}: how often it is among the so many likest. Chance "
            f"finds it first once in {most:,}."
        )
        return [
            Panel(
                "lines",
                "Retrieval accuracy",
                {"x": "among the likest", "y": "share of rows", "series": series, "log_x": True},
                words,
            )
        ]

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        return f"at place {records['place'][row]}", "its own second look is so many places from its first"

    def rank_errors(self, records: RowResults) -> np.ndarray:
        """Rows that are not known again, worst first."""
        wrong = np.flatnonzero(records["place"] > 1)
        return wrong[np.argsort(-records["place"][wrong], kind="stable")]


TASK = Pretraining()
