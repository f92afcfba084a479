"""What every fitted baseline is: features of the raw columns, then one scikit-learn estimator. Plain enough to be
stored without pickle."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import numpy as np
import polars as pl

from ..core import registry
from ..core.errors import BundleError, DataError, UserError
from ..core.sampling import evenly
from ..core.schema import Schema
from ._untrusted import check_sound
from ._validation_check import check_baseline

# Types beyond scikit-learn's and numpy's own that its estimators are made of; anything else in a file is refused.
TRUSTED = [
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn._loss.link.IdentityLink",
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.link.MultinomialLogit",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn._loss.loss.HalfMultinomialLoss",
    "sklearn._loss.loss.HalfSquaredError",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.tree._tree.Tree",
    "functools.partial",
    "sklearn.utils.validation.check_array",
]
KINDS = ("classes", "number", "labels")
MANY_ROWS = 100_000  # for fewer, one thread does it
MOST_CLASSES = 1_000_000
MOST_BYTES = 4 * 2**30
SHARPNESS = (0.5, 16.0)
FEW_TO_SHARPEN = 50  # validation rows


class Baseline:
    """What most baselines share: features of the columns, then one estimator. A baseline of a task's own kind answers
    by itself."""

    output_types: tuple[str, ...] = KINDS  # of questions it can answer
    max_rows = 50_000  # rows learnt from, evenly taken

    def fits(self, schema: Schema) -> float:
        """0: never by the columns alone, a task must want it."""
        return 0.0

    def features(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Any:
        raise NotImplementedError

    def predict(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Any:
        if not frame.height:
            return np.zeros((0, fitted.classes) if fitted.kind != "number" else 0)
        return answer(
            fitted.parts["estimator"], self.features(frame, fitted), fitted.kind, fitted.classes, fitted.facts
        )


@dataclass
class FittedBaseline:
    """`parts` are scikit-learn objects by name, `facts` plain JSON; the baseline `name` knows how to put them to
    work."""

    name: str
    words: str
    kind: str
    classes: int
    schema: Schema
    facts: dict[str, Any]
    parts: dict[str, Any]

    def predict(self, frame: pl.DataFrame) -> Any:
        """(N, C) probabilities | (N,) values | (N, L) probabilities | answers, where the kind is a task's own."""
        with threads(frame.height):
            return registry.get("baselines", self.name).predict(frame, self)

    def dump(self) -> bytes:
        from skops import io as skops

        head = {
            "name": self.name,
            "words": self.words,
            "kind": self.kind,
            "classes": self.classes,
            "schema": self.schema.to_json(),
            "facts": self.facts,
        }
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("baseline.json", json.dumps(head))
            for name, part in self.parts.items():
                file.writestr(f"{name}.skops", skops.dumps(part))
        return buffer.getvalue()


class LoadedBaseline(FittedBaseline):
    """A baseline read from a file: parts that do not fit together give one plain error, not numpy's word for it."""

    def predict(self, frame: pl.DataFrame) -> Any:
        wanted = (frame.height,) if self.kind == "number" else (frame.height, self.classes)
        try:
            said = super().predict(frame)
            if self.kind in KINDS and said.shape != wanted:
                raise ValueError(f"answers of shape {said.shape} instead of {wanted}")
        except UserError:
            raise
        except Exception as error:  # as many kinds as there are ways not to fit, too little memory among them
            why = f"{type(error).__name__}: {str(error)[:200]}"
            raise BundleError(
                "The bundle's classical baseline cannot answer.", why, "Copy the bundle again, or train again."
            ) from error
        return said


def load(data: bytes) -> LoadedBaseline:
    """Read a baseline; types that are not trusted, damaged bytes and forged trees give one BundleError and run
    nothing."""
    from sklearn.base import BaseEstimator
    from skops import io as skops

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            bounded(file)
            head = json.loads(file.read("baseline.json"))
            stored = {
                entry.removesuffix(".skops"): file.read(entry) for entry in file.namelist() if entry.endswith(".skops")
            }
        for part in stored.values():
            with zipfile.ZipFile(io.BytesIO(part)) as inner:
                bounded(inner)
        parts = {name: skops.loads(part, trusted=TRUSTED) for name, part in stored.items()}
        name, words, kind, classes, facts = (head[key] for key in ("name", "words", "kind", "classes", "facts"))
        known = name in registry.names("baselines") and kind in registry.get("baselines", name).output_types
        known = known and isinstance(words, str) and isinstance(facts, dict)
        whole = "estimator" in parts or kind not in KINDS
        if (
            not known
            or not whole
            or not 0 <= int(classes) <= MOST_CLASSES
            or not all(isinstance(p, BaseEstimator) for p in parts.values())
        ):
            raise ValueError("its description makes no sense")
        check_sound(parts)
        return LoadedBaseline(name, words, kind, int(classes), Schema.from_json(head["schema"]), facts, parts)
    except BundleError:
        raise
    except Exception as error:  # skops raises many kinds; each means the same here
        raise BundleError(
            "The bundle's classical baseline is damaged.", str(error)[:200], "Copy the bundle again, or train again."
        ) from None


def bounded(file: zipfile.ZipFile) -> None:
    """Refuse what would unpack to more than any baseline needs."""
    if sum(entry.file_size for entry in file.infolist()) > MOST_BYTES:
        raise BundleError(
            "The bundle's classical baseline is absurdly large.", "", "Copy the bundle again, or train again."
        )


def answer(estimator: Any, x: Any, kind: str, classes: int, facts: dict[str, Any]) -> np.ndarray:
    """An estimator's word in the house's form; classes it never saw have probability 0."""
    if kind == "number":
        return np.asarray(estimator.predict(x), np.float64).ravel()
    if kind == "labels":
        constant = facts["constant"]
        out = np.array([[np.nan if value is None else value for value in constant]]).repeat(x.shape[0], 0)
        p = estimator.predict_proba(x)
        out[:, [value is None for value in constant]] = np.stack(
            [q[:, 1] for q in (p if isinstance(p, list) else [p])], 1
        )
        return out
    if hasattr(estimator, "predict_proba"):
        p = estimator.predict_proba(x)
    else:
        p = softmax_of(decisions(estimator, x), facts.get("sharpness", 1.0))
    out = np.zeros((p.shape[0], classes))
    out[:, np.asarray(estimator.classes_, int)] = p
    return out


def decisions(estimator: Any, x: Any) -> np.ndarray:
    """(N, C) decision function, of two classes too."""
    score = estimator.decision_function(x)
    return np.stack([-score, score], 1) / 2 if score.ndim == 1 else score


def softmax_of(score: np.ndarray, sharpness: float) -> np.ndarray:
    """(N, C) probabilities."""
    from scipy.special import softmax

    return softmax(score * sharpness, axis=1)


def several(estimator: Any, kind: str) -> Any:
    """For label sets, one estimator a label."""
    if kind != "labels":
        return estimator
    from sklearn.multioutput import MultiOutputClassifier

    return MultiOutputClassifier(estimator)


def split_labels(y: np.ndarray, kind: str) -> tuple[np.ndarray, list[int | None]]:
    """(what can be learnt, the value of every label that never varies, else None): most estimators refuse a label with
    one value."""
    if kind != "labels":
        return y, []
    constant = [int(column[0]) if (column == column[0]).all() else None for column in y.T]
    varies = [value is None for value in constant]
    if not any(varies):
        raise DataError(
            "No label varies in the training rows.",
            "There is nothing to learn.",
            "Add rows, or choose another --target.",
        )
    return y[:, varies], constant


def linear_tries(
    kind: str, *, alphas: tuple[float, ...], strengths: tuple[float, ...], rounds: int
) -> list[tuple[str, Any]]:
    """Ridge regression or logistic regression, held more or less tightly, for `pick`."""
    from sklearn.linear_model import LogisticRegression, Ridge

    if kind == "number":
        return [(f"ridge ({alpha:g})", Ridge(alpha)) for alpha in alphas]
    return [
        (f"logistic regression (C={c:g})", several(LogisticRegression(C=c, max_iter=rounds), kind)) for c in strengths
    ]


def pick(
    candidates: list[tuple[str, Any]], x: Any, y: np.ndarray, val: tuple[Any, np.ndarray], kind: str
) -> tuple[str, Any]:
    """Fit each candidate, keep the one that is best on the validation rows."""
    if len(candidates) == 1 or not len(val[1]) or kind == "labels":
        name, estimator = candidates[0]
        return name, estimator.fit(x, y)
    fitted = [(name, estimator.fit(x, y)) for name, estimator in candidates]
    return max(fitted, key=lambda pair: pair[1].score(val[0], val[1]))


def with_care(fit: Callable[..., FittedBaseline]) -> Callable[..., FittedBaseline]:
    """What every baseline's `fit` is spared: more rows than `most`, a single class, and threads that wait for each
    other over small sums.

    On a busy machine such threads take up to forty times longer. Whatever was spared is said in `words`.
    """

    @wraps(fit)
    def careful(self: Any, frame: pl.DataFrame, y: np.ndarray, **more: Any) -> FittedBaseline:
        rows = evenly(len(y), self.max_rows)
        if len(rows) < len(y):
            frame, y, note = frame[rows], y[rows], f", on {len(rows):,} of {len(y):,} rows"
        else:
            note = ""
        if more["kind"] == "classes" and (y == y[0]).all():
            fitted = registry.get("baselines", "dummy").fit(frame, y, **more)
            fitted.words = "always the only class that occurs in training"
            return fitted
        with threads(frame.height):
            fitted = fit(self, frame, y, **more)
            check_baseline(fitted, lambda one: self.features(one, fitted), frame, y, more["val"], more["seed"])
        fitted.words += note
        return fitted

    return careful


def sharpness(estimator: Any, x: Any, y: np.ndarray) -> float:
    """What a decision function is multiplied by before the softmax: least log loss on validation rows (Guo et al. 2017:
    temperature)."""
    from scipy.optimize import minimize_scalar

    if hasattr(estimator, "predict_proba"):
        return 1.0  # it states probabilities itself
    known = np.isin(y, estimator.classes_)
    if known.sum() < FEW_TO_SHARPEN:
        return 4.0
    place, score = np.searchsorted(estimator.classes_, y[known]), decisions(estimator, x[known])
    rows = np.arange(len(place))
    loss = lambda log_s: float(-np.log(np.clip(softmax_of(score, np.exp(log_s))[rows, place], 1e-9, 1)).mean())
    found = minimize_scalar(loss, bounds=np.log(SHARPNESS), method="bounded", options={"xatol": 1e-3})
    return round(float(np.exp(found.x)), 4)


def threads(rows: int) -> Any:
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1 if rows <= MANY_ROWS else None)
