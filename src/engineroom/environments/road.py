"""A winding road seen by a camera in the car: steer so that the car stays on it. What is observed is the picture alone.

A step brings 1 in the middle of the road, less the square of how far out the car is, and nothing after it has left the
road.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

# metres from the middle of the road to its edge; width of a line; length of a dash and of the gap after it
HALF, LINE, DASH = (3.0, 0.18, 4.0)
SPEED, TICK = 12.0, 0.1  # metres a second, seconds a step
SHARPEST = 0.06  # curvature by full steering, 1 / metre: a circle of 17 metres
# wave lengths of the road in metres, and how strongly each bends it
BENDS = ((90.0, 0.014), (47.0, 0.011), (29.0, 0.007))
# metres of the camera above the road; focal length in widths of the picture; where the horizon is, from above
HEIGHT, ZOOM, TOP = (1.3, 0.75, 0.35)
FAR, STRIDE = 60.0, 0.5  # metres that are looked ahead, and between points of the road
SKY, GRASS, ASPHALT, WHITE = (150, 190, 225), (86, 130, 66), (96, 96, 100), (235, 235, 230)


class Road(gymnasium.Env):
    """`place` metres along the road, `aside` metres left of its middle, `turned` radians to the left of its
    direction."""

    metadata = {"render_modes": ["rgb_array"]}
    action_names = ("steering",)
    sharpest = SHARPEST

    def __init__(self, high: int = 32, wide: int = 64, longest: int = 200, render_mode: str | None = None) -> None:
        if not (16 <= high <= 256 and 16 <= wide <= 256):
            raise ValueError(f"a picture of {high} × {wide}; sides of 16 to 256 pixels can be drawn")
        self.high, self.wide, self.longest, self.render_mode = high, wide, longest, render_mode
        self.observation_space = gymnasium.spaces.Box(0, 255, (high, wide, 3), np.uint8)
        self.action_space = gymnasium.spaces.Box(-1, 1, (1,), np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        self.phases = self.np_random.uniform(0, 2 * np.pi, len(BENDS))
        self.light = self.np_random.uniform(0.6, 1.15)  # how bright the day is
        self.place, self.done = float(self.np_random.uniform(0, 100)), 0
        self.aside, self.turned = float(self.np_random.uniform(-1, 1)), float(self.np_random.uniform(-0.1, 0.1))
        return self.look(self.high, self.wide), {}

    def bend(self, place: Any) -> Any:
        """The road's curvature there, to the left, 1 / metre."""
        return sum(
            strength * np.sin(2 * np.pi * place / length + phase)
            for (length, strength), phase in zip(BENDS, self.phases, strict=True)
        )

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Steering from -1, fully right, to 1, fully left."""
        steering = float(np.clip(np.ravel(action)[0], -1, 1))
        way = SPEED * TICK
        self.turned += way * (SHARPEST * steering - float(self.bend(self.place)))
        self.aside += way * float(np.sin(self.turned))
        self.place += way * float(np.cos(self.turned))
        self.done += 1
        off = abs(self.aside) > HALF or abs(self.turned) > 1.2
        return (
            self.look(self.high, self.wide),
            0.0 if off else 1 - (self.aside / HALF) ** 2,
            off,
            self.done >= self.longest,
            {},
        )

    def middle(self, ways: np.ndarray) -> np.ndarray:
        """How far left of the car's axis the middle of the road lies, `ways` metres ahead."""
        steps = np.arange(0, FAR, STRIDE)
        turned = np.cumsum(self.bend(self.place + steps)) * STRIDE - self.turned
        return np.interp(ways, steps, np.cumsum(np.tan(np.clip(turned, -1.3, 1.3))) * STRIDE - self.aside)

    def look(self, high: int, wide: int) -> np.ndarray:
        """(high, wide, 3) uint8: what the camera sees."""
        focus, horizon = ZOOM * wide, int(TOP * high)
        ways = HEIGHT * focus / (np.arange(high - horizon) + 0.5)  # metres ahead of every row below the horizon
        # metres left of the car's axis at every pixel
        left = (wide / 2 - 0.5 - np.arange(wide))[None] * (ways / focus)[:, None]
        aside, along = left - self.middle(ways)[:, None], (self.place + ways)[:, None]
        out = np.empty((high, wide, 3))
        out[:horizon] = SKY
        blur = np.maximum(LINE, 0.6 * ways / focus)[:, None]  # a line is at least about a pixel wide
        bands = np.where((along // 6 + np.floor(left / 6)) % 2, 1.0, 0.88)[..., None]
        near = (ways < FAR)[:, None]
        ground = np.where((near & (np.abs(aside) < HALF))[..., None], ASPHALT, GRASS * bands)
        white = near & (
            (np.abs(np.abs(aside) - HALF + LINE) < blur) | ((np.abs(aside) < blur / 2) & (along % (2 * DASH) < DASH))
        )
        out[horizon:] = np.where(white[..., None], WHITE, ground)
        return np.clip(self.light * out, 0, 255).astype(np.uint8)

    def render(self) -> np.ndarray:
        return self.look(160, 320)


ENVIRONMENT = Road
