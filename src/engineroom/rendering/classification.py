"""Exhibits about classes: who is taken for whom, class by class, are the probabilities honest, ROC and
precision–recall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from ..core.batch import RowResults
from ..core.errors import UserError, nearest
from ..core.panels import Panel
from ..core.schema import Column
from ..modalities.tabular.category import to_strings

TENTHS = 10  # points of a reliability diagram


def class_numbers(values: pl.Series, known: Sequence[str]) -> np.ndarray:
    """(N,) labels → place among the `known` classes; other labels, sorted, from len(known) on; -1 where there is
    none."""
    words = to_strings(values)
    words = pl.select(pl.when(words != "").then(words)).to_series()
    others = sorted(set(words.drop_nulls().unique()) - set(known))
    names = pl.Series([*known, *others], dtype=pl.String)
    if not len(names):
        return np.full(len(values), -1, np.int64)
    codes = pl.Series(np.arange(len(names)), dtype=pl.Int64)
    return (
        words.replace_strict(names, codes, default=-1, return_dtype=pl.Int64).fill_null(-1).to_numpy().astype(np.int64)
    )


def positive_class(name: str, target: Column) -> int:
    """Which of two classes is the positive one: the one that is named, else the rarer in training, of equally many the
    second."""
    values, counts = list(target.state["values"]), list(target.state.get("counts", ()))
    if name and name not in values:
        raise UserError(f"{target.name!r} has no class {name!r}.", "", nearest(name, values, label="Classes"))
    if name:
        return values.index(name)
    return int(len(counts) != 2 or counts[0] >= counts[1])


def metric_notes(records: RowResults, target: Column, place: int) -> list[str]:
    """Of which class the scores of two classes are; over how many rows and classes the area under the curve is
    taken."""
    names, truth = list(target.state["values"]), records["truth"]
    if len(names) == 2:
        return [
            f"f1, average_precision, precision and recall are those of class {names[place]!r}: "
            f"{int((truth == place).sum()):,} of {len(truth):,} rows."
        ]
    there = len(np.unique(truth[truth >= 0]))
    return [
        f"roc_auc is the mean over the {there} classes that occur (one against the rest), each over all "
        f"{len(truth):,} rows."
    ]


def confusion(records: RowResults, names: list[str]) -> list[Panel]:
    """Confusion matrix: which class is mistaken for which."""
    from sklearn.metrics import confusion_matrix

    known = records["truth"] >= 0
    # classes that training never saw share a row
    truth, said = (np.minimum(records["truth"], len(names))[known], records["said"][known])
    labels = range(len(names) + int((truth == len(names)).any()))
    counts = (
        confusion_matrix(truth, said, labels=labels)[:, : len(names)]
        if len(truth)
        else np.zeros((len(names), len(names)), int)
    )
    return [
        Panel(
            "matrix",
            "Who is taken for whom",
            {
                "rows": [*names, "(not in training)"][: len(counts)],
                "columns": names,
                "values": counts.tolist(),
                "x": "said",
                "y": "true",
                "share": "rows",
            },
            "Each row is a true class; the diagonal is right.",
        )
    ]


def per_class(records: RowResults, names: list[str]) -> Panel:
    """Precision, recall and F1 of every class, the weakest first."""
    from sklearn.metrics import precision_recall_fscore_support

    truth, said = records["truth"], records["said"]
    empty = np.zeros((4, len(names)))
    found = (
        precision_recall_fscore_support(truth, said, labels=range(len(names)), zero_division=0) if len(truth) else empty
    )
    precision, recall, f1, support = (np.asarray(one) for one in found)
    rows: list[list[Any]] = [
        [name, int(support[k]), round(float(precision[k]), 3), round(float(recall[k]), 3), round(float(f1[k]), 3)]
        for k, name in enumerate(names)
    ]
    rows.sort(key=lambda row: row[4])
    return Panel(
        "table",
        "Scores by class",
        {"columns": ["class", "rows", "precision", "recall", "F1"], "rows": rows, "best": None},
        "Weakest first.",
    )


def calibration(records: RowResults, baseline: RowResults) -> Panel:
    pair = (("deep", records), ("classical", baseline))
    return Panel(
        "lines",
        "Is it as sure as it is right?",
        {
            "x": "stated probability",
            "y": "share that is right",
            "series": [reliability(name, r["probability"].max(1), r["said"] == r["truth"]) for name, r in pair],
            "diagonal": True,
        },
        "On the line: when it says 80 %, it is right 80 % of the time. Below: too sure.",
    )


def reliability(name: str, stated: np.ndarray, happened: np.ndarray) -> dict[str, Any]:
    """Reliability diagram: tenths of the rows by stated probability (N,), the mean of what was said against how often
    it happened."""
    from sklearn.calibration import calibration_curve

    if not len(stated):
        return {"name": name, "x": [], "y": []}
    share, mean = calibration_curve(happened.astype(bool), np.clip(stated, 0, 1), n_bins=TENTHS, strategy="quantile")
    return {"name": name, "x": mean.tolist(), "y": share.tolist()}


def curves(records: RowResults, baseline: RowResults, names: list[str], place: int = 1) -> list[Panel]:
    """ROC and precision–recall where there are two classes; `place` is the one to find."""
    if len(names) != 2 or len(np.unique(records["truth"])) < 2:
        return []
    from sklearn.metrics import precision_recall_curve, roc_curve

    roc, pr = [], []
    for name, r in (("deep", records), ("classical", baseline)):
        y, p = r["truth"] == place, r["probability"][:, place]
        fpr, tpr, _ = roc_curve(y, p)
        precision, recall, _ = precision_recall_curve(y, p)
        roc.append({"name": name, "x": thin(fpr), "y": thin(tpr)})
        pr.append({"name": name, "x": thin(recall), "y": thin(precision)})
    return [
        Panel(
            "lines",
            f"Finding “{names[place]}”: ROC",
            {"x": "false alarms", "y": "found", "series": roc, "diagonal": True},
            "How many are found for how many false alarms; guessing walks the diagonal.",
        ),
        Panel(
            "lines",
            f"Finding “{names[place]}”: precision and recall",
            {"x": "recall", "y": "precision", "series": pr},
            "To find more of them, how many of the finds will be right?",
        ),
    ]


def thin(values: np.ndarray, most: int = 300) -> list[float]:
    return [float(v) for v in values[np.unique(np.linspace(0, len(values) - 1, most).astype(int))]]
