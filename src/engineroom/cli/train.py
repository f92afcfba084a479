"""The verb that trains: train."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ..core.errors import EXIT_INTERRUPTED, UserError
from ._completion import names_of
from ._options import Comment, Delimiter, Encoding, HeaderRow, Json, Settings
from .app import app

TestData = Annotated[
    str | None, typer.Option(help="Test data of their own (else a test/ beside train/, else a seeded split).")
]
Recipe = Annotated[
    str | None,
    typer.Option(help="A ready-made purpose (see `engineroom recipes`).", autocompletion=names_of("recipes")),
]
Backbone = Annotated[
    str,
    typer.Option(
        help="auto, or a backbone: mlp, cnn, rnn, transformer, gnn, fcn, …",
        autocompletion=names_of("backbones", "auto"),
    ),
]
Until = Annotated[str | None, typer.Option(metavar="METRIC=VALUE", help="Stop when the validation score is this good.")]
InitFrom = Annotated[
    str | None,
    typer.Option("--from", metavar="DIR", help="Begin with what this run has learnt, wherever names and shapes agree."),
]
EXAMPLES = """

Examples:

- `engineroom train photos/` — a folder per class
- `engineroom train houses.csv --target price`
- `engineroom train reviews.jsonl --target label --model transformer --minutes 3`
- `engineroom train credit.csv --target default --recipe cost_sensitive --set options.false_negative_cost=5`
- `engineroom train recordings/ --until accuracy=0.97`
- `engineroom train table.csv --target y --set columns.zip.role=ignore --set split.by=time --set split.column=date`
- `engineroom train --resume runs/houses-1`

Exit codes: 0 done, 2 wrong usage, 3 bad data, 4 bad bundle, 130 interrupted.
"""


@app.command(help="Train a model, judge it against a classical baseline on the same split, and keep both." + EXAMPLES)
def train(
    data: Annotated[str | None, typer.Argument(help="A file, a folder or an archive.", show_default=False)] = None,
    target: Annotated[str | None, typer.Option(help="The column to predict.")] = None,
    test: TestData = None,
    recipe: Recipe = None,
    model: Backbone = "auto",
    minutes: Annotated[float | None, typer.Option(help="Train for this long.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Train for so many passes over the data.")] = None,
    steps: Annotated[int | None, typer.Option(help="Train for so many batches.")] = None,
    until: Until = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same data, same machine: same weights.")] = None,
    run: Annotated[str | None, typer.Option(metavar="DIR", help="Run directory (default runs/NAME-N).")] = None,
    start: InitFrom = None,
    resume: Annotated[str | None, typer.Option(metavar="DIR", help="Continue an interrupted run.")] = None,
    config: Annotated[str | None, typer.Option(metavar="YAML", help="A file that holds what flags hold.")] = None,
    set_: Settings = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    header_row: HeaderRow = None,
    comment: Comment = None,
    as_json: Json = False,
) -> None:
    from ..api import to_layer, train_session
    from ..core.config import merge, parse_assignments
    from ._reading_options import format_layer

    if data is None and resume is None and config is None:
        raise UserError("No data were named.", "", "Example: engineroom train houses.csv --target price")
    budget = {"minutes": minutes, "epochs": epochs, "steps": steps, "until": until}
    flags: dict[str, Any] = budget | {"seed": seed, "run": run, "recipe": recipe, "start": start}
    flags |= {"model": model if model != "auto" else None}
    flags = {name: value for name, value in flags.items() if value is not None}
    layout = format_layer(encoding, delimiter, header_row, comment)
    settings = merge(parse_assignments(set_ or []), layout, to_layer(flags))
    show = "quiet" if quiet else "json" if as_json else "bar"
    trained, reason = train_session(
        data, target=target, test=test, resume=resume, config=config, show=show, watchers=(), settings=settings
    )
    if show == "bar":
        from ..report.terminal import print_summary

        print_summary(trained.report())
    if reason == "interrupted":
        raise typer.Exit(EXIT_INTERRUPTED)
