"""Rows explained: what speaks for each answer by every method that fits, whether the methods can be believed, and a
page of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import nn

from ..bundle.format import read_tensors
from ..bundle.golden import golden_batch
from ..bundle.model import Model, build
from ..core import registry
from ..core.errors import UserError, nearest
from ..core.files import write_atomic
from ..core.panels import Panel, Section, spoken
from ..core.seeds import seed_everything
from ..evaluation.predict import because
from ..report.html_report import a_page, render_html, strict
from .counterfactuals import otherwise
from .faithfulness import LEAST, rank_correlation, verdict, walk
from .partial_dependence import dependence, movable
from .perturbation import MaskedRow
from .rendering import draw

JUDGED = 16  # rows on which faithfulness is measured
# seconds after which rows that are only measured, not shown, are left out: the verdict says how many there were
PATIENCE = 60.0
TOP = 5  # parts named a row
NOTHING = {
    True: "Not measured: too few rows were given to test the explanations on.",
    False: "Not to be believed: no method passes its tests on these rows.",
}
WORDS = "Red speaks for the answer, blue against it; the stronger the colour, the more."


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
    frame = model.open(data)
    encoded, kept = model.encoded(frame)
    shown, judged = kept[:rows], kept[: max(rows, JUDGED)]
    whole = model.respond(encoded, kept[:1])
    fresh = untrained(model)
    entries: list[Any] = []
    walks: list[dict[str, tuple[np.ndarray, np.ndarray]]] = []
    spent: list[float] = []
    likeness: dict[str, list[float]] = {}
    names: tuple[str, ...] = ()
    started = time.perf_counter()
    for place, row in enumerate(judged.tolist()):
        say(f"row {place + 1} of {len(judged)}")
        if row not in shown and len(walks) >= LEAST and time.perf_counter() - started > PATIENCE:
            break
        batch = model.task.trim_input(encoded.batch(np.array([row])), model.schema.target)
        begun = time.perf_counter()
        masked_row = MaskedRow(model.network, model.task, model.schema, batch)
        names = names or chosen(methods, masked_row)
        found = {name: registry.get("explanation/methods", name).attribute(masked_row) for name in names}
        spent.append(time.perf_counter() - begun)
        other = MaskedRow(fresh, model.task, model.schema, batch, whole=masked_row.whole)
        for name in names:
            likeness.setdefault(name, []).append(
                rank_correlation(found[name], registry.get("explanation/methods", name).attribute(other))
            )
        walks.append(walk(masked_row, found, row))
        if row in shown:
            entries.append((row, masked_row, found))
    said = because(model.network, encoded, shown, model.respond(encoded, shown), model.task)
    answers = model.task.to_frame(said, model.schema.target, frame[shown])
    trust = {
        name: {"meaning": registry.get("explanation/methods", name).words, **verdict(walks, likeness, name)}
        for name in names
    }
    curves = {name: [np.mean([one[name][k] for one in walks], 0).tolist() for k in (0, 1)] for name in (*names, "")}
    moved = dependence(model, frame[kept], by_weight(model, entries, names), whole) if movable(model) else []
    heads = first_words(answers, len(shown))
    result = strict(
        {
            "rows": [
                describe(row, masked_row, found, answer)
                for (row, masked_row, found), answer in zip(entries, heads, strict=True)
            ],
            "methods": trust,
            "curves": {name or "random": pair for name, pair in curves.items()},
            "dependence": moved,
            "otherwise": otherwise(model, frame, shown),
            "seconds_a_row": round(float(np.median(spent)), 4),
            "page": None if page is None else str(page),
        }
    )
    if page is not None:
        inside = [
            Section(view.title, tuple(view.look(model, encoded, kept)), view.words)
            for view in registry.every("explanation/views").values()
            if view.fits(model)
        ]
        write_atomic(Path(page), render_html(report(model, result, entries, inside)))
    return result


def first_words(answers: pl.DataFrame, rows: int) -> list[str]:
    """What the answer to each row begins with; some answers take several lines a row, or none."""
    values = answers.drop("_row", strict=False)
    place = answers["_row"].to_list() if "_row" in answers.columns else list(range(rows))
    out = ["nothing"] * rows
    for line in reversed(range(len(place))):
        value = values[line, 0]
        out[place[line]] = spoken(value) if isinstance(value, float) else str(value)
    return out


def chosen(methods: Sequence[str], masked_row: MaskedRow) -> tuple[str, ...]:
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


def report(model: Model, result: dict[str, Any], entries: list[Any], inside: list[Section]) -> dict[str, Any]:
    """What the renderer of reports takes."""
    names = list(result["methods"])
    failed = [name for name in names if result["methods"][name]["passes"] is False]
    unknown = [name for name in names if result["methods"][name]["passes"] is None]
    good = [name for name in names if name not in failed and name not in unknown]
    sentence = (
        f"What can be believed: {', '.join(good)} passed the tests on these rows." if good else NOTHING[bool(unknown)]
    )
    sections = [rows_section(result, entries, name) for name in sorted(names, key=lambda name: name in failed)]
    sections = [
        trust_section(result),
        *sections,
        *otherwise_section(result),
        *dependence_section(model, result),
        *inside,
    ]
    verdict = {
        "use": "explained",
        "sentence": sentence,
        "why": [f"{name.capitalize()}: {result['methods'][name]['words']}" for name in names],
    }
    return a_page(
        f"{model.path.parent.name}, explained",
        task=model.manifest["task"],
        target=model.schema.target.name,
        verdict=verdict,
        sections=sections,
    )


def trust_section(result: dict[str, Any]) -> Section:
    """The measurements that the first line rests on."""
    grid = np.linspace(0, 1, len(result["curves"]["random"][0])).tolist()
    charts = []
    for k, (title, words) in enumerate(
        (
            (
                "Taking parts away",
                "The most important first by each method, against a random order: the lower a line runs, the better "
                "the method knew them.",
            ),
            ("Adding parts to nothing", "The most important first: the higher a line runs, the better."),
        )
    ):
        series = [
            {"name": name, "x": grid, "y": pair[k], "dashed": name == "random"}
            for name, pair in result["curves"].items()
        ]
        charts.append(
            Panel(
                "lines", title, {"x": "share of the parts", "y": "answer (what is explained)", "series": series}, words
            )
        )
    rows = []
    for name, one in result["methods"].items():
        if one["passes"] is not None:
            rows.append(
                [
                    name,
                    "passes" if one["passes"] else "fails",
                    one["rows"],
                    *(span(one[key]) for key in ("deletion", "insertion", "likeness")),
                ]
            )
    columns = ["method", "verdict", "rows", "gain, taking away", "gain, adding", "likeness to fresh weights"]
    words = (
        "Gains: how much further than a random order of the same row, on average over the curve, with 95 % intervals "
        "over rows. Likeness: rank correlation "
        "with what the method shows of the same network before it learnt; from 0.5 on it looks at the input and not "
        "at what was learnt (Adebayo et al. 2018)."
    )
    table = [Panel("table", "Measured", {"columns": columns, "rows": rows, "best": None}, words)] if rows else []
    return Section("Faithfulness: can the explanations be believed?", (*charts, *table))


def span(one: dict[str, float]) -> str:
    return f"{one['value']:.3g} ({one['low']:.3g} to {one['high']:.3g})"


def rows_section(result: dict[str, Any], entries: list[Any], name: str) -> Section:
    """The rows as one method sees them."""
    one = result["methods"][name]
    items = []
    for entry, (_, masked_row, found) in zip(result["rows"], entries, strict=True):
        drawn = "".join(draw(cut, masked_row.parts, found[name]) for cut in masked_row.cuts.values())
        first = sorted(entry["parts"], key=lambda part: -abs(part[name]))[:TOP]
        listed = ", ".join(f"{part['part']} {part[name]:+.2g}" for part in first)
        items.append({"title": f"row {entry['row']}: {entry['answer']}", "subtitle": listed, "tone": "", "html": drawn})
    flag = (
        ""
        if one["passes"]
        else "This method fails its test on these rows: do not rely on it. "
        if one["passes"] is False
        else ""
    )
    return Section(
        name.capitalize(),
        (Panel("gallery", "Row by row", {"items": items, "wide": True}, WORDS),),
        flag + one["meaning"],
    )


def otherwise_section(result: dict[str, Any]) -> list[Section]:
    """The smallest changes that give another answer."""
    if not result["otherwise"]:
        return []
    rows = [
        [
            str(one["row"]),
            one["answer"],
            one["other"] or "–",
            "; ".join(one["changes"]) or "no few changes give another answer",
        ]
        for one in result["otherwise"]
    ]
    table = Panel("table", "Row by row", {"columns": ["row", "answer", "would be", "if"], "rows": rows, "best": None})
    words = (
        "The fewest changes found that turn the answer, each tried on the model. Values come from the given rows. "
        "They say what the model would answer, not what helps in the world."
    )
    return [Section("Counterfactuals: what would have to change", (table,), words)]


def dependence_section(model: Model, result: dict[str, Any]) -> list[Section]:
    """How the answer moves with each column alone."""
    exhibits = []
    for one in result["dependence"]:
        if one["values"] and all(isinstance(value, (int, float)) for value in one["values"]):
            line = {"name": "average", "x": one["values"], "y": one["mean"], "low": one["low"], "high": one["high"]}
            exhibits.append(
                Panel(
                    "lines",
                    one["column"],
                    {"x": one["column"], "y": "answer", "series": [line]},
                    "The band holds the middle 80 % of rows.",
                )
            )
        elif one["values"]:
            series = [{"name": "average", "values": one["mean"], "low": one["low"], "high": one["high"]}]
            exhibits.append(
                Panel(
                    "bars",
                    one["column"],
                    {"labels": [str(v) for v in one["values"]], "series": series, "y": "answer"},
                    "The whisker holds the middle 80 % of rows.",
                )
            )
    if not exhibits:
        return []
    words = (
        f"The answer of row {result['rows'][0]['row']} ({result['rows'][0]['answer']}), averaged over rows in which "
        "one column alone takes each value "
        "(partial dependence, Friedman 2001). Log odds for classes, the target's unit for numbers. Columns that go "
        "together are pulled apart here."
    )
    return [Section("Partial dependence", tuple(exhibits), words)]
