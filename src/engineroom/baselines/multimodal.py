"""Any mixture of columns: each kind's features side by side, then boosted trees over long ones shortened, or, where
texts are among them, a linear model over all words and character pieces. The validation rows choose."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ..core import registry
from ..core.schema import Column, Schema
from ..core.seeds import numpy_generator
from ..modalities.science.formula import describe
from ..modalities.text.text import clean
from ._estimator import Baseline, FittedBaseline, answer, several, split_labels, with_care
from ._scalar_features import learn_scalars, read_scalars
from ._small_data import fillable, spread, spreading
from ._validation_check import FLOOR
from .audio.spectral_trees import audio_features
from .science.fingerprints import molecule_features
from .series.rocket import series_features
from .text.tfidf_linear import SETTINGS, side_by_side, tfidf, vocabulary
from .vision.hog_linear import image_features
from .vision.motion_features import video_features

WORDY = ("text", "tokens", "interaction_history")
HELD = 5  # one row in so many judges where there are no validation rows
WIDTH = 48  # features a text, picture, sound or series is shortened to


class Mixed(Baseline):
    max_rows = 50_000  # rows learnt from, evenly taken

    def fits(self, schema: Schema) -> float:
        return 0.5

    @with_care
    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        y, constant = split_labels(y, kind)
        fitted = FittedBaseline(
            "multimodal", "", kind, classes, schema, {"constant": constant, "seed": seed, "linear": False}, {}
        )
        self.shorten(frame, fitted)
        scalars, categorical = learn_scalars(frame, y, fitted, seed)
        raws = self.raws(frame, fitted)
        wordy = [f"short{i}" for i, column in enumerate(long_columns(schema)) if column.modality in WORDY]
        tries = [(*boosted(kind, categorical, seed), False)]
        if wordy:
            fitted.facts["spread"] = spreading(scalars, categorical)
            fitted.facts["largest"] = [float(np.abs(one).max()) or 1.0 for one in self.short(raws, fitted)]
            tries += [(name, several(one, kind), True) for name, one in linear(kind)]
        learn, judged = apart(len(y), frame, val, seed)
        both = {how: self.side_by_side(scalars, raws, fitted, linear=how) for how in {how for _, _, how in tries}}
        losses = (
            [self.loss(one, both[how], y, learn, judged, val, fitted, how) for _, one, how in tries]
            if len(tries) > 1
            else [0.0]
        )
        words, estimator, fitted.facts["linear"] = tries[int(np.argmin(losses))]
        fitted.parts["estimator"] = estimator.fit(both[fitted.facts["linear"]], y)
        fitted.words = f"features of every column → {words}" + (
            f" (better on validation than {len(tries) - 1} others)" if len(tries) > 1 else ""
        )
        return fitted

    def loss(
        self,
        estimator: Any,
        x: Any,
        y: np.ndarray,
        learn: np.ndarray,
        judged: np.ndarray,
        val: Any,
        fitted: FittedBaseline,
        how: bool,
    ) -> float:
        """What a candidate misses by: on rows set aside, or on the validation rows where there are some."""
        from sklearn.base import clone

        one = clone(estimator).fit(x[learn], y[learn])
        if len(judged):
            asked, truth = x[judged], y[judged]
        else:
            asked, truth = (
                self.side_by_side(read_scalars(val[0], fitted), self.raws(val[0], fitted), fitted, linear=how),
                val[1],
            )
        said = answer(one, asked, fitted.kind, fitted.classes, fitted.facts)
        return missed(said, truth, fitted)

    def shorten(self, frame: pl.DataFrame, fitted: FittedBaseline) -> None:
        """Learn what a text, picture, sound or series is shortened to."""
        from sklearn.decomposition import TruncatedSVD

        for index, column in enumerate(long_columns(fitted.schema)):
            if column.modality in WORDY:
                for name in SETTINGS:
                    fitted.facts[f"{name}{index}"] = vocabulary(name, texts(frame, column))[0]
            raw = self.raw(frame, column, index, fitted)
            size = max(1, min(WIDTH, raw.shape[1] - 1, raw.shape[0] - 1))
            fitted.parts[f"short{index}"] = TruncatedSVD(size, random_state=fitted.facts["seed"]).fit(raw)

    def raw(self, frame: pl.DataFrame, column: Column, index: int, fitted: FittedBaseline) -> Any:
        if column.modality in WORDY:
            return side_by_side(
                [tfidf(name, fitted.facts[f"{name}{index}"]).transform(texts(frame, column)) for name in SETTINGS]
            )
        if column.modality == "image":
            return image_features(frame, column)
        if column.modality == "audio":
            return audio_features(frame, column)
        if column.modality == "video":
            return video_features(frame, column)
        if column.modality == "aligned_sequence":
            encoded = registry.get("modalities", "aligned_sequence").encode(frame[column.name], column.state, {})
            return np.concatenate(
                [encoded == code for code in range(1, 1 + max(map(len, column.state["known"])))], 1
            ).astype(np.float32)
        if column.modality == "vector":
            return registry.get("modalities", "vector").encode(frame[column.name], column.state, {})
        if column.modality == "formula":
            return describe(frame[column.name], {})
        if column.modality == "molecule":
            return np.nan_to_num(molecule_features(frame, column))
        return series_features(frame, column, 64, fitted.facts["seed"])

    def raws(self, frame: pl.DataFrame, fitted: FittedBaseline) -> list[Any]:
        """The features of every long column, not yet shortened."""
        return [self.raw(frame, column, index, fitted) for index, column in enumerate(long_columns(fitted.schema))]

    def short(self, raws: list[Any], fitted: FittedBaseline) -> list[np.ndarray]:
        """(N, WIDTH) each: what trees read of the long columns."""
        parts = [fitted.parts[f"short{index}"] for index in range(len(raws))]
        return [
            part.transform(raw) if raw.shape[0] else np.zeros((0, part.n_components))
            for part, raw in zip(parts, raws, strict=True)
        ]

    def side_by_side(self, scalars: np.ndarray, raws: list[Any], fitted: FittedBaseline, *, linear: bool) -> Any:
        """(N, F): all columns shortened, or for a linear model texts as they are, and everything in its own spread."""
        from scipy.sparse import csr_matrix

        short = self.short(raws, fitted)
        if not linear:
            return fillable(np.concatenate([scalars, *short], 1))
        kinds = [column.modality in WORDY for column in long_columns(fitted.schema)]
        parts = [
            raw if wordy else one / most
            for raw, one, wordy, most in zip(raws, short, kinds, fitted.facts["largest"], strict=True)
        ]
        return side_by_side([csr_matrix(spread(scalars, fitted.facts["spread"])), *map(csr_matrix, parts)])

    def features(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Any:
        return self.side_by_side(
            read_scalars(frame, fitted), self.raws(frame, fitted), fitted, linear=fitted.facts.get("linear", False)
        )


def boosted(kind: str, categorical: list[bool], seed: int) -> tuple[str, Any]:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    make = HistGradientBoostingRegressor if kind == "number" else HistGradientBoostingClassifier
    settings: dict = {"categorical_features": np.flatnonzero(categorical)} if any(categorical) else {}
    return "gradient-boosted trees", several(make(random_state=seed, early_stopping=False, **settings), kind)


def linear(kind: str) -> list[tuple[str, Any]]:
    from sklearn.linear_model import LogisticRegression, Ridge

    if kind == "number":
        return [(f"ridge regression over all words (α={a:g})", Ridge(alpha=a)) for a in (1.0, 10.0)]
    return [
        (f"logistic regression over all words (C={c:g})", LogisticRegression(C=c, max_iter=200)) for c in (1.0, 10.0)
    ]


def apart(rows: int, frame: pl.DataFrame, val: Any, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(rows to learn from, rows set aside to judge candidates): none is set aside where there are validation rows of
    their own."""
    every = np.arange(rows)
    if len(val[1]) and not (len(val[1]) == rows and val[0].equals(frame)):
        return every, every[:0]
    order = numpy_generator(seed, "apart").permutation(rows)
    out = order[: max(1, rows // HELD)]
    return np.setdiff1d(every, out), np.sort(out)


def missed(said: np.ndarray, truth: np.ndarray, fitted: FittedBaseline) -> float:
    """Mean squared error, or log loss with a floor under every probability."""
    if fitted.kind == "number":
        return float(((said - truth) ** 2).mean())
    if fitted.kind == "labels":
        varies = [value is None for value in fitted.facts["constant"]]
        said, truth = said[:, varies], truth if truth.shape[1] == sum(varies) else truth[:, varies]
        return float(-np.log(np.clip(np.where(truth > 0, said, 1 - said), FLOOR, 1)).mean())
    return float(-np.log(np.clip(said[np.arange(len(said)), truth], FLOOR, 1)).mean())


def texts(frame: pl.DataFrame, column: Column) -> list[str]:
    """A column of texts, tokens or events as plain texts."""
    values = frame[column.name]
    if values.dtype == pl.List(pl.String):
        return values.list.join(" ").fill_null("").to_list()
    return clean(values, column.state.get("characters", 20_000))


def long_columns(schema: Schema) -> list[Column]:
    return [
        c
        for c in schema.inputs
        if c.modality
        in (
            "text",
            "image",
            "audio",
            "series",
            "molecule",
            "formula",
            "video",
            "vector",
            "tokens",
            "interaction_history",
            "aligned_sequence",
        )
    ]


BASELINE = Mixed()
