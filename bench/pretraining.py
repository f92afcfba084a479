"""What learning from unlabelled rows first is worth where labels are few: from scratch against `--from`, and the
classical baseline, on the same test rows.

python bench/pretraining.py pictures|table|series --data DIR --run DIR [--way pretrain|masked] [--shares 0.01 0.1]
[--repeats 5] [--pre STEPS] [--steps STEPS]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
from scipy import stats

import engineroom as er
from engineroom.core.config import LimitsConfig
from engineroom.data.loading import open_table

ONE_THREAD = {"train__threads": 1, "show": "quiet"}
MOST_TEST = 1_000
SETS = {
    "pictures": ("cifar10", "label"),
    "table": ("weight_lifting_har", "classe"),
    "series": ("ucr/ItalyPowerDemand", "label"),
}


def read(name: str, data: Path) -> tuple[pl.DataFrame, pl.DataFrame, str]:
    """(rows that may teach, rows that judge, the target)."""
    folder, target = SETS[name]
    table = open_table(str(data / folder), test=None, target=None, limits=LimitsConfig(), cache=None)
    split = next(column for column, hint in table.hints.items() if hint.get("role") == "split")
    target = next((column for column, hint in table.hints.items() if hint.get("role") == "target"), target)
    teach, judge = (table.frame.filter(pl.col(split) == part).drop(split) for part in ("train", "test"))
    if name == "series":  # nearly all rows are the test's: they change places
        teach, judge = (
            judge.sample(fraction=1.0, shuffle=True, seed=0).slice(0, 600),
            pl.concat([teach, judge.sample(fraction=1.0, shuffle=True, seed=0).slice(600)]),
        )
    return teach, judge.sample(min(MOST_TEST, judge.height), seed=0), target


def few(frame: pl.DataFrame, target: str, share: float, seed: int) -> pl.DataFrame:
    """A share of the rows, every class in its part, three of each at least."""
    mixed = frame.sample(fraction=1.0, shuffle=True, seed=seed)
    place = pl.int_range(pl.len()).over(target)
    return mixed.filter(place < pl.max_horizontal(pl.lit(3), (share * pl.len().over(target)).round()))


def measured(
    teach: pl.DataFrame, judge: pl.DataFrame, target: str, start: str | None, steps: int, seed: int
) -> Iterator[tuple[str, float]]:
    """The network's accuracy on the test rows, and where it began from nothing the baseline's."""
    rows = pl.concat(
        [part.with_columns(pl.lit(name).alias("part")) for name, part in (("train", teach), ("test", judge))]
    )
    with tempfile.TemporaryDirectory() as folder:
        model = er.train(
            rows,
            target=target,
            start=start,
            steps=steps,
            seed=seed,
            run=f"{folder}/r",
            split={"by": "column", "column": "part"},
            **ONE_THREAD,
        )
        yield ("from scratch" if start is None else "pretrained"), model.deep_metrics["accuracy"]
        if start is None:
            yield "baseline", model.manifest["baseline"]["metrics"]["accuracy"]


def main() -> None:
    ask = argparse.ArgumentParser()
    ask.add_argument("set", choices=SETS)
    ask.add_argument("--data", type=Path, required=True)
    ask.add_argument("--run", type=Path, required=True)
    ask.add_argument(
        "--way",
        choices=("contrastive_pretraining", "masked_pretraining"),
        default="contrastive_pretraining",
        help="to learn without answers: rows known again, or told from their parts",
    )
    ask.add_argument("--shares", type=float, nargs="+", default=[0.01, 0.1])
    ask.add_argument("--repeats", type=int, default=5)
    ask.add_argument("--pre", type=int, default=1_500)
    ask.add_argument("--steps", type=int, default=200)
    asked = ask.parse_args()
    teach, judge, target = read(asked.set, asked.data)
    if not (asked.run / "bundle").exists():
        began = time.perf_counter()
        model = er.train(teach, target=target, recipe=asked.way, steps=asked.pre, run=str(asked.run), **ONE_THREAD)
        summary = {
            name: f"{value:.3f} ({model.manifest['baseline']['metrics'][name]:.3f})"
            for name, value in model.metrics.items()
        }
        print(
            f"learnt from {teach.height:,} rows in {time.perf_counter() - began:.0f} s; with the baseline's: {summary}",
            flush=True,
        )
    for share in asked.shares:
        scores: dict[str, list[float]] = {}
        for seed in range(asked.repeats):
            rows = few(teach, target, share, seed)
            for start in (None, str(asked.run)):
                for name, score in measured(rows, judge, target, start, asked.steps, seed):
                    scores.setdefault(name, []).append(score)
        gain = np.array(scores["pretrained"]) - np.array(scores["from scratch"])
        # few draws: a bootstrap would be too narrow
        reach = stats.t.ppf(0.975, len(gain) - 1) * gain.std(ddof=1) / len(gain) ** 0.5
        low, high = gain.mean() - reach, gain.mean() + reach
        summary = {name: f"{np.mean(values):.3f} ± {np.std(values, ddof=1):.3f}" for name, values in scores.items()}
        print(
            json.dumps(
                {
                    "share": share,
                    "labels": rows.height,
                    **summary,
                    "gain": f"{gain.mean():+.3f} ({low:+.3f} to {high:+.3f})",
                }
            ),
            flush=True,
        )


if __name__ == "__main__":
    main()
