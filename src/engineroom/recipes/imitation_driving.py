"""Steer as a driver did: imitation from camera frames, on drives along a road of our own."""

from __future__ import annotations

from ._base import Recipe
from ._data.road_drives import drives

RECIPE = Recipe(
    title="Steer as a driver did, from camera frames",
    story="Imitation: a table of frames and of what the driver's hands did, learnt as a number from a picture "
    "(Pomerleau 1989; Bojarski et al. 2016). Whole stretches of "
    "the drive are held back to judge by, for neighbouring frames are twins. The last map is read place by place, and "
    "no frame is moved in training: where the "
    "road lies is the answer.",
    data="a table with a column of frames (files or pixels) and one of what was done, named by --target",
    answers="CSV: prediction with an interval",
    target="steering",
    demo=drives,
    settings={"task": "regression", "model": {"name": "nature_cnn"}, "train": {"augment": False}},
    minutes=1.5,
    expect="error 0.064 of full steering, where trees over edges have 0.077; put into the car it stays on 32 of 32 "
    "unseen roads (bench/steering.py)",
)
