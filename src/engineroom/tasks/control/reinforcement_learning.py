"""LOSS: act in an environment so that rewards add up. A row is an episode, told by its seed; the answer is what the
policy did in it and what that brought."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from ...core.batch import Batch, Predictions, RowResults
from ...core.errors import DataError, UserError, nearest
from ...core.panels import Panel
from ...core.sampling import evenly
from ...core.schema import Column, Schema
from ...core.table import Table
from ...environments._environment import World, count
from ...environments._rollout import play
from ...metrics import reinforcement_learning as metrics
from ...objectives._action_distribution import best
from ...rendering.episodes import action_bars, film, film_file, html_film, returns, trace
from .._base import BaseTask

METHODS = {"ppo": ("ppo", "categorical_policy"), "dqn": ("dqn", "dueling")}
START, EPISODE = "seed", "episode"
FILMS = 4  # episodes in the report that are filmed, and so many of the worst


@dataclass(frozen=True)
class Control(BaseTask):
    """Answers: {"return", "steps", "ended" (N,), "actions" (N,) of arrays, "first" (N,) the first action in words}.
    Headline: mean return, higher is better.

    Graded is what the episode brings: there is no ground truth.
    """

    method: str = "auto"  # ppo | dqn; auto = ppo
    gamma: float = 0.99  # what a reward one step later counts
    updates_per_step: int = 1  # dqn: steps of learning for each action of all worlds; more where a world is slow
    objective: str = field(default="ppo", metadata={"bound": True})  # type: ignore[misc]
    head: str = field(default="categorical_policy", metadata={"bound": True})  # type: ignore[misc]
    state: dict[str, Any] = field(default_factory=dict, metadata={"bound": True})

    output_type = "acting"
    primary_metric = "return"
    higher_is_better = True
    higher = ("return", "median", "worst_tenth")
    lower = ("loss",)
    monitor = "loss"
    internal_metrics = ("loss",)
    target_modality = "episode"
    training_defaults = "reinforcement_learning"
    baseline = "scripted_policy"
    eval_batch_size = 128
    has_render = True
    extensions = (".gif", ".mp4")
    caption = "Episodes from worst to best, evenly taken. Faster than life where they are long."

    def __post_init__(self) -> None:
        if self.method not in ("auto", *METHODS):
            raise UserError(
                f"There is no way of learning to act called {self.method!r}.",
                "",
                nearest(self.method, ("auto", *METHODS), label="options.method"),
            )
        if not 0 <= self.gamma < 1:
            raise UserError(
                f"A discount of {self.gamma} makes no sense.",
                "It says what a reward one step later counts.",
                "Example: --set options.gamma=0.99",
            )

        if self.updates_per_step < 1:
            raise UserError(
                f"Nobody can learn {self.updates_per_step} times for each action.",
                "",
                "Example: --set options.updates_per_step=8",
            )

    def matches(self, target: Column) -> float:
        return 1.0 if target.modality == "episode" else 0.0

    def for_target(self, target: Column) -> Control:
        state = dict(target.state)
        if state["world"]["action"]["kind"] == "discrete":
            objective, head = METHODS["ppo" if self.method == "auto" else self.method]
            return replace(self, state=state, objective=objective, head=head)
        if self.method == "dqn":
            raise UserError(
                "dqn chooses one of several actions.",
                f"Actions of {state['world']['name']} are numbers.",
                "Use --set options.method=ppo",
            )
        return replace(self, state=state, objective="ppo", head="gaussian_policy")

    @property
    def facts(self) -> dict[str, Any]:
        return self.state["world"]

    @property
    def is_discrete(self) -> bool:
        return self.facts["action"]["kind"] == "discrete"

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        """Rows are episodes already; to be graded a seed is all that is needed. A column `observation` instead asks for
        one action a row."""
        frame = table.frame
        if START not in frame.columns and inference and "observation" in frame.columns:
            return replace(table, frame=frame.rename({"observation": START}))
        if START not in frame.columns:
            why = f"It has {', '.join(frame.columns[:8])}."
            fix = (
                "Name an environment (engineroom train CartPole-v1 --recipe reinforcement_learning), or give rows "
                "with a column seed."
            )
            raise DataError(f"{table.name} is no environment and holds no seeds.", why, fix)
        if EPISODE in frame.columns or inference:
            return table
        return replace(table, frame=frame.with_columns(pl.col(START).alias(EPISODE)))

    def output_size(self, target: Column) -> int:
        return count(target.state["world"])

    def to_targets(self, codes: np.ndarray, target: Column) -> np.ndarray:
        return np.asarray(codes)

    def predict(self, forward: Callable[[Batch], Tensor], batch: Batch, target: Column) -> Predictions:
        """Play the episodes of the batch, all at once, the policy without chance; rows that are observations get their
        action alone."""
        return self._played(forward, batch, field_of(batch))

    def from_baseline(self, values: Any) -> Predictions:
        return {
            **values,
            "first": np.array([self.word(one[0]) if len(one) else "" for one in values["actions"]], object),
        }

    def word(self, action: Any) -> str:
        """An action as people say it."""
        names = self.facts["action"]["names"]
        if self.is_discrete:
            return str(names[int(action)])
        low, high = (np.array(self.facts["action"][key]) for key in ("low", "high"))
        given = (low + high) / 2 + (high - low) / 2 * np.clip(action, -1, 1)
        return ", ".join(f"{name} {value:.3g}" for name, value in zip(names, given, strict=True))

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        return {
            "truth": truth,
            "loss": -answers["return"],
            **{name: answers[name] for name in ("return", "steps", "ended", "actions")},
        }

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        return metrics.scores(records)

    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        """`return`, `steps`, how it `ended`, and the first action."""
        ends = np.where(answers["ended"], "by itself", "by the clock").astype(object)
        ends[answers["steps"] == 0] = ""
        out = {
            "return": pl.Series(answers["return"]).fill_nan(None),
            "steps": answers["steps"].astype(int),
            "ended": ends.tolist(),
            "action": answers["first"].tolist(),
        }
        return pl.DataFrame(out)

    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        """How much the action taken is preferred to the others (B,), or the action's number that is largest."""
        said, first = output.mean(1), whole.mean(1)[0]
        if self.is_discrete:
            pick = int(first.argmax())
            others = [k for k in range(said.shape[1]) if k != pick]
            return said[:, pick] - said[:, others].mean(1)
        middle = first[: len(first) // 2]
        return said[:, int(middle.abs().argmax())]

    def select_rows(self, records: RowResults) -> np.ndarray:
        order = np.argsort(records["return"], kind="stable")
        return order[evenly(len(order), FILMS)]

    def rank_errors(self, records: RowResults) -> np.ndarray:
        """The episodes that went worst, where they did not all go alike."""
        order = np.argsort(records["return"], kind="stable")[:FILMS]
        return order[records["return"][order] < np.median(records["return"])]

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        ended = "ended by itself" if records["ended"][row] else "cut by the clock"
        return (
            f"return {records['return'][row]:.4g}",
            f"seed {records['truth'][row]} · {records['steps'][row]:.0f} steps, {ended}",
        )

    def render(self, frame: pl.DataFrame, row: int, schema: Schema, answers: RowResults, place: int) -> str:
        if not len(answers["actions"][place]) or frame[START].dtype.is_nested():
            return ""
        return html_film(film(self.facts, int(frame[START][row]), answers["actions"][place]))

    def write(self, answers: Predictions, frame: pl.DataFrame, schema: Schema, path: Path) -> None:
        """The episodes one after the other as a film."""
        film_file(self.facts, frame[START].to_list(), list(answers["actions"]), path)

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        return [returns(records, baseline), action_bars(self.facts, records, baseline)]

    def episode_panels(self, network: nn.Module, critic: nn.Module, batch: Batch) -> list[Panel]:
        """One episode of the batch over time: what was seen, what was done, and what `critic` expected (rewards as they
        are scaled)."""
        name = field_of(batch)
        part = Batch({key: value[:1] for key, value in batch.fields.items()}, batch.rows[:1])
        with torch.inference_mode():
            played = self._played(lambda one: network(one).float(), part, name)
        return trace(
            self.facts, int(part[name + "_seed"][0]), played["actions"][0], critic, name, float(self.state["scale"])
        )

    def _played(self, forward: Callable[[Batch], Tensor], batch: Batch, name: str) -> Predictions:
        seeds = batch.get(name + "_seed")

        def act(observations: np.ndarray, worlds: Sequence[World], places: np.ndarray) -> np.ndarray:
            return best(
                forward(Batch({name: torch.from_numpy(observations)}, places)).mean(1).numpy(),
                discrete=self.is_discrete,
            )

        if seeds is not None:
            return self.from_baseline(play(self.facts, seeds.numpy(), act))
        actions = np.empty(len(batch), object)
        for k, action in enumerate(act(batch[name].numpy(), (), batch.rows)):
            actions[k] = np.asarray(action)[None]
        nothing = np.zeros(len(batch))
        return self.from_baseline(
            {"return": nothing + np.nan, "steps": nothing, "ended": nothing > 0, "actions": actions}
        )


def field_of(batch: Batch) -> str:
    """The one input column's field."""
    return next(
        name for name in batch.fields if name != "target" and not name.startswith("_") and not name.endswith("_seed")
    )


TASK = Control()
