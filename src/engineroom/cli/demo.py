"""The verb that trains a recipe on the data it brings along: demo."""

from __future__ import annotations

from typing import Annotated

import typer

from ._completion import names_of
from ._options import Json, Settings
from .app import app


@app.command(
    help="Train a recipe on data that come with an installed package.\n\nExamples: `engineroom demo` · `engineroom "
    "demo cost_sensitive` · `engineroom demo image_diffusion --set options.steps=10`"
)
def demo(
    name: Annotated[
        str, typer.Argument(help="A recipe (see `engineroom recipes`).", autocompletion=names_of("recipes"))
    ] = "image_classification",
    minutes: Annotated[float | None, typer.Option(help="Train for at most this long.")] = None,
    run: Annotated[str | None, typer.Option(metavar="DIR")] = None,
    set_: Settings = None,
    as_json: Json = False,
) -> None:
    from .. import demo as run_demo
    from ..core.config import parse_assignments

    model = run_demo(name, minutes=minutes, run=run, show="json" if as_json else "bar", **parse_assignments(set_ or []))
    if not as_json:
        from ..report.terminal import print_summary

        print_summary(model.report())
