"""Samples of a generative model: images, clips or rows drawn from noise, under the conditions that are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from ..core import registry
from ..core.errors import UserError, nearest
from ..core.files import disk_error
from ..core.schema import Column
from .model import Model

FEW = 8  # samples where nobody says how many
APART = 1_000_000  # noise of one seed from that of the next
INDEX = "samples.csv"  # beside files: which shows what


def draws_samples(model: Model) -> bool:
    """Does the model make things from noise?"""
    return any(registry.get("modalities", column.modality).is_noise for column in model.schema.inputs)


def sample(
    model: Model, *, count: int | None, conditions: Mapping[str, Any], seed: int, output: str | None
) -> pl.DataFrame:
    """`count` samples: rows as they are, of images and clips the files under `output` (a folder) and what they show.

    Conditions that are not named take their known classes by turns. Raises UserError for conditions that the model does
    not know."""
    frame = asked_rows(model, count or FEW, conditions, seed)
    if "" not in model.task.extensions:
        return model.predict(frame)
    if output is None:
        raise UserError(
            "Where to? This model makes files.",
            "",
            f"Name a folder: engineroom generate {model.path} -o FOLDER --count {count or FEW}",
        )
    path = Path(output)
    try:
        if path.suffix.lower() not in model.task.extensions:
            endings = ", ".join(one or "a folder" for one in model.task.extensions)
            raise UserError(
                f"{path.name} is no format of this model.", f"Its own: {endings}.", "Name a folder: -o FOLDER"
            )
        model.save(frame, path)
        visible = frame.select(
            column.name for column in model.schema.inputs if not registry.get("modalities", column.modality).is_noise
        )
        if path.suffix:
            return visible
        files = sorted(file.name for file in path.iterdir() if file.is_file() and file.stem.isdecimal())[: frame.height]
        shown = (
            visible.insert_column(0, pl.Series("file", files, dtype=pl.String))
            if len(files) == frame.height
            else visible
        )
        if visible.width:
            shown.write_csv(path / INDEX)
        return shown
    except OSError as error:
        raise disk_error(error, path) from error


def asked_rows(model: Model, count: int, conditions: Mapping[str, Any], seed: int) -> pl.DataFrame:
    """A row a sample: its noise, and what it is to be."""
    visible = [column for column in model.schema.inputs if not registry.get("modalities", column.modality).is_noise]
    noise = next(column.name for column in model.schema.inputs if registry.get("modalities", column.modality).is_noise)
    names = [column.name for column in visible]
    for name in conditions:
        if name not in names:
            what = f"The model takes no condition {name!r}."
            raise UserError(
                what, "" if names else "It was trained without any.", nearest(name, names, label="Its conditions")
            )
    columns = {column.name: values_of(column, conditions, count) for column in visible}
    return pl.DataFrame({**columns, noise: [seed * APART + row for row in range(count)]})


def values_of(column: Column, conditions: Mapping[str, Any], count: int) -> list[Any]:
    """What a condition is in each row: the value that is asked for, else the known classes by turns, else nothing."""
    known = [str(value) for value in column.state.get("values", [])] if column.modality == "category" else []
    if column.name not in conditions:
        return [known[row % len(known)] for row in range(count)] if known else [None] * count
    value = conditions[column.name]
    if known and str(value) not in known:
        raise UserError(f"The model knows no {column.name} {value!r}.", "", nearest(str(value), known, label="Known"))
    return [str(value) if known else value] * count
