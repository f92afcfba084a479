"""Every recipe through the steps of a run but for the report: tasks, objectives, heads, baselines and backbones keep
their contracts on the recipe's own demonstration, of which a few rows are taken. What no recipe uses is named at the
end, with the test that holds it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from engineroom import api, run
from engineroom.baselines._estimator import load
from engineroom.baselines._select import choose
from engineroom.build import TrainingSetup
from engineroom.bundle.model import Model
from engineroom.core import registry
from engineroom.core.errors import UserError
from engineroom.core.events import Measured
from engineroom.core.seeds import seed_everything
from engineroom.engine.loop import learn
from engineroom.evaluation.fit_baseline import usable
from engineroom.evaluation.predict import ask, because
from engineroom.finish import bundle_writer
from engineroom.networks.multi_column import mirrored
from engineroom.tasks._base import make_task

pytestmark = pytest.mark.slow  # two minutes for all recipes
ROWS = 240  # of a demonstration; those that are folders or worlds come whole
IN_ORDER = {"anomaly_detection", "forecasting", "recommendation"}  # what follows what is their subject
ASKED = 6  # rows that are predicted


@dataclass
class Built:
    """What `run.fit` was handed, after three steps of training."""

    setup: TrainingSetup
    losses: list[float]
    moved: dict[str, bool]  # by learner: did one of its weights change?
    state: dict[str, torch.Tensor]

    @property
    def rows(self) -> np.ndarray:
        splits = self.setup.ready.data.splits
        return splits["test" if len(splits["test"]) else "val"][:ASKED]


def few(table: Any) -> Any:
    """At most ROWS rows of a demonstration, drawn with a fixed seed; one that comes with its own split keeps parts."""
    if isinstance(table, pl.DataFrame) and table.height > ROWS:
        return table.sample(ROWS, seed=0)
    return table


@pytest.fixture(scope="module", params=registry.names("recipes"))
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    name = request.param
    recipe = registry.get("recipes", name)
    captured: list[TrainingSetup] = []
    settings = {
        "recipe": name,
        "steps": 3,
        "run": str(tmp_path_factory.mktemp("recipe") / "run"),
        "train__precision": "fp32",
        "train__threads": 1,
        "train__batch_size": 8,
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "fit", lambda setup, say, watchers=(): (captured.append(setup), "built"))
        try:
            table = recipe.demo()
        except UserError as error:
            pytest.skip(error.what)
        whole = {"target": recipe.target, "test": None, "resume": None, "config": None, "show": "quiet", "watchers": ()}
        api.train_session(table if name in IN_ORDER else few(table), settings=settings, **whole)
    yield trained(captured[0])


def trained(setup: TrainingSetup) -> Built:
    seed_everything(0)
    setup.objective.initialise(setup.networks)
    setup.networks.train()
    before = {one.name: [p.detach().clone() for p in one.params] for one in setup.learners}
    losses = []
    for event in learn(setup.batches(1, lambda: 3), setup.learners):
        if isinstance(event, Measured):
            losses.append(float(event.losses.total.detach()))
    moved = {
        one.name: any(not torch.equal(a, b) for a, b in zip(before[one.name], one.params, strict=True))
        for one in setup.learners
    }
    state = {name: tensor.clone() for name, tensor in setup.model.state_dict().items()}
    return Built(setup, losses, moved, state)


def test_a_step_is_finite_and_moves_every_learner(built: Built) -> None:
    assert built.losses and np.isfinite(built.losses).all()
    assert all(built.moved.values()), built.moved


def test_every_trainable_weight_has_one_learner(built: Built) -> None:
    owners: dict[int, list[str]] = {}
    for learner in built.setup.learners:
        for group in learner.optimizer.param_groups:
            for weight in group["params"]:
                owners.setdefault(id(weight), []).append(learner.name)
        assert {id(p) for p in learner.params} == {id(p) for g in learner.optimizer.param_groups for p in g["params"]}
    assert all(len(names) == 1 for names in owners.values()), "a weight that two optimizers move"
    answering = [name for name, p in built.setup.model.named_parameters() if p.requires_grad and id(p) not in owners]
    averaged = {name for name, _ in built.setup.networks.named_children()} - {"model", "discriminator"}
    assert not answering or averaged, f"weights that nobody trains: {answering[:5]}"


def test_answers_are_a_row_each_and_have_the_scores_that_decide(built: Built) -> None:
    ready = built.setup.ready
    task, rows = ready.task, built.rows
    model, quick = built.setup.model, task.for_validation()
    val = ready.data.splits["val"][:60]
    calibration = task.fit_calibration(ask(model, ready.data, val, quick), ready.validation_targets(val))
    answers = task.apply_calibration(ask(model, ready.data, rows, quick), calibration)
    assert all(len(values) == len(rows) for values in answers.values())
    answers = because(model.eval(), ready.data, rows, answers, quick)
    frame = task.to_frame(answers, ready.schema.target, ready.table.frame[rows])
    if "_row" in frame.columns:
        assert set(frame["_row"].to_list()) <= set(range(len(rows)))
    else:
        assert frame.height == len(rows)
    scores = task.compute_metrics(task.score_rows(answers, ready.validation_targets(rows)))
    assert {task.primary_metric, task.monitor} <= set(scores)
    assert task.primary_metric in (*task.higher, *task.lower)
    for name, value in scores.items():
        assert isinstance(value, float), (name, value)


def test_the_weights_come_back_from_their_bundle_with_the_same_answers(built: Built) -> None:
    ready, rows = built.setup.ready, built.rows
    best = mirrored(built.setup.model, ready.schema, ready.task).eval()
    write = bundle_writer(
        ready, built.setup.model, {"precision": "fp32", "steps": 4, "batch_size": 8, "threads": 1}, rows
    )
    write(built.state, {}, 3, 1.0)
    model = Model.load(ready.run.path)  # compares its golden answers on the way
    quick = ready.task.for_validation()
    ours, again = (ask(one, ready.data, rows, quick) for one in (best, model.network))
    assert ours.keys() == again.keys()
    for name, values in ours.items():
        if values.dtype.kind in "fiub":
            assert np.allclose(values, again[name], atol=1e-5, equal_nan=True), name


def test_an_explanation_has_a_number_to_move(built: Built) -> None:
    ready = built.setup.ready
    batch = ready.data.batch(built.rows[:1])
    with torch.inference_mode():
        output = built.setup.model.eval()(batch).float()
    score = ready.task.score_outputs(output, output, ready.schema.target)
    assert score.shape == (len(batch),) and torch.isfinite(score).all()


@pytest.mark.parametrize("which", ["baseline", "dummy"])
def test_baselines_answer_in_the_tasks_form_and_come_back(built: Built, which: str) -> None:
    ready = built.setup.ready
    task, splits = ready.task, ready.data.splits
    chosen = choose(ready.schema, task.baseline)[1] if which == "baseline" else registry.get("baselines", task.dummy)
    classes = task.output_size(ready.schema.target) if task.output_type != "number" else 0
    limit = classes if task.output_type == "classes" else 0
    train, val = (usable(splits[part], ready.baseline_targets(splits[part]), limit) for part in ("train", "val"))
    frame = ready.table.frame
    known = {"schema": ready.schema, "kind": task.output_type, "classes": classes, "seed": 0}
    fitted = chosen.fit(frame[train[0]], train[1], val=(frame[val[0]], val[1]), **known)
    asked = frame[built.rows]
    answers, again = (task.from_baseline(one.predict(asked)) for one in (fitted, load(fitted.dump())))
    assert answers.keys() == again.keys()
    for name, values in answers.items():
        assert len(values) == len(built.rows), name
        if values.dtype.kind in "fiub":
            assert np.allclose(values, again[name], equal_nan=True), name
    scores = task.compute_metrics(task.score_rows(answers, ready.targets(built.rows)))
    assert task.primary_metric in scores and fitted.words
    clips = [column.modality for column in ready.schema.inputs] == ["video"]
    assert not clips or which == "dummy" or task.baseline or fitted.name == "motion_features"


def test_everything_registered_is_used_by_a_recipe_or_named_by_a_test() -> None:
    recipes = [registry.get("recipes", name) for name in registry.names("recipes")]
    tasks = {str(recipe.settings.get("task", "")) for recipe in recipes}
    made = [make_task(name, {}) for name in registry.names("tasks")]
    used = {
        "tasks": tasks,
        "heads": {task.head for task in made},
        "objectives": {task.objective for task in made},
        "baselines": {task.baseline for task in made} | {task.dummy for task in made} | {"motion_features"},
    }
    tests = "\n".join(path.read_text("utf-8") for path in Path(__file__).parents[1].rglob("test_*.py"))
    lost = [
        f"{kind}/{name}: no recipe uses it, no test names it"
        for kind, names in used.items()
        for name in registry.names(kind)
        if name not in names and not re.search(rf"\b{name}\b", tests)
    ]
    assert not lost, "\n".join(lost)
