"""Learning by acting: advantages and returns with known answers, chances as torch has them, and a memory that a resumed
run takes up bit for bit."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch

pytest.importorskip("gymnasium")

from engineroom.core import registry
from engineroom.core.config import make_config
from engineroom.core.errors import BundleError
from engineroom.data.dataset import BatchSampler, encode_table
from engineroom.data.loading import open_table
from engineroom.data.schema_inference import fit_schema, infer_schema
from engineroom.environments._environment import describe
from engineroom.objectives._action_distribution import best, doubt, drawn, log_chance
from engineroom.objectives._rollout_buffer import PASSES, advantages
from engineroom.objectives._vector_env import Actors
from engineroom.tasks._base import make_task


def gathered(name: str, method: str, **options):
    """Batches by acting in `name`, with fresh networks."""
    table = open_table(name)
    table = type(table)(table.frame.group_by("part", maintain_order=True).head(300), table.name, table.hints)
    config = make_config({"task": "reinforcement_learning", "options": {"method": method, **options}})
    train = np.arange(300)
    schema = fit_schema(infer_schema(table, config), table, train, config.limits)
    data = encode_table(table.frame, schema)
    data.splits = {"train": train}
    task = make_task("reinforcement_learning", config.options).for_target(schema.target)
    objective = registry.get("objectives", task.objective)
    torch.manual_seed(0)
    cast = objective.build_networks(task, schema, config, data.batch(train[:2]), rows=300)
    return objective.make_batches(cast, task, BatchSampler(data, 256, 0))


def test_advantages_have_known_answers() -> None:
    column = lambda *values: np.array(values, float)[:, None]
    no, yes = column(0, 0, 0) > 0, column(0, 0, 1) > 0
    gain = advantages(column(1, 1, 1), column(0, 0, 0), column(0, 0, 9), yes, yes, 0.5)
    assert np.allclose(gain.ravel(), [1 + 0.475 * 1.475, 1.475, 1.0]), "what ended by itself is worth nothing more"
    cut = advantages(column(1, 1, 1), column(0, 0, 0), column(0, 0, 9), no, yes, 0.5)
    assert np.isclose(cut[2, 0], 1 + 0.5 * 9), "what the clock cut could have gone on"
    apart = advantages(column(1, 0, 5), column(0, 0, 0), column(0, 0, 0), no, column(0, 1, 1) > 0, 0.5)
    assert np.isclose(apart[0, 0], 1.0), "nothing flows from one episode into the one before"


def test_chances_are_those_of_torch() -> None:
    generator = np.random.default_rng(0)
    said = np.log(np.array([[0.7, 0.2, 0.1]], np.float32)).repeat(20_000, 0)
    assert np.allclose(np.bincount(drawn(said, generator, discrete=True)) / 20_000, [0.7, 0.2, 0.1], atol=0.02)
    assert best(said, discrete=True)[0] == 0
    numbers = torch.tensor([[0.5, -1.0, -0.3, 0.2]])
    action = torch.tensor([[0.1, 0.4]])
    same = torch.distributions.Normal(numbers[:, :2], numbers[:, 2:].exp())
    assert torch.allclose(log_chance(numbers, action), same.log_prob(action).sum(1))
    assert torch.allclose(doubt(numbers, discrete=False), same.entropy().sum(1))
    assert torch.allclose(
        doubt(torch.from_numpy(said[:1]), discrete=True),
        torch.distributions.Categorical(logits=torch.from_numpy(said[:1])).entropy(),
    )
    far = drawn(numbers.numpy().repeat(20_000, 0), generator, discrete=False)
    assert np.allclose(far.mean(0), [0.5, -1.0], atol=0.03) and np.allclose(np.log(far.std(0)), [-0.3, 0.2], atol=0.03)


@pytest.mark.parametrize("name", ["CartPole-v1", "Pendulum-v1", "warehouse"])
def test_worlds_are_played_again_up_to_where_they_were(name: str) -> None:
    facts, seeds = describe(name), np.arange(50)
    first = Actors(facts, seeds, 3, 7)
    rng = np.random.default_rng(1)

    def some() -> np.ndarray:
        return rng.integers(2, size=3) if first.discrete else rng.uniform(-1, 1, (3, 1)).astype(np.float32)

    for _ in range(60):
        first.step(some())
    second = Actors(facts, seeds, 3, 7)
    second.take(first.tensors())
    actions = some()
    for a, b in zip(first.step(actions), second.step(actions), strict=True):
        assert np.array_equal(a, b)
    assert np.array_equal(first.begun, second.begun) and np.array_equal(first.seen, second.seen)


def test_an_environment_that_does_otherwise_the_second_time_is_told(tmp_path) -> None:
    (tmp_path / "dice.py").write_text(
        "import gymnasium, itertools\nimport numpy as np\nN = itertools.count()\nclass Dice(gymnasium.Env):\n    "
        "observation_space = gymnasium.spaces.Box(0, 1e9, (1,))\n"
        "    action_space = gymnasium.spaces.Discrete(2)\n    def reset(self, *, seed=None, options=None):\n        "
        "return np.array([next(N)]), {}\n"
        "    def step(self, action):\n        return np.array([next(N)]), 0.0, False, False, {}\n"
    )
    facts = describe(f"{tmp_path / 'dice.py'}:Dice")
    actors = Actors(facts, np.arange(5), 2, 0)
    actors.step(np.array([0, 1]))
    with pytest.raises(BundleError, match="does not do the same again"):
        Actors(facts, np.arange(5), 2, 0).take(actors.tensors())


def test_a_memory_gives_returns_of_several_steps() -> None:
    """In CartPole every step brings 1: the sum tells how many were seen, and what still counts tells whether the
    episode ended."""
    replay = gathered("CartPole-v1", "dqn")
    seen_ends = 0
    for step in range(1, 6):
        batch = replay.batch_of(step, 100)
        sums = {m: sum(replay.discount**i for i in range(m)) / replay.scale for m in (1, 2, 3)}
        for reward, counts in zip(batch["reward"].tolist(), batch["counts"].tolist(), strict=True):
            m = min(sums, key=lambda one: abs(sums[one] - reward))
            assert abs(sums[m] - reward) < 1e-5 and (counts == 0 or abs(counts - replay.discount**m) < 1e-5)
            seen_ends += counts == 0
    assert seen_ends > 0


@pytest.mark.parametrize("method", ["ppo", "dqn"])
def test_batches_are_taken_up_bit_for_bit(method: str) -> None:
    def same(a, b) -> bool:
        return all(torch.equal(a[name], b[name]) for name in a.fields)

    first = gathered("CartPole-v1", method)
    for step in range(1, 4):
        first.batch_of(step, 100)
    second = gathered("CartPole-v1", method)
    second.take(first.tensors())
    turn = getattr(first, "minibatches", 5) * PASSES  # beyond it a policy gradient acts anew
    for step in (4, 5, turn + 1) if method == "ppo" else (4, 5, 6):
        assert same(first.batch_of(step, 100), second.batch_of(step, 100))


def test_the_probe_leaves_nothing_behind() -> None:
    batches = gathered("CartPole-v1", "ppo")
    before = batches.tensors()
    example = batches.batch(2)
    assert len(example) == 256 and batches.costs > 0
    assert all(torch.equal(before[name], tensor) for name, tensor in batches.tensors().items())
    assert isinstance(open_table("CartPole-v1").frame, pl.DataFrame)


@pytest.mark.parametrize("method", ["ppo", "dqn"])
def test_pictures_stay_bytes_and_are_taken_up_bit_for_bit(catch: str, method: str, monkeypatch) -> None:
    monkeypatch.setattr("engineroom.objectives._rollout_buffer.LENGTH", 16)
    first = gathered(catch, method)
    for step in range(1, 4):
        batch = first.batch_of(step, 100)
    assert batch[first.name].shape == (256, 3, 6, 6) and batch[first.name].dtype == torch.uint8
    kept = first.tensors()
    assert all(tensor.dtype == torch.uint8 for name, tensor in kept.items() if name.split(".")[-1] in ("seen", "after"))
    second = gathered(catch, method)
    second.take(kept)
    for step in range(4, 14):
        one, other = first.batch_of(step, 100), second.batch_of(step, 100)
        assert all(torch.equal(one[name], other[name]) for name in one.fields)


def test_a_memory_of_pictures_keeps_to_its_room(catch: str, monkeypatch) -> None:
    monkeypatch.setattr("engineroom.objectives._replay_buffer.BYTES", 2 * 16 * 80 * 108)
    replay = gathered(catch, "dqn")
    assert replay.room == 80 and sum(replay.arrays[name].nbytes for name in ("seen", "after")) == 2 * 16 * 80 * 108
    for step in range(1, 40):
        batch = replay.batch_of(step, 100)
    assert replay.done > replay.room and torch.isfinite(batch["reward"]).all()


def test_practice_learns_several_times_for_each_action() -> None:
    often, seldom = gathered("CartPole-v1", "dqn"), gathered("CartPole-v1", "dqn", updates_per_step=4)
    for step in range(1, 9):
        often.batch_of(step, 100), seldom.batch_of(step, 100)
    assert (often.done, seldom.done) == (64 + 8, 64 + 2)
