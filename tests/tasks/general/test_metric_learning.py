"""Likeness: learnt, tested on identities nobody saw, enrolled, searched, unlocked, forgotten."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

import engineroom as er
from conftest import command
from engineroom.bundle.gallery import Gallery
from engineroom.core import registry
from engineroom.core.batch import Batch
from engineroom.core.errors import BundleError, DataError, UserError
from engineroom.tasks._base import make_task


def things(kinds: int = 24, each: int = 10) -> pl.DataFrame:
    """Every thing is a point in twelve dimensions of which three matter; the others are loud."""
    rng = np.random.default_rng(0)
    centre = rng.normal(0, 3, (kinds, 3))
    x = np.concatenate(
        [centre.repeat(each, 0) + rng.normal(0, 0.3, (kinds * each, 3)), rng.normal(0, 3, (kinds * each, 9))], 1
    )
    return pl.DataFrame(
        {f"x{i}": x[:, i] for i in range(12)} | {"thing": [f"t{k}" for k in range(kinds) for _ in range(each)]}
    )


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    run = str(tmp_path_factory.mktemp("likeness") / "run")
    return er.train(
        things(),
        target="thing",
        recipe="metric_learning",
        steps=200,
        run=run,
        show="quiet",
        train__threads=1,
        train__precision="fp32",
        model__ensemble_size=4,
    )


def test_identities_of_the_test_were_never_seen_and_are_told_apart(model) -> None:
    assert (
        model.metrics["roc_auc"] > 0.9 > model.manifest["baseline"]["metrics"]["roc_auc"]
    )  # the baseline cannot know what matters
    assert "Rows with the same" in json.dumps(model.report()) and model.manifest["task"] == "metric_learning"
    assert model.predict(things()[:3]).shape == (3, 4 * 128)
    assert er.load(str(model.path)).evaluate(things())["metrics"]["roc_auc"] > 0.9


def test_batches_hold_mates_however_many_identities_there_are() -> None:
    who = np.arange(1000) // 5
    task, rows = make_task("metric_learning", {}), np.arange(0, 2000, 2)
    order = task.epoch_order(rows, lambda picked: who[picked // 2], np.random.default_rng(0))
    assert sorted(order.tolist()) == rows.tolist() and not np.array_equal(order, rows)
    alone = [np.unique(who[order[a : a + 64] // 2], return_counts=True)[1] for a in range(0, 960, 64)]
    assert np.mean([counts[counts == 4].sum() / 64 for counts in alone]) > 0.7
    assert task.epoch_order(rows[:0], lambda picked: who[picked], np.random.default_rng(0)).shape == (0,)
    plain = make_task("classification", {}).epoch_order(rows, lambda picked: 1 / 0, np.random.default_rng(0))
    assert sorted(plain.tolist()) == rows.tolist()


def test_enrol_search_unlock_forget(model) -> None:
    table = things(30)  # six things more than anybody knew
    new = table.filter(pl.col("thing").is_in([f"t{k}" for k in range(24, 30)]))
    first = new.group_by("thing", maintain_order=True).head(5)
    rest = new.group_by("thing", maintain_order=True).tail(5)
    album = Gallery(model)
    assert album.enrol(first) == 30
    again = Gallery(er.load(str(model.path)))  # it lies in the bundle, whole and hashed
    found = again.search(rest, top=1)
    assert (found["name"] == rest["thing"]).mean() > 0.8 and found["rank"].to_list() == [1] * 30
    right = again.verify(rest[:5], name="t24")
    assert right["similarity"].mean() > again.verify(rest[:5], name="t29")["similarity"].mean()
    assert again.forget("t24") == 5 and again.forget() == 25
    with pytest.raises(UserError, match="Nobody is enrolled"):
        again.search(rest)


def test_the_threshold_lets_few_strangers_in() -> None:
    task = make_task("metric_learning", {"false_accept_rate": 0.05})
    rng = np.random.default_rng(0)
    truth = np.arange(40).repeat(5)
    e = rng.normal(size=(200, 8))
    e /= np.linalg.norm(e, axis=1, keepdims=True)
    loose, strict = (
        make_task("metric_learning", {"false_accept_rate": s}).fit_calibration({"embedding": e}, truth)["threshold"]
        for s in (0.2, 0.01)
    )
    assert loose < task.fit_calibration({"embedding": e}, truth)["threshold"] < strict


def test_loss_falls_where_mates_come_near_and_a_lonely_row_is_silent() -> None:
    task = registry.get("tasks", "metric_learning")
    near = torch.nn.functional.normalize(torch.tensor([[1.0, 0], [1, 0.1], [0, 1], [0.1, 1]]), dim=-1)[:, None]
    mixed = near[[0, 2, 1, 3]]
    batch = Batch({"target": torch.tensor([7, 7, 9, 9])}, np.arange(4))
    assert task.loss(near, batch).total < task.loss(mixed, batch).total
    alone = Batch({"target": torch.tensor([1, 2, 3, -1])}, np.arange(4))
    assert float(task.loss(near, alone).total) == 0


def test_names_are_the_same_number_in_every_table() -> None:
    identity = registry.get("modalities", "instance_id")
    codes = identity.encode(pl.Series(["b", "a", None, "b"]), {}, {})
    assert codes[0] == codes[3] != codes[1] and codes[2] == -1 and codes.min() >= -1
    assert identity.encode(pl.Series(["a"]), {}, {})[0] == codes[1]


def test_nothing_occurs_twice_is_told(here) -> None:
    table = things().with_columns(thing=pl.Series([f"only {i}" for i in range(240)]))
    with pytest.raises(DataError, match="occurs twice"):
        er.train(table, target="thing", recipe="metric_learning", steps=3, show="quiet")


def test_other_models_have_no_likeness(here) -> None:
    plain = er.train(
        things().head(100),
        target="thing",
        steps=3,
        show="quiet",
        train__threads=1,
        train__precision="fp32",
        split__near_duplicates=False,
    )
    with pytest.raises(UserError, match="not with a likeness"):
        Gallery(plain).enrol(things()[:2])


def test_a_gallery_that_is_not_whole_is_refused(model, tmp_path: Path) -> None:
    import shutil

    album = Gallery(model)
    album.enrol(things()[:4], name="somebody")
    copy = tmp_path / "run"
    shutil.copytree(model.path, copy)
    text = (copy / "gallery.json").read_text().replace("somebody", "some body")
    (copy / "gallery.json").write_text(text)
    with pytest.raises(BundleError, match="hash"):
        er.load(str(copy))


def test_the_verbs(model, tmp_path: Path) -> None:
    things().head(10).write_csv(tmp_path / "t0.csv")
    things().tail(10).write_csv(tmp_path / "t23.csv")
    run = str(model.path.parent)
    Gallery(model).forget()
    assert (
        json.loads(command("enrol", run, "t0.csv", "--name", "zero", "--json", cwd=tmp_path).stdout)["enrolled"] == 10
    )
    assert "zero" in command("search", run, "t0.csv", "--top", "2", cwd=tmp_path).stdout
    assert command("unlock", run, "t0.csv", cwd=tmp_path).returncode == 0
    command("unlock", run, "t23.csv", cwd=tmp_path, check=1)
    command("unlock", run, "t0.csv", "--name", "nobody", cwd=tmp_path, check=2)
    assert "10 forgotten" in command("forget", run, cwd=tmp_path).stdout
