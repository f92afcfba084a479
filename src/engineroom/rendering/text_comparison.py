"""Exhibits of written texts: beside the reference and the baseline's, and how near they come by length."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..core.batch import RowResults
from ..core.panels import Panel
from ..core.sampling import evenly
from ..metrics.text_generation import bleu_of

SHOWN = 10
BINS = 6  # of lengths
LONG = 400  # characters of a text in the table


def side_by_side(records: RowResults, baseline: RowResults) -> Panel:
    """Rows evenly taken from the test."""
    places = evenly(len(records["truth"]), SHOWN)
    columns = {
        "read": baseline["source"],
        "reference": records["truth"],
        "deep model": records["text"],
        "classical model": baseline["text"],
    }
    rows = [[short(str(values[place])) for values in columns.values()] for place in places]
    return Panel(
        "table",
        "Texts beside their references",
        {"columns": list(columns), "rows": rows, "best": None},
        "Test rows evenly taken, good and bad alike.",
    )


def short(text: str) -> str:
    return text if len(text) <= LONG else text[:LONG] + "…"


def by_length(records: RowResults, baseline: RowResults, *, summary: bool) -> Panel:
    """The headline score in bins of the reference's length."""
    lengths = np.array([len(str(text).split()) for text in records["truth"]])
    edges = (
        np.unique(np.quantile(lengths, np.linspace(0, 1, BINS + 1)).round().astype(int))
        if len(lengths)
        else np.array([0, 1])
    )
    edges = np.append(edges[:-1], edges[-1] + 1) if len(edges) > 1 else np.array([edges[0], edges[0] + 1])
    series = []
    for name, one in (("deep", records), ("classical", baseline)):
        parts = [(lengths >= low) & (lengths < high) for low, high in pairwise(edges)]
        values = [
            float(one["rouge"][part, 2].mean()) if summary else bleu_of(one["bleu"][part].sum(0))
            for part in parts
            if part.any()
        ]
        series.append({"name": name, "x": [float(lengths[part].mean()) for part in parts if part.any()], "y": values})
    label = "ROUGE-L" if summary else "BLEU"
    words = (
        f"{label} of test rows whose reference has about so many words. A curve that falls: long texts are "
        "harder to "
        "keep together."
    )
    return Panel("lines", f"{label} by length", {"x": "words of the reference", "y": label, "series": series}, words)
