"""Steer as a driver did: imitation from camera frames, on drives along a road of our own."""

from __future__ import annotations

from ._base import Recipe

DRIVES, FRAMES, PUSHED = 40, 45, 0.35  # so many drives of so many frames; how hard a driver is pushed off the line, so that frames show how to come back (Laskey 2017)


def drives():
    """What a camera in the car saw and what the driver did: who drives knows the road; each drive is a road of its own."""
    import numpy as np
    import polars as pl

    from ..baselines._driving import steered
    from ..environments._world import World, describe

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


RECIPE = Recipe(
    title="Steer as a driver did, from camera frames",
    story="Imitation: a table of frames and of what the driver's hands did, learnt as a number from a picture (Pomerleau 1989; Bojarski et al. 2016). Whole stretches of "
    "the drive are held back to judge by, for neighbouring frames are twins. The last map is read place by place, and no frame is moved in training: where the road lies is the answer.",
    data="a table with a column of frames (files or pixels) and one of what was done, named by --target",
    answers="CSV: prediction with an interval",
    target="steering",
    demo=drives,
    settings={"task": "regression", "model": {"name": "sight"}, "train": {"augment": False}},
    minutes=1.5,
    expect="error 0.064 of full steering, where trees over edges have 0.077; put into the car it stays on 32 of 32 unseen roads (bench/steering.py)",
)
