"""Frames of a recording are told from photographs, and validated by stretches that were not learnt from."""

from __future__ import annotations

import numpy as np
import polars as pl

from conftest import real_data
from engineroom.core.config import make_config
from engineroom.core.table import Table
from engineroom.data.frame_sequences import is_recording, stretches
from engineroom.data.loading import open_table
from engineroom.data.schema_inference import infer_schema
from engineroom.data.splits import split_rows

RNG = np.random.default_rng(0)


def drive(shuffled: bool, rows: int = 300) -> Table:
    """A bright band that wanders slowly to and fro; its place is the target."""
    place = 16 + 12 * np.sin(np.arange(rows) / 25)
    pixels = np.zeros((rows, 32, 32, 3), np.uint8)
    for i, p in enumerate(place.astype(int)):
        pixels[i, :, p - 3 : p + 3] = 200
    pixels += RNG.integers(0, 20, pixels.shape, dtype=np.uint8)
    order = RNG.permutation(rows) if shuffled else np.arange(rows)
    return Table(pl.DataFrame({"frame": pl.Series(pixels[order]), "place": place[order]}))


def look(table: Table, target: str):
    config = make_config({"target": target})
    return infer_schema(table, config), config


def test_frames_in_order_are_a_recording_and_shuffled_ones_are_not() -> None:
    for shuffled in (False, True):
        table = drive(shuffled)
        schema, _ = look(table, "place")
        assert is_recording(table, schema, "number") is not shuffled
        assert not is_recording(table, schema, "classes")


def test_a_recording_is_cut_into_whole_stretches() -> None:
    table = drive(shuffled=False)
    schema, config = look(table, "place")
    split = split_rows(table, schema, config.split.model_copy(update={"near_duplicates": False}), seed=0, task="number")
    assert "stretches" in split.words and split.by == "stretches"
    of = {name: set(stretches(getattr(split, name), len(table)).tolist()) for name in ("train", "val", "test")}
    assert not of["train"] & of["val"] and not of["train"] & of["test"] and not of["val"] & of["test"]
    asked = split_rows(table, schema, config.split.model_copy(update={"by": "random"}), seed=0, task="number")
    assert asked.by == "random", "what the user asks for is done"


def test_the_driver_is_validated_by_stretches() -> None:
    config = make_config({"target": "steering"})
    table = open_table(str(real_data("driving_steering")), target="steering", limits=config.limits)
    split = split_rows(table, infer_schema(table, config), config.split, seed=0, task="number")
    assert "stretches of the recording" in split.words
