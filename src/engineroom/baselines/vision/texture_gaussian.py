"""Odd pictures the classical way: how unlike good ones the light, edges and curvature around each place are, or the
picture as a whole.

Place by place a Gaussian over hand-made descriptors (as PaDiM, Defard et al. 2021, has it over a network's), that is
the Mahalanobis distance, from scikit-learn's PCA with whitening; or an isolation forest over HOG and thumbnails.
Pictures with made-up flaws choose.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ...core.batch import Predictions
from ...core.schema import Schema
from ...metrics.classification import roc_auc
from .._estimator import Baseline, FittedBaseline, with_care
from ._hog import picture_features
from .pixel_classifier import CHUNK, picture, pictures, surroundings

STRIDE = 4  # pixels between the places looked at
SAMPLE = 200_000  # places learnt from
PEAK = 0.01  # of the places: the oddest ones decide over the picture
EDGE = 2  # descriptors at the end that tell the place in the picture, which is left out


class Textures(Baseline):
    output_types = ("flaws",)
    max_rows = 2_000  # pictures learnt from, evenly taken

    @with_care
    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val: Any, seed: int
    ) -> FittedBaseline:
        from sklearn.decomposition import PCA
        from sklearn.ensemble import IsolationForest
        from sklearn.preprocessing import StandardScaler

        fitted = FittedBaseline("texture_gaussian", "", kind, classes, schema, {}, {})
        good = frame.filter(pl.Series(y == 0))
        rng, few = np.random.default_rng(seed), max(1, SAMPLE // max(1, good.height))
        places, whole = [], []
        for x, looks in self.looked(good, fitted):
            flat = x.reshape(-1, x.shape[-1])
            places.append(flat[np.sort(rng.permutation(len(flat))[:few])])
            whole.append(looks)
        scaler = fitted.parts["scaler"] = StandardScaler().fit(np.concatenate(places))
        fitted.parts["estimator"] = PCA(whiten=True, random_state=seed).fit(scaler.transform(np.concatenate(places)))
        fitted.parts["forest"] = IsolationForest(n_estimators=200, random_state=seed).fit(np.concatenate(whole))
        asked, truth = (val[0], val[1]) if len(val[1]) else (good, np.zeros(good.height, int))
        _heat, *tried = self.measured(asked, fitted)
        ranks = [np.nan_to_num(roc_auc(truth > 0, score), nan=0.5) for score in tried]
        best = int(ranks[1] > ranks[0])
        ordinary = tried[best][truth == 0]
        fitted.facts |= {
            "forest": best,
            "middle": float(np.median(ordinary)),
            "spread": float(max(1e-9, np.std(ordinary))),
        }
        fitted.words = (
            "Gaussian of light, edges and curvature around each place",
            "isolation forest over HOG and thumbnails",
        )[best]
        return fitted

    def looked(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Any:
        """For each picture ((h, w, F) descriptors of its places, (1, G) of the whole)."""
        column = picture(fitted.schema)
        for start in range(0, frame.height, CHUNK):
            for one in pictures(frame[start : start + CHUNK], column):
                yield (
                    surroundings(one)[STRIDE // 2 :: STRIDE, STRIDE // 2 :: STRIDE, :-EDGE],
                    picture_features(one[None]),
                )

    def measured(self, frame: pl.DataFrame, fitted: FittedBaseline) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """((N, h, w) distance of places, (N,) of pictures by their oddest places, (N,) by the forest)."""
        state = picture(fitted.schema).state
        size = [len(range(STRIDE // 2, state[side], STRIDE)) for side in ("height", "width")]
        heat, whole = np.zeros((frame.height, *size), np.float32), np.zeros(frame.height)
        scaler, pca = fitted.parts["scaler"], fitted.parts["estimator"]
        for row, (x, looks) in enumerate(self.looked(frame, fitted)):
            far = pca.transform(scaler.transform(x.reshape(-1, x.shape[-1])))
            heat[row] = np.sqrt(np.minimum(far**2, 1e6).mean(1)).reshape(size)
            whole[row] = -fitted.parts["forest"].score_samples(looks)[0]
        flat = np.sort(heat.reshape(frame.height, -1), 1)
        count = max(1, round(PEAK * flat.shape[1]))
        return heat, flat[:, -count:].mean(1).astype(np.float64), whole

    def predict(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Predictions:
        heat, *tried = self.measured(frame, fitted)
        facts = fitted.facts
        p = 1 / (1 + np.exp(-np.clip((tried[facts["forest"]] - facts["middle"]) / facts["spread"], -20, 20)))
        return {"probability": np.stack([1 - p, p], 1), "heat": (heat - facts["middle"]) / facts["spread"]}


BASELINE = Textures()
