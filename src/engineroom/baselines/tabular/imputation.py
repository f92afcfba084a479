"""Hidden parts of rows told without a network: what lies nearby, what rows that agree in the rest hold, or what goes
with the rest in a normal distribution.

The last is the best linear guess for every pattern of hidden parts (what imputation by chained regressions comes to);
validation rows say for each column who tells it.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor

from ...core.batch import Batch
from ...core.sampling import evenly
from ...core.schema import Schema
from ...data.masking import HIDDEN, WANTED, PartsByField, concat_fields, own, parse_parts
from .._estimator import Baseline, FittedBaseline, with_care
from .._masked_rows import answered, as_they_are

MOST = 800  # numbers a row: more are told by what lies nearby alone
KEPT = 2_000  # training rows among which neighbours are looked for
NEAREST = 10
JUDGING = 300  # validation rows that choose
LOOSE = (0.003, 0.03, 0.3)  # added to the covariance, by its mean variance
WORDS = {
    "nearby": "what lies nearby",
    "alike": f"the {NEAREST} nearest rows",
    "normal": "what goes with the rest in a normal distribution",
}


class Filled(Baseline):
    output_types = ("hidden",)
    max_rows = 20_000

    @with_care
    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        from sklearn.decomposition import PCA

        parts = parse_parts(schema.target.state["parts"])
        columns = sum(len(one.columns) for one in parts.values())
        fitted = FittedBaseline("imputation", "", kind, 0, schema, {"chosen": ["nearby"] * columns, "width": 0}, {})
        if (width := sum(one.room for one in parts.values())) > MOST:
            fitted.words = WORDS["nearby"]
            return fitted
        x = whole(frame, schema, parts)
        fitted.parts["estimator"] = PCA(svd_solver="full").fit(x)
        kept = x[evenly(len(x), KEPT)].astype(np.float16)
        fitted.facts |= {"width": width, "rows": base64.b64encode(kept.tobytes()).decode(), "loose": LOOSE[0]}
        judging = val[0][evenly(len(val[0]), JUDGING)]
        tries: list[dict[str, Any]] = [{"chosen": [name] * columns} for name in ("nearby", "alike")] + [
            {"chosen": ["normal"] * columns, "loose": loose} for loose in LOOSE
        ]
        errors = np.stack([self.errors(judging, fitted, one) for one in tries])  # (tries, columns)
        loosest = 2 + int(errors[2:].mean(1).argmin())
        order = [0, 1, loosest]
        best = errors[order].argmin(0)
        names = [tries[k]["chosen"][0] for k in order]
        fitted.facts |= {"chosen": [names[k] for k in best], "loose": tries[loosest]["loose"]}
        counts = Counter(fitted.facts["chosen"])
        fitted.words = "; ".join(
            f"{WORDS[name]} ({count} of {columns} columns)" if len(counts) > 1 else WORDS[name]
            for name, count in counts.most_common()
        )
        return fitted

    def errors(self, frame: pl.DataFrame, fitted: FittedBaseline, change: Mapping[str, Any]) -> np.ndarray:
        """(columns,) mean error by other facts."""
        tried = FittedBaseline(fitted.name, "", fitted.kind, 0, fitted.schema, {**fitted.facts, **change}, fitted.parts)
        error = self.predict(frame, tried)["error"]
        return np.where(np.isfinite(error), error, 0).sum(0) / np.maximum(1, np.isfinite(error).sum(0))

    def predict(self, frame: pl.DataFrame, fitted: FittedBaseline) -> dict[str, np.ndarray]:
        parts = parse_parts(fitted.schema.target.state["parts"])
        owner, place = [], 0
        for one in parts.values():
            owner.append(one.owner + place)
            place += len(one.columns)
        teller = np.array(fitted.facts["chosen"])[torch.cat(owner).numpy()]  # (W,)
        ways = {name: TELL[name](fitted) for name in set(teller)}

        def guess(question: Batch) -> Tensor:
            out = np.zeros((len(question), len(teller)), np.float32)
            for name, tell in ways.items():
                out[:, teller == name] = tell(question, parts)[:, teller == name]
            return torch.from_numpy(out)

        return answered(frame, fitted.schema, parts, guess)


def whole(frame: pl.DataFrame, schema: Schema, parts: PartsByField) -> np.ndarray:
    """(N, W): what there is to be told of every row, the middle where nobody knows."""
    return np.concatenate([known_values(batch, parts)[0] for batch in as_they_are(frame, schema)])


def known_values(batch: Batch, parts: PartsByField) -> tuple[np.ndarray, np.ndarray]:
    """(values (B, W), the middle where nothing is known; what is known (B, W))."""
    values, seen = [], []
    for name, one in parts.items():
        field = own(batch, name)
        known = one.known(field)
        values.append(torch.where(known, one.wanted(field), one.middle(len(batch))))
        seen.append(known)
    return torch.cat(values, 1).double().numpy(), torch.cat(seen, 1).numpy()


def left(question: Batch, parts: PartsByField) -> tuple[np.ndarray, np.ndarray]:
    """(what is left of rows (B, W), which of it can be seen (B, W))."""
    values, known = known_values(question, parts)
    return values, known & ~concat_fields(parts, question, HIDDEN).numpy()


def nearby(fitted: FittedBaseline):
    def tell(question: Batch, parts: PartsByField) -> np.ndarray:
        said = [
            one.between(question[WANTED + name].masked_fill(question[HIDDEN + name], 0), question[HIDDEN + name])
            for name, one in parts.items()
        ]
        return torch.cat(said, 1).numpy()

    return tell


def alike(fitted: FittedBaseline):
    rows = (
        np.frombuffer(base64.b64decode(fitted.facts["rows"]), np.float16)
        .reshape(-1, fitted.facts["width"])
        .astype(np.float64)
    )
    square = rows**2

    def tell(question: Batch, parts: PartsByField) -> np.ndarray:
        x, seen = left(question, parts)
        x, v = np.where(seen, x, 0), seen.astype(float)
        far = v @ square.T - 2 * x @ rows.T  # (B, kept), the row's own square left out
        near = np.argpartition(far, min(NEAREST, len(rows)) - 1, axis=1)[:, :NEAREST]
        return rows[near].mean(1)

    return tell


def normal(fitted: FittedBaseline):
    model = fitted.parts["estimator"]
    covariance = model.get_covariance()
    covariance = covariance + fitted.facts["loose"] * max(1e-6, float(np.diag(covariance).mean())) * np.eye(
        len(covariance)
    )

    def tell(question: Batch, parts: PartsByField) -> np.ndarray:
        x, seen = left(question, parts)
        out = np.tile(model.mean_, (len(x), 1))
        for row, value, there in zip(out, x, seen, strict=True):
            if there.any() and not there.all():
                row[~there] += covariance[np.ix_(~there, there)] @ np.linalg.solve(
                    covariance[np.ix_(there, there)], (value - model.mean_)[there]
                )
        return out

    return tell


TELL = {"nearby": nearby, "alike": alike, "normal": normal}

BASELINE = Filled()
