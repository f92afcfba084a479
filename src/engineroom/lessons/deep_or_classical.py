"""Which one for these data? Both are trained, judged on the same rows and asked for their reasons; the answer is not
always deep."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import polars as pl

from ..core.config import make_config
from ..core.errors import UserError, nearest
from ..core.panels import spoken
from ..explanation.feature_attribution import column_effects
from ..run import train
from ._base import Board, Lesson, table

SETS = ("breast_cancer", "diabetes", "wine", "digits")
ASKED = 100  # rows whose reasons are averaged


def run(board: Board, *, data: str, steps: int, rows: int, seed: int) -> None:
    frame, target = load(data)
    frame = frame.sample(min(rows, frame.height), seed=seed, shuffle=True)
    board.step("The data", f"{data}: {frame.height:,} rows, {frame.width - 1} columns; the question is {target!r}.")
    with tempfile.TemporaryDirectory() as folder:
        config = make_config(
            {"target": target, "seed": seed, "run": str(Path(folder) / "run"), "train": {"steps": steps}}
        )
        model, _ = train(config, table=frame)
        page, verdict = model.report(), model.manifest["verdict"]
        reasons = weights(model, frame.head(ASKED))
    side = next(e for s in page["sections"] for e in s["exhibits"] if e["title"] == "Side by side")["data"]
    rows_told = [
        [name, *(said(row[k]) for row in side["rows"])] for k, name in enumerate(side["columns"]) if name != "model"
    ]
    board.step(
        "Both, on the same rows",
        "Quality, time and size; “dummy” answers always the same.",
        table("Side by side", ["", *(row[0] for row in side["rows"])], rows_told),
    )
    board.step(
        "Features and reasons",
        "How far each column moves the deep model's answers, taken away (mean over rows).",
        table("Reasons", ["column", "pull"], reasons),
    )
    found = verdict["difference"]
    words = f"{verdict['sentence']} {' '.join(verdict['why'])}"
    board.step("So which?", words)
    numbers = (
        f"deep − classical: {spoken(found['value'], sign=True)} ({spoken(found['low'], sign=True)} to "
        f"{spoken(found['high'], sign=True)})"
    )
    board.check("On so few rows deep learning is not clearly better", verdict["use"] != "deep", numbers)
    board.check("Both beat answering always the same", verdict["use"] != "dummy", verdict["sentence"])


def load(name: str) -> tuple[pl.DataFrame, str]:
    """A data set of scikit-learn as a table, and its target."""
    from sklearn import datasets

    if name not in SETS:
        raise UserError(f"There is no data set {name!r} here.", "", nearest(name, SETS))
    found = getattr(datasets, f"load_{name}")()
    names = [str(column).replace(" ", "_") for column in found.feature_names]
    frame = pl.DataFrame({column: found.data[:, k] for k, column in enumerate(names)})
    kinds = getattr(found, "target_names", None)
    answers = pl.Series("answer", found.target if kinds is None else [f"{kinds[k]}" for k in found.target])
    return frame.with_columns(answers), "answer"


def weights(model, frame: pl.DataFrame) -> list[list[object]]:
    """The ten weightiest columns."""
    pull, _ = column_effects(model, model.open(frame))
    strength = np.abs(pull).mean(0)
    return [[model.schema.inputs[k].name, float(strength[k])] for k in np.argsort(-strength)[:10]]


def said(value: object) -> str:
    return spoken(value) if isinstance(value, float) else str(value)


LESSON = Lesson(
    title="Deep or classical?",
    year="2022",
    story="On a few hundred rows of a table a classical model is as good, quicker and smaller (Grinsztajn et al. "
    "2022). Both are tried here, and the test decides.",
    settings={
        "data": ("breast_cancer", f"one of {', '.join(SETS)}"),
        "steps": (80, "batches the deep model learns from"),
        "rows": (600, "at most so many rows"),
        "seed": (0, "which rows, which split, where the weights begin"),
    },
    run=run,
    change="--set data=digits --set rows=1797 --set steps=400",
)
