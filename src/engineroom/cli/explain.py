"""The verb that opens an answer: explain."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from ._completion import names_of
from ._options import Json
from .app import app


@app.command(
    help="Which pixels, words, moments or columns speak for an answer, and can that be believed? Measured, not "
    "claimed.\n\n"
    "Examples: `engineroom explain runs/photos new/` · `engineroom explain runs/houses new.csv --rows 20 --method "
    "shapley --json`"
)
def explain(
    run: Annotated[str, typer.Argument(help="A run directory or bundle.")],
    data: Annotated[str, typer.Argument(help="Rows to explain, in any form the model was trained on.")],
    rows: Annotated[
        int, typer.Option(min=1, help="So many rows are shown; at least 16 are measured where there are so many.")
    ] = 8,
    method: Annotated[
        list[str] | None,
        typer.Option(
            help="An explainer; may be repeated. All that fit, if none is named.",
            autocompletion=names_of("explanation/methods"),
        ),
    ] = None,
    page: Annotated[str, typer.Option(help="Where the page goes.")] = "explain.html",
    as_json: Json = False,
) -> None:
    from rich.console import Console

    from .. import explain as explain_rows

    with Console(stderr=True).status("reading") as status:
        result = explain_rows(run, data, rows=rows, methods=tuple(method or ()), page=page, say=status.update)
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        print_explanation(result)


def print_explanation(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for name, one in result["methods"].items():
        style = {True: "green", False: "red"}.get(one["passes"], "yellow")
        console.print(Text.assemble((name, f"bold {style}"), f"  {one['words']}"))
    first = next((name for name, one in result["methods"].items() if one["passes"]), next(iter(result["methods"])))
    for row in result["rows"]:
        parts = sorted(row["parts"], key=lambda part: -abs(part[first]))[:5]
        listed = ", ".join(f"{part['part']} ({part[first]:+.3g})" for part in parts)
        console.print(Text.assemble((f"row {row['row']}: {row['answer']}  ", "bold"), listed))
    if result["answering"] != "deep":
        console.print(f"predict answers with the {result['answering']}; what is explained is the deep model")
    console.print(Text(f"{result['seconds_a_row']:.2f} s a row, by {first} above", style="dim"))
    console.print(Text.assemble("page: ", (str(result["page"]), "bold")), soft_wrap=True)
