"""Restoring the classical way, one way a damage: back-projection enlarges (Irani & Peleg 1991), shrunken cosine
transforms take noise away (Yu & Sapiro 2011), and grey places get the colours that such a brightness usually has. The
one number of each is chosen on the training pictures."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from ...core import registry
from ...core.arrays import objects
from ...core.batch import Predictions
from ...core.sampling import evenly
from ...core.schema import Schema
from ...layers.degradation import LIGHT, SIGMA, resized, scale_of
from ...metrics.image_restoration import psnr
from ...modalities.vision._ragged_images import unpacked
from .._estimator import Baseline, FittedBaseline

LOOKED = 24  # training pictures
ROUNDS = (0, 2, 5, 10, 20)  # of back-projection
THRESHOLDS = (2.2, 2.5, 2.8, 3.1)  # deviations of the noise
BLOCK, STEP = 8, 2  # pixels
BINS = 64


class Restore(Baseline):
    output_types = ("restored",)

    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        """y (N,) whole pictures (H, W, 3) uint8."""
        damage, scale = damage_of(schema)
        picked = evenly(frame.height, LOOKED)
        frame, y = frame[picked], y[picked]
        if damage == "grey":
            return FittedBaseline(
                "classical_restoration",
                "the colour that such a brightness usually has",
                kind,
                classes,
                schema,
                {"colours": usual(y)},
                {},
            )
        name, choices = ("threshold", THRESHOLDS) if damage == "noise" else ("rounds", ROUNDS)
        scored = []
        for choice in choices:
            said = each(partial(worked, damage=damage, scale=scale, choice=choice), frame, schema)
            scored.append(np.mean([psnr(a, b) for a, b in zip(said, y, strict=True)]))
        best = choices[int(np.argmax(scored))]
        words = (
            f"cosine transforms, shrunk below {best:g} deviations of the noise"
            if damage == "noise"
            else f"bicubic interpolation and {best} rounds of back-projection"
        )
        return FittedBaseline("classical_restoration", words, kind, classes, schema, {name: best}, {})

    def predict(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Predictions:
        damage, scale = damage_of(fitted.schema)
        if damage == "grey":
            table = np.array(fitted.facts["colours"])
            return {"picture": each(lambda one: painted(one, table), frame, fitted.schema)}
        choice = fitted.facts["threshold" if damage == "noise" else "rounds"]
        return {"picture": each(lambda one: worked(one, damage, scale, choice), frame, fitted.schema)}


def damage_of(schema: Schema) -> tuple[str, int]:
    """(kind of damage, by what it is to be enlarged)."""
    kind = str(schema.target.state["damage"])
    return kind, scale_of(kind)


def each(work: Callable[[np.ndarray], np.ndarray], frame: pl.DataFrame, schema: Schema) -> np.ndarray:
    """(N,) of what `work` makes of every picture (h, w, 3) that is asked about."""
    column = next(c for c in schema.inputs if registry.get("modalities", c.modality).signal_type == "picture")
    found = unpacked(registry.get("modalities", column.modality).encode(frame[column.name], column.state, {}))
    return objects([work(one) for one in found])


def enlarged(picture: np.ndarray, scale: int) -> np.ndarray:
    """(h, w, 3) → (scale · h, scale · w, 3), by bicubic interpolation."""
    return resized(picture, picture.shape[0] * scale, picture.shape[1] * scale)


def worked(picture: np.ndarray, damage: str, scale: int, choice: Any) -> np.ndarray:
    return shrunk(picture, float(choice)) if damage == "noise" else projected(picture, scale, int(choice))


def projected(low: np.ndarray, scale: int, rounds: int) -> np.ndarray:
    """(h, w, 3) → enlarged, so that shrinking it again gives what came: what is missing is added, round by round."""
    high = enlarged(low, scale).astype(np.float32)
    H, W = high.shape[:2]
    for _ in range(rounds):
        gap = low.astype(np.float32) - float_resized(high, *low.shape[:2])
        high += float_resized(gap, H, W)
    return high.round().clip(0, 255).astype(np.uint8)


def float_resized(x: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bicubic, on (H, W, 3) numbers of any size."""
    from PIL import Image

    return np.stack(
        [np.asarray(Image.fromarray(x[..., k]).resize((width, height), Image.Resampling.BICUBIC)) for k in range(3)], 2
    )


def shrunk(noisy: np.ndarray, threshold: float) -> np.ndarray:
    """Every block's cosine transform without what the noise alone would make, all blocks averaged where they overlap;
    colours first made independent."""
    from scipy.fft import dct

    turn = np.asarray(dct(np.eye(3), norm="ortho", axis=0))
    x = np.pad(
        noisy.astype(np.float32) @ turn.T,
        ((BLOCK, BLOCK), (BLOCK, BLOCK), (0, 0)),
        "reflect" if min(noisy.shape[:2]) > BLOCK else "edge",
    )
    out = np.stack([shrunk_plane(x[..., k], threshold * SIGMA) for k in range(3)], 2)
    return (out[BLOCK:-BLOCK, BLOCK:-BLOCK] @ turn).round().clip(0, 255).astype(np.uint8)


def shrunk_plane(plane: np.ndarray, limit: float) -> np.ndarray:
    """(H, W) → (H, W)."""
    from scipy.fft import dctn, idctn

    total, count = np.zeros_like(plane), np.zeros_like(plane)
    H, W = ((side - BLOCK) // STEP + 1 for side in plane.shape)
    blocks = np.lib.stride_tricks.sliding_window_view(plane, (BLOCK, BLOCK))[::STEP, ::STEP]
    for row in range(H):
        freq = dctn(blocks[row], axes=(1, 2), norm="ortho")
        keep = np.abs(freq) > limit
        keep[:, 0, 0] = True
        back = idctn(freq * keep, axes=(1, 2), norm="ortho")
        weight = 1 / keep.sum((1, 2))[:, None, None]  # simple blocks are surer
        for column in range(W):
            place = np.s_[row * STEP : row * STEP + BLOCK, column * STEP : column * STEP + BLOCK]
            total[place] += back[column] * weight[column]
            count[place] += weight[column]
    return total / np.maximum(count, 1e-9)


def usual(pictures: np.ndarray) -> list[list[float]]:
    """[BINS][3] mean colour less brightness, of places as bright as that."""
    total, count = np.zeros((BINS, 3)), np.zeros(BINS)
    for one in pictures:
        light = one.astype(np.float32) @ LIGHT
        place = (light * BINS / 256).astype(int).ravel()
        rest = (one - light[..., None]).reshape(-1, 3)
        total += np.stack([np.bincount(place, rest[:, k], BINS) for k in range(3)], 1)
        count += np.bincount(place, minlength=BINS)
    return (total / np.maximum(count, 1)[:, None]).round(3).tolist()


def painted(grey: np.ndarray, table: np.ndarray) -> np.ndarray:
    place = (grey[..., 0].astype(int) * BINS) // 256
    return (grey + table[place]).round().clip(0, 255).astype(np.uint8)


BASELINE = Restore()
