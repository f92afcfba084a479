"""Rules of the road, written by hand: keep to the middle of a lane, and on a highway as fast and as far to the right as
nobody is in the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...environments._environment import Facts, World
from ...environments._rollout import Act

LEFT, STAY, RIGHT, FASTER, SLOWER = range(5)
# metres of a car; seconds to the vehicle ahead, and those that the vehicle behind in another lane must have left
LENGTH, HEADWAY, BEHIND = (5.0, 1.5, 1.0)
AHEAD = 0.6  # metres: half of what the car moves in a step
CLEARANCE = 10.0  # metres to either side of us that must be free before we change the lane


def keep_lane(seen: np.ndarray) -> np.ndarray:
    """Steer against the way to the middle of the lane, and against the angle between us and it."""
    lane, car = seen[:, 4:8], seen[:, 8:12]
    return np.clip(-(0.2 * (car[:, 0] - lane[:, 0]) + (car[:, 1] - lane[:, 1])), -1, 1)[:, None].astype(np.float32)


def by_map(facts: Facts) -> Act:
    """For our road with a camera: who steers knows the road and where the car is, and takes each bend a little before
    it comes."""

    def act(observations: np.ndarray, worlds: Sequence[World], places: np.ndarray) -> np.ndarray:
        return np.array([[steered(world.env.unwrapped)] for world in worlds], np.float32)

    return act


def steered(car: Any) -> float:
    """-1 to 1: the road's bend just ahead, against the way to its middle and against the angle to it."""
    return float(np.clip((car.bend(car.place + AHEAD) - 0.02 * car.aside - 0.25 * car.turned) / car.sharpest, -1, 1))


def highway(facts: Facts) -> Act:
    def act(observations: np.ndarray, worlds: Sequence[World], places: np.ndarray) -> np.ndarray:
        return np.array([next_move(world.env.unwrapped) for world in worlds])

    return act


def next_move(road: Any) -> int:
    """Faster while nobody is near ahead; else into a free lane, to the right first; else slower. With all free, back to
    the right."""
    me = road.vehicle
    lane, lanes = me.target_lane_index[2], len(road.road.network.all_side_lanes(me.lane_index))
    open_lanes = [k for k in (lane + 1, lane - 1) if 0 <= k < lanes and free(road, k)]
    changing = me.lane_index[2] != lane
    if room(road, lane) < HEADWAY * me.speed:
        better = [k for k in open_lanes if room(road, k) > room(road, lane) + LENGTH]
        if better and not changing:
            return RIGHT if better[0] > lane else LEFT
        return SLOWER
    if not changing and lane + 1 in open_lanes and room(road, lane + 1) > 2 * HEADWAY * me.speed:
        return RIGHT
    return FASTER


def others(road: Any, lane: int) -> list[tuple[float, float]]:
    """(metres ahead of us, negative = behind; metres a second) of every car in a lane or on its way into it."""
    me = road.vehicle
    inside = [
        car
        for car in road.road.vehicles
        if car is not me and lane in (car.lane_index[2], getattr(car, "target_lane_index", car.lane_index)[2])
    ]
    return [(float(car.position[0] - me.position[0]), float(car.speed)) for car in inside]


def room(road: Any, lane: int) -> float:
    """Metres to the vehicle ahead in a lane, less the distance covered while braking."""
    me = road.vehicle
    return min(
        (way - LENGTH - max(0.0, float(me.speed) - speed) for way, speed in others(road, lane) if way > 0), default=1e9
    )


def free(road: Any, lane: int) -> bool:
    """Is there nobody beside us, and nobody who would have to brake?"""
    me = road.vehicle
    return all(
        way > CLEARANCE or way < -CLEARANCE - BEHIND * max(0.0, speed - float(me.speed))
        for way, speed in others(road, lane)
    )
