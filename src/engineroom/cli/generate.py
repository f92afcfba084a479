"""The verb of models that write: generate."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from .app import Json, app


def aloud(piece: str) -> None:
    sys.stdout.write(piece)
    sys.stdout.flush()


@app.command(
    help="Let a model write, and watch it: on from a prompt, or in return for it.\n\n"
    "Examples: `engineroom generate runs/book-1 --prompt 'Once upon'` · `engineroom generate runs/translation-1 --prompt 'A dog runs.'` · "
    "`engineroom generate runs/music-1 --prompt tune.mid -o longer.mid` · `engineroom generate runs/speaking-1 --prompt 'sa ti mu' -o said.wav`"
)
def generate(
    run: Annotated[str, typer.Argument(help="A run or bundle that writes: recipes `language`, `translation`, `summaries`, `music`, `drawing`, `speaking`, `vocoder`.")],
    prompt: Annotated[str, typer.Option(help="A text to go on from, to answer or to speak; for music a MIDI file, or C5 G4 E4 C3 | …; for a vocoder a recording.")] = "",
    tokens: Annotated[int, typer.Option(min=0, help="How many tokens to write.")] = 300,
    temperature: Annotated[
        float | None, typer.Option(min=0.0, help="0 writes what is likeliest, 1 draws as often as expected. Default: 0.8 to go on from a text, 0 to answer one.")
    ] = None,
    top_p: Annotated[float, typer.Option(help="Draw among the likeliest tokens that together reach this probability.")] = 0.95,
    seed: Annotated[int, typer.Option(help="Another seed writes another text.")] = 0,
    output: Annotated[str | None, typer.Option("-o", "--output", help="A file for what was written: text; music as .mid, .wav or .png; speech as .wav.")] = None,
    as_json: Json = False,
) -> None:
    from .. import generate as write

    text = write(run, prompt=prompt, tokens=tokens, temperature=temperature, top_p=top_p, seed=seed, output=output, say=None if as_json else aloud)
    print(json.dumps({"prompt": prompt, "text": text}, ensure_ascii=False) if as_json else "")
