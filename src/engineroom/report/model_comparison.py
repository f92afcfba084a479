"""The deep model against the baseline and the dummy: the section of the report and the tiles of scores above it."""

from __future__ import annotations

from typing import Any

from ..core.panels import Panel, Section
from ..core.schema import Column
from ..evaluation.evaluate import EvaluationResult

WHO = {
    "deep": "deep model",
    "baseline": "classical model",
    "dummy": "dummy baseline",
    "blend": "blend of both",
    "before": "before",
}


def comparison_section(entries: list[EvaluationResult], verdict: dict[str, Any], task, target: Column) -> Section:
    """Deep or classical: scores, intervals, time and size side by side."""
    intervals = [
        {
            "name": e.name,
            "value": e.scores[task.primary_metric],
            "low": e.intervals[task.primary_metric][0],
            "high": e.intervals[task.primary_metric][1],
        }
        for e in entries
    ]
    return Section(
        "Deep or classical",
        (
            score_table(entries, verdict, task, target),
            Panel(
                "intervals",
                f"{task.primary_metric} with 95 % intervals",
                {"metric": task.primary_metric, "rows": intervals},
            ),
        ),
    )


def score_table(entries: list[EvaluationResult], verdict: dict[str, Any], task, target: Column) -> Panel:
    """A row a model: up to six metrics that all have, the primary one first, then time and size."""
    names = [
        name
        for name in entries[0].scores
        if name not in task.internal_metrics and all(name in e.scores for e in entries)
    ]
    names = sorted(names, key=lambda name: name != task.primary_metric)[:6]
    rows = [
        [
            e.name,
            e.words,
            *(float(f"{e.scores[name]:.4g}") for name in names),
            round(e.seconds, 1),
            round(e.rate),
            round(e.megabytes, 3),
        ]
        for e in entries
    ]
    columns = ["model", "what it is", *names, "training s", "rows/s", "MB"]
    notes = [
        "The same rows for training, validation and test; the test rows were looked at once.",
        *task.metric_notes(entries[0].records, target),
    ]
    best = next((index for index, e in enumerate(entries) if e.name == verdict["use"]), None)
    return Panel("table", "Side by side", {"columns": columns, "rows": rows, "best": best}, " ".join(notes))


def score_tiles(entries: list[EvaluationResult], verdict: dict[str, Any], task) -> list[dict[str, Any]]:
    """The scores at the top: large those of the model to use, so that they agree with the verdict, and the others'
    beside them."""
    named = (verdict["use"], verdict.get("answer"))
    first = next((e for name in named for e in entries if e.name == name), entries[0])
    others = [e for e in entries if e is not first and e.name != "dummy"]
    names = sorted(
        (name for name in first.scores if name not in task.internal_metrics),
        key=lambda name: name != task.primary_metric,
    )
    return [
        {
            "label": n,
            "value": first.scores[n],
            "low": first.intervals[n][0],
            "high": first.intervals[n][1],
            "hint": f"{WHO[first.name]} on the test split, with its 95 % bootstrap interval",
            "others": [{"who": WHO[e.name], "value": e.scores[n]} for e in others if n in e.scores],
        }
        for n in names[:5]
        if n in first.intervals
    ]
