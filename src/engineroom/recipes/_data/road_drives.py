"""Drives along a road of our own: what a camera in the car saw and what the driver did."""

from __future__ import annotations

# so many drives of so many frames; how hard a driver is pushed off the line, so that frames show how to come back
# (Laskey 2017)
DRIVES, FRAMES, PUSHED = 40, 45, 0.35


def drives():
    """What a camera in the car saw and what the driver did: who drives knows the road; each drive is a road of its
    own."""
    import numpy as np
    import polars as pl

    from ...baselines.control._driving import steered
    from ...environments._environment import World, describe

    world, frames, steering = World(describe("road")), [], []
    for drive in range(DRIVES):
        rng, push = np.random.default_rng(drive), 0.0
        frame = world.reset(drive)
        for _ in range(FRAMES):
            frames.append(frame.transpose(1, 2, 0))
            steering.append(round(steered(world.env.unwrapped), 4))
            push = 0.8 * push + PUSHED * rng.normal()
            frame, _, over, _ = world.step(np.array([steering[-1] + push]))
            if over:
                break
    return pl.DataFrame({"frame": pl.Series(np.stack(frames)), "steering": steering})
