"""Parts of rows hidden and told from the rest; empty cells filled; what was learnt is taken over by whoever has a few
labels."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
import torch

import engineroom as er
from conftest import command
from engineroom.core import registry
from engineroom.core.batch import Batch
from engineroom.core.config import make_config
from engineroom.core.errors import DataError
from engineroom.core.table import Table
from engineroom.data.dataset import BatchSampler, encode_table
from engineroom.data.masking import HIDDEN, WANTED, hide, hide_by_content, judged, parse_parts, with_masking
from engineroom.data.schema_inference import fit_schema, infer_schema
from engineroom.metrics.reconstruction import graded, scores
from engineroom.modalities.masking._masked_regions import placed
from engineroom.recipes._data.sensor_rows import machines

QUICK = {"show": "quiet", "train__threads": 1, "train__precision": "fp32"}


def things(rows: int = 600) -> pl.DataFrame:
    """`b` is twice `a`, `kind` its sign, `other` nobody can tell; a fiftieth of the cells is empty."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=rows)
    frame = pl.DataFrame(
        {
            "a": a,
            "b": 2 * a + 5,
            "c": a**2 + 0.01 * rng.normal(size=rows),
            "kind": np.where(a > 0, "up", "down"),
            "other": rng.normal(size=rows),
        }
    )
    empty = [
        pl.when(pl.Series(rng.random(rows) < 0.02)).then(None).otherwise(pl.col(name)).alias(name)
        for name in ("b", "kind")
    ]
    return frame.with_columns(*empty, label=pl.Series((a > 0).astype(int)))


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> str:
    path = str(tmp_path_factory.mktemp("masking") / "run")
    er.train(things(), target="label", recipe="masked_pretraining", steps=250, run=path, **QUICK)
    return path


def test_what_goes_with_something_is_told_and_answers_were_left_out(run: str) -> None:
    model = er.load(run)
    assert "label" not in [column.name for column in model.schema] and "label" in str(model.report())
    assert model.metrics["explained"] > 0.4 and model.metrics["accuracy"] > 0.8 and "rmse_series" not in model.metrics
    bars = next(
        e for s in model.report()["sections"] for e in s["exhibits"] if e["title"] == "Explained variance by column"
    )
    names, values = bars["data"]["labels"], bars["data"]["series"][0]["values"]
    found = dict(zip(names, values, strict=True))
    assert (
        found["b"] > 0.6 and found["other"] < 0.4
    )  # of which nobody can tell anything: 36 hidden cells spread by a quarter
    assert 0.2 < model.manifest["baseline"]["metrics"]["explained"] < 1


def test_empty_cells_are_filled_and_no_other_is_touched(run: str) -> None:
    frame = things()
    out = er.load(run).predict(frame)
    assert (
        not out.null_count().row(0)[0] and out["filled"].sum() == frame["b"].null_count() + frame["kind"].null_count()
    )
    here = frame["b"].is_not_null()
    assert out.filter(here)["b"].equals(frame.filter(here)["b"])
    gap = (out.filter(~here)["b"] - (2 * frame.filter(~here)["a"] + 5)).abs()
    assert gap.mean() < 0.8  # of a spread of two
    unknown = frame["kind"].is_null()
    assert ((out.filter(unknown)["kind"] == "up") == (frame.filter(unknown)["a"] > 0)).mean() > 0.7


def test_another_goes_on_from_it(run: str, tmp_path) -> None:
    things(60).write_csv(tmp_path / "few.csv")
    done = command(
        "train",
        tmp_path / "few.csv",
        "--target",
        "label",
        "--from",
        run,
        "--steps",
        "20",
        "--run",
        tmp_path / "r",
        "--json",
    )
    said = next(json.loads(line) for line in done.stdout.splitlines() if '"inherited"' in line)
    assert said["weights"] > 0.8 * said["of"]
    assert er.load(run).schema["a"].state == er.load(str(tmp_path / "r")).schema["a"].state


def test_the_same_row_is_asked_the_same_wherever_it_stands(run: str) -> None:
    model, frame = er.load(run), things()[:40].drop("label")
    first, second = model.answers(frame)[0], model.answers(frame.reverse())[0]
    assert np.array_equal(np.isnan(first["error"]), np.isnan(second["error"][::-1]))
    assert np.allclose(first["error"], second["error"][::-1], atol=1e-4, equal_nan=True)
    again = model.evaluate(things())
    assert again["rows"] == 600 and again["baseline"]["explained"] > 0.2


def test_cells_that_are_empty_are_never_asked_about() -> None:
    parts = parse_parts(
        [
            {"field": "n", "kind": "numbers", "columns": ["a", "b"], "shape": [2]},
            {
                "field": "k",
                "kind": "classes",
                "columns": ["k"],
                "places": [1],
                "shape": [3],
                "shares": [[0.5, 0.25, 0.25]],
            },
        ]
    )
    batch = Batch(
        {"n": torch.tensor([[1.0, torch.nan], [2.0, 3.0]]), "k": torch.tensor([[7, 0], [7, 2]])}, np.arange(2)
    )
    # all that can be hidden
    asked = hide(batch, parts, lambda name, count: torch.cat([torch.ones(2, 1), torch.zeros(2, count - 1)], 1))
    assert asked[HIDDEN + "n"].tolist() == [[True, False], [True, True]] and asked["n"].isnan().all()
    assert asked[HIDDEN + "k"].tolist() == [[False] * 3, [True] * 3] and asked["k"].tolist() == [[7, 0], [7, 0]]
    assert asked[WANTED + "k"].tolist() == [[0, 0, 0], [0, 1, 0]]
    truth = torch.cat([asked[WANTED + name] for name in parts], 1)
    right = judged(parts, asked, truth)
    assert (
        np.array_equal(right["error"], np.array([[0, np.nan, np.nan], [0, 0, 0]], np.float32), equal_nan=True)
        and right["hit"][1, 2] == 1
    )
    wrong = judged(parts, asked, torch.zeros_like(truth) + torch.tensor([0.0, 0.0, 1.0, 0.0, 0.0]))
    assert np.allclose(wrong["error"][1], [4, 9, 2 / (1 - 0.375)]) and wrong["hit"][1, 2] == 0


def test_shares_and_means_explain_nothing_and_the_truth_all() -> None:
    rng = np.random.default_rng(0)
    batch = Batch(
        {
            "k": torch.from_numpy(rng.choice([1, 1, 2, 3], size=(4_000, 1))),
            "n": torch.from_numpy(rng.normal(size=(4_000, 1))),
        },
        np.arange(4_000),
    )
    parts = parse_parts(
        [
            {
                "field": "k",
                "kind": "classes",
                "columns": ["k"],
                "places": [0],
                "shape": [3],
                "shares": [[0.5, 0.25, 0.25]],
            },
            {"field": "n", "kind": "numbers", "columns": ["a"], "shape": [1]},
        ]
    )
    asked, kinds = hide_by_content(batch, parts), ["classes", "numbers"]
    assert 0.25 < float(asked[HIDDEN + "n"].float().mean()) < 0.35
    usual = judged(parts, asked, torch.cat([one.middle(4_000) for one in parts.values()], 1))
    assert abs(scores(graded(usual["error"], usual["hit"], kinds), kinds)["explained"]) < 0.05
    whole = judged(parts, asked, torch.cat([asked[WANTED + name] for name in parts], 1))
    assert scores(graded(whole["error"], whole["hit"], kinds), kinds) == {
        "explained": 1.0,
        "accuracy": 1.0,
        "rmse_numbers": 0.0,
        "loss": 0.0,
    }


def test_loss_is_of_what_was_hidden_alone() -> None:
    parts = parse_parts([{"field": "n", "kind": "numbers", "columns": ["a", "b"], "shape": [2]}])["n"]
    wanted, hidden = torch.tensor([[1.0, 2.0]]), torch.tensor([[True, False]])
    assert parts.loss(torch.tensor([[[3.0, 100.0]]]), wanted, hidden).tolist() == [[[4.0, 0.0]]]


def test_a_batch_is_a_function_of_seed_and_step() -> None:
    table, config = Table(things(60)), make_config({"target": "label"})
    schema = fit_schema(infer_schema(table, config), table, np.arange(60), config.limits)
    data = encode_table(table.frame, schema)
    data.splits = {"train": np.arange(60)}
    parts = parse_parts(registry.get("tasks", "masked_pretraining").fit_state(schema, data, 0).target.state["parts"])
    first, again, other = (with_masking(BatchSampler(data, 16, seed), parts).batch(3) for seed in (0, 0, 1))
    assert all(torch.equal(first[name].nan_to_num(-9), again[name].nan_to_num(-9)) for name in first.fields)
    assert not torch.equal(first[HIDDEN + "block:number"], other[HIDDEN + "block:number"])


def test_stretches_and_patches_are_hidden_and_the_line_between_is_known() -> None:
    parts = parse_parts(
        [
            {"field": "s", "kind": "steps", "columns": ["s"], "shape": [40, 2]},
            {
                "field": "p",
                "kind": "pixels",
                "columns": ["p"],
                "size": [24, 24],
                "shape": [1, 24, 24],
                "mean": [0.5],
                "std": [0.25],
            },
        ]
    )
    slope = torch.linspace(-1, 1, 40)[None, :, None].expand(3, 40, 2).contiguous()
    batch = Batch(
        {
            "s": slope,
            "p": torch.full((3, 1, 24, 24), 200, dtype=torch.uint8)
            + torch.arange(3, dtype=torch.uint8)[:, None, None, None],
        },
        np.arange(3),
    )
    asked = hide(batch, parts, lambda name, count: torch.rand((3, count), generator=torch.Generator().manual_seed(1)))
    gone = asked[HIDDEN + "s"].unflatten(1, (40, 2))
    assert (
        (asked["s"][gone] == 0).all()
        and torch.equal(asked["s"][~gone], slope[~gone])
        and 0.1 < float(gone.float().mean()) < 0.6
    )
    line = parts["s"].between(asked[WANTED + "s"].masked_fill(asked[HIDDEN + "s"], 0), asked[HIDDEN + "s"])
    inside = ~gone[:, [0, -1]].any(2).any(1)
    assert torch.allclose(line[inside], slope.flatten(1)[inside], atol=1e-5)
    patches = asked[HIDDEN + "p"]
    assert 0.2 < float(patches.float().mean()) < 0.8 and (asked["p"].flatten(1)[patches] == 127.5).all()
    around = parts["p"].between(asked[WANTED + "p"].masked_fill(patches, 0), patches)
    assert torch.allclose(around, asked[WANTED + "p"], atol=1e-4)


def test_places_of_series_of_unequal_length() -> None:
    x = torch.tensor([[0.0, 1.0, 2.0, 9.0], [0.0, 1.0, 2.0, 3.0]])[..., None]
    mask = torch.tensor([[True, True, True, False], [True] * 4])
    assert torch.allclose(placed(x, mask, 5)[..., 0], torch.tensor([[0, 0.5, 1, 1.5, 2], [0, 0.75, 1.5, 2.25, 3]]))


def test_any_mixture_is_told_and_drawn(tmp_path) -> None:
    """Cells, a series of unequal length and a picture in one row; texts are shown whole."""
    rng = np.random.default_rng(0)
    frame = (
        machines(120)
        .drop("row")
        .with_columns(
            pl.Series("photo", rng.integers(0, 255, (120, 20, 20, 3), dtype=np.uint8)),
            pl.Series("note", [f"machine {i} was {'loud' if i % 2 else 'calm'} all day" for i in range(120)]),
            pl.Series(
                "vibration",
                [
                    one[: int(n)]
                    for one, n in zip(machines(120)["vibration"].to_list(), rng.integers(20, 48, 120), strict=True)
                ],
            ),
        )
    )
    model = er.train(
        frame,
        recipe="masked_pretraining",
        target="row",
        steps=6,
        model__size="small",
        run=str(tmp_path / "r"),
        columns={"note": {"modality": "text"}},
        **QUICK,
    )
    assert {"accuracy", "rmse_numbers", "rmse_series", "rmse_pixels"} <= set(model.metrics)
    page = model.report_path.read_text()
    assert "hidden parts predicted" in page and "<th>predicted</th>" in page and ">left<" in page
    assert (
        er.load(str(tmp_path / "r")).predict(frame[:5])["filled"].sum()
        == frame[:5].select(pl.sum_horizontal(pl.all().exclude("photo").null_count())).item()
    )


@pytest.mark.parametrize("family", ["rnn", "transformer", "mlp"])
def test_other_families_tell_too(family: str, tmp_path) -> None:
    frame = machines(40).select("vibration")
    model = er.train(
        frame,
        recipe="masked_pretraining",
        target="row",
        steps=4,
        model__name=family,
        model__size="small",
        run=str(tmp_path / "r"),
        **QUICK,
    )
    assert np.isfinite(model.metrics["explained"])


def test_rows_too_few_and_columns_without_parts_are_refused(tmp_path) -> None:
    with pytest.raises(DataError, match="too few to learn what goes with what"):
        er.train(things(10), target="label", recipe="masked_pretraining", steps=5, **QUICK)
    texts = pl.DataFrame({"note": [f"some words of row {i} in a line" for i in range(60)]})
    with pytest.raises(DataError, match="parts that can be hidden"):
        er.train(
            texts,
            target="row",
            recipe="masked_pretraining",
            steps=5,
            run=str(tmp_path / "r"),
            columns={"note": {"modality": "text"}},
            **QUICK,
        )
