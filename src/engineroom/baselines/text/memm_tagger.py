"""Labels from a window: a linear model of the token, its neighbours and the labels before it, read from left to right.

A maximum-entropy Markov model (McCallum et al. 2000) over the features that named entities are usually found by
(Ratinov & Roth 2009), hashed (Weinberger et al. 2009); one pass of stochastic gradient descent after another, its
strength chosen on the validation rows.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from ...core.schema import Schema
from ...core.span_labels import spans
from ...metrics.token_classification import counts, f1
from ...modalities.text._subword_hashing import shape
from ...modalities.text.tokens import to_tokens
from .._estimator import Baseline, FittedBaseline, with_care

BITS = 2**16
ALPHAS = (1e-6, 1e-5)
EPOCHS = 6
REACH = 8  # letters on each side; words look at two
MOST_TOKENS = 1_000_000
WHOLE_BITS = 2**16


class Window(Baseline):
    output_types = ("tags",)
    max_rows = 50_000

    @with_care
    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        labels, first = len(schema.target.state["values"]), int(bool(schema.target.state["wholes"]))
        rows, letters = cut(frame, schema)
        true = [np.asarray(row[first:]) for row in y]
        ends = np.cumsum([len(row) for row in true])
        taken = int(np.searchsorted(ends, MOST_TOKENS, side="right")) or 1
        flat = np.concatenate(true[:taken])
        x = hashed([one for row, own in zip(rows[:taken], true, strict=False) for one in features(row, own, letters)])
        learnt = (flat >= 0) & (flat < labels)
        fitted = FittedBaseline("memm_tagger", "", kind, classes, schema, {}, {})
        x, flat = x[learnt], flat[learnt]
        few = max(1, len(flat) // 3)  # enough to choose the strength by
        tries = {
            alpha: linear(alpha, seed, EPOCHS // 2).fit(x[:few], flat[:few]) if len(set(flat[:few])) > 1 else None
            for alpha in ALPHAS
        }
        worth = {
            alpha: quality(
                walk(slim(model), *cut(val[0], schema), labels), [row[first:] for row in val[1]], schema.target.state
            )
            if model
            else 0.0
            for alpha, model in tries.items()
        }
        strength = max(worth, key=lambda alpha: worth[alpha])
        fitted.parts["tags"] = slim(linear(strength, seed, EPOCHS).fit(x, flat))
        if first:
            fitted.parts["whole"] = whole_model(
                rows, np.array([row[0] for row in y]), len(schema.target.state["wholes"]), seed
            )
        fitted.words = f"linear model of a window{'' if letters else ', from left to right'} (alpha={strength:g})"
        return fitted

    def predict(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Any:
        state = fitted.schema.target.state
        rows, letters = cut(frame, fitted.schema)
        out = np.empty(len(rows), object)
        for i, p in enumerate(walk(fitted.parts["tags"], rows, letters, len(state["values"]))):
            out[i] = p
        answers: dict[str, np.ndarray] = {"probability": out}
        if "whole" in fitted.parts:
            answers["whole"] = (
                spread(fitted.parts["whole"], bags(rows), len(state["wholes"]))
                if rows
                else np.zeros((0, len(state["wholes"])))
            )
        return answers


def quality(said: list[np.ndarray], true: list[np.ndarray], state: Any) -> float:
    """Validation score: F1 of spans, or labels right where labels mark none."""
    pairs = [(row, p.argmax(1)) for p, row in zip(said, true, strict=True)]
    if not state["spans"]:
        return float(np.mean(np.concatenate([a[a >= 0] == b[a >= 0] for a, b in pairs] or [np.zeros(1)])))
    names = np.array([*state["values"], "B-?", "I-?", "O"], object)
    total = np.sum([counts(spans(names[a]), spans(names[b])) for a, b in pairs], axis=0)
    return f1(*total)[2]


def cut(frame: pl.DataFrame, schema: Schema) -> tuple[list[list[str]], bool]:
    """(tokens of each row, are they letters?)."""
    column = next(c for c in schema.inputs if c.modality == "tokens")
    return to_tokens(frame[column.name], column.state["letters"]), bool(column.state["letters"])


def linear(alpha: float, seed: int, epochs: int) -> Any:
    from sklearn.linear_model import SGDClassifier

    return SGDClassifier(loss="log_loss", alpha=alpha, max_iter=epochs, tol=None, average=True, random_state=seed)


def slim(model: Any) -> Any:
    """A fitted linear model without what prediction does not need: half the bytes, and nothing that is not plain
    arrays."""
    from sklearn.linear_model import LogisticRegression

    plain = LogisticRegression()
    plain.classes_, plain.n_features_in_ = model.classes_, model.n_features_in_
    plain.coef_, plain.intercept_ = model.coef_.astype(np.float32), model.intercept_.astype(np.float32)
    return plain


def features(row: list[str], labels: np.ndarray, letters: bool) -> list[list[str]]:
    """The names of each token's features; `labels` are those before it, as they are or as they were said.

    Letters come without: classes of steps come in runs, and who learns from the true label before learns little else.
    """
    fixed = outlook(row, letters)
    return fixed if letters else [[*one, *memory(labels[max(0, t - 2) : t])] for t, one in enumerate(fixed)]


def outlook(row: list[str], letters: bool) -> list[list[str]]:
    """What a token and its neighbours look like."""
    if letters:
        padded = ["^"] * REACH + row + ["$"] * REACH
        return [
            [f"{k}{padded[t + REACH + k]}" for k in range(-REACH, REACH + 1)]
            + [f"{k}{''.join(padded[t + REACH + k : t + REACH + k + 2])}" for k in range(-4, 4)]
            for t in range(len(row))
        ]
    low = ["^^", "^", *(word.lower() for word in row), "$", "$$"]
    shapes = ["^", *(shape(word) for word in row), "$"]
    out = []
    for t, word in enumerate(row):
        near = low[t : t + 5]
        own = near[2]
        names = [f"{k}={w}" for k, w in enumerate(near)]
        names += [
            f"1+2={near[1]} {own}",
            f"2+3={own} {near[3]}",
            f"w={word}",
            f"s={shapes[t + 1]}",
            f"s-={shapes[t]}",
            f"s+={shapes[t + 2]}",
        ]
        names += [f"s3={shapes[t]}|{shapes[t + 1]}|{shapes[t + 2]}"]
        names += [f"p={own[:n]}" for n in range(1, 5) if len(own) >= n] + [
            f"e={own[-n:]}" for n in range(1, 5) if len(own) >= n
        ]
        out.append(names)
    return out


def memory(before: np.ndarray) -> list[str]:
    """The one and two labels before."""
    one = int(before[-1]) if len(before) else "^"
    two = int(before[-2]) if len(before) > 1 else "^"
    return [f"y={one}", f"yy={two},{one}"]


def hashed(names: list[list[str]]) -> Any:
    from sklearn.feature_extraction import FeatureHasher

    return FeatureHasher(BITS, input_type="string", dtype=np.float32, alternate_sign=False).transform(names)


def walk(model: Any, rows: list[list[str]], letters: bool, labels: int) -> list[np.ndarray]:
    """Every row from left to right, all rows at once: (T, labels) probabilities each. What was said is remembered for
    the next step.

    The score is linear, so the part of the neighbours is taken for all tokens at once and that of the memory from a
    table.
    """
    out = [np.zeros((len(row), labels), np.float32) for row in rows]
    weights = model.coef_ if len(model.coef_) > 1 else np.concatenate([-model.coef_, model.coef_]) / 2
    bias = model.intercept_ if len(model.intercept_) > 1 else np.concatenate([-model.intercept_, model.intercept_]) / 2
    starts = np.cumsum([0, *(len(row) for row in rows)])
    if not starts[-1]:
        return out
    weights = np.ascontiguousarray(weights.T)  # once: every product with a turned matrix would copy it whole
    fixed = np.asarray(hashed([one for row in rows for one in outlook(row, letters)]) @ weights) + bias
    known = np.asarray(model.classes_, int)
    remembered: dict[Any, np.ndarray] = {}
    before = np.full((len(rows), 2), -9, np.int64)
    order = np.argsort([-len(row) for row in rows], kind="stable")
    lengths = np.array([len(row) for row in rows])[order]
    for t in range(int(lengths.max(initial=0))):
        live = order[: int((lengths > t).sum())]
        pairs = [() if letters else tuple(pair) for pair in before[live].tolist()]
        for pair in set(pairs) - remembered.keys():
            past = np.array([k for k in pair if k != -9])
            remembered[pair] = np.asarray(hashed([[] if letters else memory(past)]) @ weights)[0]
        score = fixed[starts[live] + t] + np.stack([remembered[pair] for pair in pairs])
        p = 1 / (1 + np.exp(-np.clip(score, -30, 30)))  # one against the rest, brought to a sum of one
        p /= p.sum(1, keepdims=True)
        said = known[p.argmax(1)]
        for row, one in zip(live, p, strict=True):
            out[row][t, known] = one
        before[live] = np.stack([before[live][:, 1], said], 1)
    return out


def bags(rows: list[list[str]]) -> Any:
    """Words and pairs of words of a whole row, hashed; of length one."""
    from sklearn.feature_extraction import FeatureHasher
    from sklearn.preprocessing import normalize

    low = [[word.lower() for word in row] for row in rows]
    names = [[*row, *(f"{a} {b}" for a, b in pairwise(row))] for row in low]
    return normalize(
        FeatureHasher(WHOLE_BITS, input_type="string", dtype=np.float32, alternate_sign=False).transform(names)
    )


def whole_model(rows: list[list[str]], y: np.ndarray, wholes: int, seed: int) -> Any:
    learnt = (y >= 0) & (y < wholes)
    return slim(
        linear(1e-6, seed, EPOCHS).fit(bags([row for row, one in zip(rows, learnt, strict=True) if one]), y[learnt])
    )


def spread(model: Any, x: Any, wholes: int) -> np.ndarray:
    """(N, wholes) probabilities; what was never seen has none."""
    score = np.asarray(x @ model.coef_.T) + model.intercept_
    score = np.concatenate([-score, score], 1) / 2 if score.shape[1] == 1 else score
    p = 1 / (1 + np.exp(-np.clip(score, -30, 30)))
    out = np.zeros((len(p), wholes))
    out[:, np.asarray(model.classes_, int)] = p / p.sum(1, keepdims=True)
    return out


BASELINE = Window()
