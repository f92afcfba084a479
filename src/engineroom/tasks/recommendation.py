"""LOSS: what next, for whom? From everybody's histories to a ranking of what each user has not met yet."""

from __future__ import annotations

import html
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl
import torch
import torch.nn.functional as F
from torch import Tensor

from ..baselines.ease import numbered
from ..core.columns import Column, Schema
from ..core.exhibits import Exhibit
from ..core.signals import Answers, Batch, Losses, Records
from ..core.table import Table
from ..heads.tokens import PADDED
from ..metrics import ranking as metrics
from ..modalities.events import FIRST, to_events
from ._histories import HISTORY, USER, histories
from ._members import honest_mean, mean_loss
from ._options import Plain

LISTED = 50  # items an answer holds
SHOWN = 8  # of a history, in the report
PARTS = ("rare items", "middling items", "common items")


@dataclass(frozen=True)
class Recommendation(Plain):
    """Answers: "items" (N, LISTED) item numbers, best first, -1 = none left; "score" (N, LISTED) probabilities."""

    user: str = ""  # columns of the events; "" = by their names
    item: str = ""
    time: str = ""
    rating: str = ""
    least: float = 0.0  # events with a lower rating are left out
    top: int = 10  # items recommended, and the place up to which scores look
    items: tuple[str, ...] = field(default=(), metadata={"bound": True})
    counts: tuple[int, ...] = field(default=(), metadata={"bound": True})

    kind = "next"
    headline = "ndcg"
    higher_is_better = True
    higher = ("ndcg", "recall", "recall_50", "coverage")
    lower = ("error",)
    selects = "error"
    target_modality = "events"
    head = "dot"
    ties = True
    prefers = {"words": ("causal", "causal_rnn")}
    pace = "recommendation"
    rival = "ease"
    trivial = "popular"
    ask_rows = 64
    draws = True

    def fits(self, target: Column) -> float:
        return 1.0 if target.modality == "events" else 0.0

    def bind(self, target: Column) -> Recommendation:
        return replace(self, items=tuple(target.state["items"]), counts=tuple(target.state["counts"]), top=min(max(1, self.top), LISTED))

    def reframe(self, table: Table, target: str | None, *, asking: bool) -> Table:
        said = {"user": self.user, "item": self.item, "time": self.time, "rating": self.rating}
        return histories(table, said, target, least=self.least, asking=asking)

    def outputs(self, target: Column) -> int:
        return len(target.state["items"])

    def truth(self, codes: Any, target: Column) -> np.ndarray:
        """Ragged item codes → (N,) number of each row's last item; -1 = never seen in training."""
        last = codes.flat[np.maximum(np.cumsum(codes.lengths) - 1, 0)] if len(codes.lengths) else np.zeros(0)
        return last.astype(np.int64) - FIRST

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        """output (B, K, T, items) scores, batch["target"] (B, T) the history itself: at each step its next item, over all items."""
        y = batch["target"][:, 1:].long() - FIRST
        logits = output[:, :, :-1]
        learnt = y >= 0
        found = F.cross_entropy(logits.permute(0, 2, 1, 3)[learnt].flatten(0, 1), y[learnt].repeat_interleave(output.shape[1]), reduction="none")
        each = output.new_zeros(*y.shape, output.shape[1]).index_put(torch.where(learnt), found.view(-1, output.shape[1]))
        return Losses(mean_loss(each.sum(1) * (len(y) / learnt.sum().clamp_min(1)), batch))

    def respond(self, output: Tensor, batch: Batch, target: Column) -> Answers:
        """(B, K, T, items) scores → the best of what the history does not hold, by the last real step."""
        real = (output[:, 0, :, 0] > PADDED / 2).sum(1).clamp_min(1) - 1
        p = honest_mean(output[torch.arange(len(output)), :, real].softmax(-1), batch).numpy()
        codes = batch[f"column:{HISTORY}"].cpu().numpy().astype(np.int64) - FIRST
        lists, scores = metrics.best(p, [row[row >= 0] for row in codes], LISTED)
        return {"items": lists, "score": scores}

    def grade(self, answers: Answers, truth: np.ndarray) -> Records:
        rank = metrics.rank_of(answers["items"], np.where(truth < 0, -9, truth))
        return {"truth": truth, "said": answers["items"], "score": answers["score"], "rank": rank, "loss": 1 - metrics.ndcg(rank, self.top)}

    def score(self, records: Records) -> dict[str, float]:
        return metrics.scores(records, at=self.top, items=len(self.items))

    def table(self, answers: Answers, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        """One line a recommendation: user, rank, item, score, and because: of the history, what is met most often together with it."""
        met = numbered(to_events(frame[HISTORY]), self.items)
        users = frame[USER].cast(pl.String).to_list() if USER in frame.columns else [str(row) for row in range(frame.height)]
        lines = []
        for row, (lists, scores) in enumerate(zip(answers["items"][:, : self.top], answers["score"], strict=True)):
            for rank, (item, score) in enumerate(zip(lists.tolist(), scores.tolist(), strict=False), 1):
                if item >= 0:
                    why = self.because(item, met[row], target)
                    lines.append((row, users[row], rank, self.items[item], score, why))
        kinds = {"_row": pl.Int64, "user": pl.String, "rank": pl.Int64, "item": pl.String, "score": pl.Float64, "because": pl.String}
        return pl.DataFrame(lines, schema=kinds, orient="row")

    def because(self, item: int, met: np.ndarray, target: Column) -> str | None:
        """The item of the history that keeps company with `item` most; None where none does."""
        company = target.state["company"]
        own = set(met.tolist())
        near = next((k for k in company[item] if k in own), None) if item < len(company) else None
        return None if near is None else self.items[near]

    def draw(self, frame: pl.DataFrame, row: int, schema: Schema, answers: Records, place: int) -> str:
        met = to_events(frame[HISTORY][[row]])[0]
        true = int(answers["truth"][place]) if "truth" in answers else -1
        lists = answers["said" if "said" in answers else "items"][place][: self.top]
        chips = "".join(chip(self.items[k], hit=int(k) == true) for k in lists if k >= 0)
        before = f"… {len(met) - SHOWN} more · " if len(met) > SHOWN else ""
        came = f'<p style="color:var(--soft)">came next: <b>{html.escape(self.items[true])}</b></p>' if true >= 0 else ""
        return f'<p style="color:var(--soft)">met: {before}{html.escape(" · ".join(met[-SHOWN:]))}</p><p style="line-height:2.1">{chips}</p>{came}'

    def exhibits(self, records: Records, rival: Records, target: Column) -> list[Exhibit]:
        pair = (("deep", records), ("classical", rival))
        at = np.arange(1, LISTED + 1)
        curves = [{"name": name, "x": at.tolist(), "y": [float((r["rank"] < k).mean()) for k in at]} for name, r in pair]
        edges = np.quantile(np.repeat(self.counts, self.counts), [1 / 3, 2 / 3]) if self.counts else np.zeros(2)
        known = records["truth"] >= 0
        part = np.searchsorted(edges, np.array([*self.counts, 0])[np.where(known, records["truth"], -1)])
        series = [{"name": name, "values": [self.hits(r, known & (part == k)) for k in range(3)]} for name, r in pair]
        often = np.bincount(records["said"][:, : self.top].ravel()[records["said"][:, : self.top].ravel() >= 0], minlength=len(self.items))
        rows = [[self.items[k], int(often[k]), int(self.counts[k])] for k in np.argsort(-often, kind="stable")[:15]]
        return [
            Exhibit("lines", "How long a list finds it", {"x": "length of the list", "y": "share of users whose next item is in it", "series": curves}),
            Exhibit("bars", "Common and rare items", {"labels": list(PARTS), "series": series, "y": f"recall@{self.top}"}, "By how often an item is met in training: thirds of the events."),
            Exhibit("table", "What is recommended most", {"columns": ["item", "users", "events in training"], "rows": rows, "best": None}),
        ]

    def hits(self, records: Records, rows: np.ndarray) -> float:
        return float((records["rank"][rows] < self.top).mean()) if rows.any() else 0.0

    def mistake(self, records: Records, row: int, target: Column) -> tuple[str, str]:
        true, rank = int(records["truth"][row]), int(records["rank"][row])
        title = f"found at place {rank + 1}" if rank < records["said"].shape[1] else f"not among the first {LISTED}"
        return title, f"{self.items[true]}: {self.counts[true]:,} events in training" if true >= 0 else "an item unseen in training"

    def wrong(self, records: Records) -> np.ndarray:
        """Rows whose next item is not in the list, those first where it is common: they could have been known."""
        wrong = np.flatnonzero(records["rank"] >= self.top)
        often = np.array([*self.counts, 0])[np.maximum(records["truth"][wrong], -1)]
        return wrong[np.argsort(-often, kind="stable")]


def chip(name: str, *, hit: bool) -> str:
    colour = "var(--good)" if hit else "var(--line)"
    return f'<span style="border:{2 if hit else 1}px solid {colour};border-radius:6px;padding:.1em .45em;margin-right:.35em">{html.escape(name)}</span> '


TASK = Recommendation()
