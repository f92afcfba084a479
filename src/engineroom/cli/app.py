"""The verbs: train, predict, evaluate, runs, recipes, demo. Errors are three lines and an exit code, never a
traceback."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ..core.errors import EXIT_INTERRUPTED, UserError
from ._completion import names_of

app = typer.Typer(
    name="engineroom",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Data of any kind in, a trained and honestly judged deep model out.\n\n`engineroom train houses.csv --target "
    "price` · `engineroom predict runs/houses-1 new.csv -o out.csv`",
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON lines only.")]
Encoding = Annotated[
    str | None, typer.Option(metavar="NAME", help="Character encoding of a text table (cp1251, shift_jis, …).")
]
Delimiter = Annotated[
    str | None, typer.Option(metavar="CHAR", help="What stands between the fields of a text table (; or tab).")
]
HeaderRow = Annotated[
    int | None, typer.Option(metavar="N", help="The line of the column names, from 1; 0 = there is none.")
]
Comment = Annotated[str | None, typer.Option(metavar="SIGN", help="Lines of a text table that begin so are no rows.")]
With = Annotated[
    str,
    typer.Option(
        "--with", metavar="WHICH", help="best (what validation rows recommended), deep, baseline or blend of both."
    ),
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
    test: Annotated[
        str | None, typer.Option(help="Test data of their own (else a test/ beside train/, else a seeded split).")
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(help="A ready-made purpose (see `engineroom recipes`).", autocompletion=names_of("recipes")),
    ] = None,
    model: Annotated[
        str,
        typer.Option(
            help="auto, or a backbone: mlp, cnn, rnn, transformer, gnn, fcn, …",
            autocompletion=names_of("backbones", "auto"),
        ),
    ] = "auto",
    minutes: Annotated[float | None, typer.Option(help="Train for this long.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Train for so many passes over the data.")] = None,
    steps: Annotated[int | None, typer.Option(help="Train for so many batches.")] = None,
    until: Annotated[
        str | None, typer.Option(metavar="METRIC=VALUE", help="Stop when the validation score is this good.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same data, same machine: same weights.")] = None,
    run: Annotated[str | None, typer.Option(metavar="DIR", help="Run directory (default runs/NAME-N).")] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="DIR", help="Begin with what this run has learnt, wherever names and shapes agree."
        ),
    ] = None,
    resume: Annotated[str | None, typer.Option(metavar="DIR", help="Continue an interrupted run.")] = None,
    config: Annotated[str | None, typer.Option(metavar="YAML", help="A file that holds what flags hold.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any other setting; may be repeated.")
    ] = None,
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
    flags: dict[str, Any] = {
        "minutes": minutes,
        "epochs": epochs,
        "steps": steps,
        "until": until,
        "seed": seed,
        "run": run,
        "recipe": recipe,
        "start": start,
    }
    flags = {name: value for name, value in flags.items() if value is not None} | (
        {"model": model} if model != "auto" else {}
    )
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


@app.command(
    help="Answer new rows: one row out per row in, in the same order.\n\nExample: `engineroom predict runs/houses-1 "
    "new.csv -o out.csv`"
)
def predict(
    run: Annotated[str, typer.Argument(help="A run directory or bundle.")],
    data: Annotated[str, typer.Argument(help="A file, folder or archive with the model's input columns.")],
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            help="CSV, TSV, JSONL or Parquet by its ending, or a format of the task's own (see `engineroom recipes`).",
        ),
    ] = None,
    top_features: Annotated[
        int,
        typer.Option(
            "--top-features",
            metavar="N",
            help="Add the N most influential columns of each prediction, with their share in it.",
        ),
    ] = 0,
    use: With = "best",
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    header_row: HeaderRow = None,
    comment: Comment = None,
    as_json: Json = False,
) -> None:
    from .. import load
    from ._reading_options import with_format
    from .write_table import write_frame

    model = with_format(load(run), encoding, delimiter, header_row, comment)
    if output and Path(output).suffix.lower() in model.task.extensions:
        rows = model.save(data, output, use)
        say_notices(model, as_json=False)
        done = {"rows": rows, "output": output, **summary(model)}
        print(
            json.dumps(done, ensure_ascii=False) if as_json else f"{rows} answers written to {output}",
            file=None if as_json else sys.stderr,
        )
        return
    frame = model.predict(data, use)
    if top_features:
        from ..explanation.feature_attribution import reasons as explain

        frame = frame.hstack(explain(model, data, top=top_features))
    say_notices(model, as_json=as_json and not output)
    if output:
        write_frame(frame, Path(output))
        if as_json:
            print(json.dumps({"rows": frame.height, "output": output, **summary(model)}, ensure_ascii=False))
        else:
            print(f"{frame.height} predictions written to {output}", file=sys.stderr)
    elif as_json:
        sys.stdout.write(frame.write_ndjson())
    else:
        sys.stdout.write(frame.write_csv())


def summary(model: Any) -> dict[str, Any]:
    """What JSON says beside the answers: cells that do not parse and categories never seen (by column), rows without an
    answer, notes."""
    rows = [
        {"row": row, **({"file": model.files[row]} if model.files else {}), "why": why}
        for row, why in model.damaged.items()
    ]
    found = {**model.counts, "unanswered": rows, "notes": list(dict.fromkeys(model.notes))}
    return {name: value for name, value in found.items() if value}


def say_notices(model: Any, most: int = 5, *, as_json: bool = False) -> None:
    """What the source noticed, and rows without an answer, on standard error: answers alone go to standard output."""
    if as_json:
        if said := summary(model):
            print(json.dumps(said, ensure_ascii=False), file=sys.stderr)
        return
    for note in dict.fromkeys(model.notes):
        print(f"note: {note}", file=sys.stderr)
    for row, why in list(model.damaged.items())[:most]:
        name = f" ({model.files[row]})" if model.files and model.files[row] else ""
        print(f"row {row}{name} cannot be read and has no prediction ({why})", file=sys.stderr)
    if len(model.damaged) > most:
        print(f"{len(model.damaged):,} rows in all have no prediction; --json names each", file=sys.stderr)


@app.command(
    help="Grade a trained model and its baseline on labelled data.\n\nExample: `engineroom evaluate runs/houses-1 "
    "other.csv --json` · `engineroom evaluate runs/houses-1 other.csv --with deep`"
)
def evaluate(
    run: Annotated[str, typer.Argument(help="A run directory or bundle.")],
    data: Annotated[str, typer.Argument(help="Labelled data.")],
    use: With = "best",
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    header_row: HeaderRow = None,
    comment: Comment = None,
    as_json: Json = False,
) -> None:
    from .. import load
    from ._reading_options import with_format

    result = with_format(load(run), encoding, delimiter, header_row, comment).evaluate(data, use)
    if as_json:
        print(json.dumps(result))
        return
    from .tables import print_scores

    print_scores(result)
    for note in result["notes"]:
        print(note, file=sys.stderr)


@app.command(help="List runs, newest first.\n\nExample: `engineroom runs`")
def runs(root: Annotated[str, typer.Argument(help="Where runs lie.")] = "runs", as_json: Json = False) -> None:
    from .. import runs as list_runs

    found = list_runs(root)
    if as_json:
        for facts in found:
            print(json.dumps(facts))
        return
    from .tables import print_runs

    print_runs(found, root)


@app.command(help="Ready-made purposes, the data they take and the answers they give.\n\nExample: `engineroom recipes`")
def recipes(as_json: Json = False) -> None:
    from .. import recipes as list_recipes

    found = list_recipes()
    if as_json:
        for facts in found:
            print(json.dumps(facts, ensure_ascii=False))
        return
    from .tables import print_recipes

    print_recipes(found)


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
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any other setting; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    from .. import demo as run_demo
    from ..core.config import parse_assignments

    model = run_demo(
        name, minutes=minutes, run=run, show="json" if as_json else "bar", **parse_assignments(set_ or [])
    )
    if not as_json:
        from ..report.terminal import print_summary

        print_summary(model.report())


def run() -> None:
    """Run a verb; every failure a user can cause is three lines on standard error and its exit code."""
    try:
        code = app(standalone_mode=False)  # typer hands an Exit's code back
        sys.exit(code if isinstance(code, int) else 0)
    except UserError as error:
        fail(error)
    except KeyboardInterrupt:
        print("interrupted; continue with: engineroom train --resume RUN", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        from ..core.files import disk_error

        fail(disk_error(error, Path(error.filename or ".")))
    except Exception as error:
        click_exit(error)


def click_exit(error: Exception) -> None:
    """Click's own errors keep their words; anything else is our fault and shows where."""
    code = getattr(error, "exit_code", None)
    if code is None:
        raise error
    show = getattr(error, "show", None)
    if show:
        show()
    sys.exit(code)


def fail(error: UserError) -> None:
    if "--json" in sys.argv:
        print(
            json.dumps({"event": "error", "what": error.what, "why": error.why, "fix": error.fix, "code": error.code})
        )
    else:
        bold, plain = ("\033[1;31m", "\033[0m") if sys.stderr.isatty() else ("", "")
        lines = [f"{bold}{error.what}{plain}", *(line for line in (error.why, error.fix) if line)]
        print("\n".join(lines), file=sys.stderr)
    sys.exit(error.code)
