"""Environments: found by name, described in plain numbers, played again from seed and actions; every fault names its
seed and step."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("gymnasium")

from engineroom.baselines.control._scripted_rules import RULES
from engineroom.core.errors import UserError
from engineroom.data.loading import full_name, open_table
from engineroom.environments._environment import World, count, describe
from engineroom.environments._make import looks_like_one, split_name
from engineroom.environments._random_baseline import at_random, play_randomly
from engineroom.environments._rollout import again, play

OWN = '''
import gymnasium
import numpy as np

class Line(gymnasium.Env):
    """Walk to the right; `fault` says what goes wrong at step 3."""
    observation_names = ("place",)
    def __init__(self, fault=""):
        self.fault = fault
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (1,), np.float32)
        self.action_space = gymnasium.spaces.Discrete(2, start=5)
    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.x, self.t = float(self.np_random.normal()), 0
        return np.array([self.x], np.float32), {}
    def step(self, action):
        assert action in (5, 6)
        self.t += 1
        self.x += 0.1 if action == 6 else -0.1
        if self.t == 3 and self.fault == "raises":
            raise RuntimeError("out of oil")
        seen = np.nan if self.t == 3 and self.fault == "observation" else self.x
        reward = np.nan if self.t == 3 and self.fault == "reward" else (0.1 if action == 6 else 0.0)
        return np.array([seen], np.float32), reward, self.t == 3 and self.fault == "ends", False, {}

class NoEnvironment:
    pass
'''


@pytest.fixture
def own(tmp_path):
    (tmp_path / "mine.py").write_text(OWN)
    return f"{tmp_path / 'mine.py'}:Line"


def chance(name: str, number: int = 3, first: int = 10):
    facts = describe(name)
    seeds = np.arange(first, first + number)
    return facts, seeds, play(facts, seeds, at_random(facts, seeds))


def test_names_are_told_from_paths_and_arguments_from_names(own) -> None:
    assert all(
        looks_like_one(text) for text in ("CartPole-v1", "warehouse", "CartPol", "cartpole", "warehouse?robots=3", own)
    )
    assert not any(looks_like_one(text) for text in ("houses.csv", "photos/", "runs/photos-1", "data", "/tmp/x"))
    assert split_name("warehouse?robots=3&longest=50") == ("warehouse", {"robots": 3, "longest": 50})
    assert full_name("CartPole-v1") == "CartPole-v1" and full_name("no/such.csv").startswith("/")


@pytest.mark.parametrize(
    ("name", "kind", "numbers"),
    [
        ("CartPole-v1", "discrete", 2),
        ("Pendulum-v1", "continuous", 1),
        ("FrozenLake-v1", "discrete", 4),
        ("warehouse", "discrete", 5),
    ],
)
def test_facts_are_plain_and_an_episode_can_be_played_again(name: str, kind: str, numbers: int) -> None:
    facts, seeds, played = chance(name)
    assert json.loads(json.dumps(facts)) == facts and facts["action"]["kind"] == kind and count(facts) == numbers
    world = World(facts)
    for k, seed in enumerate(seeds):
        world.reset(int(seed))
        total = sum(world.step(action)[1] for action in played["actions"][k])
        assert np.isclose(total, played["return"][k])
    assert again(facts, int(seeds[0]), played["actions"][0])[0].shape == (
        played["steps"][0],
        facts["observation"]["size"],
    )
    assert all(np.array_equal(a, b) for a, b in zip(chance(name)[2]["actions"], played["actions"], strict=True)), (
        "the same chance for the same seeds"
    )


def test_wandering_tells_the_scale() -> None:
    facts = describe("CartPole-v1")
    seen, sums = play_randomly(facts, np.arange(8))
    assert seen.shape[1] == 4 and 5 < sums.max() < 100


def test_a_class_of_the_users_own_is_cut_by_the_clock(own) -> None:
    facts, _, played = chance(own + "?longest=20")
    assert facts["observation"]["names"] == ["place"] and (played["steps"] == 20).all() and not played["ended"].any()
    assert not describe(own)["limited"] and describe(own)["longest"] == 1000
    ended = chance(own + "?fault=ends")[2]
    assert ended["ended"].all() and (ended["steps"] == 3).all()


@pytest.mark.parametrize(
    ("fault", "words"), [("raises", "out of oil"), ("observation", "NaN"), ("reward", "reward of nan")]
)
def test_faults_name_seed_and_step(own, fault: str, words: str) -> None:
    with pytest.raises(UserError, match=words) as found:
        chance(f"{own}?fault={fault}&longest=9", number=1, first=77)
    assert "seed 77" in found.value.why and "step 3" in found.value.why


def test_wrong_names_and_classes_are_told(own, tmp_path) -> None:
    for name, words in (
        ("CartPol-v1", "Did you mean 'CartPole-v1'"),
        (own.replace("Line", "Lines"), "Did you mean 'Line'"),
        (own.replace("Line", "NoEnvironment"), "Environments in it: Line"),
        (f"{tmp_path}/none.py:Line", "Check the path"),
        ("warehouse?robots=9", "robots"),
        ("warehouse?robots", "argument"),
    ):
        with pytest.raises(UserError) as found:
            describe(name)
        assert words in str(found.value), str(found.value)


def test_a_bundle_alone_names_no_program_to_run(own) -> None:
    from engineroom.environments._make import allowed

    facts = describe(own)
    allowed.discard(facts["name"])
    with pytest.raises(UserError, match="is a program"):
        World(facts)


def test_an_environment_is_a_table_of_seeds() -> None:
    table = open_table("CartPole-v1")
    assert table.frame.columns == ["seed", "episode", "part"] and table.frame["seed"].n_unique() == len(table)
    assert {hint["modality"] for hint in table.hints.values()} == {"observation", "episode", "category"}
    assert open_table("warehouse").notes == () and "cut after" not in str(table.notes)


@pytest.mark.parametrize(
    ("name", "at_least"),
    [("CartPole-v1", 499), ("Pendulum-v1", -250), ("MountainCar-v0", -140), ("Acrobot-v1", -150), ("warehouse", 17)],
)
def test_rules_written_by_hand_do_what_they_promise(name: str, at_least: float) -> None:
    facts, rule = describe(name), RULES[name.rpartition("-v")[0] or name][1]
    assert play(facts, np.arange(500, 508), rule(facts))["return"].mean() >= at_least


def test_the_warehouse_keeps_its_rules() -> None:
    facts = describe("warehouse?robots=3&longest=60")
    world = World(facts, pictures=True)
    world.reset(4)
    house = world.env.unwrapped
    for step in range(60):
        before = list(house.places)
        _, reward, ended, cut = world.step(step % 5)
        assert len(set(house.places)) == 3 and len(house.orders) == len(set(house.orders)) == 3
        assert sum(a != b for a, b in zip(before, house.places, strict=True)) <= 1 and reward in (-0.01, 0.0, 0.5, 0.49)
        assert not ended and cut == (step == 59)
    assert world.picture().shape == (7 * 28, 9 * 28, 3)
