"""Driver assistance: learn to stay on a road by a camera, to keep the lane, or to drive along a highway among
others."""

from __future__ import annotations

from ._base import Recipe


def winding() -> str:
    """Our own winding road, seen by a camera in the car and nothing else."""
    return "road"


RECIPE = Recipe(
    title="Keep the lane, drive among others",
    story="`road` is ours and seen by a camera alone: convolutions read the picture, the answer is how to steer. "
    "Environments of highway-env come by name "
    "(in the checkout: pip install '.[driving]'): lane-keeping-v0 is steered by a number, highway-fast-v0 by five "
    "choices (engineroom train highway-fast-v0 --recipe driving "
    "--set options.method=dqn --set options.updates_per_step=8 --minutes 10: its steps are slow). The baselines are "
    "rules written by hand that know the road, or all cars "
    "around, on the same seeds.",
    data="road, lane-keeping-v0, highway-fast-v0, … (arguments as NAME?config={vehicles_count: 10})",
    answers="CSV: return, steps and end of each episode, and its first action; -o episodes.gif or .mp4: films of them",
    target="episode",
    demo=winding,
    settings={"task": "reinforcement_learning", "train": {"patience": 12}},
    minutes=2.0,
    expect="188 to 194 of 200 for staying in the middle of unseen roads, where a policy that knows the map has 199.8 "
    "and a random one 18",
)
