"""COLLECT: an environment as a table: a row an episode, and what a row holds is the seed with which it begins. Others
learn, others judge, as in any table."""

from __future__ import annotations

from typing import Any

import polars as pl

from ...core.config import LimitsConfig
from ...core.table import Table
from ...environments._environment import describe
from ...environments._make import full_name, looks_like_one

EPISODES = {"train": 4_000, "val": 32, "test": 100}
APART = 1_000_000  # between the first seeds of two parts
START, EPISODE, PART = "seed", "episode", "part"


class Environment:
    """Reads `CartPole-v1`, `warehouse`, `module:Class`, `file.py:Class`: `seed`, `episode` (the same, to be graded by)
    and `part`."""

    def detect(self, text: str) -> bool:
        return looks_like_one(text)

    def full(self, text: str) -> str:
        return full_name(text)

    def read(self, text: str, *, limits: LimitsConfig) -> Table:
        facts = describe(text)
        seeds = [APART * k + i for k, number in enumerate(EPISODES.values()) for i in range(number)]
        parts = [part for part, number in EPISODES.items() for _ in range(number)]
        frame = pl.DataFrame(
            {START: pl.Series(seeds, dtype=pl.Int64), EPISODE: pl.Series(seeds, dtype=pl.Int64), PART: parts}
        )
        sight = "image_observation" if "picture" in facts["observation"] else "observation"
        hints: dict[str, dict[str, Any]] = {
            START: {
                "modality": sight,
                "role": "input",
                "why": "how an episode begins: what is seen first",
                "facts": {"world": facts},
            },
            EPISODE: {
                "modality": "episode",
                "role": "target",
                "why": "how it goes on is what actions make of it",
                "facts": {"world": facts},
            },
            PART: {
                "modality": "category",
                "role": "split",
                "why": "other seeds teach, others choose the weights, others judge",
            },
        }
        limit = (
            f"{facts['name']} names no limit of steps: episodes are cut after {facts['longest']:,} at the latest "
            "(change it: NAME?longest=N)."
        )
        notes = () if facts["limited"] else (limit,)
        return Table(frame, facts["name"].rpartition(":")[2].rpartition("/")[2], hints, notes)


NAMED = Environment()
