"""May pictures be mirrored? A classical learner that never saw a mirror image is asked about some.

Where it recognises mirrored pictures as well as plain ones, mirroring keeps the meaning (animals, clothes) and is used
to augment; where it does not (digits, arrows), it is not. Where a number is asked for, mirroring may turn its sign
(steering): then the mirror images teach that.
"""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np

from ...core.config import Config
from ...core.sampling import evenly
from ...core.schema import Schema
from ._hog import picture_features

LEARN, ASK = 2500, 800
KEPT = 0.9  # share of the gain over guessing that mirrored pictures must keep
TURNED = 0.5  # … and of that the sign, where taking the mirror image at its word is worse than guessing
SURE = 3  # standard errors above guessing
FLIPS = {"horizontal": 3, "vertical": 2}
STRETCHES = 5  # of the rows in their order: frames of one drive are not asked about by their neighbours
RIDGES = (300.0, 30_000.0)


def find_symmetries(schema: Schema, data, task, config: Config) -> Schema:
    """The schema with `symmetries`, and for numbers `opposites`, in the state of every picture column."""
    for column in schema.inputs:
        if (
            column.modality == "image"
            and config.train.augment
            and task.output_type in ("classes", "number", "identity")
        ):
            ask = ask_regressor if task.output_type == "number" else ask_classifier
            found = ask(data.stores[f"column:{column.name}"], data, task, schema)
            schema = schema.with_column(replace(column, state={**column.state, **found}))
    return schema


def ask_regressor(store, data, task, schema: Schema) -> dict[str, list[str]]:
    from sklearn.linear_model import Ridge
    from sklearn.metrics import r2_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    nothing: dict[str, list[str]] = {"symmetries": [], "opposites": []}
    rows = np.sort(np.concatenate([data.splits["train"], data.splits["val"]]))
    rows = rows[evenly(len(rows), LEARN)]
    if len(rows) < 100:
        return nothing
    y = task.to_targets(data.stores["target"].take(rows), schema.target)
    pixels = store.take(rows)
    views = {"plain": picture_features(pixels)} | {
        name: picture_features(np.flip(pixels, axis)) for name, axis in FLIPS.items()
    }
    best, said = -np.inf, {}
    for strength in RIDGES:
        answers = {name: np.zeros(len(rows)) for name in views}
        for part in np.array_split(np.arange(len(rows)), STRETCHES):
            taught = np.setdiff1d(np.arange(len(rows)), part)
            model = make_pipeline(StandardScaler(), Ridge(strength)).fit(views["plain"][taught], y[taught])
            for name, x in views.items():
                answers[name][part] = model.predict(x[part])
        if (score := r2_score(y, answers["plain"])) > best:
            best, said = score, answers
    if best < max(0.05, SURE * len(rows) ** -0.5):  # who knows nothing cannot be asked
        return nothing
    kept = [name for name in FLIPS if r2_score(y, said[name]) >= KEPT * best]
    turned = [name for name in FLIPS if r2_score(-y, said[name]) >= TURNED * best and r2_score(y, said[name]) < 0]
    return {"symmetries": kept, "opposites": [name for name in turned if name == "horizontal"]}


def ask_classifier(store, data, task, schema: Schema) -> dict[str, list[str]]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows = np.random.default_rng(0).permutation(np.concatenate([data.splits["train"], data.splits["val"]]))
    held = min(ASK, len(rows) // 3)
    asked, taught = np.sort(rows[:held]), np.sort(rows[held : held + LEARN])
    truth = task.to_targets(data.stores["target"].take(np.concatenate([asked, taught])), schema.target)
    # identities are large numbers
    truth = np.where(truth < 0, -1, np.unique(np.maximum(truth, -1), return_inverse=True)[1])
    wanted, known = truth[:held], truth[held:]
    if held < 20 or len(np.unique(known)) < 2:
        return {"symmetries": []}
    pixels = store.take(asked)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a rough learner will do
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.001, max_iter=30)).fit(
            picture_features(store.take(taught)), known
        )
    guess = float(np.bincount(wanted[wanted >= 0]).max() / held)
    plain = model.score(picture_features(pixels), wanted) - guess
    if plain < max(0.05, SURE * held**-0.5 * (guess * (1 - guess)) ** 0.5):
        return {"symmetries": []}
    kept = [
        n
        for n, axis in FLIPS.items()
        if model.score(picture_features(np.flip(pixels, axis)), wanted) - guess >= KEPT * plain
    ]
    return {"symmetries": kept}
