"""What every fitted rival is: features of the raw columns, then one scikit-learn estimator. Plain enough to be stored without pickle."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ..core import registry
from ..core.columns import Schema
from ..core.errors import BundleError

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


@dataclass
class Fitted:
    """`parts` are scikit-learn objects by name, `facts` plain JSON; the baseline `name` knows how to put them to work."""

    name: str
    words: str
    kind: str
    classes: int
    schema: Schema
    facts: dict[str, Any]
    parts: dict[str, Any]

    def predict(self, frame: pl.DataFrame) -> np.ndarray:
        """(N, C) probabilities | (N,) values | (N, L) probabilities."""
        x = registry.get("baselines", self.name).features(frame, self)
        return answer(self.parts["estimator"], x, self.kind, self.classes, self.facts)

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
            file.writestr("rival.json", json.dumps(head))
            for name, part in self.parts.items():
                file.writestr(f"{name}.skops", skops.dumps(part))
        return buffer.getvalue()


def load(data: bytes) -> Fitted:
    """Read a rival; types that are not trusted or bytes that are damaged give one BundleError and run nothing."""
    from skops import io as skops

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            if sum(entry.file_size for entry in file.infolist()) > 4 * 2**30:
                raise BundleError("The bundle's classical rival is absurdly large.")
            head = json.loads(file.read("rival.json"))
            names = [entry.removesuffix(".skops") for entry in file.namelist() if entry.endswith(".skops")]
            parts = {name: skops.loads(file.read(f"{name}.skops"), trusted=TRUSTED) for name in names}
        return Fitted(
            head["name"], head["words"], head["kind"], int(head["classes"]), Schema.from_json(head["schema"]), head["facts"], parts
        )
    except BundleError:
        raise
    except Exception as error:  # skops raises many kinds; each means the same here
        raise BundleError("The bundle's classical rival is damaged.", str(error)[:200], "Copy the bundle again, or train again.") from None


def answer(estimator: Any, x: Any, kind: str, classes: int, facts: dict[str, Any]) -> np.ndarray:
    """An estimator's word in the house's form; classes it never saw have probability 0."""
    if kind == "number":
        return np.asarray(estimator.predict(x), np.float64).ravel()
    if kind == "labels":
        p = estimator.predict_proba(x)
        out = np.stack([one[:, -1] for one in p], 1) if isinstance(p, list) else np.asarray(p)
        for label, value in enumerate(facts["constant"]):
            if value is not None:
                out[:, label] = value
        return out
    if hasattr(estimator, "predict_proba"):
        p = estimator.predict_proba(x)
    else:
        score = estimator.decision_function(x)
        score = np.stack([-score, score], 1) / 2 if score.ndim == 1 else score
        score = score * facts.get("sharpness", 1.0)
        p = np.exp(score - score.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
    out = np.zeros((p.shape[0], classes))
    out[:, np.asarray(estimator.classes_, int)] = p
    return out


def several(estimator: Any, kind: str) -> Any:
    """For label sets, one estimator a label."""
    if kind != "labels":
        return estimator
    from sklearn.multioutput import MultiOutputClassifier

    return MultiOutputClassifier(estimator)


def constants(y: np.ndarray, kind: str) -> list[int | None]:
    """For label sets: the value of each label that never varies, else None."""
    return [int(column[0]) if len(np.unique(column)) == 1 else None for column in y.T] if kind == "labels" else []


def pick(candidates: list[tuple[str, Any]], x: Any, y: np.ndarray, val: tuple[Any, np.ndarray], kind: str) -> tuple[str, Any]:
    """Fit each candidate, keep the one that is best on the validation rows."""
    if len(candidates) == 1 or not len(val[1]):
        name, estimator = candidates[0]
        return name, estimator.fit(x, y)
    fitted = [(name, estimator.fit(x, y)) for name, estimator in candidates]
    return max(fitted, key=lambda pair: pair[1].score(val[0], val[1]))
