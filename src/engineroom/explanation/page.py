"""The page of explained rows: attributions of each method, whether they can be trusted, counterfactuals, partial
dependence."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..bundle.model import Model
from ..core.panels import Panel, Section
from ..report.html_report import a_page
from .rendering import draw

TOP = 5  # parts named a row
NOTHING = {
    True: "Not measured: too few rows were given to test the explanations on.",
    False: "Not to be believed: no method passes its tests on these rows.",
}
WORDS = "Red speaks for the answer, blue against it; the stronger the colour, the more."


def make_page(model: Model, result: dict[str, Any], entries: list[Any], inside: list[Section]) -> dict[str, Any]:
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
    panels = []
    for one in result["dependence"]:
        if one["values"] and all(isinstance(value, (int, float)) for value in one["values"]):
            line = {"name": "average", "x": one["values"], "y": one["mean"], "low": one["low"], "high": one["high"]}
            panels.append(
                Panel(
                    "lines",
                    one["column"],
                    {"x": one["column"], "y": "answer", "series": [line]},
                    "The band holds the middle 80 % of rows.",
                )
            )
        elif one["values"]:
            series = [{"name": "average", "values": one["mean"], "low": one["low"], "high": one["high"]}]
            panels.append(
                Panel(
                    "bars",
                    one["column"],
                    {"labels": [str(v) for v in one["values"]], "series": series, "y": "answer"},
                    "The whisker holds the middle 80 % of rows.",
                )
            )
    if not panels:
        return []
    words = (
        f"The answer of row {result['rows'][0]['row']} ({result['rows'][0]['answer']}), averaged over rows in which "
        "one column alone takes each value "
        "(partial dependence, Friedman 2001). Log odds for classes, the target's unit for numbers. Columns that go "
        "together are pulled apart here."
    )
    return [Section("Partial dependence", tuple(panels), words)]
