"""Puts the report together: sections of exhibits from the data, the task, the diary of training and the
examinations."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ..core.batch import Predictions, RowResults
from ..core.panels import Finding, Panel, Section
from ..core.schema import Column, Schema
from ..evaluation.evaluate import EvaluationResult
from ..evaluation.predict import because
from .previews import show_row, summary, target_exhibit

WATTS_PER_CORE = 15.0
WATTS_PER_GPU = 300.0
GALLERY = 24
WHO = {
    "deep": "deep model",
    "baseline": "classical model",
    "dummy": "dummy baseline",
    "blend": "blend of both",
    "before": "before",
}


def versus_section(entries: list[EvaluationResult], verdict: dict[str, Any], task, target: Column) -> Section:
    """Deep or classical: scores, intervals, time and size side by side."""
    names = [
        name
        for name in entries[0].scores
        if name not in task.internal_metrics and all(name in e.scores for e in entries)
    ]
    names.sort(key=lambda name: name != task.primary_metric)
    rows = [
        [
            e.name,
            e.words,
            *(rounded(e.scores[n]) for n in names[:6]),
            round(e.seconds, 1),
            round(e.rate),
            round(e.megabytes, 3),
        ]
        for e in entries
    ]
    best = next((index for index, e in enumerate(entries) if e.name == verdict["use"]), None)
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
            Panel(
                "table",
                "Side by side",
                {
                    "columns": ["model", "what it is", *names[:6], "training s", "rows/s", "MB"],
                    "rows": rows,
                    "best": best,
                },
                " ".join(
                    [
                        "The same rows for training, validation and test; the test rows were looked at once.",
                        *task.metric_notes(entries[0].records, target),
                    ]
                ),
            ),
            Panel(
                "intervals",
                f"{task.primary_metric} with 95 % intervals",
                {"metric": task.primary_metric, "rows": intervals},
            ),
        ),
    )


def shown_rows(records: RowResults, task) -> tuple[np.ndarray, np.ndarray]:
    """Places of the worst mistakes, and of the rows that the task picks where answers are drawn: those a report
    shows."""
    picked = task.select_rows(records) if task.has_render else np.zeros(0, int)
    return np.asarray(task.rank_errors(records)[:GALLERY], int), picked


def where_from(
    model: Any, data: Any, test: np.ndarray, answers: Predictions, records: RowResults, task: Any
) -> RowResults:
    """What the task can say of where answers come from, for the rows that the report shows; the others' places hold
    nothing."""
    places = np.unique(np.concatenate(shown_rows(records, task)))
    found = because(model, data, test[places], {name: values[places] for name, values in answers.items()}, task)
    besides = {}
    for name in found.keys() - answers.keys():
        besides[name] = np.zeros((len(test), *found[name].shape[1:]), found[name].dtype)
        besides[name][places] = found[name]
    return besides


def answers_section(
    deep: EvaluationResult,
    baseline: EvaluationResult,
    schema: Schema,
    frame: pl.DataFrame,
    rows: np.ndarray,
    task,
    made: list[Panel],
    besides: RowResults,
) -> Section:
    """What it gets right and wrong: the task's own exhibits and the worst mistakes, shown. `besides`: what is known of
    the rows shown alone."""
    target = schema.target
    records = {**deep.records, **besides, "frame_row": rows}
    worst, picked = shown_rows(deep.records, task)

    def item(index: int, tone: str) -> dict[str, str]:
        title, subtitle = task.error_caption(deep.records, index, target)
        row = int(rows[index])
        drawn = task.render(frame, row, schema, records, index) or show_row(frame, row, schema)
        return {"title": title, "subtitle": f"row {row} · {subtitle}", "tone": tone, "html": drawn}

    items = [item(int(index), "bad") for index in worst]
    exhibits = [*made, *task.panels(deep.records, baseline.records, target)]
    if task.has_render:
        drawn = [item(int(index), "") for index in picked]
        exhibits.insert(len(made), Panel("gallery", "Predictions, drawn", {"items": drawn, "wide": True}, task.caption))
    if items:
        exhibits.append(
            Panel(
                "gallery",
                "Worst mistakes",
                {"items": items, "wide": task.has_render},
                "Most confident errors first: look for wrong labels, odd inputs, missing context.",
            )
        )
    return Section(
        "Errors: what is right and what is wrong", tuple(exhibits), "“It” is the deep model, asked for the test rows."
    )


def data_section(
    frame: pl.DataFrame, schema: Schema, splits: dict[str, np.ndarray], split_words: str, findings: list[Finding]
) -> Section:
    """The data card: rows, split, checks, columns, the target's distribution."""
    exhibits = [
        Panel(
            "facts", "Rows", {"items": [[name, f"{len(rows):,}", "rows"] for name, rows in splits.items()]}, split_words
        )
    ]
    if findings:
        exhibits.append(Panel("notes", "Data checks", {"items": [f.to_json() for f in findings]}))
    rows = []
    for column in schema:
        values = frame[column.name]
        missing = values.null_count() + (int(values.is_nan().sum()) if values.dtype.is_float() else 0)
        rows.append(
            [
                column.name,
                column.modality,
                column.role,
                f"{missing / max(1, len(values)):.1%}",
                summary(values, column),
                column.why,
            ]
        )
    exhibits.append(
        Panel(
            "table",
            "Columns",
            {"columns": ["column", "kind", "role", "missing", "values", "why"], "rows": rows, "best": None},
        )
    )
    exhibits.append(target_exhibit(frame, schema, splits))
    return Section("Data", tuple(exhibits))


def training_section(history: list[dict[str, Any]], facts: list[list[str]], primary_metric: str) -> Section:
    """How it learned: the curves as the diary has them."""
    steps = [line for line in history if line["event"] == "step" and line.get("loss") is not None]
    judged = [line for line in history if line["event"] == "validated"]
    exhibits = [Panel("facts", "The run", {"items": facts})]
    if steps:
        loss = [{"name": "training loss", "x": [s["step"] for s in steps], "y": [s["loss"] for s in steps]}]
        exhibits.append(
            Panel(
                "lines",
                "Loss",
                {"x": "step", "y": "loss", "series": loss},
                "How wrong the model is on the batches it learns from, changed pictures and dropped words included.",
            )
        )
    if judged:
        names = [n for n in dict.fromkeys((primary_metric, "log_loss", "accuracy")) if n in judged[0]["scores"]]
        for name in names[:2]:
            line = [
                {
                    "name": f"validation {name}",
                    "x": [j["step"] for j in judged],
                    "y": [j["scores"][name] for j in judged],
                }
            ]
            best = [j["step"] for j in judged if j["better"]]
            marks = [{"x": best[-1], "label": "best"}] if best else []
            exhibits.append(
                Panel(
                    "lines",
                    f"Validation {name}",
                    {"x": "step", "y": name, "series": line, "marks": marks},
                    "On rows it never learns from.",
                )
            )
    return Section("Training: loss and validation curves", tuple(exhibits))


def model_section(model: dict[str, Any], entries: list[EvaluationResult], cores: int, device: str) -> Section:
    """The network and what it cost."""
    encoders = [[e["columns"], e["backbone"], e["size"], e["why"]] for e in model["encoders"]]
    watts = WATTS_PER_GPU if device == "cuda" else WATTS_PER_CORE * cores
    rows = [
        [e.name, round(e.seconds, 1), round(e.rate), round(e.megabytes, 3), round(e.seconds * watts / 3600, 3)]
        for e in entries
    ]
    words = (
        f"Energy is an estimate: {watts:.0f} W "
        f"({f'{WATTS_PER_GPU:.0f} W a GPU' if device == 'cuda' else f'{WATTS_PER_CORE:.0f} W a core, {cores} cores'}) "
        "for the whole training time."
    )
    return Section(
        "The model and what it cost",
        (
            Panel(
                "table",
                "Backbones by column",
                {"columns": ["columns", "backbone", "size", "why"], "rows": encoders, "best": None},
            ),
            Panel(
                "facts",
                "Size",
                {
                    "items": [
                        ["parameters", f"{model['parameters']:,}", "trainable weights"],
                        ["size", f"{model['megabytes']:.2f} MB", "weights"],
                        ["precision", model.get("precision", "fp32"), "chosen by a timed probe where it was not set"],
                    ]
                },
            ),
            Panel(
                "table",
                "Cost",
                {"columns": ["model", "training s", "rows/s", "MB", "Wh (estimate)"], "rows": rows, "best": None},
                words,
            ),
        ),
    )


def reproduce_section(command: str, config: str, provenance: dict[str, Any]) -> Section:
    facts = [[k.replace("_", " "), str(v)[:80], ""] for k, v in provenance.items() if not isinstance(v, (dict, list))]
    versions = "\n".join(f"{k} {v}" for k, v in provenance.get("versions", {}).items())
    return Section(
        "Reproduce it",
        (
            Panel(
                "code",
                "The same run",
                {"text": command, "language": "shell"},
                "Same data, same seed, same machine: the same weights, bit for bit.",
            ),
            Panel("facts", "Fingerprints", {"items": facts}),
            Panel("code", "Every setting", {"text": config, "language": "yaml"}),
            Panel("code", "Versions", {"text": versions, "language": "text"}),
        ),
    )


def tiles(entries: list[EvaluationResult], verdict: dict[str, Any], task) -> list[dict[str, Any]]:
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


def rounded(value: float) -> float:
    return float(f"{value:.4g}")
