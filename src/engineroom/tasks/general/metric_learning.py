"""LOSS: who is like whom? Rows of one identity come near each other, so that identities never seen in training can be
told apart and found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import polars as pl
from torch import Tensor

from ...core.batch import Batch, Losses, Predictions, RowResults
from ...core.panels import Finding, Panel
from ...core.schema import Column
from ...core.table import Table
from ...metrics import metric_learning as metrics
from ...modalities.tabular.category import to_strings
from .._ensemble import FOLD
from ._embedding import Embedded, drawn_together, flat

TEMPERATURE = 0.1
MATES = 4  # rows of one identity that enter a batch together
GROUP = "identity group"


@dataclass(frozen=True)
class Embedding(Embedded):
    """Supervised contrastive learning (Khosla et al. 2020): within a batch every row is drawn to its mates, away from
    all others."""

    embedding_dim: int = 128  # numbers an embedding has
    # share of pairs of strangers that may be taken for one identity: sets the threshold
    false_accept_rate: float = 0.01
    # test by identities that nobody has seen in training (unless the data say which rows are for testing)
    held_out_identities: bool = True

    output_type = "identity"
    primary_metric = "eer"
    higher_is_better = False
    higher = ("roc_auc", "recall_at_1", "recall_at_5", "accepted_at_1_percent")
    lower = ("eer", "auc_gap")
    monitor = "auc_gap"  # smoother than the equal error rate of a few validation identities
    internal_metrics: ClassVar[tuple[str, ...]] = ("auc_gap",)
    target_modality = "instance_id"
    head: ClassVar[str] = "embedding"
    training_defaults: ClassVar[str] = "pairs"
    baseline: ClassVar[str] = "pca_neighbours"

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        """To learn, whole identities are set aside: those of the test were never seen."""
        names = [target] if target else [name for name, hint in table.hints.items() if hint.get("role") == "target"]
        given = any(hint.get("role") == "split" for hint in table.hints.values())
        if inference or given or not self.held_out_identities or len(names) != 1 or names[0] not in table.frame.columns:
            return table
        frame = table.frame.with_columns(to_strings(table.frame[names[0]]).alias(GROUP))
        hints = {
            **table.hints,
            GROUP: {"modality": "category", "role": "group", "why": "identities are tested that nobody has seen"},
        }
        return replace(table, frame=frame, hints=hints)

    def check_target(self, values: pl.Series, target: Column) -> list[Finding]:
        counts = to_strings(values).drop_nulls().value_counts()
        alone = int((counts["count"] < 2).sum())
        if alone == counts.height:
            fix = "Bring several rows of the same, or choose another --target."
            return [
                Finding(
                    "error",
                    f"No value of {target.name!r} occurs twice.",
                    "Likeness is learnt from rows that show the same.",
                    fix,
                )
            ]
        if alone:
            what = f"{alone} of {counts.height} identities have one training row only."
            return [Finding("note", what, "They teach what is different, not what is alike.")]
        return []

    def to_targets(self, codes: np.ndarray, target: Column) -> np.ndarray:
        return codes

    def epoch_order(
        self,
        rows: np.ndarray,
        truth: Callable[[np.ndarray], np.ndarray],
        generator: np.random.Generator,
        data: Any = None,
    ) -> np.ndarray:
        """MATES rows of one identity after the other, so that a batch holds mates however many identities there are
        (Schroff et al. 2015)."""
        shuffled = generator.permutation(rows)
        who = truth(shuffled)
        by_identity = np.argsort(who, kind="stable")
        # 0, 1, 2, … within each identity
        ranks = np.arange(len(rows)) - np.searchsorted(who[by_identity], who[by_identity])
        group = np.unique(np.stack([who[by_identity], ranks // MATES]), axis=1, return_inverse=True)[1].ravel()
        return shuffled[by_identity][np.argsort(generator.permutation(group.max(initial=-1) + 1)[group], kind="stable")]

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        """output (B, K, D) of length 1, batch["target"] (B,) identities."""
        return drawn_together(output, batch["target"], batch, temperature=TEMPERATURE)

    def postprocess(self, output: Tensor, batch: Batch, target: Column) -> Predictions:
        """(B, K, D) → {"embedding": (B, K·D)}."""
        if batch.get(FOLD) is not None:
            raise NotImplementedError("embeddings of networks with folds of their own cannot be compared")
        return {"embedding": flat(output)}

    def fit_calibration(self, answers: Predictions, truth: np.ndarray) -> dict[str, float]:
        """The similarity from which two rows count as one identity: `strangers` of the validation pairs of strangers
        reach it."""
        known = truth >= 0
        if known.sum() < 4:
            return {"threshold": 0.5}
        similarity, same = metrics.pairs(answers["embedding"][known], truth[known], np.flatnonzero(known))
        return {"threshold": round(metrics.threshold_for(similarity, same, self.false_accept_rate), 5)}

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        e = answers["embedding"]
        place, nearest, behind = metrics.around(e, truth)
        return {
            "truth": truth,
            "row": np.arange(len(truth)),
            "embedding": e,
            "nearest": nearest,
            "place": place,
            "loss": behind,
        }

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        return metrics.scores(records["embedding"], records["truth"], records["row"], records["place"])

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        curves: list[dict[str, Any]] = []
        for name, r in (("deep", records), ("classical", baseline)):
            similarity, same = metrics.pairs(r["embedding"], r["truth"], r["row"])
            _, strangers, friends = metrics.rates(similarity, same)
            picked = np.unique(np.geomspace(1, len(friends), 200).astype(int) - 1)
            curves.append(
                {"name": name, "x": np.maximum(strangers[picked], 1e-4).tolist(), "y": friends[picked].tolist()}
            )
        similarity, same = metrics.pairs(records["embedding"], records["truth"], records["row"])
        edges = np.linspace(similarity.min(), similarity.max() + 1e-6, 41)
        series = [
            {"name": n, "counts": np.histogram(similarity[w], edges)[0].tolist()}
            for n, w in (("same", same), ("different", ~same))
        ]
        known = len(np.unique(records["truth"]))
        facts = [
            ["identities", f"{known}", "in the test rows"],
            ["pairs of the same", f"{int(same.sum()):,}", ""],
            ["pairs of strangers", f"{int((~same).sum()):,}", ""],
        ]
        marks = [{"x": self.false_accept_rate, "label": "chosen"}]
        data = {"x": "strangers let in", "y": "friends let in", "series": curves, "log_x": True, "marks": marks}
        return [
            Panel("facts", "What was compared", {"items": facts}),
            Panel(
                "lines",
                "ROC of verification: identities told apart",
                data,
                "Every pair of test rows: are they the same? Further up and left is better.",
            ),
            Panel(
                "histogram",
                "How alike",
                {"x": "similarity", "edges": edges.tolist(), "series": series},
                "The less the two overlap, the safer the threshold.",
            ),
        ]

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        right = records["truth"][records["nearest"][row]] == records["truth"][row]
        return (
            "nearest: the same" if right else "nearest: a stranger",
            f"mate farther than the nearest stranger by {records['loss'][row]:+.2f}",
        )

    def rank_errors(self, records: RowResults) -> np.ndarray:
        """Row indices whose nearest stranger is nearer than every mate, worst first."""
        wrong = np.flatnonzero(records["loss"] > 0)
        return wrong[np.argsort(-records["loss"][wrong], kind="stable")]

    def tone(self, answers: RowResults, place: int, other: int) -> str:
        """A mate is framed green, a stranger red."""
        return "#2a9d5c" if answers["truth"][other] == answers["truth"][place] else "#d1495b"


TASK = Embedding()
