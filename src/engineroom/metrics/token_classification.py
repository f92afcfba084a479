"""Scores of labelled tokens: spans found exactly (as conlleval, Tjong Kim Sang & De Meulder 2003, and seqeval count
them), and tokens right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..core.batch import RowResults
from ..core.span_labels import Span


def counts(truth: Sequence[Span], said: Sequence[Span]) -> tuple[int, int, int]:
    """(found exactly, said, true)."""
    return len(set(truth) & set(said)), len(said), len(truth)


def f1(hits: float, said: float, true: float) -> tuple[float, float, float]:
    """(precision, recall, F1), 0 where nothing was said or true (as scikit-learn's zero_division=0)."""
    precision, recall = hits / said if said else 0.0, hits / true if true else 0.0
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def scores(records: RowResults, *, by_spans: bool, whole: bool) -> dict[str, float]:
    """Micro-averaged over rows; the first is the headline. NaN without rows."""
    if not len(records["truth"]):
        return {name: float("nan") for name in ("f1", "accuracy", "log_loss", "error")}
    accuracy = float(records["correct"].sum() / max(1, records["tokens"].sum()))
    log_loss = float(records["loss"].sum() / max(1, records["tokens"].sum()))
    out: dict[str, float] = {}
    if by_spans:
        precision, recall, f = f1(*(float(records[name].sum()) for name in ("hits", "found", "real")))
        out |= {"f1": f, "precision": precision, "recall": recall}
    out["accuracy"] = accuracy
    error = 1 - (out["f1"] if by_spans else accuracy)
    if whole:
        known = records["whole_truth"] >= 0
        right = (records["whole_said"] == records["whole_truth"])[known]
        out["whole_accuracy"] = float(right.mean()) if len(right) else float("nan")
        if len(right):
            error = (error + 1 - out["whole_accuracy"]) / 2
    out["exact"] = float(records["exact"].mean())
    return out | {"log_loss": log_loss, "error": error}


def span_errors(truth: Sequence[Span], said: Sequence[Span]) -> dict[str, int]:
    """How the spans of a row went: exact, right place but wrong kind, wrong border, missed, invented."""
    out = dict.fromkeys(("exact", "wrong kind", "wrong border", "missed", "invented"), 0)
    places = {span[1:] for span in said}
    for kind, first, last in truth:
        if (kind, first, last) in said:
            out["exact"] += 1
        elif (first, last) in places:
            out["wrong kind"] += 1
        elif any(a < last and first < b for _, a, b in said):
            out["wrong border"] += 1
        else:
            out["missed"] += 1
    out["invented"] = sum(not any(a < last and first < b for _, a, b in truth) for _, first, last in said)
    return out


def changes(codes: np.ndarray) -> np.ndarray:
    """Where runs of equal labels begin, (R,), for labels that are no spans."""
    return np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]]) if len(codes) else np.zeros(0, np.int64)
