"""Environments that installed packages bring: well-known ones by name alone, others after a colon; what is missing says
what to install."""

from __future__ import annotations

import builtins
import sys

import numpy as np
import pytest

pytest.importorskip("gymnasium")

from engineroom.baselines.control._scripted_rules import RULES
from engineroom.baselines.control.scripted_policy import rule_of
from engineroom.core.errors import UserError
from engineroom.environments._environment import World, describe
from engineroom.environments._make import allowed, looks_like_one
from engineroom.environments._random_baseline import at_random
from engineroom.environments._rollout import play
from engineroom.environments._spaces import spelled
from engineroom.environments._third_party import package_of, provide

MAZE = """
import gymnasium
import numpy as np

class Maze(gymnasium.Env):
    observation_space = gymnasium.spaces.Dict({"place": gymnasium.spaces.Box(0, 9, (2, 2), np.float32), "goal": gymnasium.spaces.Discrete(3)})
    action_space = gymnasium.spaces.Discrete(2)
    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return {"place": np.ones((2, 2), np.float32), "goal": 1}, {}
    def step(self, action):
        return {"place": np.ones((2, 2), np.float32), "goal": 2}, 1.0, False, False, {}

gymnasium.register("Labyrinth-v3", Maze, max_episode_steps=7)
"""


def test_names_lead_to_their_package() -> None:
    assert package_of("highway-fast-v0").extra == "driving" and package_of("ALE/Pong-v5").library == "ale-py"
    assert package_of("CartPole-v1") is None and package_of("highwayman-v0") is None
    assert (
        looks_like_one("my_worlds:Labyrinth-v3")
        and looks_like_one("lane-keeping-v0")
        and not looks_like_one("my_worlds:3")
    )


def test_what_is_missing_says_what_to_install(monkeypatch) -> None:
    whole = builtins.__import__

    def without(name, *rest):
        if name.split(".")[0] in ("highway_env", "minigrid"):
            raise ImportError(name)
        return whole(name, *rest)

    monkeypatch.setattr("importlib.import_module", lambda name, *rest: without(name))
    for name, words in (("highway-fast-v0", ".[driving]"), ("MiniGrid-Empty-5x5-v0", "pip install minigrid")):
        with pytest.raises(UserError) as found:
            provide(name)
        assert words in str(found.value)


def test_a_package_named_before_a_colon(tmp_path, monkeypatch) -> None:
    (tmp_path / "my_worlds.py").write_text(MAZE)
    monkeypatch.syspath_prepend(tmp_path)
    facts = describe("my_worlds:Labyrinth-v3")
    assert facts["longest"] == 7 and facts["observation"]["size"] == 7
    assert facts["observation"]["names"] == [
        "goal 1",
        "goal 2",
        "goal 3",
        "place 1, 1",
        "place 1, 2",
        "place 2, 1",
        "place 2, 2",
    ]
    assert play(facts, [1], at_random(facts, [1]))["return"][0] == 7
    allowed.discard(facts["name"])
    with pytest.raises(UserError, match="is a program"):
        World(facts)
    with pytest.raises(UserError, match="cannot be imported"):
        describe("no_such_worlds:Labyrinth-v3")
    with pytest.raises(UserError, match="no environment"):
        describe("my_worlds:Labyrinth-v4")
    sys.modules.pop("my_worlds", None)


def test_numbers_of_nested_spaces_have_names() -> None:
    from gymnasium import spaces

    space = spaces.Tuple((spaces.Box(0, 1, (2, 1)), spaces.Dict({"a": spaces.Box(0, 1, (1,))})))
    assert spelled(space) == ["number 1: 1", "number 1: 2", "a"] and len(spelled(space)) == spaces.flatdim(space)


def test_lane_keeping_by_its_rule_and_its_film() -> None:
    pytest.importorskip("highway_env")
    facts = describe("lane-keeping-v0")
    assert (
        facts["longest"] == 200
        and facts["observation"]["names"][8] == "y of the car"
        and rule_of({"name": "highway_env:lane-keeping-v0"}) == "lane-keeping"
    )
    by_rule = play(facts, np.arange(500, 503), RULES["lane-keeping"][1](facts))["return"]
    assert by_rule.min() > 190 > play(facts, np.arange(500, 503), at_random(facts, np.arange(500, 503)))["return"].max()
    world = World(facts, pictures=True)
    world.reset(1)
    drawn = world.picture()
    assert drawn is not None and drawn.shape == (250, 600, 3) and drawn.std() > 1, (
        "its class takes no render_mode, yet it draws"
    )


def test_a_highway_is_a_table_of_cars_and_its_rule_does_not_crash() -> None:
    pytest.importorskip("highway_env")
    facts = describe("highway-fast-v0?config={vehicles_count: 8, duration: 10}")
    assert (
        facts["observation"]["size"] == 25
        and facts["observation"]["names"][:2] == ["own there", "own x"]
        and facts["action"]["names"][4] == "slower"
    )
    played = play(facts, np.arange(500, 504), RULES["highway-fast"][1](facts))
    assert (played["steps"] == 10).all() and not played["ended"].any() and played["return"].mean() > 6


def test_a_slow_world_gets_as_many_rounds_of_trying_as_there_is_time(tmp_path, monkeypatch) -> None:
    from engineroom.baselines.control import scripted_policy

    facts, state = describe("CartPole-v1?longest=30"), {"middle": [0.0] * 4, "spread": [1.0] * 4}
    assert scripted_policy.search(facts, state, np.arange(20), 0)[1] == scripted_policy.ROUNDS
    monkeypatch.setattr(scripted_policy, "SECONDS", 0.0)
    weights, rounds = scripted_policy.search(facts, state, np.arange(20), 0)
    assert rounds == 1 and weights.shape == (5, 2)
