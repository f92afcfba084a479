"""Speech as it was made before networks: recorded words, cut out and joined (unit selection, Hunt & Black 1996).

Where a word lies in its recording is found by hidden Markov models, as in `viterbi`. Of all takes of a word the one is
taken whose neighbours are the same, then the one of the most usual length. Words never recorded are spelt by the words
that begin like them; where there are none, nothing is said.
"""

from __future__ import annotations

import re
from collections import defaultdict

import numpy as np
import polars as pl

from ...core.arrays import objects
from ...core.batch import Predictions
from ...core.sampling import evenly
from ...core.schema import Schema
from .._estimator import Baseline, FittedBaseline
from .hmm_gmm import aligned, gaussians, path_of, scored

MOST, TAKES = 400, 12  # recordings learnt from; of a word
EACH, ROUNDS = 6, 5  # states a word; times that all is cut anew
BENDS = 12  # cepstra by which words are found
BREATH = 5  # frames between words that were never neighbours


class JoinedWords(Baseline):
    output_types = ("speeches",)

    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        """y (N,) of (T, M) frames."""
        picked = evenly(len(y), MOST)
        texts = [words_of(text) for text in frame[schema.inputs[0].name].gather(picked).cast(pl.String).to_list()]
        cut = cuts_of(texts, list(y[picked]))
        units: dict[str, list[dict]] = defaultdict(list)
        for words, mel, spans in zip(texts, y[picked], cut, strict=True):
            for k, (word, (begin, end)) in enumerate(zip(words, spans, strict=True)):
                if len(units[word]) < TAKES and end > begin:
                    around = [words[k - 1] if k else "", words[k + 1] if k + 1 < len(words) else ""]
                    units[word].append({"around": around, "frames": mel[begin:end].astype(float).round(2).tolist()})
        quiet = np.quantile(np.concatenate(list(y)), 0.02, 0).round(3).tolist()
        return FittedBaseline(
            "unit_selection",
            "recorded words, cut out and joined",
            kind,
            classes,
            schema,
            {"units": dict(units), "quiet": quiet},
            {},
        )

    def predict(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Predictions:
        texts = [words_of(text or "") for text in frame[fitted.schema.inputs[0].name].cast(pl.String).to_list()]
        said = [joined(words, fitted.facts["units"], np.array(fitted.facts["quiet"], np.float32)) for words in texts]
        return {"mel": objects(said), "lasting": objects([np.array([len(mel)]) for mel in said])}


def words_of(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.lower())


def joined(words: list[str], units: dict[str, list[dict]], quiet: np.ndarray) -> np.ndarray:
    """(T, M): the takes of all words in a row, a breath where they were not spoken in a row."""
    parts = [np.tile(quiet, (BREATH, 1))]
    for k, word in enumerate(words):
        takes = units.get(word) or next((units[one] for one in sorted(units) if one[:2] == word[:2] and units[one]), [])
        if not takes:
            continue
        around = [words[k - 1] if k else "", words[k + 1] if k + 1 < len(words) else ""]
        usual = np.median([len(take["frames"]) for take in takes])
        best = max(
            takes,
            key=lambda take: (
                sum(a == b for a, b in zip(take["around"], around, strict=True)),
                -abs(len(take["frames"]) - usual),
            ),
        )
        parts.append(np.array(best["frames"], np.float32))
    out: np.ndarray = np.concatenate([*parts, np.tile(quiet, (BREATH, 1))]).astype(np.float32)
    return out


def cuts_of(texts: list[list[str]], mels: list[np.ndarray]) -> list[list[tuple[int, int]]]:
    """From and to of every word in its recording's frames; (0, 0) in recordings too short for their words."""
    from scipy.fft import dct

    code = {word: k + 1 for k, word in enumerate(sorted({word for words in texts for word in words}))}
    heard = [bent(dct(mel, axis=1, norm="ortho")[:, :BENDS]) for mel in mels]
    paths = [path_of(np.array([code[word] for word in words], int), EACH) for words in texts]
    usable = [k for k, (x, path) in enumerate(zip(heard, paths, strict=True)) if len(x) >= len(path)]
    pairs = [(heard[k], paths[k]) for k in usable]
    cuts = [np.linspace(0, len(path) - 1e-6, len(x)).astype(int) for x, path in pairs]
    count = 1 + len(code) * EACH
    for _ in range(ROUNDS if pairs else 0):
        means, variances = gaussians(pairs, cuts, count)
        cuts = [aligned(scored(x, means, variances)[:, path]) for x, path in pairs]
    found = [[(0, 0)] * len(words) for words in texts]
    for k, cut in zip(usable, cuts, strict=True):
        for w in range(len(texts[k])):
            own = np.flatnonzero((cut >= 1 + w * (EACH + 1)) & (cut <= (w + 1) * (EACH + 1) - 1))
            found[k][w] = (int(own[0]), int(own[-1]) + 1) if len(own) else (0, 0)
    return found


def bent(x: np.ndarray) -> np.ndarray:
    """(T, D) → (T, 2 · D): with its slopes."""
    return np.concatenate([x, 2 * (np.gradient(x, axis=0) if len(x) > 1 else np.zeros_like(x))], 1)


BASELINE = JoinedWords()
