"""The report in a screenful: what to use and why, the scores side by side, what to mind, where the page lies."""

from __future__ import annotations

from typing import Any

from .charts.canvas import alike
from .html_report import span, strict

COLOURS = {"deep": "green", "blend": "green", "baseline": "yellow", "either": "cyan", "dummy": "red"}
LEVELS = {"error": ("error: ", "red"), "warning": ("warning: ", "yellow")}
MOST_WARNINGS = 5
FIRST_SCORE = 2  # columns before it: the model's name and what it is


def print_summary(report: dict[str, Any], console: Any = None) -> None:
    """Verdict, reasons, the headline score, the table of models, warnings, the page. Reads well without colour and in
    60 columns."""
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console, report = console or Console(), strict(report)
    verdict = report["verdict"]
    console.print()
    console.print(Text(verdict["sentence"], style=f"bold {COLOURS.get(verdict['use'], '')}".strip()))
    for line in verdict["why"]:
        console.print(Padding(Text(line, style="dim"), (0, 0, 0, 2)))
    for part in (primary_metric(report), models_table(report)):
        if part is not None:
            console.print()
            console.print(part)
    found = warnings(report)
    if found:
        console.print()
    for note in found[:MOST_WARNINGS]:
        console.print(Text.assemble(LEVELS[note["level"]], note["what"]))
    if len(found) > MOST_WARNINGS:
        console.print(Text(f"… and {len(found) - MOST_WARNINGS} more in the report", style="dim"))
    if report.get("path"):
        console.print()
        console.print(Text.assemble("report: ", (str(report["path"]), "bold")), soft_wrap=True)


def primary_metric(report: dict[str, Any]) -> Any:
    """The first tile with its interval; the other scores stand in the table."""
    from rich.text import Text

    if not report.get("tiles"):
        return None
    tile = report["tiles"][0]
    shown = span(tile)
    known = tile.get("low") is not None and tile.get("high") is not None
    interval = f", {shown['low']} to {shown['high']} ({tile['hint']})" if known else ""
    others = "".join(f"; {who} {value}" for who, value in shown["others"])
    return Text.assemble(f"{tile['label']} ", (shown["value"], "bold"), interval, others)


def models_table(report: dict[str, Any]) -> Any:
    """Scores as rows and models as columns: it fits a narrow terminal. The one to use stands in bold with a mark."""
    from rich.table import Table
    from rich.text import Text

    data = next(
        (
            e["data"]
            for s in report["sections"]
            if s["title"] == "Deep or classical"
            for e in s["exhibits"]
            if e["kind"] == "table"
        ),
        None,
    )
    if data is None:
        return None
    table = Table(box=None, pad_edge=False, header_style="")
    table.add_column("")
    for place, row in enumerate(data["rows"]):
        best = place == data.get("best")
        table.add_column(
            Text(f"{'› ' if best else ''}{row[0]}", style="bold" if best else "dim"),
            justify="right",
            style="bold" if best else "",
        )
    for place, name in list(enumerate(data["columns"]))[FIRST_SCORE:]:
        table.add_row(Text(str(name)), *map(Text, alike([row[place] for row in data["rows"]])))
    return table


def warnings(report: dict[str, Any]) -> list[dict[str, Any]]:
    """What the checks minded, errors first."""
    notes = [n for s in report["sections"] for e in s["exhibits"] if e["kind"] == "notes" for n in e["data"]["items"]]
    return sorted((n for n in notes if n["level"] in LEVELS), key=lambda n: list(LEVELS).index(n["level"]))
