"""The verb that asks what more data are worth: scale."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from ._options import Json
from .app import app


@app.command(
    help="Learning curves of the deep model and its classical baseline, where they cross, and advice: collect more "
    "rows, or use which.\n\n"
    "Example: `engineroom scale houses.csv --target price --minutes 10`"
)
def scale(
    data: Annotated[str, typer.Argument(help="A file, a folder or an archive.")],
    target: Annotated[str | None, typer.Option(help="The column to predict.")] = None,
    minutes: Annotated[float, typer.Option(min=0.01, help="For training the deep models, all sizes together.")] = 5.0,
    sizes: Annotated[int, typer.Option(min=2, help="So many parts of the data, in equal ratios.")] = 5,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any setting of train; may be repeated.")
    ] = None,
    page: Annotated[str, typer.Option(help="Where the page goes.")] = "scale.html",
    as_json: Json = False,
) -> None:
    from ..core.config import parse_assignments
    from ..learning_curves.report import describe_crossing
    from ..learning_curves.report import scale as grow

    tell = (lambda text: None) if as_json else (lambda text: print(text, file=sys.stderr))
    result = grow(
        data, target=target, minutes=minutes, sizes=sizes, page=page, say=tell, settings=parse_assignments(set_ or [])
    )
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        print(f"{result['advice']['sentence']}\n{describe_crossing(result)}\npage: {result['page']}")
