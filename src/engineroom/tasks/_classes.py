"""Exhibits about classes: who is taken for whom, class by class, are the probabilities honest, ROC and precision–recall."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.exhibits import Exhibit
from ..core.signals import Records


def confusion(records: Records, names: list[str]) -> list[Exhibit]:
    known = records["truth"] >= 0
    counts = np.zeros((len(names), len(names)), int)
    np.add.at(counts, (records["truth"][known], records["said"][known]), 1)
    return [
        Exhibit(
            "matrix",
            "Who is taken for whom",
            {"rows": names, "columns": names, "values": counts.tolist(), "x": "said", "y": "true", "share": "rows"},
            "Each row is a true class; the diagonal is right.",
        )
    ]


def per_class(records: Records, names: list[str]) -> Exhibit:
    truth, said = records["truth"], records["said"]
    rows: list[list[Any]] = []
    for k, name in enumerate(names):
        hit, support, claimed = int(((truth == k) & (said == k)).sum()), int((truth == k).sum()), int((said == k).sum())
        precision, recall = hit / claimed if claimed else 0.0, hit / support if support else 0.0
        f1 = 2 * precision * recall / (precision + recall) if hit else 0.0
        rows.append([name, support, round(precision, 3), round(recall, 3), round(f1, 3)])
    rows.sort(key=lambda row: row[4])
    return Exhibit(
        "table", "Class by class", {"columns": ["class", "rows", "precision", "recall", "F1"], "rows": rows, "best": None}, "Weakest first."
    )


def calibration(records: Records, rival: Records) -> Exhibit:
    pair = (("deep", records), ("classical", rival))
    return Exhibit(
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
    """Tenths of the rows by stated probability (N,): the mean of what was said against how often it happened."""
    edges = np.unique(np.quantile(stated, np.linspace(0, 1, 11)))
    place = np.clip(np.searchsorted(edges, stated, side="right") - 1, 0, max(0, len(edges) - 2))
    bins = [place == b for b in range(max(1, len(edges) - 1)) if (place == b).any()]
    return {"name": name, "x": [float(stated[b].mean()) for b in bins], "y": [float(happened[b].mean()) for b in bins]}


def curves(records: Records, rival: Records, names: list[str], place: int = 1) -> list[Exhibit]:
    """ROC and precision–recall where there are two classes; `place` is the one to find."""
    if len(names) != 2 or len(np.unique(records["truth"])) < 2:
        return []
    from sklearn.metrics import precision_recall_curve, roc_curve

    roc, pr = [], []
    for name, r in (("deep", records), ("classical", rival)):
        y, p = r["truth"] == place, r["probability"][:, place]
        fpr, tpr, _ = roc_curve(y, p)
        precision, recall, _ = precision_recall_curve(y, p)
        roc.append({"name": name, "x": thin(fpr), "y": thin(tpr)})
        pr.append({"name": name, "x": thin(recall), "y": thin(precision)})
    return [
        Exhibit(
            "lines",
            f"Finding “{names[place]}”: ROC",
            {"x": "false alarms", "y": "found", "series": roc, "diagonal": True},
            "How many are found for how many false alarms; guessing walks the diagonal.",
        ),
        Exhibit(
            "lines",
            f"Finding “{names[place]}”: precision and recall",
            {"x": "recall", "y": "precision", "series": pr},
            "To find more of them, how many of the finds will be right?",
        ),
    ]


def thin(values: np.ndarray, most: int = 300) -> list[float]:
    return [float(v) for v in values[np.unique(np.linspace(0, len(values) - 1, most).astype(int))]]
