"""LOSS: what pictures show, not which lamp shone: what tasks share that read every picture freed of its own light."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..core.columns import Schema


def without_light(schema: Schema) -> Schema:
    """The schema whose picture columns are read with mean 0 and deviation 1 a picture and channel (modalities/image.py)."""
    return of_pictures(schema, even=True)


def of_pictures(schema: Schema, **known: Any) -> Schema:
    """The schema with `known` in the state of every picture column."""
    for column in schema.inputs:
        if column.modality == "image":
            schema = schema.with_column(replace(column, state={**column.state, **known}))
    return schema
