"""Spans and their scores against cases worked by hand after conlleval's and seqeval's default rules."""

from __future__ import annotations

import numpy as np
import pytest

from engineroom.core.span_labels import spans
from engineroom.metrics.token_classification import counts, f1, scores, span_errors


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        ("O B-per I-per O B-loc", [("per", 1, 3), ("loc", 4, 5)]),
        ("B-per B-per I-per", [("per", 0, 1), ("per", 1, 3)]),
        ("I-per I-per O I-loc", [("per", 0, 2), ("loc", 3, 4)]),  # lenient: what goes on without beginning begins
        ("B-per I-loc I-loc", [("per", 0, 1), ("loc", 1, 3)]),
        ("O O", []),
        ("", []),
        ("H H E C", []),
        ("B-a-b I-a-b", [("a-b", 0, 2)]),
    ],
)
def test_spans_are_read_as_seqeval_reads_them(labels: str, found: list) -> None:
    assert spans(labels.split()) == found


def test_the_example_of_seqevals_readme() -> None:
    true = [["O", "O", "O", "B-MISC", "I-MISC", "I-MISC", "O"], ["B-PER", "I-PER", "O"]]
    said = [["O", "O", "B-MISC", "I-MISC", "I-MISC", "I-MISC", "O"], ["B-PER", "I-PER", "O"]]
    total = np.sum([counts(spans(t), spans(s)) for t, s in zip(true, said, strict=True)], axis=0)
    assert f1(*total) == (0.5, 0.5, 0.5)


def test_nothing_said_and_nothing_true_are_no_division() -> None:
    assert f1(0, 0, 0) == (0, 0, 0) and f1(0, 3, 0) == (0, 0, 0) and f1(0, 0, 3) == (0, 0, 0)
    assert f1(2, 4, 3) == pytest.approx((0.5, 2 / 3, 4 / 7))


def test_scores_add_up_over_rows() -> None:
    records = {"truth": np.array([None, None], object)} | {
        name: np.array(values, float)
        for name, values in {
            "correct": [3, 4],
            "tokens": [4, 6],
            "loss": [2, 3],
            "hits": [1, 1],
            "found": [2, 2],
            "real": [1, 2],
            "exact": [1, 0],
        }.items()
    }
    out = scores(records, by_spans=True, whole=False)
    assert next(iter(out)) == "f1" and out["f1"] == pytest.approx(4 / 7) and out["accuracy"] == 0.7
    assert out["log_loss"] == 0.5 and out["exact"] == 0.5 and out["error"] == pytest.approx(3 / 7)
    assert next(iter(scores(records, by_spans=False, whole=False))) == "accuracy"
    records |= {"whole_truth": np.array([0, -1]), "whole_said": np.array([1, 1])}
    assert scores(records, by_spans=False, whole=True)["whole_accuracy"] == 0
    empty = {name: values[:0] for name, values in records.items()}
    assert np.isnan(scores(empty, by_spans=True, whole=False)["f1"])


def test_what_becomes_of_spans() -> None:
    true, said = (
        [("a", 0, 2), ("b", 3, 4), ("a", 5, 7), ("c", 8, 9)],
        [("a", 0, 2), ("a", 3, 4), ("a", 6, 7), ("c", 10, 11)],
    )
    assert span_errors(true, said) == {"exact": 1, "wrong kind": 1, "wrong border": 1, "missed": 1, "invented": 1}
