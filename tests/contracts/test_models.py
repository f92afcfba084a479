"""Every backbone on every kind of signal it claims: right shapes, gradients everywhere, one batch can be learnt by
heart, options matter."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch

import engineroom as er
from conftest import house_table, shape_pictures
from engineroom.core import registry
from engineroom.core.config import make_config
from engineroom.core.errors import UserError
from engineroom.core.table import Table
from engineroom.data.dataset import encode_table
from engineroom.data.schema_inference import fit_schema, infer_schema
from engineroom.networks.multi_column import ColumnsModel

RNG = np.random.default_rng(0)
N = 24
COLUMNS = {
    "number": RNG.normal(size=N),
    "category": list("abcd" * 6),
    "text": [f"{w} words here {i}" for i, w in enumerate(["red", "blue"] * 12)],
    "image": RNG.integers(0, 255, (N, 20, 20, 3), dtype=np.uint8),
    "image_observation": RNG.integers(0, 255, (N, 16, 20, 3), dtype=np.uint8),
    "video": RNG.integers(0, 255, (N, 5, 20, 20, 1), dtype=np.uint8),
    "series": [RNG.normal(size=30).tolist() for _ in range(N)],
    "multilabel": [["x"], ["x", "y"]] * 12,
    "vector": RNG.normal(size=(N, 12)),
    "formula": [f"Fe{1 + i % 3}O{2 + i}" for i in range(N)],
    "window": pl.Series(RNG.normal(size=(N, 30)).astype(np.float32)),
    "tokens": [[w, "words", "here", f"number{i}"] for i, w in enumerate(["Red", "blue"] * 12)],
    "interaction_history": [[w, f"item{i}", "end"] for i, w in enumerate(["red", "blue"] * 12)],
    "text_corpus": [f"{w} words here, number {i}" for i, w in enumerate(["Red", "blue"] * 12)],
    "source_text": [f"{w} words here, number {i}" for i, w in enumerate(["Red", "blue"] * 12)],
    "aligned_sequence": [f"MK{'LV'[i % 2]}NGKT{'ADEGWC'[i // 2 % 6]}L{'ST'[i // 12]}" for i in range(N)],
    "molecule": [f"{'C' * (1 + i)}c1cccnc1{'OF'[i % 2]}" for i in range(N)],
}
PAIRS = [(c, f) for c in COLUMNS for f in registry.names("backbones") if f in registry.get("modalities", c).backbones]


def build(column: str | list[str], settings: dict):
    names = [column] if isinstance(column, str) else column
    table = Table(pl.DataFrame({n: COLUMNS[n] for n in names} | {"y": ["left", "right"] * (N // 2)}))
    config = make_config({"target": "y", "columns": {n: {"modality": n} for n in names}, **settings})
    schema = fit_schema(infer_schema(table, config), table, np.arange(N), config.limits)
    data = encode_table(table.frame, schema)
    torch.manual_seed(0)
    return ColumnsModel(schema, config, registry.get("tasks", "classification"), data.batch(np.arange(2)), rows=N), data


@pytest.mark.parametrize(("column", "backbone"), PAIRS)
def test_one_batch_can_be_learnt_by_heart(column: str, backbone: str) -> None:
    model, data = build(column, {"model": {"name": backbone, "size": "small", "dropout": 0.0}})
    task = registry.get("tasks", "classification")
    batch = data.batch(np.arange(N))
    for stem in model.stems.values():
        if hasattr(stem, "drop"):
            stem.drop = 0.0
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    first = None
    learnable = 0.98 if column in ("category", "multilabel") else 0.7  # these say too little to tell all rows apart
    for _ in range(300):
        loss = task.loss(model(batch), batch).total
        first = first or float(loss.detach())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if float(loss.detach()) < learnable * first:
            break
    assert float(loss.detach()) < learnable * first, (first, float(loss.detach()))
    unused = [name for name, p in model.named_parameters() if p.requires_grad and p.grad is None]
    assert not unused


def test_any_mixture_of_columns_fits() -> None:
    model, data = build(list(COLUMNS), {})
    assert model(data.batch(np.arange(5))).shape[0] == 5 and model(data.batch(np.arange(5))).shape[2] == 2
    assert {e["backbone"] for e in model.plan.encoders} >= {"mlp", "cnn", "gnn"}


def test_eval_is_pure() -> None:
    model, data = build(list(COLUMNS), {})
    model.eval()
    batch = data.batch(np.arange(6))
    with torch.no_grad():
        assert torch.equal(model(batch), model(batch))


def test_settings_change_the_network() -> None:
    def size(**settings) -> int:
        return sum(p.numel() for p in build("series", {"model": settings})[0].parameters())

    assert size(name="rnn", cell="gru") < size(name="rnn", cell="lstm")
    assert size(size="small") < size(size="medium") < size(size="large")
    assert build("number", {"model": {"ensemble_size": 3}})[0](build("number", {})[1].batch(np.arange(4))).shape[1] == 3


def test_networks_side_by_side_are_a_team_unless_a_family_is_asked_for() -> None:
    from engineroom.networks.multi_column import assemble

    def backbones(name: str) -> set[str]:
        _, data = build("series", {})
        config = make_config({"model": {"name": name}})
        model = assemble(
            data.schema, config, registry.get("tasks", "classification"), data.batch(np.arange(2)), rows=N, networks=3
        )
        assert model(data.batch(np.arange(4))).shape == (4, 3, 2)
        return model.plan.backbones

    assert backbones("auto") == {"cnn", "fcn"} and backbones("rnn") == {"rnn"}


def test_an_unknown_model_is_told() -> None:
    with pytest.raises(UserError, match="transformer"):
        build("number", {"model": {"name": "transformr"}})


@pytest.mark.parametrize("task", ["classification", "regression", "multilabel"])
def test_every_task_learns_predicts_and_comes_back(here, task: str) -> None:
    table = house_table(260)
    target = {"classification": "sold", "regression": "price", "multilabel": "tags"}[task]
    if task == "multilabel":
        tags = [
            [t for t, on in (("big", a > 70), ("bern", c == "Bern")) if on]
            for a, c in zip(table["area"], table["city"], strict=True)
        ]
        table = table.drop("price", "sold").with_columns(tags=pl.Series(tags, dtype=pl.List(pl.String)))
    else:
        table = table.drop({"sold": "price", "price": "sold"}[target])
    model = er.train(table, target=target, steps=250, show="quiet", train__threads=1, train__precision="fp32")
    primary_metric = model.deep_metrics
    good = {
        "classification": primary_metric.get("accuracy", 0) > 0.9,
        "regression": primary_metric.get("r2", 0) > 0.9,
        "multilabel": primary_metric.get("f1_micro", 0) > 0.9,
    }
    assert good[task], primary_metric
    again = er.load(str(model.path))
    assert again.predict(table).equals(model.predict(table))
    assert again.evaluate(table)["rows"] == 260 and "baseline" in again.evaluate(table)
    if task == "regression":
        assert 0.75 <= primary_metric["coverage"] <= 1.0
        out = model.predict(table)
        assert (out["low"] <= out["prediction"]).all() and (out["prediction"] <= out["high"]).all()


def test_mirror_images_are_used_only_where_they_keep_the_meaning(here) -> None:
    model = er.train(
        str(shape_pictures(here / "pictures", per_class=60)),
        steps=5,
        show="quiet",
        train__threads=1,
        train__precision="fp32",
    )
    assert "horizontal" not in model.schema["image"].state["symmetries"]


@pytest.mark.parametrize("backbone", ["auto", "cnn", "fcn", "rnn", "transformer"])
@pytest.mark.parametrize("kind", ["series", "text"])
def test_unequal_lengths_come_back_from_their_bundle(here, backbone: str, kind: str) -> None:
    """The network is sized by the training rows, not by whichever batch happened to build it."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(6, 90, 80)
    values = (
        [rng.normal(size=n).tolist() for n in lengths]
        if kind == "series"
        else [" ".join(rng.choice(list("abcdefgh"), n)) for n in lengths]
    )
    table = pl.DataFrame({"x": values, "y": ["left", "right"] * 40})
    model = er.train(
        table,
        target="y",
        steps=6,
        show="quiet",
        model=backbone,
        model__size="small",
        columns={"x": {"modality": kind}},
        train__threads=1,
        train__precision="fp32",
    )
    assert er.load(str(model.path)).predict(table[:1]).height == 1
