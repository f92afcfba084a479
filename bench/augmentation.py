"""Do made pictures help a classifier that has few real ones? Real rows alone against real and made ones, the maker
taught on the same few rows.

python bench/augmentation.py --data DIR/mnist [--each 15] [--made 30] [--repeats 4] [--steps 250] [--maker 500 400]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

import engineroom as er
from engineroom.core import registry
from engineroom.core.config import LimitsConfig
from engineroom.data.loading import open_table
from engineroom.metrics.bootstrap import bounds

ONE_THREAD = {"train__threads": 1, "show": "quiet"}
SIDE, JUDGING, MOST_TEST = 16, 3, 1_000  # pixels; validation pictures of a kind; test pictures


def read(data: Path) -> pl.DataFrame:
    """All pictures, SIDE × SIDE, for made ones have that size: "picture" and "kind"."""
    table = open_table(str(data), test=None, target=None, limits=LimitsConfig(), cache=None)
    kind = next(one for one, hint in table.hints.items() if hint.get("role") == "target")
    picture = next(one for one, hint in table.hints.items() if hint.get("modality") == "image")
    modality = registry.get("modalities", "generated_image")
    state = modality.fit_with_hints(table.frame[picture], limits=LimitsConfig(), facts={"side": SIDE})
    return frame_of(modality.encode(table.frame[picture], state, {}), table.frame[kind].cast(pl.String))


def frame_of(pictures: np.ndarray, kinds: pl.Series) -> pl.DataFrame:
    """(N, C, S, S) uint8 → a table."""
    pixels = pictures[:, 0] if pictures.shape[1] == 1 else np.moveaxis(pictures, 1, -1)
    return pl.DataFrame({"picture": pl.Series(np.ascontiguousarray(pixels)), "kind": kinds})


def cut(frame: pl.DataFrame, each: int, seed: int) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """(`each` pictures of a kind to learn from, JUDGING of a kind to choose by, others to test by)."""
    mixed = frame.sample(fraction=1.0, shuffle=True, seed=seed)
    place = mixed.select(pl.int_range(pl.len()).over("kind")).to_series()
    rest = mixed.filter(place >= each + JUDGING)
    return mixed.filter(place < each), mixed.filter((place >= each) & (place < each + JUDGING)), rest.head(MOST_TEST)


def made(recipe: str, teach: pl.DataFrame, each: int, steps: int, seed: int) -> pl.DataFrame:
    """`each` pictures of every kind, by a maker that has seen nothing but `teach`."""
    with tempfile.TemporaryDirectory() as folder:
        model = er.train(
            teach,
            target="picture",
            recipe=recipe,
            steps=steps,
            seed=seed,
            run=f"{folder}/r",
            options={"image_size": SIDE},
            **ONE_THREAD,
        )
        kinds = teach["kind"].unique().sort()
        wishes = pl.DataFrame({"kind": [kind for kind in kinds for _ in range(each)]})
        return frame_of(model.answers(model.open(wishes))[0]["picture"], wishes["kind"])


def accuracy(parts: dict[str, pl.DataFrame], steps: int, seed: int) -> tuple[float, float]:
    """(the network's, the classical baseline's) on the test part."""
    rows = pl.concat([part.with_columns(pl.lit(name).alias("part")) for name, part in parts.items()])
    with tempfile.TemporaryDirectory() as folder:
        model = er.train(
            rows,
            target="kind",
            steps=steps,
            seed=seed,
            run=f"{folder}/r",
            split={"by": "column", "column": "part"},
            **ONE_THREAD,
        )
        return model.deep_metrics["accuracy"], model.manifest["baseline"]["metrics"]["accuracy"]


def main() -> None:
    ask = argparse.ArgumentParser()
    ask.add_argument("--data", type=Path, required=True)
    ask.add_argument("--each", type=int, default=15)
    ask.add_argument("--made", type=int, default=30)
    ask.add_argument("--repeats", type=int, default=4)
    ask.add_argument("--steps", type=int, default=250)
    ask.add_argument("--maker", type=int, nargs=2, default=[500, 400])
    asked = ask.parse_args()
    frame = read(asked.data)
    scores: dict[str, list[float]] = {}
    for seed in range(asked.repeats):
        teach, val, test = cut(frame, asked.each, seed)
        for name, steps in (("real", 0), ("image_generation", asked.maker[0]), ("image_diffusion", asked.maker[1])):
            more = [made(name, teach, asked.made, steps, seed)] if steps else []
            deep, baseline = accuracy({"train": pl.concat([teach, *more]), "val": val, "test": test}, asked.steps, seed)
            scores.setdefault(name, []).append(deep)
            scores.setdefault(f"{name}, baseline", []).append(baseline)
            print(seed, name, f"{deep:.3f}", f"{baseline:.3f}", flush=True)
    rng = np.random.default_rng(0)
    for name in ("image_generation", "image_diffusion", "image_generation, baseline", "image_diffusion, baseline"):
        gain = np.array(scores[name]) - np.array(scores["real, baseline" if "baseline" in name else "real"])
        low, high = bounds(rng.choice(gain, (2_000, len(gain))).mean(1))
        print(
            json.dumps(
                {
                    "made by": name,
                    "accuracy": round(float(np.mean(scores[name])), 3),
                    "gain": f"{gain.mean():+.3f} ({low:+.3f} to {high:+.3f})",
                }
            ),
            flush=True,
        )


if __name__ == "__main__":
    main()
