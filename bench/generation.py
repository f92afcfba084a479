"""How good are made pictures? The GAN and diffusion on real sets, so many steps each, beside the classical mixture;
graded by the same code on the same rows.

python bench/generation.py mnist|clothing|pixel_tiles|orl_faces --data DIR --runs DIR [--steps GAN DIFFUSION] [--rows
2000]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import polars as pl

import engineroom as er
from engineroom.core.config import LimitsConfig
from engineroom.data.loading import open_table

SETS = {"mnist": 16, "clothing": 32, "pixel_tiles": 32, "orl_faces": 32}  # pixels of a side
SCORES = ("frechet", "as_asked", "precision", "recall", "copied")


def read(name: str, data: Path, rows: int) -> tuple[pl.DataFrame, str]:
    """(at most so many rows of a picture and its kind, the column of pictures); the set's own split is put together and
    cut anew."""
    table = open_table(str(data / name), test=None, target=None, limits=LimitsConfig(), cache=None)
    hints = table.hints
    kind = next(one for one, hint in hints.items() if hint.get("role") == "target")
    picture = next(one for one, hint in hints.items() if hint.get("modality") == "image")
    frame = table.frame.select(picture, kind)
    return frame.sample(min(rows, frame.height), seed=0), picture


def main() -> None:
    ask = argparse.ArgumentParser()
    ask.add_argument("set", choices=SETS)
    ask.add_argument("--data", type=Path, required=True)
    ask.add_argument("--runs", type=Path, required=True)
    ask.add_argument("--steps", type=int, nargs=2, default=[1_000, 1_000])
    ask.add_argument("--rows", type=int, default=2_000)
    asked = ask.parse_args()
    frame, picture = read(asked.set, asked.data, asked.rows)
    options = {"image_size": SETS[asked.set]}
    for recipe, steps in zip(("image_generation", "image_diffusion"), asked.steps, strict=True):
        if not steps:
            continue
        began, run = time.perf_counter(), str(asked.runs / f"{asked.set}-{recipe}")
        model = er.train(
            frame, target=picture, recipe=recipe, steps=steps, run=run, options=options, show="quiet", train__threads=1
        )
        baseline = model.manifest["baseline"]["metrics"]
        for name, scores in ((recipe, model.metrics), ("mixture", baseline)):
            shown = " ".join(f"{one}={scores.get(one, float('nan')):.3f}" for one in SCORES)
            print(asked.set, frame.height, steps, name, shown, f"{time.perf_counter() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
