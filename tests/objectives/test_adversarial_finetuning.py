"""A finish: two players who each move their own weights, pulls that are shares of one another, a critic that is heard
as far as it can tell."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch

from engineroom.core.batch import Batch, Losses
from engineroom.core.config import make_config
from engineroom.engine.loop import learn
from engineroom.engine.precision import Precision
from engineroom.engine.schedule import Schedule
from engineroom.layers.patch_discriminator import RESOLUTIONS, Ears, Patches
from engineroom.objectives.adversarial_finetuning import OBJECTIVE, RISE, WAIT, pulled
from engineroom.prepare import prepare


def photographs(rows: int = 12) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 255, (rows, 12, 12, 3), dtype=np.uint8)
    return pl.DataFrame(
        {
            "picture": pl.Series(coarse.repeat(6, 1).repeat(6, 2)),
            "split": (["train"] * 4 + ["test", "val"]) * (rows // 6),
        }
    )


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    config = make_config(
        {
            "target": "picture",
            "task": "image_restoration",
            "options": {"adversarial": "gan"},
            "run": str(tmp_path_factory.mktemp("finish") / "run"),
            "model": {"size": "small"},
        }
    )
    ready = prepare(config, None, photographs(), lambda line: None)
    batch = ready.data.augmented(ready.data.splits["train"][:4], WAIT + RISE, 0)
    torch.manual_seed(0)
    return ready, batch, OBJECTIVE.build_networks(ready.task, ready.schema, config, batch, rows=8)


def weights(module: torch.nn.Module) -> list[torch.Tensor]:
    return [value.detach().clone() for value in module.parameters()]


def same(a: list[torch.Tensor], b: list[torch.Tensor]) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def test_each_player_moves_its_own_weights_only(stage) -> None:
    ready, batch, cast = stage
    model, judge = OBJECTIVE.make_learners(cast, ready.task, Schedule(10), Precision(), lr=1e-3, weight_decay=0.0)
    before = {name: weights(cast[name]) for name in ("generator", "discriminator", "model")}
    list(learn([(1, batch)], [model]))
    assert same(before["discriminator"], weights(cast["discriminator"])) and not same(
        before["generator"], weights(cast["generator"])
    )
    before = {name: weights(cast[name]) for name in ("generator", "discriminator", "model")}
    list(learn([(1, batch)], [judge]))
    assert same(before["generator"], weights(cast["generator"])) and not same(
        before["discriminator"], weights(cast["discriminator"])
    )
    assert not same(before["model"], weights(cast["model"])), "the running mean follows"
    assert "reference" not in cast, "there was nothing to be finished"


class Fed:
    """A task whose answer is its output, and whose loss is how far it is from 0."""

    adversarial_weight = 1.0

    def loss(self, output: torch.Tensor, batch: Batch) -> Losses:
        return Losses(output.abs().mean())

    def fake_samples(self, output: torch.Tensor, batch: Batch) -> torch.Tensor:
        return output[:, 0]

    def real_samples(self, batch: Batch) -> torch.Tensor:
        return batch["target"]


class Shows(torch.nn.Module):
    """A critic that finds a picture as real as it is bright, by so much."""

    def __init__(self, keen: float) -> None:
        super().__init__()
        self.keen = keen

    def sees(self, x: torch.Tensor) -> list[torch.Tensor]:
        return [x]

    def forward(self, seen: list[torch.Tensor]):
        return self.keen * seen[0].flatten(1), [torch.ones(1) + 0 * seen[0].sum()]


@pytest.mark.parametrize(
    ("keen", "step", "share"),
    [(1.0, WAIT + RISE, 0.5), (1.0, WAIT, 0.0), (0.0, WAIT + RISE, 0.0), (-1.0, WAIT + RISE, 0.0)],
)
def test_a_critic_is_heard_by_its_share_and_only_where_it_can_tell(keen: float, step: int, share: float) -> None:
    output = torch.full((2, 1, 3, 4, 4), -1.0, requires_grad=True)
    batch = Batch({"target": torch.ones(2, 3, 4, 4)}, np.arange(2), step)
    losses = pulled(Fed(), Shows(keen), output, batch)
    losses.total.backward()
    assert float(losses.total.detach()) == pytest.approx(1.0), "what is shown is the task's own loss"
    alone = torch.autograd.grad(output.abs().mean(), output)[0]
    assert output.grad is not None
    assert float(output.grad.norm() / alone.norm()) == pytest.approx(1 + share, rel=1e-4)


def test_critics_say_what_they_see_and_feel() -> None:
    pictures, waves = torch.randn(2, 3, 32, 32), 0.1 * torch.randn(2, 4_000)
    for critic, things, kinds in ((Patches(3), pictures, 1), (Ears(), waves, len(RESOLUTIONS))):
        seen = critic.sees(things)
        found, felt = critic(seen)
        assert len(seen) == kinds and found.shape[0] == 2 and found.ndim == 2 and len(felt) == 4 * kinds
    assert torch.isfinite(
        torch.autograd.grad(Ears()(Ears().sees(silent := torch.zeros(1, 4_000, requires_grad=True)))[0].sum(), silent)[
            0
        ]
    ).all()


def test_who_learns_begins_where_the_model_stands(stage) -> None:
    _, _, cast = stage
    with torch.no_grad():
        for weight in cast["model"].parameters():
            weight.fill_(0.5)
    OBJECTIVE.initialise(cast)
    assert same(weights(cast["generator"]), weights(cast["model"]))
