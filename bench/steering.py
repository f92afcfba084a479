"""A model that steers from frames, judged by driving: it is put into `road` and steers by what the camera shows.

engineroom demo imitation_driving
python bench/steering.py runs/steering-1
"""

from __future__ import annotations

import sys

import numpy as np
import polars as pl

import engineroom as er
from engineroom.environments._environment import describe
from engineroom.environments._rollout import play

SEEDS = range(2_000_000, 2_000_032)  # roads on which nothing was learnt


def driven(run: str, seeds=SEEDS) -> dict[str, np.ndarray]:
    """Episodes of `road` with the run's model at the wheel."""
    model = er.load(run)
    frames = model.schema.inputs[0].name

    def act(observations, worlds, places) -> np.ndarray:
        return model.predict(pl.DataFrame({frames: pl.Series(observations.transpose(0, 2, 3, 1))}))[
            "prediction"
        ].to_numpy()[:, None]

    return play(describe("road"), np.array(seeds), act)


if __name__ == "__main__":
    played = driven(sys.argv[1])
    stayed = int((~played["ended"]).sum())
    print(
        f"return {played['return'].mean():.1f} of 200 (least {played['return'].min():.1f}); on the road to the end in "
        f"{stayed} of {len(SEEDS)} episodes"
    )
