"""Seeded loss curves of one recipe of every task (20 steps, fp32, one thread), compared with the recorded ones.

    python bench/seeded_curves.py            # prints "unchanged", or the first difference of each curve
    python bench/seeded_curves.py --record   # writes bench/seeded_curves.json anew

A refactoring must not change a result: random streams hang on labels and on the order in which weights are drawn, so
one bit of one loss tells. The curves depend on the version of torch and on the kind of CPU: record before the change,
on the machine where it is made.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

RECORD = Path(__file__).with_suffix(".json")
STEPS = 20


class Recorded(Exception):
    """The steps are done; nothing is judged."""


def curve(recipe: str) -> list[str]:
    """The losses of every step as hexadecimal floats, every learner's in the order of their names."""
    from engineroom import callbacks
    from engineroom.api import train_session
    from engineroom.core import registry
    from engineroom.core.events import Repeated

    # nothing is validated: for some tasks that takes minutes
    callbacks.check_every = lambda config, budget, validate: STEPS + 1

    losses: list[str] = []

    class Recorder:
        events = (Repeated,)

        def __call__(self, event: Any) -> None:
            losses.append(" ".join(float(event.losses[name].total).hex() for name in sorted(event.losses)))
            if len(losses) == STEPS:
                raise Recorded

    described = registry.get("recipes", recipe)
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "recipe": recipe,
            "steps": STEPS,
            "run": f"{folder}/run",
            "train__precision": "fp32",
            "train__threads": 1,
            "train__device": "cpu",
        }
        with contextlib.suppress(Recorded):
            train_session(
                described.demo(),
                target=described.target,
                test=None,
                resume=None,
                config=None,
                show="quiet",
                watchers=(Recorder(),),
                settings=settings,
            )
    return losses


def first_difference(then: list[str], now: list[str]) -> str:
    if then == now:
        return ""
    step = next((i for i, (a, b) in enumerate(zip(then, now, strict=False)) if a != b), min(len(then), len(now)))
    was, is_now = (one[step] if step < len(one) else "nothing" for one in (then, now))
    return f"step {step + 1}: {was} was recorded, {is_now} is found"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="store_true", help="write the record anew")
    parser.add_argument("recipes", nargs="*", help="only these (all)")
    asked = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported
    from engineroom.core import registry

    warnings.simplefilter("ignore")
    recorded = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    changed = 0
    for recipe in asked.recipes or (registry.names("recipes") if asked.record else recorded):
        begun = time.monotonic()
        found = curve(recipe)
        if asked.record:
            recorded[recipe] = found
            what = f"{len(found)} steps recorded"
        else:
            what = first_difference(recorded.get(recipe, []), found) or "unchanged"
            changed += what != "unchanged"
        print(f"{recipe:16} {time.monotonic() - begun:5.1f} s  {what}", flush=True)
    if asked.record:
        RECORD.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n")
    else:
        print(f"{changed} changed" if changed else "unchanged")
    return int(changed > 0)


if __name__ == "__main__":
    sys.exit(main())
