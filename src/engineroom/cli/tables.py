"""Scores and runs as tables at the terminal."""

from __future__ import annotations

from typing import Any


def print_scores(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    columns = {"deep": result["deep"], "classical": result.get("baseline", {})}
    if result["answer"] == "blend":
        columns = {"blend": result["metrics"], **columns}
    answer = {"baseline": "classical"}.get(result["answer"], result["answer"])
    heads = [f"› {name}" if name == answer else name for name in columns]
    table = Table("score", *heads, title=f"{result['rows']:,} rows", title_justify="left", box=None)
    for name in result["metrics"]:
        table.add_row(name, *(f"{one[name]:.4f}" if name in one else "" for one in columns.values()))
    Console().print(table)


def print_runs(found: list[dict[str, Any]], root: str) -> None:
    from rich.console import Console
    from rich.table import Table

    if not found:
        Console().print(f"No runs under {root}. Start one: engineroom train DATA --target COLUMN")
        return
    table = Table("run", "state", "task", "target", "scores", "use", box=None)
    for facts in found:
        scores = ", ".join(f"{k} {v:.4g}" for k, v in list(facts.get("metrics", {}).items())[:3])
        table.add_row(
            facts["run"],
            facts["state"],
            facts.get("task", ""),
            facts.get("target", ""),
            scores,
            facts.get("verdict") or "",
        )
    Console().print(table)


def print_recipes(found: list[dict[str, str]]) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(highlight=False)
    for facts in found:
        console.print(Text.assemble((facts["name"], "bold"), f"  {facts['title']}"))
        for label, key in (("", "story"), ("data: ", "data"), ("answers: ", "answers"), ("demo: ", "expect")):
            if facts[key]:
                console.print(Padding(Text(label + facts[key], style="dim" if label else ""), (0, 0, 0, 4)))
    console.print("\nUse one: engineroom train DATA --target COLUMN --recipe NAME · try one: engineroom demo NAME")
