"""Words that keep the same company begin near each other, without any labels."""

from __future__ import annotations

import numpy as np
import polars as pl
import torch

from engineroom.core import registry
from engineroom.core.config import make_config
from engineroom.core.table import Table
from engineroom.data.dataset import encode_table
from engineroom.data.schema_inference import fit_schema, infer_schema
from engineroom.modalities.text._word_vectors import word_vectors
from engineroom.networks.data_initialisation import warm
from engineroom.networks.multi_column import ColumnsModel

RNG = np.random.default_rng(0)


def sentences(rows: int = 600) -> list[str]:
    animals, machines = ["cat", "dog", "horse", "cow"], ["engine", "pump", "valve", "crane"]
    result = {
        "animals": ["eats grass in the field", "sleeps under the tree"],
        "machines": ["runs on oil at night", "needs a new part"],
    }
    return [
        f"the {RNG.choice(animals)} {RNG.choice(result['animals'])}"
        if i % 2
        else f"the {RNG.choice(machines)} {RNG.choice(result['machines'])}"
        for i in range(rows)
    ]


def test_words_of_one_company_are_neighbours() -> None:
    lines = sentences()
    words = {w: k + 2 for k, w in enumerate(sorted({w for s in lines for w in s.split()}))}
    rows = [[words[w] for w in s.split()] for s in lines]
    vectors = word_vectors(np.concatenate(rows), np.array([len(r) for r in rows]), len(words) + 2, 8)
    v = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)

    def like(a: str, b: str) -> float:
        return float(v[words[a]] @ v[words[b]])

    assert like("cat", "dog") > like("cat", "pump") + 0.3 and like("valve", "crane") > like("valve", "cow") + 0.3
    assert not vectors[:2].any(), "tokens without company stay as they are"


def test_no_company_at_all_is_no_failure() -> None:
    assert not word_vectors(np.array([3, 4]), np.array([1, 1]), 6, 4).any()
    assert not word_vectors(np.zeros(0, int), np.zeros(3, int), 6, 4).any()


def test_warming_moves_known_tokens_and_keeps_the_padding() -> None:
    table = Table(pl.DataFrame({"text": sentences(), "y": ["a", "b"] * 300}))
    config = make_config({"target": "y", "columns": {"text": {"modality": "text"}}})
    schema = fit_schema(infer_schema(table, config), table, np.arange(500), config.limits)
    data = encode_table(table.frame, schema)
    data.splits["train"] = np.arange(500)
    model = ColumnsModel(schema, config, registry.get("tasks", "classification"), data.batch(np.arange(2)), rows=500)
    stem = next(iter(model.stems.values()))
    before = stem.table.weight.detach().clone()
    warm(model, data)
    after = stem.table.weight.detach()
    moved = (before != after).any(1).float().mean()
    assert 0.2 < moved < 0.9 and not after[0].any(), (
        "pieces of words that only ever occur inside longer ones stay where they were"
    )
    assert 0.05 < float(after[1:].std()) < 0.2
    assert stem.table.weight.requires_grad
    assert torch.isfinite(after).all()
