"""Rows known again without answers; what was learnt is taken over by whoever has a few."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
import torch

import engineroom as er
from conftest import command
from engineroom.core.batch import Batch
from engineroom.core.errors import DataError
from engineroom.core.seeds import torch_generator
from engineroom.core.table import Table
from engineroom.metrics.contrastive import MOST, graded, scores
from engineroom.modalities._base import swapped
from engineroom.tasks._base import make_task

QUICK = {"show": "quiet", "train__threads": 1, "train__precision": "fp32"}


def things(rows: int = 600) -> pl.DataFrame:
    """Eight of twelve columns say where a row lies in two dimensions; the kind is the quarter it lies in."""
    rng = np.random.default_rng(0)
    place = rng.normal(size=(rows, 2))
    x = np.concatenate(
        [place @ rng.normal(size=(2, 8)) + 0.1 * rng.normal(size=(rows, 8)), rng.normal(size=(rows, 4))], 1
    )
    return pl.DataFrame(
        {f"x{i}": x[:, i] for i in range(12)} | {"kind": [f"k{2 * int(a > 0) + int(b > 0)}" for a, b in place]}
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> str:
    path = str(tmp_path_factory.mktemp("pretraining") / "run")
    er.train(things(), target="kind", recipe="contrastive_pretraining", steps=120, run=path, **QUICK)
    return path


def test_rows_are_known_again_and_their_answers_were_left_out(run: str) -> None:
    model = er.load(run)
    assert "kind" not in [column.name for column in model.schema] and "kind" in str(model.report())
    assert model.metrics["found_at_1"] > 0.1  # by chance once in 120
    said = model.predict(things()[:3].drop("kind"))
    assert said.shape[0] == 3 and said.columns[0] == "embedding_0"


def test_another_goes_on_from_it_in_the_same_make(run: str, tmp_path) -> None:
    few = things()[:60]
    done = command(
        "train",
        save(few, tmp_path),
        "--target",
        "kind",
        "--from",
        run,
        "--steps",
        "20",
        "--run",
        tmp_path / "r",
        "--json",
    )
    heard = [line for line in done.stdout.splitlines() if '"inherited"' in line]
    assert len(heard) == 1
    said = json.loads(heard[0])
    assert said["weights"] > 0.8 * said["of"]
    there, here = er.load(run), er.load(str(tmp_path / "r"))
    assert there.manifest["model"]["encoders"][0]["size"] == here.manifest["model"]["encoders"][0]["size"]
    assert there.schema["x0"].state == here.schema["x0"].state


def save(frame: pl.DataFrame, folder) -> str:
    frame.write_csv(folder / "few.csv")
    return str(folder / "few.csv")


def test_the_same_rows_are_looked_at_alike_twice(run: str) -> None:
    model = er.load(run)
    first, second = (model.answers(things()[:40].drop("kind"))[0] for _ in range(2))
    assert all(np.array_equal(first[name], second[name]) for name in ("embedding", "first", "second"))
    assert not np.array_equal(first["first"], first["second"])


def test_known_again_is_counted() -> None:
    e = np.eye(4, dtype=np.float32)
    assert scores(**graded(e, e))["found_at_1"] == 1.0
    assert graded(e, e[[1, 0, 2, 3]])["place"].tolist() == [
        4 - 1,
        4 - 1,
        1,
        1,
    ]  # nothing is alike: in the middle of three that are as far
    same = np.ones((MOST + 3, 1), np.float32)
    assert np.isclose(graded(same, same)["loss"][0], np.log(MOST)) and np.isclose(
        graded(same, same)["loss"][-1], np.log(3)
    )


def test_loss_of_looks_that_agree_is_small_and_of_strangers_large() -> None:
    task = make_task("contrastive_pretraining", {"temperature": 0.1})
    e = torch.eye(4)[:, None]
    batch = Batch({"target": torch.arange(4).repeat(2)}, np.arange(4).repeat(2))
    assert (
        float(task.loss(torch.cat([e, e]), batch).total)
        < 0.01
        < float(task.loss(torch.cat([e, e.roll(1, 0)]), batch).total)
    )


def test_cells_come_from_other_rows_of_the_same_column() -> None:
    x = torch.arange(40.0).view(10, 4)
    found = swapped(x, torch_generator(0, "x"), share=0.5)
    assert (found % 4 == torch.arange(4)).all() and 0.2 < float((found != x).float().mean()) < 0.7
    assert torch.equal(swapped(x, torch_generator(0, "x"), share=0.0), x)


def test_answers_are_left_out_and_nobody_s_column_is_lost() -> None:
    task = make_task("contrastive_pretraining", {})
    frame = things(40).rename({"kind": "label"}).with_columns(row=pl.col("x0"))
    made = task.build_samples(Table(frame), None, inference=False)
    assert "label" not in made.frame.columns and made.frame["row"].equals(frame["row"]) and "label" in str(made.notes)
    assert [name for name, hint in made.hints.items() if hint["role"] == "target"] == ["row of the table"]
    both = task.build_samples(Table(frame, hints={"label": {"role": "target"}}), "x1", inference=False)
    assert not {"label", "x1"} & set(both.frame.columns)


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(DataError, match="too few to tell rows apart"):
        er.train(things(10), target="kind", recipe="contrastive_pretraining", steps=5, **QUICK)
