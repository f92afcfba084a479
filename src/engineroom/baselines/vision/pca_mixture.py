"""Pictures by classical means: principal components, and in them a mixture of normal distributions for every class,
drawn from."""

from __future__ import annotations

import numpy as np
import polars as pl

from ...core import registry
from ...core.batch import Predictions
from ...core.sampling import evenly
from ...core.schema import Schema
from .._estimator import Baseline, FittedBaseline

COMPONENTS, MIXED = 48, 6  # principal components; normal distributions a class


class Mixture(Baseline):
    output_types = ("picture",)
    max_rows = 20_000

    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        from sklearn.decomposition import PCA
        from sklearn.mixture import GaussianMixture

        target = schema.target
        kept = frame[evenly(frame.height, self.max_rows)]
        x = registry.get("modalities", target.modality).encode(kept[target.name], target.state, {})
        flat = x.reshape(len(x), -1).astype(np.float32) / 255
        size = min(COMPONENTS, len(flat) - 1, flat.shape[1])
        parts = {"components": PCA(size, random_state=seed).fit(flat)}
        low = parts["components"].transform(flat)
        codes, names = kinds_of(kept, schema)
        for k in range(len(names)):
            own = low[codes == k]
            few = max(1, min(MIXED, len(own) // 40))
            parts[f"class{k}"] = GaussianMixture(
                few, covariance_type="full" if len(own) > 4 * size else "diag", reg_covar=1e-4, random_state=seed
            ).fit(own if len(own) > 1 else low)
        words = f"{size} principal components → a mixture of normal distributions" + (
            " for each class" if len(names) > 1 else ""
        )
        return FittedBaseline("pca_mixture", words, kind, 0, schema, {"seed": seed, "names": names}, parts)

    def predict(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Predictions | np.ndarray:
        """(N, C, S, S) uint8: drawn anew for every row."""
        state = fitted.schema.target.state
        shape = (state["channels"], state["height"], state["width"])
        codes, _ = kinds_of(frame, fitted.schema, fitted.facts["names"])
        rng = np.random.default_rng(fitted.facts["seed"])
        low = np.zeros((frame.height, fitted.parts["components"].n_components_))
        for k in range(len(fitted.facts["names"])):
            rows = np.flatnonzero(codes == k)
            mixture = fitted.parts[f"class{k}"]
            which = rng.choice(len(mixture.weights_), len(rows), p=mixture.weights_ / mixture.weights_.sum())
            spread = mixture.covariances_[which]
            if mixture.covariance_type == "full":
                low[rows] = mixture.means_[which] + np.einsum(
                    "nij,nj->ni", np.linalg.cholesky(spread), rng.standard_normal((len(rows), low.shape[1]))
                )
            else:
                low[rows] = mixture.means_[which] + np.sqrt(spread) * rng.standard_normal(spread.shape)
        flat = fitted.parts["components"].inverse_transform(low)
        return (flat.clip(0, 1) * 255).round().astype(np.uint8).reshape(frame.height, *shape)


def kinds_of(frame: pl.DataFrame, schema: Schema, names: list[str] | None = None) -> tuple[np.ndarray, list[str]]:
    """(class number of each row, the classes): by the first condition that is a category; one class where there is
    none."""
    conditions = [c for c in schema.inputs if c.modality == "category"]
    names = names or (list(conditions[0].state["values"]) if conditions else [""])
    if not conditions or len(names) == 1:
        return np.zeros(frame.height, int), names
    codes = (
        np.asarray(registry.get("modalities", "category").encode(frame[conditions[0].name], conditions[0].state, {}))
        .reshape(-1)
        .astype(int)
        - 1
    )
    return np.clip(codes, 0, len(names) - 1), names


BASELINE = Mixture()
