"""The comparison as a dictionary, a table of disagreements and a page: the report's exhibits, with one model beside
another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from ..bundle.model import Model
from ..core.files import write_atomic
from ..core.panels import Panel, Section, spoken
from ..rendering.classification import reliability
from ..report.html_report import a_page, render_html, strict
from ..report.previews import show_row
from .align import Table, seat
from .significance import agreement, disagreements, facts, pairs

SHOWN = 24  # disagreements on the page


def compare(
    runs: Sequence[str | Path | Model], data: Any = None, *, page: str | Path | None = None, seed: int = 0
) -> dict[str, Any]:
    """{"rows", "words", "metric", "sides", "pairs", "verdict", "agreement", "disagreements", "warnings", "page"} of
    models on the same rows.

    `data` is labelled data for all of them; without it their stored test answers are compared. `page` is written as one
    HTML file.
    """
    table = seat([run if isinstance(run, Model) else Model.load(run) for run in runs], data)
    task = table.sides[0].model.task
    sides, found = [facts(side, seed) for side in table.sides], pairs(table, seed)
    result = {
        "rows": len(table.rows),
        "words": table.words,
        "metric": task.primary_metric,
        "sides": sides,
        "pairs": [asdict(pair) | {"sentence": pair.sentence()} for pair in found],
        "verdict": judge(sides, found, task),
        "agreement": agreement(table),
        "disagreements": disagreements(table),
        "warnings": list(table.warnings),
        "page": None if page is None else str(page),
    }
    result = strict(result)
    if page is not None:
        write_atomic(Path(page), render_html(report(table, result)))
    return result


def judge(sides: list[dict[str, Any]], found: list[Any], task: Any) -> dict[str, Any]:
    """Which one to use: the best that beats all others beyond chance, else the cheapest of those that chance cannot
    tell from it."""
    sign = 1.0 if task.higher_is_better else -1.0
    ordered = sorted(sides, key=lambda one: -sign * one["scores"][task.primary_metric])
    best = ordered[0]
    beaten = {pair.a if pair.better == pair.b else pair.b for pair in found if pair.better == best["name"]}
    level = [one for one in ordered if one["name"] not in beaten]
    shown = ", ".join(f"{one['name']} {spoken(one['scores'][task.primary_metric])}" for one in ordered)
    if len(level) == 1:
        return {"use": best["name"], "sentence": f"Use {best['name']}: {task.primary_metric} {shown}."}
    cheap = min(level, key=lambda one: one["cost"]["parameters"])  # of equal size, the one that scored best comes first
    same_size = len({one["cost"]["parameters"] for one in level}) == 1
    why = "scored best, and they are of one size" if same_size else "is the smallest"
    tied = " and ".join(one["name"] for one in level)
    return {
        "use": cheap["name"],
        "sentence": f"No clear winner: {task.primary_metric} {shown}. Chance may explain what lies between {tied}; "
        f"{cheap['name']} {why}.",
    }


def frame_of(result: dict[str, Any]) -> pl.DataFrame:
    """The disagreements as one row each, for a CSV."""
    names = [side["name"] for side in result["sides"]]
    rows = [
        {"row": one["row"], "apart": one["spread"]}
        | {f"{name} {what}": one[name][what] for name in names for what in ("said", "more", "loss", "wrong")}
        for one in result["disagreements"]
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def report(table: Table, result: dict[str, Any]) -> dict[str, Any]:
    """What the renderer of reports takes."""
    first = table.sides[0].model
    sections = [quality(result), cost(result), *calibration(table), apart(table, result)]
    verdict = {
        **result["verdict"],
        "why": [*(pair["sentence"] for pair in result["pairs"]), *result["warnings"]],
        "use": "comparison",
    }
    return a_page(
        " · ".join(side.name for side in table.sides),
        task=first.manifest["task"],
        target=first.schema.target.name,
        verdict=verdict,
        sections=sections,
    )


def quality(result: dict[str, Any]) -> Section:
    metric, sides = result["metric"], result["sides"]
    whiskers = [
        dict(
            zip(
                ("name", "value", "low", "high"), (s["name"], s["scores"][metric], *s["intervals"][metric]), strict=True
            )
        )
        for s in sides
    ]
    names = sorted({name for s in sides for name in s["scores"]}, key=lambda name: (name != metric, name))
    rows = [[name, *(s["scores"].get(name) for s in sides)] for name in names]
    paired = [
        [f"{p['a']} − {p['b']}", p["value"], p["low"], p["high"], p["p"], p["better"] or "chance may explain it"]
        for p in result["pairs"]
    ]
    columns = ["difference", metric, "from", "to", "p", "better"]
    return Section(
        "Quality",
        (
            Panel("intervals", f"{metric} with 95 % intervals", {"metric": metric, "rows": whiskers}),
            Panel(
                "table",
                "Differences, paired",
                {"columns": columns, "rows": paired, "best": None},
                "Both models are scored on the same 2,000 resamples of the rows. That takes away the luck of the rows "
                "that they share, so a difference can be "
                "clear although the intervals above overlap. p is corrected for the number of pairs (Holm 1979).",
            ),
            Panel(
                "table", "All metrics", {"columns": ["score", *(s["name"] for s in sides)], "rows": rows, "best": None}
            ),
        ),
        result["words"],
    )


def cost(result: dict[str, Any]) -> Section:
    rows = [[s["name"], "+".join(s["backbones"]), *s["cost"].values()] for s in result["sides"]]
    columns = ["model", "backbone", "training s", "parameters", "MB", "rows/s"]
    words = (
        "Rows a second: the network alone on its stored inputs, here and now; seconds to train: as they were "
        "noted "
        "then, on the machine of then."
    )
    return Section(
        "Cost", (Panel("table", "What each takes", {"columns": columns, "rows": rows, "best": None}, words),)
    )


def calibration(table: Table) -> list[Section]:
    """Stated against true, where answers state a probability."""
    series = []
    for side in table.sides:
        said = side.model.task.confidence(side.records)
        if said is not None:
            series.append(reliability(side.name, *said))
    if not series:
        return []
    data = {"x": "stated probability", "y": "share that came true", "series": series, "diagonal": True}
    words = (
        "On the line: when it says 80 %, it comes true 80 % of the time. Below: too sure. Each dot is a tenth of "
        "the "
        "answers."
    )
    return [
        Section(
            "Calibration", (Panel("lines", "Reliability diagram: are they as sure as they are right?", data, words),)
        )
    ]


def apart(table: Table, result: dict[str, Any]) -> Section:
    """Where they disagree, counted and then row by row."""
    names = [side.name for side in table.sides]
    rows = result["rows"]
    counted = [[label, f"{count:,}", f"{count / rows:.1%} of the rows"] for label, count in result["agreement"].items()]
    exhibits = (
        [Panel("facts", "Agreement of the models", {"items": counted})]
        if result["agreement"]["none right"] < rows
        else []
    )
    items = []
    split = [one for one in result["disagreements"] if one["split"]]
    for one in (split or result["disagreements"])[:SHOWN]:
        place = one["place"]
        said = " · ".join(
            f"{name}: {one[name]['said']}" + (f" ({one[name]['more']})" if one[name]["more"] else "") for name in names
        )
        items.append({"title": f"row {one['row']}", "subtitle": said, "tone": "", "html": drawn(table, place)})
    if items:
        words = (
            "Rows that one gets right and another wrong, the widest apart first."
            if split
            else "Rows where one is further off than another, the widest apart first."
        )
        exhibits.append(
            Panel(
                "gallery", "Example by example", {"items": items, "wide": table.sides[0].model.task.has_render}, words
            )
        )
    else:
        exhibits.append(
            Panel(
                "notes",
                "Example by example",
                {"items": [{"level": "note", "what": "They are equally right on every row.", "why": "", "fix": ""}]},
            )
        )
    return Section("Disagreements", tuple(exhibits))


def drawn(table: Table, place: int) -> str:
    """The row as its columns show it; nothing where the data are no longer there."""
    if table.frame is None:
        return "<em>its data have moved</em>"
    return show_row(table.frame, int(table.rows[place]), table.sides[0].model.schema)
