"""The road: what a camera sees follows from where the car is, whoever knows the map stays on it, whoever lets go leaves
it."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("gymnasium")

from engineroom.baselines.control._scripted_rules import RULES
from engineroom.core.errors import UserError
from engineroom.environments._environment import World, describe
from engineroom.environments._rollout import play
from engineroom.environments.road import ASPHALT, HALF, Road


def test_who_knows_the_map_stays_on_it_and_who_lets_go_leaves_it() -> None:
    facts, seeds = describe("road?longest=60"), np.arange(500, 506)
    held = play(facts, seeds, RULES["road"][1](facts))
    assert not held["ended"].any() and held["return"].min() > 58
    loose = play(facts, seeds, lambda seen, worlds, places: np.zeros((len(seen), 1), np.float32))
    assert loose["ended"].all() and loose["return"].max() < 40


def test_the_camera_sees_where_the_car_is() -> None:
    road = Road(high=32, wide=64)
    road.reset(seed=3)
    road.phases, road.light, road.turned = np.zeros(3), 1.0, 0.0

    def middle_of_asphalt(aside: float, turned: float = 0.0) -> float:
        road.aside, road.turned = aside, turned
        row = road.look(64, 128)[40]
        return float(np.flatnonzero((row == ASPHALT).all(1)).mean())

    road.place = 0.0
    straight = middle_of_asphalt(0.0)
    assert middle_of_asphalt(1.0) > straight > middle_of_asphalt(-1.0), "left of the middle, the road lies to the right"
    assert middle_of_asphalt(0.0, 0.2) > straight > middle_of_asphalt(0.0, -0.2), (
        "turned to the left, it lies to the right"
    )
    assert road.look(32, 64).shape == (32, 64, 3) and road.render().shape == (160, 320, 3)
    assert np.array_equal(road.look(32, 64)[:11], np.broadcast_to([150, 190, 225], (11, 64, 3))), "sky"


def test_steps_and_ends() -> None:
    world = World(describe("road?longest=500"))
    start = world.reset(4)
    assert (
        start.shape == (3, 32, 64)
        and start.dtype == np.uint8
        and np.array_equal(start, World(describe("road")).reset(4))
    )
    road, total = world.env.unwrapped, 0.0
    for _ in range(100):
        _, reward, ended, _ = world.step(np.array([1.0]))
        total += reward
        assert reward == 0 if ended else reward <= 1
        if ended:
            break
    assert ended and (abs(road.aside) > HALF or road.turned > 1.2) and total > 0
    with pytest.raises(UserError, match="pixels can be drawn"):
        describe("road?high=8")
