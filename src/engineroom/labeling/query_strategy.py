"""Which rows next? A model that knows the labels so far is asked about all others; it asks back where it doubts most.

Margin sampling (Scheffer et al. 2001), spread out so that one batch holds no ten of a kind: among the rows of the
smallest margins the one furthest from what is chosen already (k-center, Sener & Savarese 2018). Before every class has
been met, rows are taken from everywhere.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import polars as pl

from ..baselines._estimator import FittedBaseline
from ..baselines._scalar_features import SCALAR
from ..baselines.multimodal import WORDY, Mixed, long_columns, texts
from ..baselines.text.tfidf_linear import SETTINGS, joined, side_by_side, vocabulary
from ..core import registry
from ..core.schema import Schema

WIDTH = 128  # numbers a row is shortened to for distances and, where it is no text, for the model
AMONG = 6  # times the batch: so many of the most doubtful rows the batch is spread over
LEAST = 2  # labels of a class before it counts as met
EXPLORED = 0.1  # share of questions that are drawn at random: what was known of them is an honest score


class QueryStrategy(Protocol):
    """A learner of the labels so far that predicts the other rows (active learning)."""

    where: np.ndarray  # (N, D) places of all rows, for distances

    def answer(self, rows: np.ndarray, codes: np.ndarray, asked: np.ndarray, classes: Sequence[str]) -> np.ndarray:
        """Learn `codes` (n,) of `rows`, and say the probabilities (m, C) of the rows `asked`."""
        ...


class Classical:
    """A linear model on the columns' features, with trees beside it where there are plain numbers: a second a round, so
    nobody waits."""

    def __init__(self, frame: pl.DataFrame, schema: Schema, seed: int = 0) -> None:
        self.features, self.where = describe(frame, schema, seed)
        self.scalar = any(column.modality in SCALAR for column in schema.inputs)
        self.seed = seed

    def answer(self, rows: np.ndarray, codes: np.ndarray, asked: np.ndarray, classes: Sequence[str]) -> np.ndarray:
        from sklearn.ensemble import ExtraTreesClassifier
        from sklearn.linear_model import LogisticRegression

        strength = 10.0 if not isinstance(self.features, np.ndarray) else 0.1
        models: list[Any] = [LogisticRegression(C=strength, max_iter=200)]
        if self.scalar:
            models.append(ExtraTreesClassifier(100, min_samples_leaf=2, n_jobs=1, random_state=self.seed))
        out = np.full((len(asked), len(classes)), 1e-6)
        seen = np.unique(codes)
        if len(seen) < 2:
            out[:, seen] = 1.0
            return out / out.sum(1, keepdims=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a model cut short still knows where it doubts
            said = np.mean(
                [model.fit(self.features[rows], codes).predict_proba(self.features[asked]) for model in models], 0
            )
        out[:, seen] += said
        return out / out.sum(1, keepdims=True)


class Deep:
    """The network itself, trained anew on the labels so far (`minutes` a round); while they are few, the classical
    model asks."""

    FEWEST = 60

    def __init__(self, frame: pl.DataFrame, schema: Schema, seed: int = 0, *, minutes: float = 0.1) -> None:
        self.first = Classical(frame, schema, seed)
        self.where, self.frame, self.schema, self.minutes, self.seed = self.first.where, frame, schema, minutes, seed

    def answer(self, rows: np.ndarray, codes: np.ndarray, asked: np.ndarray, classes: Sequence[str]) -> np.ndarray:
        counts = np.bincount(codes, minlength=len(classes))
        if len(rows) < self.FEWEST or (counts[counts > 0] < 3).any():
            return self.first.answer(rows, codes, asked, classes)
        import tempfile

        from ..core.config import make_config
        from ..run import train

        target = self.schema.target.name
        table = self.frame[rows].with_columns(pl.Series(target, [classes[code] for code in codes]))
        columns = {c.name: {"modality": c.modality, "role": c.role} for c in self.schema}
        with tempfile.TemporaryDirectory() as folder:
            layer = {
                "target": target,
                "run": f"{folder}/run",
                "seed": self.seed,
                "columns": columns,
                "train": {"minutes": self.minutes},
            }
            model, _ = train(make_config(layer), table=table)
            said = model.predict(self.frame[asked].drop(target))
        out = np.full((len(asked), len(classes)), 1e-6)
        for code, name in enumerate(classes):
            if f"probability_{name}" in said.columns:
                out[:, code] += said[f"probability_{name}"].fill_null(0.0).to_numpy()
        return out / out.sum(1, keepdims=True)


STRATEGIES = {"classical": Classical, "deep": Deep}


def describe(frame: pl.DataFrame, schema: Schema, seed: int) -> tuple[Any, np.ndarray]:
    """(features a linear model reads, (N, D) places for distances), learnt from all rows: that needs no labels."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    if all(column.modality == "text" for column in schema.inputs):
        words = side_by_side([vocabulary(name, joined(frame, schema))[1] for name in SETTINGS])
        return words, unit(
            TruncatedSVD(max(1, min(WIDTH, words.shape[1] - 1, words.shape[0] - 1)), random_state=seed).fit_transform(
                words
            )
        )
    parts: list[np.ndarray] = []
    for column in schema.inputs:
        if column.modality == "category":
            parts.append(
                OneHotEncoder(sparse_output=False, max_categories=32).fit_transform(
                    frame[column.name].cast(pl.String).fill_null("").to_numpy()[:, None]
                )
            )
        elif column.modality in SCALAR:
            encoded = np.asarray(
                registry.get("modalities", column.modality).encode(frame[column.name], column.state, {}), np.float64
            )
            parts.append(np.nan_to_num(encoded.reshape(frame.height, -1)))
    parts += [shortened(frame, schema, index, seed) for index in range(len(long_columns(schema)))]
    features = StandardScaler().fit_transform(np.concatenate(parts, 1)).astype(np.float32)
    return features, unit(features)


def shortened(frame: pl.DataFrame, schema: Schema, index: int, seed: int) -> np.ndarray:
    """One long column (a picture, a text among others, a sound) as at most WIDTH numbers a row."""
    from sklearn.decomposition import PCA, TruncatedSVD

    column, facts = long_columns(schema)[index], dict[str, Any](seed=seed)
    if column.modality in WORDY:
        facts |= {f"{name}{index}": vocabulary(name, texts(frame, column))[0] for name in SETTINGS}
    raw = Mixed().raw(frame, column, index, FittedBaseline("multimodal", "", "classes", 2, schema, facts, {}))
    size = max(1, min(WIDTH, raw.shape[1] - 1, raw.shape[0] - 1))
    if not isinstance(raw, np.ndarray):
        return TruncatedSVD(size, random_state=seed).fit_transform(raw)
    return PCA(size, random_state=seed, svd_solver="randomized").fit_transform(np.nan_to_num(raw))


def unit(x: np.ndarray) -> np.ndarray:
    return np.asarray(x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9), np.float32)


def choose(
    strategy: QueryStrategy,
    known: Mapping[int, int],
    pool: np.ndarray,
    classes: Sequence[str],
    count: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """(rows (count,) to ask about, whether each was drawn at random, what the strategy says of them (count, C), None
    where it was not asked yet): doubtful and unlike one another, a tenth from everywhere."""
    count = min(count, len(pool))
    rows, codes = np.fromiter(known, int, len(known)), np.fromiter(known.values(), int, len(known))
    if (np.bincount(codes, minlength=2) >= LEAST).sum() < 2 or len(known) < LEAST * len(classes):
        return spread(strategy.where, rows, pool, count, rng), np.zeros(count, bool), None
    chance = rng.random(count) < EXPLORED
    drawn = rng.choice(pool, int(chance.sum()), replace=False)
    said = strategy.answer(rows, codes, pool, classes)
    free = np.flatnonzero(~np.isin(pool, drawn))
    sure = np.sort(said[free], 1)
    doubtful = pool[free[np.argsort(sure[:, -1] - sure[:, -2], kind="stable")[: AMONG * count]]]
    out = np.empty(count, int)
    out[chance], out[~chance] = drawn, k_center(strategy.where, doubtful, count - len(drawn))
    places = {int(row): k for k, row in enumerate(pool)}
    return out, chance, said[[places[int(row)] for row in out]]


def k_center(where: np.ndarray, rows: np.ndarray, count: int) -> np.ndarray:
    """The most doubtful row, then again and again the one furthest from those taken."""
    if not count:
        return rows[:0]
    taken = [0]
    likeness = where[rows] @ where[rows[0]]
    while len(taken) < min(count, len(rows)):
        likeness[taken] = np.inf
        taken.append(int(np.argmin(likeness)))
        likeness = np.maximum(likeness, where[rows] @ where[rows[taken[-1]]])
    return rows[taken]


def spread(where: np.ndarray, rows: np.ndarray, pool: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """From everywhere: each next row drawn with a chance that grows with its distance from what is known (k-means++,
    Arthur & Vassilvitskii 2007)."""
    likeness = (where[pool] @ where[rows].T).max(1) if len(rows) else np.full(len(pool), -1.0, np.float32)
    out: list[int] = []
    for _ in range(count):
        weight = np.clip(1 - likeness, 1e-6, None).astype(np.float64)
        weight[out] = 0
        out.append(int(rng.choice(len(pool), p=weight / weight.sum())))
        likeness = np.maximum(likeness, where[pool] @ where[pool[out[-1]]])
    return pool[out]
