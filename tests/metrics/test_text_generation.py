"""BLEU and chrF are sacreBLEU's own, row by row and summed; ROUGE by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engineroom.metrics.bootstrap import take
from engineroom.metrics.text_generation import bleu_of, f1, graded, rouge, scores

SAID = ["the cat sat on the mat today", "a dog runs in the park", "nothing alike", ""]
TRUTH = ["the cat is on the mat today", "a dog runs in the park", "quite another text", "not empty"]


def test_scores_are_those_of_sacrebleu() -> None:
    from sacrebleu.metrics import BLEU, CHRF

    found = scores(graded(SAID, TRUTH))
    assert found["bleu"] == pytest.approx(BLEU().corpus_score(SAID, [TRUTH]).score) and found["chrf"] == pytest.approx(
        CHRF().corpus_score(SAID, [TRUTH]).score
    )
    assert found["exact"] == 0.25
    part = take(graded(SAID, TRUTH), np.array([1, 1, 2]))
    assert scores(part)["bleu"] == pytest.approx(
        BLEU().corpus_score([SAID[1], SAID[1], SAID[2]], [[TRUTH[1], TRUTH[1], TRUTH[2]]]).score
    )


def test_rouge_by_hand() -> None:
    # Lin 2004: "police killed the gunman" against "police kill the gunman" and "the gunman kill police"
    assert rouge("police kill the gunman", "police killed the gunman") == pytest.approx((0.75, 1 / 3, 0.75))
    assert rouge("the gunman kill police", "police killed the gunman") == pytest.approx((0.75, 1 / 3, 0.5))
    assert rouge("", "some words") == (0.0, 0.0, 0.0) == rouge("one", "")
    assert rouge("Same, text!", "same text") == (1.0, 1.0, 1.0)


def test_rouge_l_is_the_longest_common_subsequence_of_the_textbook() -> None:
    rng = np.random.default_rng(0)
    for _ in range(30):
        a, b = ([str(x) for x in rng.integers(0, 4, rng.integers(0, 90))] for _ in range(2))
        table = np.zeros((len(a) + 1, len(b) + 1), int)
        for i, x in enumerate(a):
            for j, y in enumerate(b):
                table[i + 1, j + 1] = table[i, j] + 1 if x == y else max(table[i, j + 1], table[i + 1, j])
        assert rouge(" ".join(a), " ".join(b))[2] == f1(int(table[-1, -1]), len(a), len(b))


def test_a_single_short_text_is_judged_by_the_orders_it_has() -> None:
    assert bleu_of(graded(["a dog"], ["a dog"])["bleu"][0], effective=True) == pytest.approx(100.0)
    assert scores(graded([], []))["exact"] == 0.0
