"""The dummy has one strategy for every type of output, ignores the inputs, and comes back from its bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from engineroom.baselines._estimator import load
from engineroom.baselines.dummy import STRATEGIES
from engineroom.core import registry
from engineroom.core.arrays import objects
from engineroom.core.schema import Column, Schema

FRAME = pl.DataFrame({"input": ["ab", "abcd", "abcdef"], "target": ["yes", "yes", "no"]})


def schema(modality: str = "text", **state: Any) -> Schema:
    return Schema(
        (Column("input", modality, "input", {"letters": False}), Column("target", "category", "target", state))
    )


def fitted(kind: str, y: Any, classes: int = 2, **more: Any) -> Any:
    columns = more.pop("schema", schema())
    one = registry.get("baselines", "dummy").fit(
        FRAME, y, schema=columns, kind=kind, classes=classes, val=(FRAME, y), seed=3
    )
    return load(one.dump())


def test_every_task_has_a_dummy_and_every_strategy_a_task() -> None:
    answered = {task.output_type for task in registry.every("tasks").values()} | {"flaws"}  # of pictures with defects
    for name, task in registry.every("tasks").items():
        assert task.output_type in registry.get("baselines", task.dummy).output_types, name
    types = [one.output_type for one in STRATEGIES.values()]
    assert len(types) == len(set(types)) and set(types) == answered


def test_classes_numbers_and_labels_are_those_of_scikit_learn() -> None:
    assert np.allclose(fitted("classes", np.array([0, 0, 1])).predict(FRAME), [[2 / 3, 1 / 3]] * 3)
    assert np.allclose(fitted("number", np.array([1.0, 2.0, 6.0]), 0).predict(FRAME), 3.0)
    labels = fitted("labels", np.array([[1, 1], [0, 1], [0, 1]]))
    assert np.allclose(labels.predict(FRAME), [[1 / 3, 1.0]] * 3) and labels.words == "always the label rates"
    assert fitted("classes", np.array([0, 0, 1])).predict(FRAME[:0]).shape == (0, 2)


def test_questions_count_where_they_were_asked() -> None:
    assert np.allclose(fitted("questions", np.array([[1, -1], [0, -1], [-1, -1]])).predict(FRAME), [[0.5, 0.5]] * 3)


def test_texts_and_transcripts_repeat_the_most_frequent() -> None:
    assert fitted("wording", np.zeros(3)).predict(FRAME)["text"].tolist() == ["yes"] * 3
    said = fitted("transcripts", objects([np.array([2, 2, 1]), np.array([3]), np.array([], int)]), 4).predict(FRAME)
    assert [row.tolist() for row in said["codes"]] == [[2]] * 3


def test_tags_have_their_shares_for_every_token() -> None:
    frame = pl.DataFrame({"input": ["a b", "c"], "target": ["", ""]})
    columns = schema("tokens", values=["O", "X"], wholes=[])
    rows = objects([np.array([0, 0]), np.array([1])])
    one = registry.get("baselines", "dummy").fit(
        frame, rows, schema=columns, kind="tags", classes=2, val=(frame, rows), seed=0
    )
    assert [p.shape for p in one.predict(frame)["probability"]] == [(2, 2), (1, 2)]
    assert np.allclose(one.predict(frame)["probability"][0], [[2 / 3, 1 / 3]] * 2)


def test_speech_lasts_as_long_as_so_many_letters_usually_do() -> None:
    mels = objects([np.full((4, 2), 1.0), np.full((8, 2), 2.0), np.full((12, 2), 3.0)])
    said = fitted("speeches", mels).predict(FRAME)
    assert [len(one) for one in said["mel"]] == [4, 8, 12] and np.allclose(
        said["mel"][0], (4 * 1 + 8 * 2 + 12 * 3) / 24, atol=1e-4
    )


def test_masks_are_the_most_frequent_class_everywhere() -> None:
    y = np.zeros((3, 2, 2), np.uint8)
    y[0, 0] = 1
    said = fitted("masks", y).predict(FRAME)
    assert (said["mask"] == 0).all() and np.allclose(said["probability"], 2 / 12)


@pytest.mark.parametrize("kind", ["identity", "matches", "views", "boxes", "flaws"])
def test_what_learns_nothing_answers_every_row_the_same_way_twice(kind: str) -> None:
    one = fitted(kind, np.zeros(3))
    first, second = one.predict(FRAME), one.predict(FRAME)
    for name, values in first.items():
        assert len(values) == 3 and all(np.array_equal(a, b) for a, b in zip(values, second[name], strict=True))


def test_a_dummy_of_an_earlier_bundle_still_answers() -> None:
    one = registry.get("baselines", "dummy").fit(
        FRAME, np.array([0, 0, 1]), schema=schema(), kind="classes", classes=2, val=(FRAME, np.zeros(3)), seed=0
    )
    one.facts = {"constant": []}  # as they were written before: without a seed
    assert np.allclose(load(one.dump()).predict(FRAME), [[2 / 3, 1 / 3]] * 3)
