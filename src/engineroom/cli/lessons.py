"""The verb that teaches: lesson."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from ._completion import names_of
from ._options import Json
from .app import app


@app.command(
    help="How it works, on real numbers: a lesson runs this package's own code, and ends in claims that you can try "
    "to break.\n\n"
    "Examples: `engineroom lesson` lists them · `engineroom lesson backprop` · `engineroom lesson backprop --set "
    "hidden=0`"
)
def lesson(
    name: Annotated[
        str | None, typer.Argument(help="A lesson; without one they are listed.", autocompletion=names_of("lessons"))
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting of the lesson; may be repeated."),
    ] = None,
    page: Annotated[str | None, typer.Option(help="Where the page goes (default NAME.html).")] = None,
    as_json: Json = False,
) -> None:
    from .. import lesson as give
    from .. import lessons as list_lessons
    from ..core.config import parse_assignments

    if name is None:
        print_lessons(list_lessons(), as_json)
        return
    result = give(name, page=page or f"{name}.html", say=None if as_json else teller(), **parse_assignments(set_ or []))
    print(json.dumps(result, ensure_ascii=False)) if as_json else print(
        f"{result['seconds']:.1f} s · page: {result['page']}"
    )


def teller() -> Any:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)

    def say(text: str) -> None:
        style = (
            "bold"
            if text.lstrip().startswith("#")
            else "green"
            if text.strip().startswith("✓")
            else "red"
            if text.strip().startswith("✗")
            else ""
        )
        console.print(Text(text.replace("## ", "").replace("# ", ""), style=style), soft_wrap=text.startswith("  "))

    return say


def print_lessons(found: list[dict[str, str]], as_json: bool) -> None:
    if as_json:
        for facts in found:
            print(json.dumps(facts, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(highlight=False)
    for facts in found:
        console.print(Text.assemble((facts["name"], "bold"), f"  {facts['title']} ({facts['year']})"))
        console.print(Padding(Text(facts["story"]), (0, 0, 0, 4)))
        console.print(
            Padding(Text(f"then try {facts['change']} · settings: {facts['settings']}", style="dim"), (0, 0, 0, 4))
        )
    console.print("\nTake one: engineroom lesson NAME")
