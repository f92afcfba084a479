"""Rules that people have found for well-known environments: {name: (in words, facts → who acts)}."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ...environments._environment import Facts, World
from ...environments._rollout import Act
from ._driving import by_map, highway, keep_lane
from ._planner import planner


def by_sight(rule: Callable[[np.ndarray], np.ndarray]) -> Callable[[Facts], Act]:
    """A rule that looks at observations (B, D) alone."""

    def make(facts: Facts) -> Act:
        def act(observations: np.ndarray, worlds: Sequence[World], places: np.ndarray) -> np.ndarray:
            return rule(observations.astype(np.float64))

        return act

    return make


def balance(seen: np.ndarray) -> np.ndarray:
    """Push towards where the pole is falling, a little earlier when the cart is far out."""
    return (seen @ [0.05, 0.2, 1.0, 0.4] > 0).astype(int)


def swing(seen: np.ndarray) -> np.ndarray:
    """Give the pendulum the energy of standing upright, then hold it there (Åström & Furuta 2000)."""
    cosine, sine, speed = seen.T
    energy = speed**2 / 6 + 5 * cosine  # of a rod of length 1 and mass 1; upright and at rest: 5
    pump = np.clip(2.0 * (5 - energy) * np.sign(speed + (speed == 0)), -2, 2)
    angle = np.arctan2(sine, cosine)
    hold = np.clip(-(10 * angle + 2.5 * speed), -2, 2)
    near = (np.abs(angle) < 0.45) & (np.abs(speed) < 3)
    return (np.where(near, hold, pump) / 2)[:, None].astype(np.float32)


def land(seen: np.ndarray) -> np.ndarray:
    """Lean towards the pad, fall more slowly the lower it is, and let the legs settle it."""
    x, y, speed_x, speed_y, angle, turning, left, right = seen.T
    wanted = np.clip(0.5 * x + speed_x, -0.4, 0.4)
    height = 0.55 * np.abs(x)
    turn = (wanted - angle) * 0.5 - turning
    rise = (height - y) * 0.5 - speed_y * 0.5
    down = (left > 0) | (right > 0)
    turn, rise = np.where(down, 0.0, turn), np.where(down, -speed_y * 0.5, rise)
    out = np.where(turn < -0.05, 3, np.where(turn > 0.05, 1, 0))
    return np.where((rise > np.abs(turn)) & (rise > 0.05), 2, out)


def push_along(seen: np.ndarray) -> np.ndarray:
    """Push the way it already moves."""
    return np.where(seen[:, 1] < 0, 0, 2)


def push_along_by_numbers(seen: np.ndarray) -> np.ndarray:
    return np.where(seen[:, 1:2] < 0, -1.0, 1.0).astype(np.float32)


def pump(seen: np.ndarray) -> np.ndarray:
    """Turn the elbow the way it already turns, so that every swing goes higher (Spong 1995)."""
    return np.where(seen[:, 5] > 0, 2, 0)


RULES: dict[str, tuple[str, Callable[[Facts], Act]]] = {
    "CartPole": ("a linear rule of balance, written by hand", by_sight(balance)),
    "Pendulum": ("swing-up by energy, then a linear hold, written by hand", by_sight(swing)),
    "LunarLander": ("a rule of landing, written by hand", by_sight(land)),
    "MountainCar": ("push the way it moves, written by hand", by_sight(push_along)),
    "MountainCarContinuous": ("push the way it moves, written by hand", by_sight(push_along_by_numbers)),
    "Acrobot": ("turn the elbow the way it turns, written by hand", by_sight(pump)),
    "lane-keeping": ("steer back to the middle of the lane, written by hand", by_sight(keep_lane)),
    **dict.fromkeys(
        ("highway", "highway-fast"),
        ("brake behind others or change into a free lane, written by hand; it sees all cars exactly", highway),
    ),
    "road": ("steer by the map: it knows the road and the place of the car", by_map),
    "warehouse": ("shortest paths to the nearest order nobody goes for, planned anew at every step", planner),
}
