"""What goes with what: EASE, a linear model of items on items in closed form (Steck 2019), or the nearest items by who
meets them or, where a catalogue describes them, by what they are like; whichever does best in validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from ...core.schema import Schema
from ...metrics.ranking import best, ndcg, rank_of
from ...modalities.recommendation.interaction_history import to_events
from .._estimator import Baseline, FittedBaseline, threads

MOST_ITEMS = 5_000  # by how often they are met: the matrix is turned over whole
STRENGTHS = (30.0, 100.0, 300.0, 1000.0)
LISTED, AT = 50, 10
CHUNK = 1_000


class Ease(Baseline):
    output_types = ("next",)

    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        from sklearn.linear_model import Ridge

        fitted = FittedBaseline("ease", "", kind, classes, schema, {}, {})
        state = schema.target.state
        items, begin = state["items"][:MOST_ITEMS], first(state)
        whole = frame.group_by("user").agg(pl.col("history").explode())["history"]
        met = many_hot(numbered(to_events(whole), items), len(items))
        together = np.asarray((met.T @ met).todense(), np.float64)
        best_score, chosen = -1.0, ("", np.zeros((0, 0)))
        with threads(len(items) * 50):
            for name, weights in [*candidates(together), *alike(state, len(items))]:
                lists, _ = listed(val[0], weights, items, begin)
                score = float(ndcg(rank_of(lists, val[1]), AT).mean()) if len(val[1]) else 0.0
                if score > best_score:
                    best_score, chosen = score, (name, weights)
        fitted.words, weights = chosen
        keeper = Ridge()  # rows @ weights is what a ridge regression of every item on all others says
        keeper.coef_, keeper.intercept_, keeper.n_features_in_ = weights.T.astype(np.float32), 0.0, len(items)
        fitted.parts["items"] = keeper
        return fitted

    def predict(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Any:
        state = fitted.schema.target.state
        lists, scores = listed(frame, fitted.parts["items"].coef_.T, state["items"][:MOST_ITEMS], first(state))
        return {"items": lists, "score": scores}


def candidates(together: np.ndarray) -> Any:
    """(name, item-to-item weights) for every strength of EASE, and for the cosine of items."""
    for strength in STRENGTHS:
        inverse = np.linalg.inv(together + strength * np.eye(len(together)))
        weights = -inverse / np.diag(inverse)
        np.fill_diagonal(weights, 0)
        yield f"EASE (strength {strength:g})", weights
    size = np.sqrt(np.maximum(np.diag(together), 1))
    weights = together / size[:, None] / size
    np.fill_diagonal(weights, 0)
    yield "nearest items by cosine", weights


def alike(state: Any, items: int) -> Any:
    """(name, item-to-item weights): the cosine of what the catalogue says of the items, rare properties weighing
    more."""
    if state["of"]:
        has = np.asarray(
            many_hot([np.array(row, np.int64) for row in state["of"][:items]], len(state["properties"])).todense()
        )
        has *= np.log(len(has) / np.maximum(has.sum(0), 1))
        has /= np.maximum(np.linalg.norm(has, axis=1, keepdims=True), 1e-9)
        weights = has @ has.T
        np.fill_diagonal(weights, 0)
        yield "items alike by their columns", weights


def first(state: Any) -> int:
    """The first item that may be an answer."""
    return state["met"] if state["fresh"] else 0


def many_hot(rows: list[np.ndarray], items: int) -> Any:
    from scipy.sparse import csr_matrix

    lengths = np.cumsum([0, *(len(row) for row in rows)])
    flat = np.concatenate(rows) if rows else np.zeros(0, np.int64)
    out = csr_matrix((np.ones(len(flat), np.float32), flat, lengths), shape=(len(rows), items))
    out.sum_duplicates()
    out.data[:] = 1
    return out


def listed(frame: pl.DataFrame, weights: np.ndarray, items: list[str], begin: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The best LISTED items for each row of `frame`, none that it has met."""
    seen = numbered(to_events(frame["history"]), items)
    parts = [
        best(many_hot(part, len(items)) @ weights, part, LISTED, begin=begin)
        for part in (seen[a : a + CHUNK] for a in range(0, len(seen), CHUNK))
    ]
    if not parts:
        return np.zeros((0, LISTED), np.int64), np.zeros((0, LISTED), np.float32)
    return np.concatenate([lists for lists, _ in parts]), np.concatenate([scores for _, scores in parts])


def numbered(rows: list[list[str]], items: Sequence[str]) -> list[np.ndarray]:
    """Item names → their numbers, those unknown left out."""
    place = {item: k for k, item in enumerate(items)}
    return [np.array([place[item] for item in row if item in place], np.int64) for row in rows]


BASELINE = Ease()
