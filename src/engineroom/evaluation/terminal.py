"""The report in a screenful: what to use, the scores side by side, what to mind, where the page lies."""

from __future__ import annotations

from typing import Any

from .render import number

COLOURS = {"deep": "green", "rival": "yellow", "either": "cyan", "trivial": "red"}


def print_summary(report: dict[str, Any], console: Any = None) -> None:
    """Verdict, reasons, the table of models, warnings, the page."""
    from rich.console import Console
    from rich.markup import escape
    from rich.padding import Padding

    console = console or Console(highlight=False)
    verdict = report["verdict"]
    console.print()
    console.print(f"[bold {COLOURS.get(verdict['use'], 'white')}]{escape(verdict['sentence'])}[/]")
    for line in verdict["why"]:
        console.print(Padding(escape(line), (0, 0, 0, 2)), style="dim")
    table = models_table(report)
    if table is not None:
        console.print()
        console.print(table)
    for what in warnings(report):
        console.print(f"[yellow]mind:[/] {escape(what)}")
    if report.get("path"):
        console.print(f"\nreport: {escape(report['path'])}", soft_wrap=True)


def models_table(report: dict[str, Any]) -> Any:
    """Scores as rows and models as columns: it fits a narrow terminal."""
    from rich.table import Table

    found = [e for s in report["sections"] if s["title"] == "Deep or classical" for e in s["exhibits"] if e["kind"] == "table"]
    if not found:
        return None
    columns, rows = found[0]["data"]["columns"], found[0]["data"]["rows"]
    table = Table("", *(str(row[0]) for row in rows), box=None, pad_edge=False, header_style="bold")
    for index in range(2, len(columns)):
        table.add_row(str(columns[index]), *(number(row[index]) for row in rows))
    return table


def warnings(report: dict[str, Any]) -> list[str]:
    return [
        n["what"]
        for s in report["sections"]
        for e in s["exhibits"]
        if e["kind"] == "notes"
        for n in e["data"]["items"]
        if n["level"] == "warning"
    ]
