"""Many questions with gaps: learnt from what was asked, judged on what was asked."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch

import engineroom as er
from engineroom.core import registry
from engineroom.core.batch import Batch
from engineroom.core.errors import DataError
from engineroom.metrics.multitask import scores

TASK = registry.get("tasks", "multitask")


def answers(rows: int = 500) -> pl.DataFrame:
    """Three questions about two numbers; four of ten were never asked."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, rows))
    truth = np.stack([a > 0, b > 0, a + b > 1], 1)
    asked = rng.random(truth.shape) < 0.6
    columns = {
        name: pl.Series([int(t) if k else None for t, k in zip(truth[:, i], asked[:, i], strict=True)])
        for i, name in enumerate("pqr")
    }
    return pl.DataFrame({"a": a, "b": b, **columns})


def test_gaps_teach_nothing_and_are_not_judged(here) -> None:
    model = er.train(
        answers(), target="p,q,r", task="multitask", steps=300, show="quiet", train__threads=1, train__precision="fp32"
    )
    assert model.deep_metrics["roc_auc"] > 0.97 and model.manifest["baseline"]["metrics"]["roc_auc"] > 0.9
    out = er.load(str(model.path)).predict(answers().select("a", "b"))
    assert out.columns == ["prediction", "probability", "probability_p", "probability_q", "probability_r"]
    again = er.load(str(model.path)).evaluate(answers())
    assert again["deep"]["roc_auc"] > 0.97 and "baseline" in again


def test_scores_by_hand() -> None:
    truth = np.array([[1, -1], [0, 1], [-1, 1], [0, -1]])
    found = scores(truth, np.array([[0.9, 0.1], [0.2, 0.6], [0.1, 0.7], [0.4, 0.9]]))
    assert found["roc_auc"] == 1 and found["accuracy"] == 1  # the second question has one answer only
    assert found["log_loss"] == pytest.approx(-np.log([0.9, 0.8, 0.6, 0.7, 0.6]).mean())


def test_the_loss_sees_what_was_asked_alone() -> None:
    output = torch.tensor([[[2.0, 9.0]], [[-2.0, 1.0]]])
    some = Batch({"target": torch.tensor([[1, -1], [0, -1]], dtype=torch.int8)}, np.arange(2))
    whole = Batch({"target": torch.tensor([[1], [0]], dtype=torch.int8)}, np.arange(2))
    assert TASK.loss(output, some).total == pytest.approx(float(TASK.loss(output[..., :1], whole).total))


def test_bad_input(here) -> None:
    with pytest.raises(DataError, match=r"no column 'z'"):
        er.train(answers(), target="p,z", task="multitask", steps=3, show="quiet")
    strange = answers().with_columns(p=pl.Series(["perhaps" if i == 7 else "1" if i % 2 else "0" for i in range(500)]))
    model = er.train(
        strange, target="p,q", task="multitask", steps=3, show="quiet", train__threads=1, train__precision="fp32"
    )
    assert "perhaps" in str(model.report())
    with pytest.raises(DataError, match="two different answers"):
        er.train(
            answers().with_columns(p=pl.lit(1), q=pl.lit(0)), target="p,q", task="multitask", steps=3, show="quiet"
        )
