"""The classical actor: a rule somebody wrote for this environment, a planner, or where there is none a linear policy
found by trying (cross-entropy method, Rubinstein 1999; Szita & Lőrincz 2006)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from ...core.schema import Schema
from ...core.seeds import numpy_generator
from ...environments._environment import Facts, World, count
from ...environments._rollout import Act, play
from .._estimator import Baseline, FittedBaseline
from ._scripted_rules import RULES

# candidates a round, the best that make the next, rounds, episodes a candidate
TRIES, KEPT, ROUNDS, EACH = (32, 6, 12, 2)
STEPS, SECONDS = 400_000, 60.0  # of all tries together: some worlds are slow


class Hand(Baseline):
    output_types = ("acting",)

    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        facts, state = schema.target.state["world"], schema.inputs[0].state
        found = rule_of(facts)
        if found is not None:
            return FittedBaseline("scripted_policy", RULES[found][0], kind, classes, schema, {"rule": found}, {})
        weights, rounds = search(facts, state, frame[schema.inputs[0].name].to_numpy(), seed)
        words = f"a linear policy found by trying ({rounds} rounds of the cross-entropy method)"
        return FittedBaseline(
            "scripted_policy", words, kind, classes, schema, {"rule": "", "weights": weights.tolist()}, {}
        )

    def predict(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Any:
        facts, state = fitted.schema.target.state["world"], fitted.schema.inputs[0].state
        rule = fitted.facts["rule"]
        act = (
            RULES[rule][1](facts)
            if rule
            else linear(facts, state, np.array(fitted.facts["weights"])[None].repeat(frame.height, 0))
        )
        return play(facts, frame[fitted.schema.inputs[0].name].to_numpy(), act)


def rule_of(facts: Facts) -> str | None:
    """The rule written for this environment, where there is one and nothing but its length was changed."""
    plain = facts["name"].rpartition(":")[2]
    return next((name for name in RULES if facts["name"] == name or plain.startswith(f"{name}-v")), None)


def linear(facts: Facts, state: Any, weights: np.ndarray) -> Act:
    """`weights` (N, D + 1, A) by place: scores of the actions, or the actions, from observations on their scale,
    pictures pixel by pixel."""

    def act(observations: np.ndarray, worlds: Sequence[World], places: np.ndarray) -> np.ndarray:
        middle, spread = (
            np.array(state[key]).reshape(-1, *[1] * (observations.ndim - 2)) for key in ("middle", "spread")
        )
        x = np.clip((observations - middle) / spread, -10, 10).reshape(len(observations), -1)
        said = np.einsum("bd,bda->ba", np.concatenate([x, np.ones((len(x), 1))], 1), weights[places])
        return said.argmax(1) if facts["action"]["kind"] == "discrete" else np.tanh(said).astype(np.float32)

    return act


def search(facts: Facts, state: Any, seeds: np.ndarray, seed: int) -> tuple[np.ndarray, int]:
    """(the middle of the best tries of the last round (D + 1, A), how many rounds there were time for)."""
    shape = (facts["observation"]["size"] + 1, count(facts))
    middle, spread = np.zeros(shape), np.ones(shape)
    steps, begun = 0.0, time.perf_counter()
    for turn in range(ROUNDS):
        generator = numpy_generator(seed, "tries", turn)
        tries = middle + spread * generator.standard_normal((TRIES, *shape))
        tries[0] = middle
        episodes = generator.choice(seeds, EACH)
        played = play(facts, np.tile(episodes, TRIES), linear(facts, state, tries.repeat(EACH, 0)))
        best = np.argsort(-played["return"].reshape(TRIES, EACH).mean(1), kind="stable")[:KEPT]
        middle, spread = tries[best].mean(0), tries[best].std(0) + 0.3 / (turn + 1)
        steps += float(played["steps"].sum())
        if steps > STEPS or time.perf_counter() - begun > SECONDS:
            break
    return middle, turn + 1


BASELINE = Hand()
