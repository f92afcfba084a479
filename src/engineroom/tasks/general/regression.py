"""LOSS: how much is it? A number with an interval that holds 90 % of the time."""

from __future__ import annotations

import numpy as np
import polars as pl
import torch
import torch.nn.functional as F
from torch import Tensor

from ...core import registry
from ...core.batch import Batch, Losses, Predictions, RowResults
from ...core.panels import Panel, spoken
from ...core.schema import Column
from ...metrics import regression as metrics
from .._base import BaseTask
from .._ensemble import honest_mean, mean_loss

COVERAGE = 0.9
QUANTILES = (0.05, 0.95)


class Regression(BaseTask):
    """Three outputs: the mean (squared error) and two quantiles (pinball loss), in units of the target's training
    deviation.

    The interval is made honest on the validation split: conformalised quantile regression (Romano et al. 2019).
    """

    has_score = True
    averaged = ("value", "low", "high")

    output_type = "number"
    primary_metric = "rmse"
    higher_is_better = False
    higher = ("r2", "spearman")  # scores that grow with quality
    lower = ("rmse", "mae", "median_ae")
    monitor = "rmse"
    target_modality = "number"

    def matches(self, target: Column) -> float:
        return 1.0 if target.modality == "number" else 0.0

    def output_size(self, target: Column) -> int:
        return 3

    def to_targets(self, codes: np.ndarray, target: Column) -> np.ndarray:
        """Standardised float32 (N,) → the target's own units, float64."""
        return codes.astype(np.float64) * target.state["std"] + target.state["mean"]

    def decode_targets(self, values: pl.Series, codes: np.ndarray, target: Column) -> np.ndarray:
        """The table's own numbers (N,), float64, neither clipped nor rounded; NaN where there is none."""
        return registry.get("modalities", target.modality).decode(values, target.state)

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        """output (B, K, 3), batch["target"] (B,) standardised."""
        y = batch["target"].float()[:, None]
        mean = F.mse_loss(output[..., 0], y.expand_as(output[..., 0]), reduction="none")
        gap = y[..., None] - output[..., 1:]
        q = torch.tensor(QUANTILES, device=output.device)
        pinball = torch.maximum(q * gap, (q - 1) * gap).mean(-1)
        parts = {"squared": mean_loss(mean, batch), "pinball": mean_loss(pinball, batch)}
        return Losses(parts["squared"] + parts["pinball"], parts)

    def postprocess(self, output: Tensor, batch: Batch, target: Column) -> Predictions:
        """(B, K, 3) standardised → value, low and high in the target's own units."""
        mean = honest_mean(output, batch).double() * target.state["std"] + target.state["mean"]
        return {"value": mean[:, 0].numpy(), "low": mean[:, 1:].amin(1).numpy(), "high": mean[:, 1:].amax(1).numpy()}

    def opposite(self, output: Tensor, target: Column) -> Tensor:
        """(B, K, 3) standardised → the answers with the other sign: the low end becomes the high one."""
        return registry.get("modalities", target.modality).opposite(output[..., [0, 2, 1]], target.state)

    def from_baseline(self, values: np.ndarray) -> Predictions:
        """A baseline's (N,) values as answers; the interval starts empty and is widened by calibration."""
        return {"value": values, "low": values, "high": values}

    def fit_calibration(self, answers: Predictions, truth: np.ndarray) -> dict[str, float]:
        """How far the quantiles must move so that COVERAGE of the validation rows lie inside."""
        known = np.isfinite(truth)
        if known.sum() < 10:
            return {"widen": 0.0}
        miss = np.maximum(answers["low"] - truth, truth - answers["high"])[known]
        level = min(1.0, np.ceil((len(miss) + 1) * COVERAGE) / len(miss))
        return {"widen": float(np.quantile(miss, level))}

    def apply_calibration(self, answers: Predictions, state: dict[str, float]) -> Predictions:
        low, high = answers["low"] - state.get("widen", 0.0), answers["high"] + state.get("widen", 0.0)
        return {
            "value": answers["value"],
            "low": np.minimum(low, answers["value"]),
            "high": np.maximum(high, answers["value"]),
        }

    def score_predictions(self, answers: Predictions, whole: Predictions) -> np.ndarray:
        """(N,) the value itself."""
        return answers["value"]

    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        """(B,) the value itself."""
        return output[..., 0].mean(1).double() * target.state["std"] + target.state["mean"]

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        loss = np.abs(answers["value"] - truth)
        return {"truth": truth, "said": answers["value"], "loss": loss, "low": answers["low"], "high": answers["high"]}

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        return metrics.scores(records["truth"], records["said"], records["low"], records["high"])

    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        return pl.DataFrame({"prediction": answers["value"], "low": answers["low"], "high": answers["high"]})

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        rng = np.random.default_rng(0)
        rows = rng.permutation(len(records["truth"]))[:1500]
        points = np.stack([records["truth"], records["said"]], 1)[rows].tolist()
        errors, theirs = records["said"] - records["truth"], baseline["said"] - baseline["truth"]
        low, high = np.quantile(np.concatenate([errors, theirs]), [0.005, 0.995])
        edges = np.linspace(low, high if high > low else low + 1, 41)
        series = [
            {"name": name, "counts": np.histogram(np.clip(e, low, high), edges)[0].tolist()}
            for name, e in (("deep", errors), ("classical", theirs))
        ]
        inside = float(((records["truth"] >= records["low"]) & (records["truth"] <= records["high"])).mean())
        facts = [
            ["stated coverage", f"{COVERAGE:.0%}", "of the intervals"],
            ["measured coverage", f"{inside:.1%}", "test rows inside their interval"],
            ["median width", spoken(float(np.median(records["high"] - records["low"]))), f"in units of {target.name}"],
        ]
        return [
            Panel(
                "scatter",
                "Predicted vs actual",
                {"x": f"true {target.name}", "y": "said", "points": points, "diagonal": True},
                "Perfect answers lie on the line.",
            ),
            Panel(
                "histogram", "Errors", {"x": f"said − true ({target.name})", "edges": edges.tolist(), "series": series}
            ),
            Panel("facts", "Coverage of the prediction intervals", {"items": facts}),
        ]

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        return (
            f"said {spoken(records['said'][row])}",
            f"is {spoken(records['truth'][row])} · interval {spoken(records['low'][row])} … "
            f"{spoken(records['high'][row])}",
        )

    def rank_errors(self, records: RowResults) -> np.ndarray:
        return np.argsort(-records["loss"], kind="stable")


TASK = Regression()
