"""A warehouse: robots fetch ordered goods from shelves and bring them to the packing desk. One robot moves at a time,
each in its turn.

The reward is ½ for goods taken and ½ for goods delivered, so a return counts orders; bumping into something costs a
hundredth.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import gymnasium
import numpy as np

# . floor, # shelf, D packing desk
PLAN = (".........", ".##.##.#.", ".##.##.#.", ".........", ".##.##.#.", ".##.##.#.", "....D....")
MOVES = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))  # rows down, columns to the right
ORDERS = 3  # open at a time
BUMP = 0.01
SIDE = 28  # pixels of a place
FLOOR, SHELF, WANTED, DESK, LINE = (244, 241, 234), (150, 116, 84), (240, 180, 41), (120, 170, 120), (222, 216, 204)
ROBOTS = ((46, 104, 196), (196, 70, 60), (120, 80, 170), (40, 140, 140))
Place = tuple[int, int]


class Warehouse(gymnasium.Env):
    """What the robot whose turn it is sees: itself, the desk, open orders from near to far, the next robot, and what
    stands around it."""

    metadata = {"render_modes": ["rgb_array"]}
    action_names = ("wait", "up", "down", "left", "right")
    observation_names = (
        "row",
        "column",
        "loaded",
        "desk rows",
        "desk columns",
        "desk walk",
        *(f"order {k + 1} {what}" for k in range(ORDERS) for what in ("rows", "columns", "walk")),
        "robot rows",
        "robot columns",
        "robot loaded",
        *(f"blocked {one}" for one in ("up", "down", "left", "right")),
    )

    def __init__(self, robots: int = 2, longest: int = 200, render_mode: str | None = None) -> None:
        if not 1 <= robots <= len(ROBOTS):
            raise ValueError(f"{robots} robots; there are 1 to {len(ROBOTS)}")
        self.number, self.longest, self.render_mode = robots, longest, render_mode
        self.height, self.width = len(PLAN), len(PLAN[0])
        self.floor = [(r, c) for r in range(self.height) for c in range(self.width) if PLAN[r][c] != "#"]
        self.shelves = [
            (r, c) for r in range(self.height) for c in range(self.width) if PLAN[r][c] == "#" and self.sides((r, c))
        ]
        self.desk = next(place for place in self.floor if PLAN[place[0]][place[1]] == "D")
        # steps from anywhere to where a shelf can be reached
        self.walks = {place: self.walk_from(self.sides(place)) for place in self.shelves}
        self.home = self.walk_from([self.desk])
        self.observation_space = gymnasium.spaces.Box(-1, 1, (len(self.observation_names),), np.float32)
        self.action_space = gymnasium.spaces.Discrete(len(MOVES))

    def sides(self, place: Place) -> list[Place]:
        """Floor beside a place."""
        around = [(place[0] + down, place[1] + right) for down, right in MOVES[1:]]
        return [one for one in around if one in self.floor]

    def walk_from(self, ends: list[Place]) -> dict[Place, int]:
        """Steps from every place of the floor to the nearest of `ends`."""
        found, line = dict.fromkeys(ends, 0), deque(ends)
        while line:
            here = line.popleft()
            for there in self.sides(here):
                if there not in found:
                    found[there] = found[here] + 1
                    line.append(there)
        return found

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        start = self.np_random.choice(len(self.floor), self.number, replace=False)
        self.places = [self.floor[int(k)] for k in start]
        self.loaded = [False] * self.number
        self.orders: list[Place] = []
        while len(self.orders) < ORDERS:
            self.order()
        self.turn = self.done = self.delivered = 0
        return self.look(), {}

    def order(self) -> None:
        """Somebody orders what lies on a shelf of which nothing is ordered yet."""
        free = [place for place in self.shelves if place not in self.orders]
        self.orders.append(free[int(self.np_random.integers(len(free)))])

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        here, reward = self.places[self.turn], 0.0
        there = (here[0] + MOVES[action][0], here[1] + MOVES[action][1])
        if action and (there not in self.floor or there in self.places):
            reward -= BUMP
        else:
            self.places[self.turn] = here = there
        wanted = next((one for one in self.orders if here in self.sides(one)), None)
        if self.loaded[self.turn] and here == self.desk:
            self.loaded[self.turn], reward = False, reward + 0.5
            self.delivered += 1
        elif not self.loaded[self.turn] and wanted is not None:
            self.loaded[self.turn], reward = True, reward + 0.5
            self.orders.remove(wanted)
            self.order()
        self.turn = (self.turn + 1) % self.number
        self.done += 1
        return self.look(), reward, False, self.done >= self.longest, {}

    def look(self) -> np.ndarray:
        here, size = self.places[self.turn], np.array([self.height, self.width])
        far = float(self.height + self.width)
        near = sorted(self.orders, key=lambda one: (self.walks[one][here], one))
        others = [k for k in range(self.number) if k != self.turn]
        other = min(
            others, key=lambda k: abs(self.places[k][0] - here[0]) + abs(self.places[k][1] - here[1]), default=None
        )
        seen = [*(2 * np.array(here) / (size - 1) - 1), float(self.loaded[self.turn])]
        for place, walk in ((self.desk, self.home), *((one, self.walks[one]) for one in near)):
            seen += [*((np.array(place) - here) / size), walk[here] / far]
        seen += (
            [0.0, 0.0, 0.0]
            if other is None
            else [*((np.array(self.places[other]) - here) / size), float(self.loaded[other])]
        )
        for down, right in MOVES[1:]:
            there = (here[0] + down, here[1] + right)
            seen.append(float(there not in self.floor or there in self.places))
        return np.array(seen, np.float32)

    def render(self) -> np.ndarray:
        """(H, W, 3) uint8: shelves with what is ordered in yellow, the desk green, robots with their load."""
        out = np.empty((self.height * SIDE, self.width * SIDE, 3), np.uint8)
        for r in range(self.height):
            for c in range(self.width):
                kind = {"#": SHELF, "D": DESK}.get(PLAN[r][c], FLOOR)
                out[r * SIDE : (r + 1) * SIDE, c * SIDE : (c + 1) * SIDE] = LINE
                out[r * SIDE + 1 : (r + 1) * SIDE, c * SIDE + 1 : (c + 1) * SIDE] = (
                    WANTED if (r, c) in self.orders else kind
                )
        for k, (r, c) in enumerate(self.places):
            self.dot(out, r, c, SIDE * 0.40, ROBOTS[k])
            if self.loaded[k]:
                self.dot(out, r, c, SIDE * 0.2, WANTED)
        return out

    @staticmethod
    def dot(picture: np.ndarray, row: int, column: int, radius: float, colour: tuple[int, int, int]) -> None:
        y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
        tile = picture[row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE]
        tile[y**2 + x**2 <= radius**2] = colour


ENVIRONMENT = Warehouse
