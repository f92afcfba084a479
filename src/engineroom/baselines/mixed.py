"""Any mixture of columns: each kind's features side by side, long ones shortened, then boosted trees."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ..core import registry
from ..core.columns import Column, Schema
from ..modalities.formula import describe
from ..modalities.text import clean
from ._store import Fitted, Rival, several, split_labels, with_care
from .audio import audio_features
from .image import image_features
from .molecule import molecule_features
from .series import series_features
from .text import tfidf, vocabulary
from .trees import scalar_features
from .video import video_features

WORDY = ("text", "tokens", "events")
WIDTH = 48  # features a text, picture, sound or series is shortened to


class Mixed(Rival):
    most = 50_000  # rows learnt from, evenly taken

    def fits(self, schema: Schema) -> float:
        return 0.5

    @with_care
    def fit(self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int) -> Fitted:
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        y, constant = split_labels(y, kind)
        fitted = Fitted(
            "mixed", "features of every column → gradient-boosted trees", kind, classes, schema, {"constant": constant, "seed": seed}, {}
        )
        self.shorten(frame, fitted)
        x, categorical = self.features(frame, fitted), scalar_features(frame[:1], schema)[1]
        settings: dict = {"categorical_features": categorical + [False] * (x.shape[1] - len(categorical))} if any(categorical) else {}
        make = HistGradientBoostingRegressor if kind == "number" else HistGradientBoostingClassifier
        fitted.parts["estimator"] = several(make(random_state=seed, early_stopping=False, **settings), kind).fit(x, y)
        return fitted

    def shorten(self, frame: pl.DataFrame, fitted: Fitted) -> None:
        """Learn what a text, picture, sound or series is shortened to."""
        from sklearn.decomposition import TruncatedSVD

        for index, column in enumerate(long_columns(fitted.schema)):
            if column.modality in WORDY:
                fitted.facts[f"words{index}"] = vocabulary("words", texts(frame, column))[0]
            raw = self.raw(frame, column, index, fitted)
            size = max(1, min(WIDTH, raw.shape[1] - 1, raw.shape[0] - 1))
            fitted.parts[f"short{index}"] = TruncatedSVD(size, random_state=fitted.facts["seed"]).fit(raw)

    def raw(self, frame: pl.DataFrame, column: Column, index: int, fitted: Fitted) -> Any:
        if column.modality in WORDY:
            return tfidf("words", fitted.facts[f"words{index}"]).transform(texts(frame, column))
        if column.modality == "image":
            return image_features(frame, column)
        if column.modality == "audio":
            return audio_features(frame, column)
        if column.modality == "video":
            return video_features(frame, column)
        if column.modality == "aligned":
            encoded = registry.get("modalities", "aligned").encode(frame[column.name], column.state, {})
            return np.concatenate([encoded == code for code in range(1, 1 + max(map(len, column.state["known"])))], 1).astype(np.float32)
        if column.modality == "vector":
            return registry.get("modalities", "vector").encode(frame[column.name], column.state, {})
        if column.modality == "formula":
            return describe(frame[column.name], {})
        if column.modality == "molecule":
            return np.nan_to_num(molecule_features(frame, column))
        return series_features(frame, column, 64, fitted.facts["seed"])

    def features(self, frame: pl.DataFrame, fitted: Fitted) -> np.ndarray:
        parts = [scalar_features(frame, fitted.schema)[0]]
        for index, column in enumerate(long_columns(fitted.schema)):
            parts.append(fitted.parts[f"short{index}"].transform(self.raw(frame, column, index, fitted)))
        return np.concatenate(parts, 1)


def texts(frame: pl.DataFrame, column: Column) -> list[str]:
    """A column of texts, tokens or events as plain texts."""
    values = frame[column.name]
    if values.dtype == pl.List(pl.String):
        return values.list.join(" ").fill_null("").to_list()
    return clean(values, column.state.get("characters", 20_000))


def long_columns(schema: Schema) -> list[Column]:
    return [c for c in schema.inputs if c.modality in ("text", "image", "audio", "series", "molecule", "formula", "video", "vector", "tokens", "events", "aligned")]


BASELINE = Mixed()
