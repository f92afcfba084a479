"""The verbs that list what there is: runs, recipes."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from ._options import Json
from .app import app


@app.command(help="List runs, newest first.\n\nExample: `engineroom runs`")
def runs(root: Annotated[str, typer.Argument(help="Where runs lie.")] = "runs", as_json: Json = False) -> None:
    from .. import runs as list_runs

    found = list_runs(root)
    if as_json:
        for entry in found:
            print(json.dumps(entry))
        return
    from .tables import print_runs

    print_runs(found, root)


@app.command(help="Ready-made purposes, the data they take and the answers they give.\n\nExample: `engineroom recipes`")
def recipes(as_json: Json = False) -> None:
    from .. import recipes as list_recipes

    found = list_recipes()
    if as_json:
        for entry in found:
            print(json.dumps(entry, ensure_ascii=False))
        return
    from .tables import print_recipes

    print_recipes(found)
