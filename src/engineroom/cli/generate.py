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


@app.command(help="Let a language model write, and watch it.\n\nExample: `engineroom generate runs/book-1 --prompt 'Once upon'`")
def generate(
    run: Annotated[str, typer.Argument(help="A run directory or bundle of the recipe `language`.")],
    prompt: Annotated[str, typer.Option(help="The text to go on from.")] = "",
    tokens: Annotated[int, typer.Option(min=0, help="How many tokens to write.")] = 300,
    temperature: Annotated[float, typer.Option(min=0.0, help="0 writes what is likeliest, 1 draws as often as expected.")] = 0.8,
    top_p: Annotated[float, typer.Option(help="Draw among the likeliest tokens that together reach this probability.")] = 0.95,
    seed: Annotated[int, typer.Option(help="Another seed writes another text.")] = 0,
    as_json: Json = False,
) -> None:
    from .. import generate as write

    if not as_json:
        aloud(prompt)
    text = write(run, prompt=prompt, tokens=tokens, temperature=temperature, top_p=top_p, seed=seed, say=None if as_json else aloud)
    print(json.dumps({"prompt": prompt, "text": text}, ensure_ascii=False) if as_json else "")
