"""A typed prompt as a batch of one row, for networks that answer with a text or a sound."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import torch

from ..core import registry
from ..core.batch import Batch, Predictions
from ..core.errors import UserError
from ..core.schema import Schema


def prompted(schema: Schema, prompt: str) -> Batch:
    """The prompt as the one column that is read. Raises UserError where it cannot be."""
    column = schema.inputs[0]
    modality = registry.get("modalities", column.modality)
    damaged: dict[int, str] = {}
    rows = modality.encode(pl.Series([prompt]), column.state, damaged)
    if damaged:
        raise UserError(f"The prompt {damaged[0]}.", "", "Say --prompt with what the model reads.")
    fields = {
        f"column:{column.name}{suffix}": tensor for suffix, tensor in modality.collate(rows, column.state).items()
    }
    return Batch(fields, np.arange(1))


def predict_prompt(task: Any, network: Any, schema: Schema, prompt: str) -> Predictions:
    """The answers (one) of a task that answers by one question to its network."""
    batch = prompted(schema, prompt)
    with torch.inference_mode():
        answers: Predictions = task.postprocess(network.eval()(batch).float(), batch, schema.target)
    return answers
