"""Rows explained: what speaks for each answer by every method that fits, whether the methods can be believed, and a
page of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import nn

from ..bundle.format import read_tensors
from ..bundle.golden import golden_batch
from ..bundle.load_network import build
from ..bundle.model import Model
from ..core import registry
from ..core.errors import UserError, nearest
from ..core.files import write_atomic
from ..core.panels import Section, spoken
from ..core.seeds import seed_everything
from ..evaluation.predict import because
from ..report.html_report import render_html, strict
from .counterfactuals import otherwise
from .faithfulness import LEAST, rank_correlation, verdict, walk
from .page import make_page
from .partial_dependence import dependence, movable
from .perturbation import MaskedRow

JUDGED = 16  # rows on which faithfulness is measured
# seconds after which rows that are only measured, not shown, are left out: the verdict says how many there were
PATIENCE = 60.0


def explain(
    model: Model,
    data: Any,
    *,
    rows: int = 8,
    methods: Sequence[str] = (),
    page: str | Path | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """{"rows", "methods", "dependence", "seconds_a_row", "page"}: attributions of the first `rows` rows and how far
    they can be trusted."""
    if rows < 1:
        raise UserError(f"{rows} rows cannot be explained.", "", "Ask for at least one.")
    answering, model = model.selection.use, model.network_alone()
    frame = model.open(data)
    encoded, known = model.encoded(frame)
    shown = known[:rows]
    run = attribute_rows(model, encoded, known[: max(rows, JUDGED)], len(shown), methods, say)
    predictions = because(model.network, encoded, shown, model.respond(encoded, shown), model.task)
    answers = first_words(model.task.to_frame(predictions, model.schema.target, frame[shown]), len(shown))
    curves = {
        name or "random": [np.mean([one[name][k] for one in run.walks], 0).tolist() for k in (0, 1)]
        for name in (*run.methods, "")
    }
    moved = (
        dependence(model, frame[known], by_weight(model, run.entries, run.methods), model.respond(encoded, known[:1]))
        if movable(model)
        else []
    )
    result = strict(
        {
            "rows": [
                describe(row, masked_row, found, answer)
                for (row, masked_row, found), answer in zip(run.entries, answers, strict=True)
            ],
            "methods": {name: judge_method(run, name) for name in run.methods},
            "curves": curves,
            "dependence": moved,
            "otherwise": otherwise(model, frame, shown),
            "answering": answering,
            "seconds_a_row": round(float(np.median(run.seconds)), 4),
            "page": None if page is None else str(page),
        }
    )
    if page is not None:
        views = [
            Section(view.title, tuple(view.look(model, encoded, known)), view.words)
            for view in registry.every("explanation/views").values()
            if view.fits(model)
        ]
        write_atomic(Path(page), render_html(make_page(model, result, run.entries, views)))
    return result


@dataclass
class AttributionRun:
    """Attributions of rows by each method, and what their faithfulness is measured by."""

    methods: tuple[str, ...] = ()
    entries: list[Any] = field(default_factory=list)  # (row, MaskedRow, {method: attributions}) of the rows shown
    walks: list[dict[str, tuple[np.ndarray, np.ndarray]]] = field(default_factory=list)  # deletion and insertion curves
    likeness: dict[str, list[float]] = field(default_factory=dict)  # rank correlation with an untrained network's
    seconds: list[float] = field(default_factory=list)


def attribute_rows(
    model: Model, encoded: Any, rows: np.ndarray, shown: int, methods: Sequence[str], say: Callable[[str], None]
) -> AttributionRun:
    """Every method on each row; the rows after the first `shown` are only measured, and left out when it takes long."""
    fresh = untrained(model)
    run = AttributionRun()
    started = time.perf_counter()
    for index, row in enumerate(rows.tolist()):
        say(f"row {index + 1} of {len(rows)}")
        if index >= shown and len(run.walks) >= LEAST and time.perf_counter() - started > PATIENCE:
            break
        batch = model.task.trim_input(encoded.batch(np.array([row])), model.schema.target)
        begun = time.perf_counter()
        masked_row = MaskedRow(model.network, model.task, model.schema, batch)
        run.methods = run.methods or choose_methods(methods, masked_row)
        explainers = {name: registry.get("explanation/methods", name) for name in run.methods}
        found = {name: explainer.attribute(masked_row) for name, explainer in explainers.items()}
        run.seconds.append(time.perf_counter() - begun)
        other = MaskedRow(fresh, model.task, model.schema, batch, whole=masked_row.whole)
        for name, explainer in explainers.items():
            run.likeness.setdefault(name, []).append(rank_correlation(found[name], explainer.attribute(other)))
        run.walks.append(walk(masked_row, found, row))
        if index < shown:
            run.entries.append((row, masked_row, found))
    return run


def judge_method(run: AttributionRun, name: str) -> dict[str, Any]:
    """What a method's numbers mean, and whether they passed the tests of faithfulness."""
    return {"meaning": registry.get("explanation/methods", name).words, **verdict(run.walks, run.likeness, name)}


def first_words(answers: pl.DataFrame, rows: int) -> list[str]:
    """What the answer to each row begins with; some answers take several lines a row, or none."""
    values = answers.drop("_row", strict=False)
    place = answers["_row"].to_list() if "_row" in answers.columns else list(range(rows))
    out = ["nothing"] * rows
    for line in reversed(range(len(place))):
        value = values[line, 0]
        out[place[line]] = spoken(value) if isinstance(value, float) else str(value)
    return out


def choose_methods(methods: Sequence[str], masked_row: MaskedRow) -> tuple[str, ...]:
    """The methods asked for, or all that fit this network and can be paid for with so many parts."""
    known = registry.every("explanation/methods")
    for name in methods:
        if name not in known:
            raise UserError(f"There is no explainer {name!r}.", "", nearest(name, known, label="Explainers"))
        if not known[name].fits(masked_row):
            fit = [other for other in known if known[other].fits(masked_row)]
            raise UserError(
                f"{name} does not fit this network with its {len(masked_row.parts)} parts a row.",
                "",
                f"Those that do: {', '.join(fit)}.",
            )
    return tuple(methods) or tuple(name for name in known if known[name].fits(masked_row))


def untrained(model: Model) -> nn.Module:
    """The same network with the weights it had before it learnt."""
    example, _ = golden_batch(read_tensors(model.path, "golden.safetensors"))
    with torch.random.fork_rng(devices=[]):
        seed_everything(model.config.seed + 1)
        network = build(model.path, model.schema, model.config, model.task, example, model.manifest)
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    return network.eval()


def describe(row: int, masked_row: MaskedRow, found: dict[str, np.ndarray], answer: str) -> dict[str, Any]:
    """One row in plain JSON: its answer, and every part with its number by each method."""
    parts = [
        {"column": part.column, "part": part.name} | {n: float(v[k]) for n, v in found.items()}
        for k, part in enumerate(masked_row.parts)
    ]
    return {"row": row, "answer": answer, "parts": parts}


def by_weight(model: Model, entries: list[Any], names: Sequence[str]) -> list[str]:
    """Columns that can be walked through, the weightiest over the shown rows first."""
    weight = dict.fromkeys(movable(model), 0.0)
    for _, masked_row, found in entries:
        for part, number in zip(masked_row.parts, np.abs(found[names[0]]), strict=True):
            if part.column in weight:
                weight[part.column] += float(number)
    return sorted(weight, key=lambda name: -weight[name])
