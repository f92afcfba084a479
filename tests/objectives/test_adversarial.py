"""Two players in one loop: each moves its own weights only, what answers is the running mean, and asking the critic
does not teach it."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch

from engineroom.core.batch import Batch
from engineroom.core.config import make_config
from engineroom.engine.loop import learn
from engineroom.engine.precision import Precision
from engineroom.engine.schedule import Schedule
from engineroom.heads.image_generator import Paint
from engineroom.layers.discriminator import Critic
from engineroom.objectives._ema import follow_weights
from engineroom.objectives.adversarial import OBJECTIVE
from engineroom.prepare import prepare


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    rng = np.random.default_rng(0)
    frame = pl.DataFrame(
        {"picture": pl.Series(rng.integers(0, 255, (60, 16, 16), dtype=np.uint8)), "kind": ["a", "b"] * 30}
    )
    config = make_config(
        {
            "target": "picture",
            "task": "image_generation",
            "run": str(tmp_path_factory.mktemp("gan") / "run"),
            "model": {"ensemble_size": 1, "dropout": 0.0},
        }
    )
    ready = prepare(config, None, frame, lambda line: None)
    batch = ready.data.augmented(ready.data.splits["train"][:8], 1, 0)
    torch.manual_seed(0)
    return ready, batch, OBJECTIVE.build_networks(ready.task, ready.schema, config, batch, rows=40)


def weights(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in module.named_parameters()}


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(a[name], b[name]) for name in a)


def test_each_player_moves_its_own_weights_only(stage) -> None:
    ready, batch, cast = stage
    judge, maker = OBJECTIVE.make_learners(cast, ready.task, Schedule(10), Precision(), lr=1e-3, weight_decay=0.0)
    before = {name: weights(cast[name]) for name in ("generator", "discriminator", "model")}
    list(learn([(1, batch)], [judge]))
    assert same(before["generator"], weights(cast["generator"])) and not same(
        before["discriminator"], weights(cast["discriminator"])
    )
    before = {name: weights(cast[name]) for name in ("generator", "discriminator", "model")}
    list(learn([(1, batch)], [maker]))
    assert same(before["discriminator"], weights(cast["discriminator"])) and not same(
        before["generator"], weights(cast["generator"])
    )
    assert not same(before["model"], weights(cast["model"])), "the running mean follows"
    assert not any(parameter.requires_grad for parameter in cast["model"].parameters())


def test_black_corners_leave_the_critic_finite() -> None:
    """The variety of a batch has no slope where all pictures are alike; the steepness is differentiated twice."""
    critic = Critic(1, 16, 4)
    pictures = torch.full((6, 1, 16, 16), -1.0, requires_grad=True)
    (slope,) = torch.autograd.grad(critic(pictures, torch.randn(6, 4)).sum(), pictures, create_graph=True)
    slope.square().sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in critic.parameters() if p.grad is not None)


def test_what_differs_between_rows_shows_in_fresh_pictures() -> None:
    from engineroom.core.batch import Features

    torch.manual_seed(0)
    parts = (torch.randn(16, 1, 32), torch.randn(16, 1, 32))
    out = Paint(Features(parts[0], parts=parts), (3, 32))(Features(parts[0], parts=parts))
    assert out.shape == (16, 1, 3, 32, 32) and out.abs().max() <= 1
    assert out.std(0).mean() > 0.5 * out.mean(0).std(), "chance must count from the first step on"


def test_the_running_mean_ends_where_the_weights_rest() -> None:
    mean, learner = torch.nn.Linear(3, 3), torch.nn.Linear(3, 3)
    for step in range(4000):
        follow_weights(mean, learner, step)
    assert torch.allclose(mean.weight, learner.weight, atol=1e-3)


def test_chance_is_the_rows_own_and_new_at_every_step(stage) -> None:
    ready, _, _ = stage
    rows, name = ready.data.splits["train"][:4], "column:noise"
    assert torch.equal(ready.data.batch(rows)[name], ready.data.batch(rows)[name])
    assert not torch.equal(ready.data.augmented(rows, 1, 0)[name], ready.data.augmented(rows, 2, 0)[name])
    assert isinstance(ready.data.batch(rows), Batch)
