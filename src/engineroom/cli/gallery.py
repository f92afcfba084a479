"""The verbs of likeness: enrol, forget, search, unlock."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ._options import Json
from .app import app
from .predict import say_notices
from .write_table import write_frame

Run = Annotated[str, typer.Argument(help="A run directory or bundle of the recipe `embedding`.")]
Data = Annotated[str, typer.Argument(help="A photo, a folder, a table: whatever the model was trained on.")]
REFUSED = 1


def gallery(run: str) -> Any:
    from .. import load
    from ..bundle.gallery import Gallery

    return Gallery(load(run))


@app.command(
    help="Remember rows by what the model sees in them; only their embeddings are kept.\n\n"
    "Examples: `engineroom enrol runs/faces photos/` (a folder per person) · `engineroom enrol runs/faces me.jpg "
    "--name Ada`"
)
def enrol(
    run: Run,
    data: Data,
    name: Annotated[str | None, typer.Option(help="One name for all rows.")] = None,
    as_json: Json = False,
) -> None:
    album = gallery(run)
    added = album.enrol(data, name=name)
    say_notices(album.model)
    say(
        {"enrolled": added, "in_all": len(album.names)},
        f"{added} enrolled, {len(album.names)} in all. Take it back: engineroom forget {run}",
        as_json,
    )


@app.command(
    help="Take back the last enrolment, or all of one name.\n\nExample: `engineroom forget runs/faces --name Ada`"
)
def forget(
    run: Run, name: Annotated[str | None, typer.Option(help="Whom to forget.")] = None, as_json: Json = False
) -> None:
    album = gallery(run)
    gone = album.forget(name)
    say({"forgotten": gone, "in_all": len(album.names)}, f"{gone} forgotten, {len(album.names)} left.", as_json)


@app.command(
    help="Find what is most like each row among those enrolled.\n\nExample: `engineroom search runs/photos "
    "holiday.jpg --top 8`"
)
def search(
    run: Run,
    data: Data,
    top: Annotated[int, typer.Option(min=1, help="So many for each row.")] = 5,
    output: Annotated[
        str | None, typer.Option("-o", "--output", help="CSV, TSV, JSONL or Parquet by its ending.")
    ] = None,
    as_json: Json = False,
) -> None:
    album = gallery(run)
    found = album.search(data, top=top)
    say_notices(album.model)
    if output:
        write_frame(found, Path(output))
        say({"rows": found.height, "output": output}, f"{found.height} lines written to {output}", as_json)
    else:
        sys.stdout.write(found.write_ndjson() if as_json else found.write_csv())


@app.command(
    help="Is this somebody enrolled? Exit code 0 where every row is, 1 where one is not or cannot be "
    "read.\n\nExample: `engineroom unlock runs/faces door.jpg --name Ada`"
)
def unlock(
    run: Run,
    data: Data,
    name: Annotated[str | None, typer.Option(help="It must be this one.")] = None,
    as_json: Json = False,
) -> None:
    album = gallery(run)
    found = album.verify(data, name=name)
    say_notices(album.model)
    for row in found.iter_rows(named=True):
        word = "unlocked" if row["accepted"] else "locked"
        word = f"{row['file']}: {word}" if row.get("file") and found.height > 1 else word
        words = f"{word}: nearest is {row['name']}, similarity {row['similarity']:.3f} (needed: {album.threshold:.3f})"
        say({**row, "threshold": album.threshold}, words, as_json)
    if not bool(found["accepted"].all()) or album.model.damaged:  # who cannot be seen is not let in
        raise typer.Exit(REFUSED)


def say(facts: dict[str, Any], words: str, as_json: bool) -> None:
    print(json.dumps(facts, ensure_ascii=False) if as_json else words)
