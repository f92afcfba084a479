"""Scores of values read from documents: a value counts where it is the same, word for word (as in the third task of
SROIE, Huang et al. 2019)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..core.batch import RowResults
from .token_classification import f1


def scores(records: RowResults, names: Sequence[str]) -> dict[str, float]:
    """F1 over all values, precision, recall, exact: share of documents with all fields right,
    word_accuracy: labels right, F1 of every field; NaN without rows.

    `right`, `found`, `real` (N, F): is the value right, was one said, is there one; `strange` (N,): values of fields
    nobody learnt. error, which chooses the weights, adds the log loss of the words: few documents make F1 a staircase.
    """
    if not len(records["right"]):
        return {
            name: float("nan") for name in ("f1", "precision", "recall", "exact", "word_accuracy", "log_loss", "error")
        }
    right, found, real, strange = (records[name] for name in ("right", "found", "real", "strange"))
    precision, recall, whole = f1(float(right.sum()), float(found.sum()), float(real.sum() + strange.sum()))
    log_loss = float(records["loss"].sum() / max(1, records["tokens"].sum()))
    out = {"f1": whole, "precision": precision, "recall": recall}
    out["exact"] = float((((right > 0) | ((real == 0) & (found == 0))).all(1) & (strange == 0)).mean())
    out["word_accuracy"] = float(records["correct"].sum() / max(1, records["tokens"].sum()))
    each = zip(names, right.sum(0), found.sum(0), real.sum(0), strict=True)
    out |= {"log_loss": log_loss, "error": 1 - whole + log_loss} | {
        f"f1_{name}": f1(float(a), float(b), float(c))[2] for name, a, b, c in each
    }
    return {name: float(np.float64(value)) for name, value in out.items()}
