"""The verb of models that write: generate."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ._options import Json
from .app import app
from .write_table import write_frame

GenerativeRun = Annotated[
    str,
    typer.Argument(
        help="A run or bundle of a generative recipe: `language_modeling`, `translation`, `summarization`, `chat`, "
        "`music`, `drawing`, `text_to_speech`, `vocoder`, `image_generation`, `image_diffusion`, "
        "`video_diffusion`, `tabular_diffusion`, `tabular_gan`."
    ),
]
Prompt = Annotated[
    str,
    typer.Option(
        help="A text to go on from, to answer or to speak; for music a MIDI file, or C5 G4 E4 C3 | …; for a "
        "vocoder a recording."
    ),
]
Temperature = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        help="0 writes what is likeliest, 1 draws as often as expected. Default: 0.8 to go on from a text, 0 to "
        "answer one.",
    ),
]
Conditions = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="COLUMN=VALUE", help="What is to be made, of models trained with conditions; may be repeated."
    ),
]
Output = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--output",
        help="A file: text; music as .mid, .wav or .png; speech as .wav; rows as .csv, .jsonl or .parquet. A "
        "folder for images, clips, or several samples.",
    ),
]


def write_piece(piece: str) -> None:
    sys.stdout.write(piece)
    sys.stdout.flush()


@app.command(
    help="Let a model make something: texts that go on from a prompt or answer it, music, drawings, speech, images, "
    "clips, rows of a table.\n\n"
    "Examples: `engineroom generate runs/book-1 --prompt 'Once upon'` · `engineroom generate runs/translation-1 "
    "--prompt 'A dog runs.'` · "
    "`engineroom generate runs/music-1 --prompt tune.mid -o longer.mid` · `engineroom generate runs/voice-1 "
    "--prompt 'sa ti mu' -o said.wav` · "
    "`engineroom generate runs/sprites-1 -o new/ --count 16 --set kind=cat` · `engineroom generate runs/patients-1 "
    "-o rows.csv --count 1000`"
)
def generate(
    run: GenerativeRun,
    prompt: Prompt = "",
    tokens: Annotated[int, typer.Option(min=0, help="How many tokens to write.")] = 300,
    temperature: Temperature = None,
    top_p: Annotated[
        float, typer.Option(help="Draw among the likeliest tokens that together reach this probability.")
    ] = 0.95,
    seed: Annotated[int, typer.Option(help="Another seed makes another sample.")] = 0,
    count: Annotated[
        int | None, typer.Option(min=1, help="How many samples (images, clips, rows: 8 where nothing is said).")
    ] = None,
    set_: Conditions = None,
    output: Output = None,
    as_json: Json = False,
) -> None:
    from .. import generate as make
    from ..core.config import parse_assignments

    samples = make(
        run, prompt=prompt, tokens=tokens, temperature=temperature, top_p=top_p, seed=seed,
        output=output, count=count, conditions=parse_assignments(set_ or []),
        say=None if as_json else write_piece,
    )  # fmt: skip
    if isinstance(samples, str | list):
        texts = [samples] if isinstance(samples, str) else samples
        for text in texts if as_json else ():
            print(json.dumps({"prompt": prompt, "text": text}, ensure_ascii=False))
        if not as_json:
            print()
        return
    show_samples(samples, output, as_json)


def show_samples(frame: Any, output: str | None, as_json: bool) -> None:
    """Rows to their file or to standard output; of files that were written, how many."""
    path = Path(output) if output else None
    if path is not None and path.suffix.lower() in (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet"):
        write_frame(frame, path)
    elif path is None:
        sys.stdout.write(frame.write_ndjson() if as_json else frame.write_csv())
        return
    print(
        json.dumps({"samples": frame.height, "output": output})
        if as_json
        else f"{frame.height} samples written to {output}",
        file=None if as_json else sys.stderr,
    )
