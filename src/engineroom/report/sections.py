"""Sections of the report: the data, training (from the event log), the errors, the network and its cost, how to
reproduce the run."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ..core.batch import Predictions, RowResults
from ..core.panels import Finding, Panel, Section
from ..core.schema import Schema
from ..evaluation.evaluate import EvaluationResult
from ..evaluation.predict import because
from .previews import show_row, summary, target_exhibit

WATTS_PER_CORE = 15.0
WATTS_PER_GPU = 300.0
GALLERY = 24


def shown_rows(records: RowResults, task) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the worst mistakes, and of the rows that the task picks where answers are drawn: those a report
    shows."""
    picked = task.select_rows(records) if task.has_render else np.zeros(0, int)
    return np.asarray(task.rank_errors(records)[:GALLERY], int), picked


def collect_evidence(
    model: Any, data: Any, test: np.ndarray, answers: Predictions, records: RowResults, task: Any
) -> RowResults:
    """What the task can say of where answers come from, for the rows that the report shows; the others' entries hold
    nothing."""
    indices = np.unique(np.concatenate(shown_rows(records, task)))
    found = because(model, data, test[indices], {name: values[indices] for name, values in answers.items()}, task)
    evidence = {}
    for name in found.keys() - answers.keys():
        evidence[name] = np.zeros((len(test), *found[name].shape[1:]), found[name].dtype)
        evidence[name][indices] = found[name]
    return evidence


def answers_section(
    deep: EvaluationResult,
    baseline: EvaluationResult,
    schema: Schema,
    frame: pl.DataFrame,
    rows: np.ndarray,
    task,
    sample_panels: list[Panel],
    evidence: RowResults,
) -> Section:
    """What it gets right and wrong: the task's own panels and the worst mistakes, shown. `evidence`: what is known of
    the rows shown alone."""
    target = schema.target
    records = {**deep.records, **evidence, "frame_row": rows}
    worst, picked = shown_rows(deep.records, task)

    def item(index: int, tone: str) -> dict[str, str]:
        title, subtitle = task.error_caption(deep.records, index, target)
        row = int(rows[index])
        html = task.render(frame, row, schema, records, index) or show_row(frame, row, schema)
        return {"title": title, "subtitle": f"row {row} · {subtitle}", "tone": tone, "html": html}

    items = [item(int(index), "bad") for index in worst]
    panels = [*sample_panels, *task.panels(deep.records, baseline.records, target)]
    if task.has_render:
        rendered = [item(int(index), "") for index in picked]
        panels.insert(
            len(sample_panels), Panel("gallery", "Predictions, drawn", {"items": rendered, "wide": True}, task.caption)
        )
    if items:
        panels.append(
            Panel(
                "gallery",
                "Worst mistakes",
                {"items": items, "wide": task.has_render},
                "Most confident errors first: look for wrong labels, odd inputs, missing context.",
            )
        )
    return Section(
        "Errors: what is right and what is wrong", tuple(panels), "“It” is the deep model, asked for the test rows."
    )


def data_section(
    frame: pl.DataFrame, schema: Schema, splits: dict[str, np.ndarray], split_description: str, findings: list[Finding]
) -> Section:
    """The data card: rows, split, checks, columns, the target's distribution."""
    panels = [
        Panel(
            "facts",
            "Rows",
            {"items": [[name, f"{len(rows):,}", "rows"] for name, rows in splits.items()]},
            split_description,
        )
    ]
    if findings:
        panels.append(Panel("notes", "Data checks", {"items": [f.to_json() for f in findings]}))
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
    panels.append(
        Panel(
            "table",
            "Columns",
            {"columns": ["column", "kind", "role", "missing", "values", "why"], "rows": rows, "best": None},
        )
    )
    panels.append(target_exhibit(frame, schema, splits))
    return Section("Data", tuple(panels))


def training_section(history: list[dict[str, Any]], tiles: list[list[str]], primary_metric: str) -> Section:
    """How it learned: the curves as the diary has them."""
    steps = [line for line in history if line["event"] == "step" and line.get("loss") is not None]
    validated = [line for line in history if line["event"] == "validated"]
    panels = [Panel("facts", "The run", {"items": tiles})]
    if steps:
        loss = [{"name": "training loss", "x": [s["step"] for s in steps], "y": [s["loss"] for s in steps]}]
        panels.append(
            Panel(
                "lines",
                "Loss",
                {"x": "step", "y": "loss", "series": loss},
                "How wrong the model is on the batches it learns from, changed pictures and dropped words included.",
            )
        )
    if validated:
        names = [n for n in dict.fromkeys((primary_metric, "log_loss", "accuracy")) if n in validated[0]["scores"]]
        for name in names[:2]:
            line = [
                {
                    "name": f"validation {name}",
                    "x": [j["step"] for j in validated],
                    "y": [j["scores"][name] for j in validated],
                }
            ]
            best = [j["step"] for j in validated if j["better"]]
            marks = [{"x": best[-1], "label": "best"}] if best else []
            panels.append(
                Panel(
                    "lines",
                    f"Validation {name}",
                    {"x": "step", "y": name, "series": line, "marks": marks},
                    "On rows it never learns from.",
                )
            )
    return Section("Training: loss and validation curves", tuple(panels))


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
    tiles = [[k.replace("_", " "), str(v)[:80], ""] for k, v in provenance.items() if not isinstance(v, (dict, list))]
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
            Panel("facts", "Fingerprints", {"items": tiles}),
            Panel("code", "Every setting", {"text": config, "language": "yaml"}),
            Panel("code", "Versions", {"text": versions, "language": "text"}),
        ),
    )
