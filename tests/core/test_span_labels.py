"""Spans of every labelling scheme, as seqeval counts them."""

from __future__ import annotations

import numpy as np
import pytest
from seqeval.metrics.v1 import precision_recall_fscore_support
from seqeval.scheme import BILOU, IOB2, IOBES

from engineroom.core.span_labels import has_ends, is_span_label, may_follow, spans
from engineroom.metrics.token_classification import counts, f1

KINDS = ("PER", "LOC", "ORG")


def labelled(rng, scheme, length=12):
    """A well-formed row of labels."""
    single, end = {"IOBES": ("S-", "E-"), "BILOU": ("U-", "L-"), "IOB2": ("B-", "I-"), "BMES": ("S-", "E-")}[scheme]
    inside = "M-" if scheme == "BMES" else "I-"
    row: list[str] = []
    while len(row) < length:
        kind, size = rng.choice(KINDS), int(rng.integers(0, 4))
        if size == 0:
            row.append("O")
        elif size == 1:
            row.append(single + kind)
        else:
            row += ["B-" + kind, *[inside + kind] * (size - 2), end + kind]
    return row


@pytest.mark.parametrize(("scheme", "known"), [("IOBES", IOBES), ("BILOU", BILOU), ("IOB2", IOB2)])
def test_f1_is_that_of_seqeval(scheme, known):
    rng = np.random.default_rng(0)
    truth = [labelled(rng, scheme) for _ in range(60)]
    said = []
    for row in truth:  # keep the beginning of the row, make the rest anew
        cut = (
            next(i for i in range(len(row), -1, -1) if i == len(row) or row[i][:2] not in ("I-", "E-", "L-"))
            if rng.random() < 0.3
            else 0
        )
        said.append((row[:cut] + labelled(rng, scheme, 30))[: len(row)] if cut < len(row) else row)
    theirs = precision_recall_fscore_support(truth, said, average="micro", scheme=known, zero_division=0)[:3]
    if scheme == "IOB2":
        total = np.sum([counts(spans(a), spans(b)) for a, b in zip(truth, said)], axis=0)
        assert f1(*total) == pytest.approx(theirs)
        return
    # a span cut off at the end of a row: seqeval has none, we have one
    well = [(a, b) for a, b in zip(truth, said) if b[-1][:2] not in ("B-", "I-")]
    theirs = precision_recall_fscore_support(*map(list, zip(*well)), average="micro", scheme=known, zero_division=0)[:3]
    total = np.sum([counts(spans(a), spans(b)) for a, b in well], axis=0)
    assert f1(*total) == pytest.approx(theirs)


def test_entities_of_one_token_are_spans():
    labels = ["S-PER", "O", "B-LOC", "E-LOC", "U-X"]
    assert spans(labels) == [("PER", 0, 1), ("LOC", 2, 4), ("X", 4, 5)]
    assert spans(["B-LOC", "M-LOC", "E-LOC", "E-LOC"]) == [("LOC", 0, 3), ("LOC", 3, 4)]
    assert spans(["I-A", "I-A", "E-A", "I-A"]) == [("A", 0, 3), ("A", 3, 4)]  # IOE2: the next one begins anew
    assert spans(["NOUN", "S-", "verb"]) in ([], [("", 1, 2)])
    assert not is_span_label("NOUN") and is_span_label("U-X")


def test_what_may_follow():
    assert has_ends(["B-X", "E-X"]) and not has_ends(["B-X", "I-X"])
    assert may_follow("B-X", "E-X", ends=True) and not may_follow("B-X", "O", ends=True)
    assert may_follow("B-X", "O", ends=False) and not may_follow("O", "I-X", ends=False)
    assert not may_follow("B-X", "I-Y", ends=False) and not may_follow("E-X", "I-X", ends=True)
