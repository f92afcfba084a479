"""Learn to act: an agent tries in an environment and does more often what brought more."""

from __future__ import annotations

from ._base import Recipe


def cart() -> str:
    """gymnasium's pole on a cart, named as a user would name it."""
    return "CartPole-v1"


RECIPE = Recipe(
    title="Learn to act in an environment",
    story="An environment is a table with a row an episode, known by its seed; nobody says what is right, rewards "
    "tell what went well. Name one of gymnasium's "
    "(engineroom train CartPole-v1 --recipe reinforcement_learning), ours (warehouse), or your own class "
    "(file.py:Class; arguments as NAME?key=value). Learning by policy "
    "gradients (ppo) or, among few actions, by what each is worth (--set options.method=dqn). The baseline is a rule "
    "written by hand or a planner on the same seeds.",
    data="the name of an environment; to predict, a table with a column seed (or observation)",
    answers="CSV: return, steps and end of each episode, and its first action; -o episodes.gif or .mp4: films of them",
    target="episode",
    demo=cart,
    settings={"task": "reinforcement_learning", "train": {"patience": 12}},
    minutes=1.5,
    expect="the pole stands for all 500 steps on all unseen seeds, as by the rule written by hand",
)
