"""LOSS: who is like whom? Rows of one identity come near each other, so that identities never seen in training can be told apart and found."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import polars as pl
import torch
from torch import Tensor

from ..core import registry
from ..core.columns import Column, Schema
from ..core.exhibits import Exhibit, Finding
from ..core.signals import Answers, Batch, Losses, Records
from ..core.table import Table
from ..metrics import embedding as metrics
from ..modalities.category import to_strings
from ._members import FOLD, mean_loss
from ._options import Plain

TEMPERATURE = 0.1
MATES = 4  # rows of one identity that enter a batch together
NEIGHBOURS = 4  # drawn beside a row
GROUP = "identity group"


@dataclass(frozen=True)
class Embedding(Plain):
    """Supervised contrastive learning (Khosla et al. 2020): within a batch every row is drawn to its mates, away from all others."""

    width: int = 128  # numbers an embedding has
    strangers: float = 0.01  # share of pairs of strangers that may be taken for one identity: sets the threshold
    unseen: bool = True  # test by identities that nobody has seen in training (unless the data say which rows are for testing)

    kind = "identity"
    headline = "eer"
    higher_is_better = False
    higher = ("roc_auc", "recall_at_1", "recall_at_5", "accepted_at_1_percent")
    lower = ("eer", "auc_gap")
    selects = "auc_gap"  # smoother than the equal error rate of a few validation identities
    hides: ClassVar[tuple[str, ...]] = ("auc_gap",)
    target_modality = "identity"
    head: ClassVar[str] = "embedding"
    pace: ClassVar[str] = "pairs"
    rival: ClassVar[str] = "neighbours"
    trivial: ClassVar[str] = "alike"
    draws: ClassVar[bool] = True

    def outputs(self, target: Column) -> int:
        return self.width

    def reframe(self, table: Table, target: str | None, *, asking: bool) -> Table:
        """To learn, whole identities are set aside: those of the test were never seen."""
        names = [target] if target else [name for name, hint in table.hints.items() if hint.get("role") == "target"]
        given = any(hint.get("role") == "split" for hint in table.hints.values())
        if asking or given or not self.unseen or len(names) != 1 or names[0] not in table.frame.columns:
            return table
        frame = table.frame.with_columns(to_strings(table.frame[names[0]]).alias(GROUP))
        hints = {**table.hints, GROUP: {"modality": "category", "role": "group", "why": "identities are tested that nobody has seen"}}
        return replace(table, frame=frame, hints=hints)

    def findings(self, values: pl.Series, target: Column) -> list[Finding]:
        counts = to_strings(values).drop_nulls().value_counts()
        alone = int((counts["count"] < 2).sum())
        if alone == counts.height:
            fix = "Bring several rows of the same, or choose another --target."
            return [Finding("error", f"No value of {target.name!r} occurs twice.", "Likeness is learnt from rows that show the same.", fix)]
        if alone:
            what = f"{alone} of {counts.height} identities have one training row only."
            return [Finding("note", what, "They teach what is different, not what is alike.")]
        return []

    def truth(self, codes: np.ndarray, target: Column) -> np.ndarray:
        return codes

    def order(self, rows: np.ndarray, truth: Callable[[np.ndarray], np.ndarray], generator: np.random.Generator) -> np.ndarray:
        """MATES rows of one identity after the other, so that a batch holds mates however many identities there are (Schroff et al. 2015)."""
        shuffled = generator.permutation(rows)
        who = truth(shuffled)
        by_identity = np.argsort(who, kind="stable")
        ranks = np.arange(len(rows)) - np.searchsorted(who[by_identity], who[by_identity])  # 0, 1, 2, … within each identity
        group = np.unique(np.stack([who[by_identity], ranks // MATES]), axis=1, return_inverse=True)[1].ravel()
        return shuffled[by_identity][np.argsort(generator.permutation(group.max(initial=-1) + 1)[group], kind="stable")]

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        """output (B, K, D) of length 1, batch["target"] (B,) identities."""
        code = batch["target"]
        mates = (code[:, None] == code[None]) & (code >= 0)[None]
        mates.fill_diagonal_(False)
        logits = torch.einsum("ikd,jkd->kij", output, output) / TEMPERATURE
        itself = torch.eye(len(code), dtype=torch.bool, device=output.device)
        log_p = logits.masked_fill(itself, -torch.inf).log_softmax(-1).masked_fill(itself, 0.0)
        count = mates.sum(1)
        each = -(log_p * mates).sum(-1) / count.clamp_min(1)  # (K, B)
        scale = len(code) / (count > 0).sum().clamp_min(1)  # rows without a mate in the batch have nothing to say
        return Losses(mean_loss(each.T * (count > 0)[:, None] * scale, batch))

    def respond(self, output: Tensor, batch: Batch, target: Column) -> Answers:
        """(B, K, D) → {"embedding": (B, K·D)}: members side by side, so that similarity is the mean of theirs."""
        if batch.get(FOLD) is not None:
            raise NotImplementedError("embeddings of networks with folds of their own cannot be compared")
        return {"embedding": (output / output.shape[1] ** 0.5).flatten(1).numpy()}

    def lean(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        """(B,) similarity to the whole row's embedding."""
        return torch.cosine_similarity(output.flatten(1), whole.flatten(1).expand(len(output), -1)).double()

    def calibrate(self, answers: Answers, truth: np.ndarray) -> dict[str, float]:
        """The similarity from which two rows count as one identity: `strangers` of the validation pairs of strangers reach it."""
        known = truth >= 0
        if known.sum() < 4:
            return {"threshold": 0.5}
        similarity, same = metrics.pairs(answers["embedding"][known], truth[known], np.flatnonzero(known))
        return {"threshold": round(metrics.threshold_for(similarity, same, self.strangers), 5)}

    def grade(self, answers: Answers, truth: np.ndarray) -> Records:
        e = answers["embedding"]
        place, nearest, behind = metrics.around(e, truth)
        return {"truth": truth, "row": np.arange(len(truth)), "embedding": e, "nearest": nearest, "place": place, "loss": behind}

    def score(self, records: Records) -> dict[str, float]:
        return metrics.scores(records["embedding"], records["truth"], records["row"], records["place"])

    def table(self, answers: Answers, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        return pl.DataFrame({f"embedding_{i}": column for i, column in enumerate(answers["embedding"].T)})

    def exhibits(self, records: Records, rival: Records, target: Column) -> list[Exhibit]:
        curves: list[dict[str, Any]] = []
        for name, r in (("deep", records), ("classical", rival)):
            similarity, same = metrics.pairs(r["embedding"], r["truth"], r["row"])
            _, strangers, friends = metrics.rates(similarity, same)
            picked = np.unique(np.geomspace(1, len(friends), 200).astype(int) - 1)
            curves.append({"name": name, "x": np.maximum(strangers[picked], 1e-4).tolist(), "y": friends[picked].tolist()})
        similarity, same = metrics.pairs(records["embedding"], records["truth"], records["row"])
        edges = np.linspace(similarity.min(), similarity.max() + 1e-6, 41)
        series = [{"name": n, "counts": np.histogram(similarity[w], edges)[0].tolist()} for n, w in (("same", same), ("different", ~same))]
        known = len(np.unique(records["truth"]))
        facts = [
            ["identities", f"{known}", "in the test rows"],
            ["pairs of the same", f"{int(same.sum()):,}", ""],
            ["pairs of strangers", f"{int((~same).sum()):,}", ""],
        ]
        marks = [{"x": self.strangers, "label": "chosen"}]
        data = {"x": "strangers let in", "y": "friends let in", "series": curves, "log_x": True, "marks": marks}
        return [
            Exhibit("facts", "What was compared", {"items": facts}),
            Exhibit("lines", "Verification", data, "Every pair of test rows: are they the same? Further up and left is better."),
            Exhibit(
                "histogram",
                "How alike",
                {"x": "similarity", "edges": edges.tolist(), "series": series},
                "The less the two overlap, the safer the threshold.",
            ),
        ]

    def mistake(self, records: Records, row: int, target: Column) -> tuple[str, str]:
        right = records["truth"][records["nearest"][row]] == records["truth"][row]
        return "nearest: the same" if right else "nearest: a stranger", f"mate farther than the nearest stranger by {records['loss'][row]:+.2f}"

    def wrong(self, records: Records) -> np.ndarray:
        """Row indices whose nearest stranger is nearer than every mate, worst first."""
        wrong = np.flatnonzero(records["loss"] > 0)
        return wrong[np.argsort(-records["loss"][wrong], kind="stable")]

    def draw(self, frame: pl.DataFrame, row: int, schema: Schema, answers: Records, place: int) -> str:
        """The row and, after it, those it is taken to be like; a mate is framed green, a stranger red."""
        e, rows = answers["embedding"], answers["frame_row"]
        near = [int(k) for k in np.argsort(-(e @ e[place]), kind="stable") if k != place][:NEIGHBOURS]
        out = [small(frame, row, schema.inputs[0], "transparent", "asked")]
        for k in near:
            tone = "#2a9d5c" if answers["truth"][k] == answers["truth"][place] else "#d1495b"
            out.append(small(frame, int(rows[k]), schema.inputs[0], tone, f"{float(e[k] @ e[place]):.2f}"))
        return f'<div style="display:flex;gap:4px;align-items:flex-end;flex-wrap:wrap">{"".join(out)}</div>'


def small(frame: pl.DataFrame, row: int, column: Column, colour: str, words: str) -> str:
    """One cell in a coloured frame, with words below it."""
    values = frame[column.name].gather([row])
    value = values.to_numpy()[0] if isinstance(values.dtype, pl.Array) else values[0]
    shown = registry.get("modalities", column.modality).show(value, column.state)
    style = f"margin:0;border:3px solid {colour};max-width:72px;overflow:hidden"
    return f'<figure style="{style}">{shown}<figcaption>{html.escape(words)}</figcaption></figure>'


TASK = Embedding()
