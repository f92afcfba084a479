"""The verb of models that hear commands: listen."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from .app import app


@app.command(
    help="What is wanted in a spoken command: one line of JSON a recording, with wake word, intent and slots.\n\n"
    "Examples: `engineroom listen runs/commands-1 command.wav` · `engineroom listen runs/transcription-1 microphone "
    "--seconds 4 --grammar house.json`"
)
def listen(
    run: Annotated[str, typer.Argument(help="A run directory or bundle of recipe `commands` or `transcription`.")],
    recordings: Annotated[list[str], typer.Argument(help="Recordings, or `microphone`.")],
    grammar: Annotated[
        str | None,
        typer.Option(
            help='The grammar of the run if left out. JSON: {"wake": "computer", "intents": {"light": ["turn {switch} '
            'the light"]}, "slots": {"switch": ["on", "off"]}}'
        ),
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.5, max=60.0, help="How long to record from the microphone.")] = 4.0,
) -> None:
    from .. import listen as hear

    for answer in hear(run, recordings, grammar=grammar, seconds=seconds):
        print(json.dumps(answer, ensure_ascii=False))
