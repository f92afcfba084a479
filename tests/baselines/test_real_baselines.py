"""The baselines on real data: a floor each that only a sound opponent reaches, and the time it may take."""

from __future__ import annotations

import time
import warnings

import numpy as np
import pytest

from conftest import real_data
from engineroom.baselines._estimator import load
from engineroom.baselines._select import choose
from engineroom.core.config import SplitConfig, make_config
from engineroom.data.checks import check
from engineroom.data.loading import open_table
from engineroom.data.schema_inference import apply_findings, fit_schema, infer_schema
from engineroom.data.splits import split_rows
from engineroom.metrics import classification, regression
from engineroom.modalities.tabular.category import MODALITY as CATEGORY
from engineroom.modalities.tabular.number import to_floats

FLOORS = [  # data, target, expected baseline, score, floor (a ceiling for errors), seconds of computing
    ("adult", "income", "gradient_boosting", "roc_auc", 0.925, 10),
    ("california_housing", "median_house_value", "gradient_boosting", "rmse", 48_500, 10),
    ("diamonds", "price", "gradient_boosting", "r2", 0.98, 10),
    ("sms_spam", "label", "tfidf_linear", "f1", 0.95, 10),
    ("sst2", "label", "tfidf_linear", "accuracy", 0.8, 15),
    ("cifar10", None, "hog_linear", "accuracy", 0.53, 40),
    ("fsdd_spoken_digits", "part1", "spectral_trees", "accuracy", 0.95, 30),
    ("ucr/GunPoint", None, "rocket", "accuracy", 0.98, 10),
    ("ucr/JapaneseVowels", None, "rocket", "accuracy", 0.97, 10),
    ("ucr/BasicMotions", None, "rocket", "accuracy", 1.0, 10),
]


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "target", "expected", "score", "floor", "seconds"), FLOORS, ids=[f[0] for f in FLOORS]
)
def test_a_sound_opponent(
    name: str, target: str | None, expected: str, score: str, floor: float, seconds: float
) -> None:
    config = make_config({"target": target})
    table = open_table(real_data(name), target=target, limits=config.limits)
    schema = infer_schema(table, config)
    kind = "number" if schema.target.modality == "number" else "classes"
    split = split_rows(table, schema, SplitConfig(), seed=0, task=kind)
    schema = fit_schema(
        apply_findings(schema, check(table, schema, split, task=kind), config), table, split.train, config.limits
    )
    answers = table.frame[schema.target.name]
    y = (
        to_floats(answers)
        if kind == "number"
        else CATEGORY.encode(answers, schema.target.state, {}).astype(np.int64) - 1
    )
    chosen, baseline = choose(schema)
    classes = 0 if kind == "number" else len(schema.target.state["values"])
    begun = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # linear models cut short
        val = (table.frame[split.val], y[split.val])
        fitted = baseline.fit(
            table.frame[split.train], y[split.train], schema=schema, kind=kind, classes=classes, val=val, seed=0
        )
    said = load(fitted.dump()).predict(table.frame[split.test])
    assert time.process_time() - begun < seconds
    truth = y[split.test]
    found = regression.scores(truth, said, said, said) if kind == "number" else classification.scores(truth, said)
    assert chosen == expected and (found[score] <= floor if score == "rmse" else found[score] >= floor), found
