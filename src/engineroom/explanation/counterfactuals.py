"""What would have to change for another answer? The fewest columns with values that occur in the data, or the fewest
words left out (counterfactuals, Wachter, Mittelstadt & Russell 2018), found by trying: every change is asked of the
model itself, so what stands here is so.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ..bundle.model import Model
from ..core.panels import spoken
from .partial_dependence import grid

MOST_CHANGES = 4
MOST_WORDS = 80  # of a text that are tried
MOST_COLUMNS = 24


def otherwise(model: Model, frame: pl.DataFrame, rows: np.ndarray) -> list[dict[str, Any]]:
    """[{"row", "answer", "other", "changes"}] for rows of `frame` whose answer is a word; changes is empty where up to
    four do not suffice."""
    columns = [
        c for c in model.schema.inputs if c.modality in ("number", "category", "text") and c.name in frame.columns
    ][:MOST_COLUMNS]
    places = {c.name: grid(c, frame[c.name]) for c in columns if c.modality != "text"}
    answers, _ = model.answers(frame[rows[:1]])
    if not columns or not answers_are_words(model, answers, frame[rows[:1]]):
        return []
    return [one_row(model, frame[[row]], int(row), columns, places) for row in rows.tolist()]


def answers_are_words(model: Model, answers: Any, frame: pl.DataFrame) -> bool:
    table = model.task.to_frame(answers, model.schema.target, frame)
    return "prediction" in table.columns and table["prediction"].dtype == pl.String and model.task.has_score


def one_row(
    model: Model, row: pl.DataFrame, number: int, columns: list[Any], places: dict[str, list[Any]]
) -> dict[str, Any]:
    """Again and again the one change that moves the answer furthest away, until it is another; then whatever was not
    needed is taken back."""
    whole, _ = model.answers(row)
    said = first_word(model, whole, row)
    steps: list[tuple[str, Any, pl.DataFrame]] = [("", "", row)]
    while len(steps) <= MOST_CHANGES:
        tried = changes(steps[-1][2], columns, places, {name for name, _, _ in steps})
        if not tried:
            break
        asked = pl.concat([frame for _, _, frame in tried])
        answers, kept = model.answers(asked)
        others = model.task.to_frame(answers, model.schema.target, asked[kept])["prediction"].to_list()
        weight = model.task.score_predictions(
            answers, {name: values.repeat(len(kept), 0) for name, values in whole.items()}
        )
        steps.append(tried[int(kept[int(np.argmin(weight))])])
        other = others[int(np.argmin(weight))]
        if other != said:
            final, needed = prune_changes(model, row, steps[1:], said)
            return {
                "row": number,
                "answer": said,
                "other": first_word(model, model.answers(final)[0], final),
                "changes": [worded(row, name, value) for name, value in needed],
            }
    return {"row": number, "answer": said, "other": "", "changes": []}


def changes(
    row: pl.DataFrame, columns: list[Any], places: dict[str, list[Any]], done: set[str]
) -> list[tuple[str, Any, pl.DataFrame]]:
    """(column, new value or word left out, the row so changed): every single change that can be made."""
    out: list[tuple[str, Any, pl.DataFrame]] = []
    for column in columns:
        name = column.name
        if column.modality == "text":
            words = str(row[name][0] or "").split()
            for k in range(min(len(words), MOST_WORDS)):
                out.append((name, words[k], row.with_columns(pl.lit(" ".join(words[:k] + words[k + 1 :])).alias(name))))
        elif name not in done:
            for value in places[name]:
                if value != row[name][0]:
                    out.append(
                        (name, value, row.with_columns(pl.Series(name, [value], dtype=row[name].dtype, strict=False)))
                    )
    return out


def prune_changes(
    model: Model, row: pl.DataFrame, steps: list[tuple[str, Any, pl.DataFrame]], said: str
) -> tuple[pl.DataFrame, list[tuple[str, Any]]]:
    """The changed row and its changes, less every one without which the answer is another as well."""
    needed = [(name, value) for name, value, _ in steps]
    for one in list(needed):
        fewer = [other for other in needed if other is not one]
        if fewer and first_word(model, model.answers(applied(row, fewer))[0], row) != said:
            needed = fewer
    return applied(row, needed), needed


def applied(row: pl.DataFrame, steps: list[tuple[str, Any]]) -> pl.DataFrame:
    for name, value in steps:
        if row[name].dtype == pl.String and value in (words := str(row[name][0] or "").split()):
            words.remove(value)
            row = row.with_columns(pl.lit(" ".join(words)).alias(name))
        else:
            row = row.with_columns(pl.Series(name, [value], dtype=row[name].dtype, strict=False))
    return row


def worded(row: pl.DataFrame, name: str, value: Any) -> str:
    """A change in words."""
    now = row[name][0]
    if isinstance(now, str) and value in now.split() and len(now.split()) > 1:
        return f"{name} without “{value}”"
    return (
        f"{name} = {spoken(value) if isinstance(value, float) else value} (is "
        f"{spoken(now) if isinstance(now, float) else now})"
    )


def first_word(model: Model, answers: Any, row: pl.DataFrame) -> str:
    return str(model.task.to_frame(answers, model.schema.target, row)["prediction"][0])
