"""The verb that asks for labels where they teach most: label."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from ..core.errors import UserError, nearest
from ._options import Json
from .app import app
from .write_table import write_frame

KEYS = "a number or a class · +NAME a new class · - undo · ? skip · . stop"
SHOWN = 600  # characters of a cell
PREVIEW = 44  # columns of a picture in the terminal
Data = Annotated[
    str,
    typer.Argument(help="A file, a folder or an archive; the column of labels may be there, in part, or not at all."),
]
Classes = Annotated[str, typer.Option(metavar="A,B,…", help="Classes to choose from; more can be added on the way.")]
LabelsFile = Annotated[str, typer.Option(help="Label file (append-only): what is kept while you work.")]
Strategy = Annotated[str, typer.Option(help="classical (at once) or deep (trains a network after every batch).")]
ShowPrediction = Annotated[
    bool, typer.Option("--show-prediction", help="Show what the model predicts. It is quicker, and it may lead you.")
]
Simulate = Annotated[
    bool, typer.Option("--simulate", help="Simulate active learning on known labels: how many does asking save.")
]


@app.command(
    help="Label rows, those first of which a model is least sure. Every label is on the disk at once; undo works; "
    "stop and go on whenever you like.\n\n"
    "Examples: `engineroom label photos/ --classes cat,dog` · `engineroom label mails.csv --target topic -o "
    "labelled.csv` · "
    "`engineroom label known.csv --target topic --simulate` (is asking worth it?)"
)
def label(
    data: Data,
    target: Annotated[str, typer.Option(help="The column of labels.")] = "label",
    classes: Classes = "",
    labels_file: LabelsFile = "labels.jsonl",
    output: Annotated[
        str,
        typer.Option("-o", "--output", help="The labelled rows, for train: CSV, TSV, JSONL or Parquet by its ending."),
    ] = "labelled.csv",
    batch: Annotated[int, typer.Option(min=1, help="So many questions before the model learns anew.")] = 10,
    strategy: Strategy = "classical",
    show_prediction: ShowPrediction = False,
    simulate: Simulate = False,
    labels: Annotated[int, typer.Option(min=20, help="Simulated labels.")] = 300,
    repeats: Annotated[int, typer.Option(min=2, help="Simulated beginnings.")] = 5,
    page: Annotated[str, typer.Option(help="Where the simulation's page goes.")] = "label.html",
    as_json: Json = False,
) -> None:
    if simulate:
        settings = {"target": target, "labels": labels, "repeats": repeats, "batch": batch, "strategy": strategy}
        show_simulation(data, page=page, as_json=as_json, **settings)
        return
    from .. import label as open_session

    class_names = tuple(one.strip() for one in classes.split(",") if one.strip())
    with open_session(
        data, target=target, labels_file=labels_file, classes=class_names, strategy=strategy, batch=batch
    ) as session:
        talk(session, sys.stdin, Lines() if as_json else Screen(show_prediction))
        frame = session.table()
        if frame.height:
            write_frame(frame, Path(output))
        payload = {"labels": frame.height, "labels_file": labels_file, "output": output if frame.height else None}
        message = (
            f"{frame.height} labelled rows in {output}; go on later with the same command. Next: engineroom train "
            f"{output} --target {target}"
        )
        print(json.dumps(payload) if as_json else message if frame.height else "nothing was labelled")


def show_simulation(data: str, *, page: str, as_json: bool, **settings: Any) -> None:
    from ..labeling.simulate import simulate

    emit: Callable[[str], None] = (lambda text: None) if as_json else (lambda text: print(text, file=sys.stderr))
    result = simulate(data, page=page, say=emit, **settings)
    print(json.dumps(result, ensure_ascii=False) if as_json else f"{result['sentence']}\npage: {page}")


def talk(session: Any, lines: Iterable[str], show: Any) -> None:
    """Questions out, words in, until the words or the rows end."""
    words: Iterator[str] = iter(lines)
    while (question := session.ask()) is not None:
        show.question(session, question)
        word = next(words, ".").strip()
        if word == ".":
            return
        try:
            act(session, word, show)
        except UserError as error:
            show.refused(error)


def act(session: Any, word: str, show: Any) -> None:
    """One line typed by the annotator."""
    if word == "-":
        show.undone(session.undo())
    elif word == "?":
        session.skip()
    elif word.startswith("+"):
        session.give(word[1:])
    elif word in session.classes:
        session.give(word)
    elif word.isdigit() and 1 <= int(word) <= len(session.classes):
        session.give(session.classes[int(word) - 1])
    else:
        raise UserError(
            f"There is no class {word!r} yet.",
            "",
            f"{nearest(word, session.classes, label='Classes') if session.classes else ''} A new one: "
            f"+{word or 'NAME'}".strip(),
        )


class Lines:
    """For scripts: a JSON object a question, on standard output."""

    def question(self, session: Any, question: Any) -> None:
        cells = {
            name: value if isinstance(value, str | int | float | bool | None) else str(value)[:SHOWN]
            for name, value in question.cells.items()
        }
        print(
            json.dumps(
                {
                    "row": question.row,
                    "cells": cells,
                    "guess": question.guess,
                    "sure": round(question.sure, 4),
                    "classes": session.classes,
                },
                ensure_ascii=False,
            ),
            flush=True,
        )

    def undone(self, row: int | None) -> None:
        print(json.dumps({"undone": row}), flush=True)

    def refused(self, error: UserError) -> None:
        print(json.dumps({"event": "refused", "what": error.what, "fix": error.fix}, ensure_ascii=False), flush=True)


class Screen:
    """For people: the row, the classes by number, and how well the model knows them by now."""

    def __init__(self, guess: bool) -> None:
        from rich.console import Console

        self.console, self.guess, self.explained = Console(highlight=False), guess, False

    def question(self, session: Any, question: Any) -> None:
        from rich.text import Text

        right, of = session.score()
        known = f" · it knew {right} of {of} rows drawn at random" if of else ""
        self.console.rule(Text(f"{len(session.labels)} labelled, {len(session.open)} to go{known}", style="dim"))
        if not self.explained:
            self.console.print(KEYS, style="dim")
            self.explained = True
        for name, value in question.cells.items():
            seen = preview(value) if session.schema[name].modality == "image" else None
            self.console.print(seen if seen is not None else Text.assemble((f"{name}: ", "dim"), str(value)[:SHOWN]))
        choices = (
            "  ".join(f"{k}={name}" for k, name in enumerate(session.classes, 1)) or "no classes yet: +NAME makes one"
        )
        believed = f"   it believes: {question.guess} ({question.sure:.0%})" if self.guess and question.guess else ""
        self.console.print(Text.assemble((choices, "bold"), (believed, "dim")))
        self.console.print("> ", end="")

    def undone(self, row: int | None) -> None:
        self.console.print("nothing to take back" if row is None else f"row {row} taken back", style="yellow")

    def refused(self, error: UserError) -> None:
        self.console.print(f"{error.what} {error.fix}", style="red")


def preview(value: Any) -> Any:
    """A picture in half blocks, two pixels a character; None where it cannot be read."""
    import io

    import numpy as np
    from PIL import Image
    from rich.text import Text

    try:
        picture = (
            Image.open(value if isinstance(value, str) else io.BytesIO(value))
            if isinstance(value, str | bytes)
            else Image.fromarray(np.asarray(value, np.uint8))
        )
        picture = picture.convert("RGB")
    except (OSError, ValueError, TypeError):
        return None
    high = max(2, round(PREVIEW * picture.height / picture.width) // 2 * 2)
    pixels = np.asarray(picture.resize((PREVIEW, high)))
    text = Text(str(value) + "\n" if isinstance(value, str) else "")
    for above, below in zip(pixels[::2], pixels[1::2], strict=True):
        for a, b in zip(above, below, strict=True):
            text.append("▀", f"rgb({a[0]},{a[1]},{a[2]}) on rgb({b[0]},{b[1]},{b[2]})")
        text.append("\n")
    return text
