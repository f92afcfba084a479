"""Speech recognition as it was before networks: hidden Markov models, a few Gaussian states a unit in a row, of cepstra
and their slopes (Rabiner 1989).

States are found by segmental k-means: first every recording is cut evenly, then again and again where the models
themselves would cut it. What is said is the best path through all units in a loop, silence between them; a price a unit
is chosen on training recordings.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl

from ...core import registry
from ...core.batch import Predictions
from ...core.sampling import evenly
from ...core.schema import Schema
from ...metrics.speech_recognition import edits
from .._estimator import Baseline, FittedBaseline

MOST, ASKED = 400, 60  # recordings learnt from; by which the price is chosen
STATES = {"words": 6, "characters": 2}
ROUNDS = 6
PRICES = (10.0, 30.0, 60.0, 100.0)  # nats a unit
CEPSTRA = 13
LEAST = 0.05  # variance
NEVER = -1e30


class Viterbi(Baseline):
    output_types = ("transcripts",)

    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        """y (N,) of codes 1 … classes − 1; 0 is silence."""
        each = STATES[str(schema.target.state["units"])]
        picked = evenly(len(y), MOST)
        heard = cepstra_of(frame[picked], schema)
        pairs = [
            (x, path_of(codes, each))
            for x, codes in zip(heard, y[picked], strict=True)
            if codes.max(initial=0) < classes and len(x) >= 2 * len(path_of(codes, each))
        ]
        cuts = [np.linspace(0, len(path) - 1e-6, len(x)).astype(int) for x, path in pairs]
        count = 1 + (classes - 1) * each
        means, variances = gaussians(pairs, cuts, count)
        for _ in range(ROUNDS):
            cuts = [aligned(scored(x, means, variances)[:, path]) for x, path in pairs]
            means, variances = gaussians(pairs, cuts, count)
        asked = list(zip(heard, y[picked], strict=True))[:: max(1, len(heard) // ASKED)]
        wrong = [
            sum(edits(decoded(scored(x, means, variances), each, price).tolist(), codes.tolist()) for x, codes in asked)
            for price in PRICES
        ]
        facts = {
            "means": means.round(4).tolist(),
            "variances": variances.round(4).tolist(),
            "states": each,
            "price": PRICES[int(np.argmin(wrong))],
        }
        return FittedBaseline(
            "hmm_gmm", f"hidden Markov models, {each} Gaussian states a unit", kind, classes, schema, facts, {}
        )

    def predict(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Predictions:
        means, variances = np.array(fitted.facts["means"]), np.array(fitted.facts["variances"])
        out = np.empty(frame.height, object)
        for row, x in enumerate(cepstra_of(frame, fitted.schema)):
            out[row] = decoded(scored(x, means, variances), int(fitted.facts["states"]), float(fitted.facts["price"]))
        return {"codes": out}


def cepstra_of(frame: pl.DataFrame, schema: Schema) -> list[np.ndarray]:
    """(T, 3 · CEPSTRA) a recording: cepstra of 10 ms, their slopes and the slopes of these, of mean 0."""
    from scipy.fft import dct
    from scipy.signal import stft

    column = next(c for c in schema.inputs if c.modality == "speech")
    rate, out = column.state["rate"], []
    for wave in registry.get("modalities", "speech").encode(frame[column.name], column.state, {}).rows():
        size = int(rate * 0.025)
        power = np.abs(stft(wave / 32768, rate, nperseg=size, noverlap=size - rate // 100, nfft=512)[2]) ** 2
        found = dct(np.log(filters(rate) @ power + 1e-9), axis=0, norm="ortho")[:CEPSTRA].T
        first = np.gradient(found, axis=0) if len(found) > 1 else np.zeros_like(found)
        second = np.gradient(first, axis=0) if len(found) > 1 else first
        whole = np.concatenate([found, 3 * first, 6 * second], 1)
        out.append((whole - whole.mean(0)) / 2)
    return out


@lru_cache(maxsize=4)
def filters(rate: int) -> Any:
    from ...layers.mel_spectrogram import mel_filters

    return mel_filters(rate, 512, 26)


def path_of(codes: np.ndarray, each: int) -> np.ndarray:
    """States of a transcript in their order: silence, the states of each unit, silence between."""
    out = [0]
    for code in codes.tolist():
        out += [*range(1 + (code - 1) * each, 1 + code * each), 0]
    return np.array(out)


def gaussians(pairs: list, cuts: list[np.ndarray], count: int) -> tuple[np.ndarray, np.ndarray]:
    """(count, D) means and variances of the frames that fell to each state; those without any are like all."""
    frames = np.concatenate([x for x, _ in pairs])
    states = np.concatenate([path[cut] for (_, path), cut in zip(pairs, cuts, strict=True)])
    means, variances = np.tile(frames.mean(0), (count, 1)), np.tile(frames.var(0), (count, 1))
    for state in range(count):
        own = frames[states == state]
        if len(own) > 2:
            means[state], variances[state] = own.mean(0), own.var(0)
    return means, np.maximum(variances, LEAST)


def scored(x: np.ndarray, means: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """(T, D) → (T, states) log densities."""
    rates = 1 / variances
    return -0.5 * ((x**2) @ rates.T - 2 * x @ (means * rates).T + (means**2 * rates + np.log(variances)).sum(1))


def aligned(scores: np.ndarray) -> np.ndarray:
    """(T, S) along a path → (T,) places: every state in its order; any one may be skipped at a price of 5 nats, as a
    silence between words is."""
    T, S = scores.shape
    best, came = np.full(S, NEVER), np.zeros((T, S), np.int8)
    best[: min(2, S)] = scores[0, : min(2, S)]
    skip = np.arange(S) >= 2
    for t in range(1, T):
        one = np.concatenate([[NEVER], best[:-1]])
        two = np.where(skip, np.concatenate([[NEVER, NEVER], best[:-2]])[:S], NEVER) - 5.0
        ways = np.stack([best, one, two])
        came[t] = ways.argmax(0)
        best = ways.max(0) + scores[t]
    place = S - 1 if best[-1] >= best[-2 if S > 1 else -1] else S - 2
    out = np.zeros(T, int)
    for t in range(T - 1, -1, -1):
        out[t] = place
        place -= int(came[t, place])  # as plain numbers: a path may have more states than 8 bits count
    return out


def decoded(scores: np.ndarray, each: int, price: float) -> np.ndarray:
    """(T, states) → codes: the best path through silence and all units in a loop."""
    T, count = scores.shape
    units = (count - 1) // each
    best, came = np.full(count, NEVER), np.zeros((T, count), np.int32)
    first, last = 1 + each * np.arange(units), each * (1 + np.arange(units))
    best[0], best[first] = scores[0, 0], scores[0, first] - price
    for t in range(1, T):
        ahead = np.concatenate([[NEVER], best[:-1]])
        ahead[first] = NEVER
        ends = int(last[best[last].argmax()])
        begin = max(best[0], best[ends])
        origin: np.ndarray = np.arange(count) - (ahead > best)
        value = np.maximum(best, ahead)
        fresh = begin - price > value[first]
        origin[first[fresh]], value[first[fresh]] = (-1 - (0 if best[0] >= best[ends] else ends)), begin - price
        if best[ends] > best[0]:
            origin[0], value[0] = ends, best[ends]
        came[t], best = origin, value + scores[t]
    place = 0 if best[0] >= best[last].max() else int(last[best[last].argmax()])
    out: list[int] = []
    for t in range(T - 1, -1, -1):
        source = int(came[t, place]) if t else -1
        if place and (place - 1) % each == 0 and source < 0:
            out.append((place - 1) // each + 1)
        place = -1 - source if source < 0 else source
    return np.array(out[::-1], np.int32)


BASELINE = Viterbi()
