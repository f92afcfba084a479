"""The desk at which labels are given: one question at a time, each answer kept at once, the strategy taught anew after
every batch."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..core.config import make_config
from ..core.errors import DataError, UserError, nearest
from ..core.schema import Schema
from ..core.seeds import numpy_generator
from ..core.table import Table
from ..data.loading import open_table
from ..data.schema_inference import fit_schema, infer_schema
from .label_store import LabelStore, row_keys
from .query_strategy import STRATEGIES, QueryStrategy, choose

BATCH = 10
NONE_YET = "?"


@dataclass(frozen=True)
class Question:
    """A row to be labelled. `guess` is what the strategy believes and how sure it is; `random` = drawn from all rows
    alike."""

    row: int
    cells: dict[str, Any]
    guess: str
    sure: float
    random: bool


class LabelingSession:
    """`ask()` the next question, `give` a label, `skip`, `undo`; `table()` is what was labelled. Use it as a context
    manager."""

    def __init__(
        self,
        data: Any,
        *,
        target: str = "label",
        labels_file: str | Path = "labels.jsonl",
        classes: Sequence[str] = (),
        strategy: str = "classical",
        batch: int = BATCH,
        seed: int = 0,
        **settings: Any,
    ) -> None:
        if strategy not in STRATEGIES:
            raise UserError(
                f"There is no strategy {strategy!r}.", "", nearest(strategy, STRATEGIES, label="Strategies")
            )
        if batch < 1:
            raise UserError(f"A batch of {batch} questions asks nothing.", "", "Ask for at least one.")
        self.table_, self.schema, given = unlabelled(data, target)
        self.target, self.batch, self.seed = target, batch, seed
        self.keys = row_keys(self.table_.frame, self.inputs)
        self.rows_of: dict[str, list[int]] = {}
        for row, key in enumerate(self.keys):
            self.rows_of.setdefault(key, []).append(row)
        self.given = {self.keys[row]: label for row, label in given.items()}
        self.store = LabelStore(labels_file, target)
        self.classes = list(
            dict.fromkeys(
                [*classes, *self.given.values(), *(label for label in self.store.said.values() if label is not None)]
            )
        )
        self.strategy: QueryStrategy = STRATEGIES[strategy](self.table_.frame, self.schema, seed, **settings)
        self.queue: deque[tuple[int, bool]] = deque()
        self.guesses: dict[int, tuple[str, float]] = {}
        # key → (what the strategy believed, what was said) of rows drawn at random
        self.tested: dict[str, tuple[str, str]] = {}
        self.round = 0

    @property
    def inputs(self) -> list[str]:
        return [column.name for column in self.schema.inputs]

    @property
    def labels(self) -> dict[str, str]:
        """{key: label}: those that came with the data and those of the labels_file, of rows that are there."""
        said = {key: label for key, label in self.store.said.items() if label is not None and key in self.rows_of}
        return self.given | said

    @property
    def open(self) -> np.ndarray:
        """One row of each key that nobody has said anything of."""
        done = self.labels.keys() | self.store.said.keys()
        return np.array([rows[0] for key, rows in self.rows_of.items() if key not in done], int)

    def ask(self) -> Question | None:
        """The next question, None when every row has its label."""
        if not self.queue:
            self._refill()
        if not self.queue:
            return None
        row, random = self.queue[0]
        guess, sure = self.guesses.get(row, ("", 0.0))
        return Question(row, self.table_.frame.select(self.inputs).row(row, named=True), guess, sure, random)

    def _refill(self) -> None:
        pool, known = self.open, {self.rows_of[key][0]: self.classes.index(label) for key, label in self.labels.items()}
        if not len(pool):
            return
        self.round += 1
        rng = numpy_generator(self.seed, "label", len(known), self.round)
        rows, random, said = choose(self.strategy, known, pool, self.classes, self.batch, rng)
        self.queue.extend(zip(rows.tolist(), random.tolist(), strict=True))
        if said is None and known and len(self.classes) > 1:
            said = self.strategy.answer(np.fromiter(known, int), np.fromiter(known.values(), int), rows, self.classes)
        if said is not None:
            self.guesses = {
                row: (self.classes[int(p.argmax())], float(p.max())) for row, p in zip(rows.tolist(), said, strict=True)
            }

    def give(self, label: str) -> None:
        """Label the row of the last question; a label never heard before is a new class."""
        label = label.strip()
        if not label:
            raise UserError("An empty label says nothing.", "", "Name a class, or skip the row.")
        if self.ask() is None:
            raise UserError("Every row has its label.", "", "")
        row, random = self.queue.popleft()
        self.store.give(self.keys[row], label)
        if label not in self.classes:
            self.classes.append(label)
        if random and row in self.guesses:
            self.tested[self.keys[row]] = (self.guesses[row][0], label)

    def skip(self) -> None:
        """Leave the row of the last question out for good (undo brings it back)."""
        if self.ask() is not None:
            self.store.skip(self.keys[self.queue.popleft()[0]])

    def undo(self) -> int | None:
        """Take the last word back and ask about its row again: the row, or None where nothing was said yet."""
        key = self.store.undo()
        if key is None:
            return None
        self.tested.pop(key, None)
        rows = self.rows_of.get(key)
        if rows:
            self.queue.appendleft((rows[0], False))
        return rows[0] if rows else None

    def score(self) -> tuple[int, int]:
        """(how many of the rows drawn at random it knew before it was told, how many there were)."""
        return sum(guess == label for guess, label in self.tested.values()), len(self.tested)

    def table(self) -> pl.DataFrame:
        """All labelled rows, twins too, with their labels in the column `target`: what `train` takes."""
        labels = self.labels
        values = [labels.get(key) for key in self.keys]
        frame = self.table_.frame.select(self.inputs).with_columns(pl.Series(self.target, values, pl.String))
        return frame.filter(pl.col(self.target).is_not_null())

    def __enter__(self) -> LabelingSession:
        return self

    def __exit__(self, *reason: object) -> None:
        self.store.close()


def unlabelled(data: Any, target: str) -> tuple[Table, Schema, dict[int, str]]:
    """(the rows, their columns, {row: label} of those that come with one). The target may be there, in part, or not at
    all."""
    table = open_table(data, target=None)
    frame = table.frame
    given: dict[int, str] = {}
    if target in frame.columns:
        if frame[target].dtype.is_nested():
            raise DataError(
                f"The labels in {target!r} are no single words.",
                f"They are {frame[target].dtype}.",
                "Label one class a row.",
            )
        words = frame[target].cast(pl.String).str.strip_chars()
        given = {row: word for row, word in enumerate(words) if word}
    stand_in = [NONE_YET, "!"] * (frame.height // 2 + 1)
    frame = frame.with_columns(pl.Series(target, stand_in[: frame.height]))
    hints = {name: hint for name, hint in table.hints.items() if hint.get("role") not in ("target", "split")}
    others = [name for name, hint in table.hints.items() if hint.get("role") in ("target", "split") and name != target]
    table = Table(
        frame.drop(others),
        table.name,
        {**hints, target: {"role": "target", "modality": "category"}},
        table.notes,
        table.skipped,
    )
    config = make_config({"target": target})
    schema = fit_schema(infer_schema(table, config), table, np.arange(frame.height), config.limits)
    if not schema.inputs:
        raise DataError(
            "No column is left to show.",
            f"All but {target!r} are identifiers or left out.",
            "Name another target with --target.",
        )
    return table, schema, given
