"""What a person sees at the terminal while a model is trained: the columns before, the bar during."""

from __future__ import annotations

from typing import Any


class ConsoleLogger:
    """Hears the diary's lines and shows them on standard error."""

    def __init__(self) -> None:
        from rich.console import Console

        self.console = Console(stderr=True, highlight=False)
        self.bar: Any = None
        self.said_encoding = False

    def __call__(self, line: dict[str, Any]) -> None:
        kind = line["event"]
        if kind == "schema":
            show_schema(self.console, line)
        elif kind == "findings":
            show_findings(self.console, line["findings"])
        elif kind == "encoding" and line["total"] > 2000 and not self.said_encoding:
            self.said_encoding = True
            self.console.print(f"decoding {line['total']:,} rows once …", style="dim")
        elif kind == "baseline":
            self.console.print("training the classical baseline on the same rows …", style="dim")
        elif kind in ("started", "resumed", "step", "validated", "replanned", "stopped"):
            if self.bar is None:
                from .engine.callbacks.progress import Bar

                self.bar = Bar()
            if kind == "started":
                self.console.print(
                    f"training {line['parameters']:,} parameters for {line['total']:,} steps, {line['precision']}",
                    style="dim",
                )
            elif kind == "resumed":
                self.console.print(f"going on after step {line['step']:,}", style="dim")
            self.bar(line)


def show_schema(console: Any, line: dict[str, Any]) -> None:
    """The inferred columns, the split and what the checks found; any of it can be overridden."""
    from rich.markup import escape
    from rich.table import Table

    rows = line["split"]
    console.print(
        f"[bold]{line['rows']:,} rows[/]: {rows['train']:,} to learn from, {rows['val']:,} to validate, "
        f"{rows['test']:,} to test. {escape(line['split_words'])}"
    )
    table = Table("column", "kind", "role", "why", box=None, header_style="dim", pad_edge=False)
    for column in line["columns"][:40]:
        style = {"target": "bold green", "ignore": "dim", "id": "dim"}.get(column["role"], "")
        table.add_row(
            escape(column["name"][:40]), column["kind"], column["role"], escape(column["why"][:70]), style=style
        )
    console.print(table)
    if len(line["columns"]) > 40:
        console.print(f"… and {len(line['columns']) - 40} more columns", style="dim")
    for note in line["notes"]:
        console.print(f"note: {escape(note)}", style="dim")
    show_findings(console, line["findings"])
    console.print("Change any of it: --set columns.NAME.modality=… or --set columns.NAME.role=ignore", style="dim")


def show_findings(console: Any, findings: list[dict[str, Any]]) -> None:
    """What the checks found, a line each."""
    from rich.markup import escape

    for finding in findings:
        mark = "[yellow]warning[/]" if finding["level"] == "warning" else "[dim]note[/]"
        console.print(
            f"{mark}: {escape(' '.join(part for part in (finding['what'], finding['why'], finding['fix']) if part))}"
        )
