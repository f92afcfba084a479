"""Robots that fetch and deliver: a policy against a planner of shortest paths."""

from __future__ import annotations

from ._base import Recipe


def house() -> str:
    """Our own warehouse with two robots."""
    return "warehouse"


RECIPE = Recipe(
    title="Robots in a warehouse: fetch and deliver",
    story="Two robots, one policy: each in its turn sees the desk, open orders from near to far, the other robot and "
    "what stands around it, and moves by one place. "
    "Orders come by chance. A return counts orders (half for taking, half for delivering). The baseline plans "
    "shortest paths anew at every step. "
    "More robots: engineroom train 'warehouse?robots=3' --recipe warehouse.",
    data="warehouse, or warehouse?robots=1 … 4",
    answers="CSV: orders, steps and first move of each episode; -o episodes.gif or .mp4: films of them",
    target="episode",
    demo=house,
    settings={"task": "reinforcement_learning", "train": {"patience": 20}},
    minutes=2.0,
    expect="21 orders an episode where the planner delivers 19.5; now and then two robots wait for each other",
)
