"""A head that reads a map also hears the columns that have no place in it."""

from __future__ import annotations

import numpy as np
import polars as pl
import torch

from engineroom.core.config import make_config
from engineroom.core.table import Table
from engineroom.data.dataset import encode_table
from engineroom.data.schema_inference import fit_schema, infer_schema
from engineroom.networks.multi_column import ColumnsModel
from engineroom.tasks._base import make_task


def build(rows: int = 12) -> tuple[ColumnsModel, object]:
    frame = pl.DataFrame(
        {
            "words": [["the", "red", "house", "the", f"w{i}"] for i in range(rows)],
            "age": np.arange(rows, dtype=float),
            "tags": [["O", "B", "O", "O", "O"] for _ in range(rows)],
        }
    )
    table = Table(frame)
    config = make_config(
        {"target": "tags", "task": "token_classification", "columns": {"words": {"modality": "tokens"}}}
    )
    schema = fit_schema(infer_schema(table, config), table, np.arange(rows), config.limits)
    data = encode_table(frame, schema)
    task = make_task("token_classification", {}).for_target(schema.target)
    torch.manual_seed(0)
    return ColumnsModel(schema, config, task, data.batch(np.arange(2)), rows=rows).eval(), data.batch(np.arange(rows))


def test_a_number_reaches_every_word() -> None:
    model, batch = build()
    assert model.add_context is not None and float(model.add_context.weight.detach().abs().max()) == 0, (
        "it begins by saying nothing"
    )
    before = model(batch)
    torch.nn.init.normal_(model.add_context.weight)
    after = model(batch)
    assert before.shape == after.shape and ((before - after).abs().amax((1, 3)) > 0).all()


def test_it_is_learnt() -> None:
    model, batch = build()
    model(batch).sum().backward()
    assert float(model.add_context.weight.grad.abs().max()) > 0
