"""The verbs that use a trained model on data: predict, evaluate."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ._options import Comment, Delimiter, Encoding, HeaderRow, Json, Run, With
from .app import app

Output = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--output",
        help="CSV, TSV, JSONL or Parquet by its ending, or a format of the task's own (see `engineroom recipes`).",
    ),
]
TopFeatures = Annotated[
    int,
    typer.Option(
        "--top-features",
        metavar="N",
        help="Add the N most influential columns of each prediction, with their share in it.",
    ),
]


@app.command(
    help="Answer new rows: one row out per row in, in the same order.\n\nExample: `engineroom predict runs/houses-1 "
    "new.csv -o out.csv`"
)
def predict(
    run: Run,
    data: Annotated[str, typer.Argument(help="A file, folder or archive with the model's input columns.")],
    output: Output = None,
    top_features: TopFeatures = 0,
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
        say_written(model, rows, "answers", output, as_json=as_json)
        return
    frame = model.predict(data, use)
    if top_features:
        from ..explanation.feature_attribution import reasons as explain

        frame = frame.hstack(explain(model, data, top=top_features))
    say_notices(model, as_json=as_json and not output)
    if output:
        write_frame(frame, Path(output))
        say_written(model, frame.height, "predictions", output, as_json=as_json)
    else:
        sys.stdout.write(frame.write_ndjson() if as_json else frame.write_csv())


def say_written(model: Any, rows: int, noun: str, output: str, *, as_json: bool) -> None:
    """How many rows went to which file: with the notices, as JSON, or on standard error."""
    if as_json:
        print(json.dumps({"rows": rows, "output": output, **summary(model)}, ensure_ascii=False))
    else:
        print(f"{rows} {noun} written to {output}", file=sys.stderr)


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
        if notices := summary(model):
            print(json.dumps(notices, ensure_ascii=False), file=sys.stderr)
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
    run: Run,
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
