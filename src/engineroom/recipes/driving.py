"""Driver assistance: learn to keep the lane, or to drive along a highway among others, in highway-env."""

from __future__ import annotations

from ._base import Recipe


def lane() -> str:
    """highway-env's winding lane; the car's place, heading and turning are known with some noise."""
    return "lane-keeping-v0"


RECIPE = Recipe(
    title="Keep the lane, drive among others",
    story="Environments of highway-env by name (pip install 'engineroom[driving]'): lane-keeping-v0 is steered by a number, highway-fast-v0 by five choices (engineroom train "
    "highway-fast-v0 --recipe driving --set options.method=dqn --set options.practice=8 --minutes 10: its steps are slow). `road`, which is ours, is seen by a camera alone. "
    "The rivals are rules written by hand that know the lane, or all cars around, on the same seeds.",
    data="lane-keeping-v0, highway-fast-v0, road, … (arguments as NAME?config={vehicles_count: 10})",
    answers="CSV: return, steps and end of each episode, and its first action; -o episodes.gif or .mp4: films of them",
    target="episode",
    demo=lane,
    settings={"task": "control", "train": {"patience": 12}},
    minutes=2.0,
)
