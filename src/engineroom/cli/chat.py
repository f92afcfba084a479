"""The verb of models that were trained on conversations: chat."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from .app import app


@app.command(
    help="Talk with a model in the terminal. An empty line is passed over; /new begins anew, /undo takes the last "
    "turn back, /quit or the end of input leaves.\n\n"
    "Examples: `engineroom chat runs/dialogues-1` · `echo 'Hello!' | engineroom chat runs/dialogues-1 --temperature 0`"
)
def chat(
    run: Annotated[
        str, typer.Argument(help="A run directory or bundle of a model that was trained with the recipe `chat`.")
    ],
    tokens: Annotated[int, typer.Option(min=1, help="A reply is at most so long.")] = 200,
    temperature: Annotated[
        float | None,
        typer.Option(
            min=0.0, help="0 says what is likeliest, 1 draws as often as expected. Default: what suits the model."
        ),
    ] = None,
    top_p: Annotated[
        float, typer.Option(help="Draw among the likeliest tokens that together reach this probability.")
    ] = 0.95,
    seed: Annotated[int, typer.Option(help="Another seed, other replies.")] = 0,
) -> None:
    from .. import load
    from .generate import write_piece

    model = load(run)
    task, turns = model.task, list[str]()
    temperature = task.default_temperature if temperature is None else temperature
    for said in lines():
        if said == "/quit":
            return
        if said.startswith("/"):
            turns = [] if said == "/new" else turns[:-2] if said == "/undo" else turns
            print(
                {"/new": "(a new conversation)", "/undo": f"({len(turns) // 2} turns are left)"}.get(
                    said, "(/new, /undo or /quit)"
                ),
                file=sys.stderr,
            )
            continue
        pieces = []
        for piece in task.reply(
            model.network,
            model.schema,
            [*turns, said],
            tokens=tokens,
            temperature=temperature,
            top_p=top_p,
            seed=seed + len(turns),
        ):
            write_piece(piece)
            pieces.append(piece)
        print()
        turns += [said, "".join(pieces)]


def lines():
    """What is typed, or what stands in a pipe, line by line."""
    while True:
        try:
            said = input("> " if sys.stdin.isatty() else "").strip()
        except EOFError:
            return
        if said:
            yield said
