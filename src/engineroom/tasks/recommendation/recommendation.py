"""LOSS: what next, for whom? From everybody's histories to a ranking of what each user has not met yet."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import polars as pl
import torch
import torch.nn.functional as F
from torch import Tensor

from ...baselines.recommendation.ease import first
from ...core.arrays import objects
from ...core.batch import Batch, Losses, Predictions, RowResults
from ...core.panels import Panel
from ...core.schema import Column, Schema
from ...core.table import Table
from ...heads.token_classifier import PADDED
from ...metrics import ranking as metrics
from ...modalities.recommendation.interaction_history import FIRST, PAD, latest, to_events
from ...preprocessing.recommendation.event_columns import EventOptions
from ...preprocessing.recommendation.interaction_sequences import HISTORY, RELEVANT, USER, build_histories
from ...rendering.recommendation_list import drawn
from .._base import BaseTask
from .._ensemble import honest_mean, mean_loss
from .._explained_score import stays

LISTED = 50  # items an answer holds
WEIGHED = 20  # of the latest events, each of which may be why an item is recommended
PARTS = ("rare items", "middling items", "common items")


@dataclass(frozen=True)
class Recommendation(BaseTask):
    """Answers: "items" (N, LISTED) item numbers, best first, -1 = none left; "score" (N, LISTED) probabilities.

    Ground truth: the item of each user's last event; one that no training row holds is missed.
    """

    user: str = ""  # columns of the events; "" = by their names
    item: str = ""
    time: str = ""
    rating: str = ""
    min_rating: float = 0.0  # events with a lower rating are left out
    top_k: int = 10  # items recommended, and the place up to which scores look
    # a file that says what the items are like (and called); its first column, or the one of the usual name, is the item
    item_table: str = ""
    user_table: str = ""  # the same of the users
    item_columns: str = ""  # columns of the events themselves that describe the item, joined by commas
    user_columns: str = ""
    # share of the items held out of training, and asked for alone: how well is served what nobody has met?
    cold_start_fraction: float = 0.0
    items: tuple[str, ...] = field(default=(), metadata={"bound": True})
    counts: tuple[int, ...] = field(default=(), metadata={"bound": True})
    met: int = field(default=0, metadata={"bound": True})  # the first so many items are met in training
    titles: tuple[str, ...] = field(default=(), metadata={"bound": True})

    averaged = ()
    output_type = "next"
    primary_metric = "ndcg"
    higher_is_better = True
    higher = ("ndcg", "recall", "recall_50", "mrr", "coverage")
    lower = ("error",)
    monitor = "error"
    target_modality = "interaction_history"
    head = "dot_product"
    tie_weights = True
    backbones = {"words": ("sasrec", "gru4rec")}
    training_defaults = "recommendation"
    baseline = "ease"
    eval_batch_size = 64
    has_render = True
    allow_missing_columns = True  # of users that are asked for, nothing but their events need be known

    def matches(self, target: Column) -> float:
        return 1.0 if target.modality == "interaction_history" else 0.0

    def for_target(self, target: Column) -> Recommendation:
        state = target.state
        items, titles, top = (
            tuple(state["items"]),
            tuple(state["titles"] or state["items"]),
            min(max(1, self.top_k), LISTED),
        )
        return replace(self, items=items, counts=tuple(state["counts"]), titles=titles, met=state["met"], top_k=top)

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        said = EventOptions(**{one.name: getattr(self, one.name) for one in fields(EventOptions)})
        return build_histories(table, said, target, inference=inference)

    def output_size(self, target: Column) -> int:
        return len(target.state["items"])

    def to_targets(self, codes: Any, target: Column) -> np.ndarray:
        """Ragged item codes → (N,) number of each row's last item; -1 = never seen in training."""
        last = codes.flat[np.maximum(np.cumsum(codes.lengths) - 1, 0)] if len(codes.lengths) else np.zeros(0)
        return last.astype(np.int64) - FIRST

    def decode_targets(self, values: pl.Series, codes: Any, target: Column) -> np.ndarray:
        """(N,) item numbers of each row's next item, or, where the test events are given, (N,) arrays of all relevant
        ones; -1 = never met."""
        rows = to_events(values)
        if not any(RELEVANT in row for row in rows):
            return self.to_targets(codes, target)
        place = {item: k for k, item in enumerate(target.state["items"])}
        wanted = [row[row.index(RELEVANT) + 1 :] if RELEVANT in row else row[-1:] for row in rows]
        return objects([np.array([place.get(item, -1) for item in row], np.int64) for row in wanted])

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        """output (B, K, 1 + T, items) scores, batch["target"] (B, T) the history itself: at each step its next item,
        over all items met in training."""
        events = batch["target"].long()
        y = latest(events, events != PAD, output.shape[2] - 1)[0] - FIRST
        logits = output[:, :, : y.shape[1], : self.met]
        learnt = (y >= 0) & (y < self.met)
        found = F.cross_entropy(
            logits.permute(0, 2, 1, 3)[learnt].flatten(0, 1),
            y[learnt].repeat_interleave(output.shape[1]),
            reduction="none",
        )
        each = output.new_zeros(*y.shape, output.shape[1]).index_put(
            torch.where(learnt), found.view(-1, output.shape[1])
        )
        return Losses(mean_loss(each.sum(1) * (len(y) / learnt.sum().clamp_min(1)), batch))

    def postprocess(self, output: Tensor, batch: Batch, target: Column) -> Predictions:
        """(B, K, 1 + T, items) scores → the best of what the history does not hold, by the last real step."""
        p = honest_mean(at_the_end(output).softmax(-1), batch).numpy()
        codes = batch[f"column:{HISTORY}"].cpu().numpy().astype(np.int64) - FIRST
        lists, scores = metrics.best(p, [row[row >= 0] for row in codes], LISTED, begin=first(target.state))
        return {"items": lists, "score": scores}

    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        """(B,) log odds of the item that the whole history speaks for most."""
        return stays(at_the_end(output), at_the_end(whole))

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        """The place of the next item, or with several relevant ones of the first that is found; NDCG, and recall at two
        lengths, over all of them."""
        graded = metrics.graded(answers["items"], truth, at=self.top_k)
        return {"said": answers["items"], "score": answers["score"], "loss": 1 - graded["ndcg"], **graded}

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        return metrics.scores(records, at=self.top_k, items=len(self.items))

    def evidence(self, network: Any, batch: Batch, answers: Predictions, target: Column) -> Predictions:
        """Each of the latest WEIGHED events is left out in turn: which one's absence takes most from an item's chance?

        "because" (N, top): the number of that event's item, -1 = none lifts it; "lift" (N, top): how many times
        likelier it makes the item.
        """
        name = f"column:{HISTORY}"
        codes = batch[name].cpu()
        items = torch.from_numpy(answers["items"][:, : self.top_k])
        length = (codes != PAD).sum(1)
        place = torch.arange(codes.shape[1])

        def chance(history: Tensor) -> Tensor:
            fields = {**batch.fields, name: history, name + "_mask": history != PAD}
            p = at_the_end(network(Batch(fields, batch.rows))).float().softmax(-1).mean(1)
            return p.gather(1, items.clamp_min(0)).clamp_min(1e-12).log()

        whole, best, why = chance(codes), torch.zeros(items.shape), torch.full(items.shape, -1)
        for back in range(1, min(WEIGHED, int(length.max())) + 1):
            gone = length - back  # the place left out; rows that are shorter stay as they are
            moved = place + ((place >= gone[:, None]) & (gone[:, None] >= 0)).long()
            without = codes.gather(1, moved.clamp_max(codes.shape[1] - 1)) * (
                (moved < length[:, None]) | (gone[:, None] < 0)
            )
            event = codes.gather(1, gone.clamp_min(0)[:, None]).long() - FIRST
            lift = whole - chance(without)
            better = (lift > best) & (gone >= 0)[:, None] & (event >= 0) & (items >= 0)
            best, why = torch.where(better, lift, best), torch.where(better, event, why)
        return {"because": why.numpy(), "lift": best.exp().numpy()}

    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        """One line a recommendation: user, rank, item, score; because of which event of the user's, and how many times
        likelier it makes the item."""
        users = (
            frame[USER].cast(pl.String).to_list()
            if USER in frame.columns
            else [str(row) for row in range(frame.height)]
        )
        lines = []
        for row, lists in enumerate(answers["items"][:, : self.top_k].tolist()):
            if max(lists) < 0:  # a user who has met everything there is has a line too
                lines.append((row, users[row], None, None, None, None, None, None))
            for place, item in enumerate(lists):
                if item >= 0:
                    why = int(answers["because"][row, place])
                    reason = (self.titles[why], float(answers["lift"][row, place])) if why >= 0 else (None, None)
                    lines.append(
                        (
                            row,
                            users[row],
                            place + 1,
                            self.items[item],
                            self.titles[item],
                            float(answers["score"][row, place]),
                            *reason,
                        )
                    )
        kinds = {
            "_row": pl.Int64,
            "user": pl.String,
            "rank": pl.Int64,
            "item": pl.String,
            "title": pl.String,
            "score": pl.Float64,
        }
        out = pl.DataFrame(lines, schema=kinds | {"because": pl.String, "lift": pl.Float64}, orient="row")
        return out if target.state["titles"] else out.drop("title")

    def render(self, frame: pl.DataFrame, row: int, schema: Schema, answers: RowResults, place: int) -> str:
        called = dict(zip(self.items, self.titles, strict=True))
        met = [called.get(item, item) for item in to_events(frame[HISTORY][[row]])[0]]
        known = [
            (c.name, frame[c.name][row]) for c in schema.inputs if c.name != HISTORY and frame[c.name][row] is not None
        ]
        # a number is no name
        about = [str(value) if name.startswith("column_") else f"{name} {value}" for name, value in known]
        return drawn(met, about, self.titles, self.top_k, answers, place)

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        pair = (("deep", records), ("classical", baseline))
        at = np.arange(1, LISTED + 1)
        curves = [
            {"name": name, "x": at.tolist(), "y": [float((r["rank"] < k).mean()) for k in at]} for name, r in pair
        ]
        edges = np.quantile(np.repeat(self.counts, self.counts), [1 / 3, 2 / 3]) if self.counts else np.zeros(2)
        known = records["truth"] >= 0
        part = np.searchsorted(edges, np.array([*self.counts, 0])[np.where(known, records["truth"], -1)])
        series = [{"name": name, "values": [self.hits(r, known & (part == k)) for k in range(3)]} for name, r in pair]
        often = np.bincount(
            records["said"][:, : self.top_k].ravel()[records["said"][:, : self.top_k].ravel() >= 0],
            minlength=len(self.items),
        )
        rows = [[self.titles[k], int(often[k]), int(self.counts[k])] for k in np.argsort(-often, kind="stable")[:15]]
        return [
            Panel(
                "lines",
                "Recall by length of the list",
                {"x": "length of the list", "y": "share of users whose next item is in it", "series": curves},
            ),
            Panel(
                "bars",
                "Recall by popularity of the item",
                {"labels": list(PARTS), "series": series, "y": f"recall@{self.top_k}"},
                "By how often an item is met in training: thirds of the events.",
            ),
            Panel(
                "table",
                "Most recommended items",
                {"columns": ["item", "users", "events in training"], "rows": rows, "best": None},
            ),
        ]

    def hits(self, records: RowResults, rows: np.ndarray) -> float:
        return float((records["rank"][rows] < self.top_k).mean()) if rows.any() else 0.0

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        true, rank = int(records["truth"][row]), int(records["rank"][row])
        title = f"found at place {rank + 1}" if rank < records["said"].shape[1] else f"not among the first {LISTED}"
        return (
            title,
            f"{self.titles[true]}: {self.counts[true]:,} events in training"
            if true >= 0
            else "an item unseen in training",
        )

    def rank_errors(self, records: RowResults) -> np.ndarray:
        """Rows whose next item is not in the list, those first where it is common: they could have been known."""
        wrong = np.flatnonzero(records["rank"] >= self.top_k)
        often = np.array([*self.counts, 0])[np.maximum(records["truth"][wrong], -1)]
        return wrong[np.argsort(-often, kind="stable")]


def at_the_end(output: Tensor) -> Tensor:
    """(B, K, 1 + T, items) → (B, K, items): what is said after the last real step."""
    real = (output[:, 0, :, 0] > PADDED / 2).sum(1).clamp_min(1) - 1
    return output[torch.arange(len(output), device=output.device), :, real]


TASK = Recommendation()
