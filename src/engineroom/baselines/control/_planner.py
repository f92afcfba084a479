"""A planner for the warehouse: every robot walks the shortest way to the nearest order that no other robot is nearer
to, and then to the desk."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...environments._environment import Facts, World
from ...environments._rollout import Act

MOVES = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))


def planner(facts: Facts) -> Act:
    def act(observations: np.ndarray, worlds: Sequence[World], places: np.ndarray) -> np.ndarray:
        return np.array([next_move(world.env.unwrapped) for world in worlds])

    return act


def next_move(house: Any) -> int:
    """The move of the robot whose turn it is."""
    me = house.turn
    goals = [house.desk] if house.loaded[me] else aims(house)[me]
    here, others = house.places[me], {house.places[k] for k in range(house.number) if k != me}
    way = path(house, here, goals, others) or path(house, here, goals, set())
    if (
        not way or way[0] in others
    ):  # somebody stands in the way: step aside, so that two do not wait for each other for ever
        free = [k for k in range(1, 5) if (there := step(here, k)) in house.floor and there not in others]
        return free[(house.done // house.number) % len(free)] if free else 0
    return next(k for k in range(5) if step(here, k) == way[0])


def step(here: tuple[int, int], move: int) -> tuple[int, int]:
    return here[0] + MOVES[move][0], here[1] + MOVES[move][1]


def aims(house: Any) -> dict[int, list[tuple[int, int]]]:
    """Free robot → where its order can be reached from: the nearest pair first, each order for one robot."""
    free = [k for k in range(house.number) if not house.loaded[k]]
    pairs = sorted(
        (house.walks[order][house.places[k]] + 0.25 * house.walks[order][house.desk], k, order)
        for k in free
        for order in house.orders
    )
    given: dict[int, list[tuple[int, int]]] = {}
    gone: set[tuple[int, int]] = set()
    for _, k, order in pairs:
        if k not in given and order not in gone:
            given[k] = house.sides(order)
            gone.add(order)
    return {k: given.get(k, [house.places[k]]) for k in free}


def path(
    house: Any, here: tuple[int, int], goals: list[tuple[int, int]], blocked: set[tuple[int, int]]
) -> list[tuple[int, int]]:
    """The shortest way from `here` to one of `goals` around what is blocked, without `here`; [] where there is none or
    nothing to go."""
    came: dict[tuple[int, int], tuple[int, int]] = {here: here}
    line = deque([here])
    while line:
        at = line.popleft()
        if at in goals and at != here:
            way = [at]
            while came[way[-1]] != here:
                way.append(came[way[-1]])
            return way[::-1]
        for there in house.sides(at):
            if there not in came and there not in blocked:
                came[there] = at
                line.append(there)
    return []
