"""The verb that puts models side by side: compare."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from ._options import Json
from .app import app
from .write_table import write_frame

MOST = 8  # disagreements at the terminal


@app.command(
    help="Put trained models side by side: quality with a paired test, cost, calibration, and where they disagree.\n\n"
    "Without --data their stored test answers are compared, where they were tested on the same rows.\n\n"
    "Examples: `engineroom compare runs/a runs/b` · `engineroom compare runs/a runs/b runs/c --data new.csv -o "
    "apart.csv`"
)
def compare(
    runs: Annotated[list[str], typer.Argument(help="Run directories or bundles, two or more.")],
    data: Annotated[str | None, typer.Option(help="Labelled data for all of them to answer.")] = None,
    page: Annotated[str, typer.Option(help="Where the page goes.")] = "compare.html",
    output: Annotated[
        str | None, typer.Option("-o", "--output", help="The disagreements: CSV, TSV, JSONL or Parquet by its ending.")
    ] = None,
    as_json: Json = False,
) -> None:
    from .. import compare as side_by_side

    result = side_by_side(*runs, data=data, page=page)
    if output:
        from ..comparison.report import frame_of

        write_frame(frame_of(result), Path(output))
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        print_comparison(result)


def print_comparison(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console, sides = Console(highlight=False), result["sides"]
    console.print(Text(result["verdict"]["sentence"], style="bold"))
    console.print(Text(result["words"], style="dim"))
    for warning in result["warnings"]:
        console.print(Text.assemble(("warning ", "yellow"), warning))
    table = Table("", *(side["name"] for side in sides), box=None, pad_edge=False)
    for name in sides[0]["scores"]:
        table.add_row(
            name, *(shown(side["scores"].get(name)) for side in sides), style="bold" if name == result["metric"] else ""
        )
    for name in sides[0]["cost"]:
        table.add_row(name.replace("_", " "), *(f"{side['cost'][name]:,}" for side in sides), style="dim")
    console.print(table)
    for pair in result["pairs"]:
        console.print(Text(pair["sentence"]))
    console.print(Text(" · ".join(f"{label}: {count:,}" for label, count in result["agreement"].items()), style="dim"))
    for one in result["disagreements"][:MOST]:
        said = " · ".join(
            f"{side['name']}: {one[side['name']]['said']} {one[side['name']]['more']}".strip() for side in sides
        )
        console.print(Text.assemble((f"row {one['row']}  ", "bold"), said))
    console.print(Text.assemble("page: ", (str(result["page"]), "bold")), soft_wrap=True)


def shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
