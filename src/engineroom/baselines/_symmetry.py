"""May pictures be mirrored? A classical classifier that never saw a mirror image is asked to recognise some.

Where it recognises mirrored validation pictures as well as plain ones, mirroring keeps the meaning (animals, clothes) and is used to
augment; where it does not (digits, arrows, steering), it is not.
"""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np

from ..core.columns import Schema
from ..core.config import Config
from ._hog import picture_features

LEARN, ASK = 2500, 800
KEPT = 0.9  # share of the gain over guessing that mirrored pictures must keep
SURE = 3  # standard errors above guessing
FLIPS = {"horizontal": 3, "vertical": 2}


def find_symmetries(schema: Schema, data, task, config: Config) -> Schema:
    """The schema with `symmetries` in the state of every picture column."""
    for column in schema.inputs:
        if column.modality == "image" and config.train.augment and task.kind in ("classes", "number"):
            found = ask_classifier(data.stores[f"column:{column.name}"], data, task, schema)
            schema = schema.with_column(replace(column, state={**column.state, "symmetries": found}))
    return schema


def ask_classifier(store, data, task, schema: Schema) -> list[str]:
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows = np.random.default_rng(0).permutation(np.concatenate([data.splits["train"], data.splits["val"]]))
    held = min(ASK, len(rows) // 3)
    asked, taught = np.sort(rows[:held]), np.sort(rows[held : held + LEARN])
    truth = {name: task.truth(data.stores["target"].take(part), schema.target) for name, part in (("asked", asked), ("taught", taught))}
    if held < 20 or (task.kind == "classes" and len(np.unique(truth["taught"])) < 2):
        return []
    pixels = store.take(asked)
    learner = Ridge(300.0) if task.kind == "number" else LogisticRegression(C=0.001, max_iter=30)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a rough learner will do
        model = make_pipeline(StandardScaler(), learner).fit(picture_features(store.take(taught)), truth["taught"])
    guess = 0.0 if task.kind == "number" else float(np.bincount(truth["asked"][truth["asked"] >= 0]).max() / held)
    plain = model.score(picture_features(pixels), truth["asked"]) - guess
    noise = held**-0.5 * (1.0 if task.kind == "number" else (guess * (1 - guess)) ** 0.5)
    if plain < max(0.05, SURE * noise):  # who knows nothing cannot be asked
        return []
    return [
        name for name, axis in FLIPS.items() if model.score(picture_features(np.flip(pixels, axis)), truth["asked"]) - guess >= KEPT * plain
    ]
