"""The n-gram baseline: its probabilities are those of the paper, sum to one whatever came before, and come back from
the file."""

from __future__ import annotations

import base64

import numpy as np
import polars as pl
import pytest

from engineroom.baselines._estimator import load
from engineroom.baselines.text.kneser_ney import counted, next_token_probabilities
from engineroom.core.config import LimitsConfig
from engineroom.core.errors import BundleError
from engineroom.core.registry import get
from engineroom.core.schema import Column, Schema
from engineroom.metrics.language import graded, scores

RNG = np.random.default_rng(0)


def levels(codes: np.ndarray, vocabulary: int, order: int):
    often, wide = counted(
        base64.b64encode(codes.astype(np.uint16).tobytes()).decode(), (len(codes),), vocabulary, order
    )
    return [*wide[: order - 1], often[order - 1]]


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_probabilities_sum_to_one(order: int) -> None:
    vocabulary = 7
    codes = RNG.choice(6, 400, p=[0.4, 0.3, 0.15, 0.1, 0.04, 0.01])  # token 6 is never met
    found = levels(codes, vocabulary, order)
    for context in ([0, 0, 1, 2], [6, 6, 6, 6], [5, 4, 5, 4], codes[10:14].tolist()):
        rows = np.array([[*context, token] for token in range(vocabulary)])
        p, _ = next_token_probabilities(rows.ravel(), np.full(vocabulary, 5), found, vocabulary)
        last = p.reshape(vocabulary, 5)[:, -1]
        assert last.sum() == pytest.approx(1) and (last > 0).all()


def test_kneser_ney_by_hand() -> None:
    """a b a b a c: by bigrams with discounts of 1/2, and how many different tokens come before each."""
    codes = np.array([0, 1, 0, 1, 0, 2])
    p, best = next_token_probabilities(np.array([0, 1, 0, 2]), np.array([2, 2]), levels(codes, 3, 2), 3)
    unigram = {1: 0.5 / 3 + 0.5 / 3 * 3 / 3, 2: 0.5 / 3 + 0.5 / 3 * 3 / 3}  # a, b, c each come after one other token
    assert p[1] == pytest.approx((2 - 0.5) / 3 + 2 * 0.5 / 3 * unigram[1])
    assert p[3] == pytest.approx((1 - 0.5) / 3 + 2 * 0.5 / 3 * unigram[2])
    assert best[1] == 1


def test_the_row_s_own_past_alone_counts() -> None:
    codes = np.tile([0, 1, 2], 50)
    p, _ = next_token_probabilities(np.array([0, 1, 2, 2, 0]), np.array([3, 2]), levels(codes, 3, 3), 3)
    alone, _ = next_token_probabilities(np.array([2, 0]), np.array([2]), levels(codes, 3, 3), 3)
    assert p[3:].tolist() == alone.tolist() and p[2] > 0.95


def test_it_learns_a_text_and_comes_back() -> None:
    frame = pl.DataFrame({"text": ["the cat sat on the mat. " * 4, "a dog sat on a mat. " * 5] * 10, "next": [1] * 20})
    state = get("modalities", "text_corpus").fit(frame["text"], limits=LimitsConfig())
    target = get("modalities", "next_token").link_to_input({}, state)
    schema = Schema((Column("text", "text_corpus", "input", state), Column("next", "next_token", "target", target)))
    found = {}
    for name in ("kneser_ney", "dummy"):
        more = {
            "schema": schema,
            "kind": "continuation",
            "classes": state["vocabulary"],
            "val": (frame[:4], np.zeros(4)),
            "seed": 0,
        }
        found[name] = get("baselines", name).fit(frame[4:], np.zeros(16), **more)
    strange = pl.DataFrame({"text": ["the cat sat on ZZ mat."]})
    losses = {name: scores(graded(one.predict(frame[:4]), np.zeros(4)))["log_loss"] for name, one in found.items()}
    assert losses["kneser_ney"] < 0.25 < 2 < losses["dummy"] < np.log(state["vocabulary"])
    again = load(found["kneser_ney"].dump())
    result = again.predict(strange)
    assert np.isfinite(result["nats"][0]).all() and result["nats"][0].max() > 11, (
        "what was never met is spelt out in bytes"
    )
    assert result["nats"][0].tolist() == found["kneser_ney"].predict(strange)["nats"][0].tolist()
    again.facts["lengths"][0] += 1
    with pytest.raises(BundleError, match="cannot answer"):
        again.predict(strange)
