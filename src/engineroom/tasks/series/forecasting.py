"""LOSS: how does it go on? Series, one or many, each with the next steps and a band that holds 80 % of the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import polars as pl
import torch
from torch import Tensor

from ...core.batch import Batch, Losses, Predictions, RowResults
from ...core.errors import UserError, nearest
from ...core.panels import Panel
from ...core.schema import Column, Schema
from ...core.table import Table
from ...heads.quantile_path import LEVELS
from ...metrics import forecasting as metrics
from ...preprocessing.series import forecast_windows as cutting
from ...preprocessing.series.forecast_inference import last_windows
from ...preprocessing.series.regular_series import Timeline, read_timeline
from ...preprocessing.series.timestamps import format_times
from ...rendering import forecast_plot as paths
from .._base import BaseTask
from .._ensemble import honest_mean, mean_loss

SCORES = ("mse", "mae", "mase", "smape", "wql")
FUTURE = "future"  # the target's name where several columns are forecast
FACTS = ("context", "horizon", "season", "unit", "step", "clock")  # settled in training, remembered with the target
CLASSICAL = ("auto", "naive", "ridge", "theta", "ets")


@dataclass(frozen=True)
class Forecasting(BaseTask):
    """Rows in time become windows. The network sees each history in its own scale and answers in it (Kim et al. 2022),
    so that level and size of a series need not be learnt; the answer is a mean path and nine quantiles a step."""

    horizon: int = 0  # steps ahead; 0 = one season
    # steps looked back on; 0 = three horizons, or four seasons if that is longer and leaves enough to learn from
    context: int = 0
    season: int = 0  # steps; 0 = found by autocorrelation
    time: str = ""  # the column of times; found if it is not named; "rows" = none, the rows stand in their order
    series: str = ""  # the column that tells several series apart
    all_channels: bool = False  # forecast every numeric column, each by its own past
    known_covariates: str = ""  # columns known beforehand for the steps ahead, with commas between
    time_features: str = "auto"  # whether hour, weekday and season of the origin are read: auto, yes or no
    stride: int = 0  # steps between training windows; 0 = one, more where there are too many
    val: float = 0.1  # shares of each series …
    test: float = 0.2
    val_from: int = 0  # … or the customary rows where validation, test and the end begin, counted from 0
    test_from: int = 0
    end: int = 0
    metric: str = "mse"  # the score that decides
    baseline_method: str = "auto"  # auto, naive, ridge, theta or ets
    facts: Mapping[str, Any] = field(default_factory=dict, metadata={"bound": True})  # what was settled in training

    averaged: ClassVar[tuple[str, ...] | None] = ("mean", "quantiles")
    output_type: ClassVar[str] = "path"
    head: ClassVar[str] = "quantile_path"
    baseline: ClassVar[str] = "statistical_forecast"
    has_render: ClassVar[bool] = True
    higher_is_better: ClassVar[bool] = False
    higher: ClassVar[tuple[str, ...]] = ("skill",)
    lower: ClassVar[tuple[str, ...]] = SCORES
    target_modality: ClassVar[str] = "forecast_target"
    eval_batch_size: ClassVar[int] = 512

    @property
    def primary_metric(self) -> str:
        return self.metric

    @property
    def monitor(self) -> str:
        return self.metric

    def for_target(self, target: Column) -> Forecasting:
        return replace(self, facts={name: target.state[name] for name in FACTS if name in target.state})

    def output_size(self, target: Column) -> int:
        return int(target.state["steps"])

    def check(self) -> None:
        if self.metric not in SCORES:
            raise UserError(
                f"Option 'metric' cannot be {self.metric!r}.", "", nearest(self.metric, SCORES, label="Scores")
            )
        if self.baseline_method not in CLASSICAL:
            raise UserError(
                f"Option 'baseline_method' cannot be {self.baseline_method!r}.",
                "",
                nearest(self.baseline_method, CLASSICAL, label="Methods"),
            )
        if self.time_features not in ("auto", "yes", "no"):
            raise UserError(f"Option 'time_features' cannot be {self.time_features!r}.", "", "It is auto, yes or no.")
        if min(self.horizon, self.context, self.season, self.stride, self.val_from, self.test_from, self.end) < 0:
            raise UserError("Steps and rows cannot be below 0.", "", "Example: --set options.horizon=24")
        if not 0 < self.val < 0.9 or not 0 < self.test < 0.9:
            raise UserError("The shares val and test lie between 0 and 0.9.", "", "Example: --set options.test=0.2")

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        """Rows in time → windows in the order of their origin; asked: the last window of each series."""
        self.check()
        names = tuple(filter(None, map(str.strip, self.known_covariates.split(","))))
        clock = (self.facts["unit"], self.facts["step"]) if self.facts else None
        timeline = read_timeline(
            table, target, time=self.time, series=self.series, known=names, every=self.all_channels, clock=clock
        )
        if inference:
            frame, empty, notes = last_windows(timeline, self.shape(timeline, []), names)
            return Table(
                frame, table.name, notes=(*timeline.notes, *notes), counted={"missing_ahead": empty} if empty else {}
            )
        edges = self.edges(timeline, self.horizon)
        shape = self.shape(timeline, edges)
        edges = self.edges(timeline, shape.horizon)
        shape = self.thinned(timeline, edges, shape)
        name = target or FUTURE
        frame = cutting.cut(timeline, edges, shape, name)
        facts: dict[str, Any] = {
            "context": shape.context,
            "horizon": shape.horizon,
            "season": shape.season,
            "clock": shape.clock,
        }
        facts |= {"classical": self.baseline_method, "asked": int((frame["split"] == "test").sum())}
        facts |= {"unit": timeline.unit, "step": timeline.step, "column": ", ".join(timeline.channels[:8])}
        hints: dict[str, dict[str, Any]] = {
            one: {"role": "ignore", "modality": "category", "why": "says which window it is"}
            for one in ("series", "channel", "origin")
        }
        hints |= {
            one: {"role": "ignore", "modality": "number", "why": "the scale of the series"}
            for one in ("_at", "_level", "_deviation")
        }
        hints |= {
            cutting.HISTORY: {"modality": "window", "why": f"the last {shape.context} steps"},
            cutting.CLOCK: {"modality": "time_features", "why": "the calendar of the origin"},
            cutting.AHEAD: {"modality": "future_covariates", "why": f"known beforehand: {self.known_covariates}"},
            name: {
                "role": "target",
                "modality": "forecast_target",
                "why": f"the next {shape.horizon} steps",
                "facts": facts,
            },
            "split": {"role": "split", "modality": "category", "why": "cut by time"},
        }
        return Table(frame, table.name, hints, (*table.notes, *timeline.notes, self.words(timeline, shape)))

    def edges(self, timeline: Timeline, horizon: int) -> list[tuple[int, int, int]]:
        return cutting.borders(
            timeline,
            val_from=self.val_from,
            test_from=self.test_from,
            end=self.end,
            val=self.val,
            test=self.test,
            horizon=horizon,
        )

    def shape(self, timeline: Timeline, edges: list[tuple[int, int, int]]) -> cutting.Shape:
        """As settled in training; else as asked for; else by the season and by what the series have."""
        if self.facts:
            return cutting.Shape(
                self.facts["context"], self.facts["horizon"], self.facts["season"], 1, bool(self.facts["clock"])
            )
        season = self.season or cutting.find_season(timeline, edges)
        longest = max(first for first, _, _ in edges)
        coming = (
            [int((line.parts == "test").sum()) for line in timeline.lines] if timeline.channels == ("value",) else [0]
        )
        horizon = (
            self.horizon
            or (coming[0] if min(coming) == max(coming) and coming[0] else 0)
            or (season if season > 1 else 1)
        )
        if not self.horizon and season == 1:
            horizon = max(1, min(12, longest // 20))
        shortest = min((first for first, _, _ in edges), default=longest)
        # a year of days leaves few windows to learn from
        seasons = 4 * season if season <= 4 * horizon else min(4 * season, shortest // 8)
        wanted = max(3 * horizon, seasons if seasons >= season else 0)
        context = self.context or max(2, min(wanted, max(2 * horizon, (shortest - horizon) * 2 // 3)))
        shape = cutting.Shape(context, horizon, season)
        clock = self.time_features == "yes" or (
            self.time_features == "auto" and cutting.wants_clock(timeline, shape, longest)
        )
        if clock and timeline.unit == "steps":
            raise UserError(
                "There is no calendar to read.",
                "The series have no dates.",
                "Leave options.time_features out, or name options.time.",
            )
        return replace(shape, clock=clock)

    def thinned(self, timeline: Timeline, edges: list[tuple[int, int, int]], shape: cutting.Shape) -> cutting.Shape:
        """With a stride at which the training windows fit into memory."""
        count = sum(max(0, first - shape.horizon - shape.context + 1) for first, _, _ in edges) * len(timeline.channels)
        size = 4 * (shape.context + shape.horizon)
        return replace(shape, stride=self.stride or max(1, -(-count * size // cutting.MOST_BYTES)))

    def words(self, timeline: Timeline, shape: cutting.Shape) -> str:
        season = f"season {shape.season}" if shape.season > 1 else "no season was found"
        return (
            f"{len(timeline.lines):,} series of {len(timeline.channels)} channel(s) became windows: {shape.context} "
            f"steps back, {shape.horizon} ahead, "
            f"{season}; a window every {shape.stride} step(s) to learn from."
        )

    def to_targets(self, codes: np.ndarray, target: Column) -> np.ndarray:
        return codes

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        """output (B, K, H, 1 + Q) in the scale of the window, batch["target"] (B, H + 2) in that of the channel, NaN
        where unknown."""
        said = rescaled(output, batch)
        y = batch["target"][:, : said.shape[2]].to(said.dtype)
        known = torch.isfinite(y)
        y = torch.nan_to_num(y)[:, None]
        share = (known / known.sum(1, keepdim=True).clamp_min(1))[:, None]
        squared = ((said[..., 0] - y).square() * share).sum(2)
        gap = y[..., None] - said[..., 1:]
        levels = torch.tensor(LEVELS, device=said.device)
        pinball = (torch.maximum(levels * gap, (levels - 1) * gap).mean(3) * share).sum(2)
        parts = {"squared": mean_loss(squared, batch), "pinball": mean_loss(pinball, batch)}
        return Losses(parts["squared"] + 2 * parts["pinball"], parts)

    def postprocess(self, output: Tensor, batch: Batch, target: Column) -> Predictions:
        """(B, K, H, 1 + Q) → {"mean": (B, H), "quantiles": (B, H, Q)} in deviations of the channel."""
        said = honest_mean(rescaled(output, batch), batch)
        return {"mean": said[..., 0].numpy(), "quantiles": said[..., 1:].sort(-1).values.numpy()}

    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        """(B,) the mean of the path ahead, in deviations of the past."""
        return output[..., 0].flatten(1).mean(1).double()

    def fit_calibration(self, answers: Predictions, truth: np.ndarray) -> dict[str, float]:
        """How far the band must be stretched around its middle so that 80 % of the validation steps lie inside."""
        steps = answers["mean"].shape[1]
        channels = len(np.unique(np.nan_to_num(truth[:, steps:]), axis=0))  # each has yardsticks of its own
        return {"stretch": paths.stretch(answers["quantiles"], truth[:, :steps], channels)}

    def apply_calibration(self, answers: Predictions, state: dict[str, float]) -> Predictions:
        quantiles = answers["quantiles"]
        middle = quantiles[..., [len(LEVELS) // 2]]
        return {
            "mean": answers["mean"],
            "quantiles": middle + (quantiles - middle) * np.float32(state.get("stretch", 1.0)),
        }

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        """One number a window and score, and the paths themselves to look at."""
        steps = answers["mean"].shape[1]
        y, level, naive = truth[:, :steps], truth[:, steps], truth[:, steps + 1]
        records = metrics.graded(answers["mean"], answers["quantiles"], y, level, naive, np.array(LEVELS, np.float32))
        said = np.concatenate([answers["quantiles"][..., [0, len(LEVELS) // 2, -1]], answers["mean"][..., None]], 2)
        return {"truth": paths.boxed(y), "said": paths.boxed(said), "loss": records["squared"], **records}

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        scores = metrics.scores(records)
        return {self.metric: scores[self.metric], **scores}

    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        """Long: series, channel, time (or step), mean, q10, q50, q90 in the units of the data; `_row` says which series
        a line is of."""
        rows, steps = answers["mean"].shape
        level, deviation = (frame[name].to_numpy()[:, None] for name in ("_level", "_deviation"))
        unit, step = self.facts["unit"], self.facts["step"]
        clock = Timeline([], (), unit, step)
        times = (
            np.concatenate([clock.after(at, np.arange(steps)) for at in frame["_at"].to_numpy()])
            if rows
            else np.zeros(0)
        )
        place = np.repeat(np.arange(rows), steps)
        out: dict[str, Any] = {"_row": place}
        for name in ("series", "channel"):
            if frame[name].n_unique() > 1 or (name == "series" and frame[name][0]):
                out[name] = frame[name].gather(place)
        out["step" if unit == "steps" else "time"] = format_times(times, unit)
        out["mean"] = (answers["mean"] * deviation + level).ravel()
        for name, at in (("q10", 0), ("q50", len(LEVELS) // 2), ("q90", -1)):
            out[name] = (answers["quantiles"][..., at] * deviation + level).ravel()
        return pl.DataFrame(out)

    def render(self, frame: pl.DataFrame, row: int, schema: Schema, answers: RowResults, place: int) -> str:
        return paths.drawing(frame, row, answers, place)

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        return paths.exhibits(records, baseline, self.metric)

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        return f"mse {records['loss'][row]:.3g}", f"{records['inside'][row]:.0%} of the steps inside the band"

    def rank_errors(self, records: RowResults) -> np.ndarray:
        return paths.apart(np.argsort(-records["loss"], kind="stable"), int(np.ceil(len(records["loss"]) / 60)))


def rescaled(output: Tensor, batch: Batch) -> Tensor:
    """From the scale of each window to that of its channel: (B, K, H, 1 + Q)."""
    scale = batch[f"column:{cutting.HISTORY}_scale"].to(output.dtype)
    return output * scale[:, 1, None, None, None] + scale[:, 0, None, None, None]


TASK = Forecasting()
