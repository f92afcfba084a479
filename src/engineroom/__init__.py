"""The engine room of modern AI, opened up: data of any kind in, a trained and honestly judged model out.

    import engineroom as er

    model = er.train("houses.csv", target="price")  # watch it learn; a classical baseline gets the same split
    model.predict("new.csv")  # one row per input row, by what validation recommends
    model.report()  # what it achieved, what it gets wrong, which model to use and why

The map: source → data (collect) → model (forward) → loss → backprop, repeat → evaluation → bundle → predict.
`engineroom.run` is the whole story in one function. Importing this package imports no torch; the first call does.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .core.errors import BundleError, DataError, UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .bundle.model import Model
    from .labeling.session import LabelingSession

__version__ = "0.1.0"
__all__ = [
    "BundleError",
    "DataError",
    "UserError",
    "compare",
    "demo",
    "evaluate",
    "explain",
    "generate",
    "label",
    "lesson",
    "lessons",
    "listen",
    "load",
    "predict",
    "recipes",
    "runs",
    "scale",
    "train",
]


class House(ModuleType):
    """This package: a verb stays a verb although a folder has its name (`er.recipes()`, `er.lessons()`).

    Python hangs every imported folder on its package under its name, and would put it in the verb's place.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in __all__ and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = House


def train(
    data: Any = None,
    *,
    target: str | None = None,
    test: str | None = None,
    resume: str | None = None,
    config: str | None = None,
    show: str = "bar",
    watchers: tuple = (),
    **settings: Any,
) -> Model:
    """Train a model on `data`: a path (file, folder, archive) or a table (pandas, polars, Arrow, datasets, dict of
    columns).

    `settings` are the command line's: minutes, epochs, steps, until, model, seed, run, and any other as a nested
    dictionary or with double underscores (`train__lr=0.001`, `recipe="cost_sensitive"`, `columns={"zip": {"role":
    "ignore"}}`). `show` is "bar", "json" or "quiet". Raises UserError (wrong use), DataError (data that cannot be used)
    or BundleError (a run that cannot be continued).
    """
    from .api import train_session

    model, _ = train_session(
        data, target=target, test=test, resume=resume, config=config, show=show, watchers=watchers, settings=settings
    )
    return model


def load(path: str) -> Model:
    """A trained model from a run directory or bundle. Reading it runs no code of the bundle's author."""
    from .bundle.model import Model

    return Model.load(path)


def predict(run: str, data: Any) -> Any:
    """Predictions of a trained model as a polars frame, one row per input row."""
    return load(run).predict(data)


def evaluate(run: str, data: Any) -> dict[str, Any]:
    """Metrics of a trained model and its baseline on labelled data: {"rows", "metrics", "baseline"}."""
    return load(run).evaluate(data)


def compare(*runs: Any, data: Any = None, page: str | None = None) -> dict[str, Any]:
    """A comparison of trained models on the same rows: metrics with a paired test, cost, calibration, disagreements row
    by row.

    `runs` are run directories, bundles or loaded models of one task and target. `data` is labelled data for all of
    them; without it their stored test answers are compared. `page` names an HTML file to write. Raises UserError where
    they cannot be compared.
    """
    from .comparison.report import compare as side_by_side

    return side_by_side(runs, data, page=page)


def explain(
    run: Any,
    data: Any,
    *,
    rows: int = 8,
    methods: tuple[str, ...] = (),
    page: str | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Attributions: how much each part of a row contributes to its prediction, and whether that is faithful (measured
    on the same rows).

    `run` is a run directory, bundle or loaded model; of `data` the first `rows` are shown. `methods` picks explainers
    (all that fit, if empty); `page` names an HTML file to write; `say` receives the progress. Raises UserError for
    predictions that no single number describes.
    """
    from .explanation.report import explain as explain_rows

    return explain_rows(
        run if not isinstance(run, str) and not hasattr(run, "__fspath__") else load(run),
        data,
        rows=rows,
        methods=methods,
        page=page,
        say=say,
    )


def lessons() -> list[dict[str, str]]:
    """The lessons: name, title, year, story, and what the reader can change."""
    from .lessons._base import list_lessons

    return list_lessons()


def lesson(name: str, *, page: str | None = None, say: Any = None, **changes: Any) -> dict[str, Any]:
    """Run a lesson: code of this package on small numbers. `say` receives it step by step (text); `page` names an HTML
    file to write.

    `changes` are the lesson's own settings (`hidden=0`). Raises UserError for a lesson or a setting that is not there.
    """
    from .lessons._base import give

    return give(name, page=page, say=say, changes=changes)


def scale(
    data: Any,
    *,
    target: str | None = None,
    minutes: float = 5.0,
    sizes: int = 5,
    page: str | None = None,
    **settings: Any,
) -> dict[str, Any]:
    """Learning curves of network and classical baseline by number of training rows, where they cross, and advice.

    Both are trained on `sizes` growing parts of the same rows, `minutes` in all, and scored on one test split.
    `settings` are those of
    `train`. Raises what `train` raises.
    """
    from .learning_curves.report import scale as grow

    return grow(data, target=target, minutes=minutes, sizes=sizes, page=page, settings=settings)


def label(
    data: Any,
    *,
    target: str = "label",
    labels_file: str = "labels.jsonl",
    classes: tuple[str, ...] = (),
    strategy: str = "classical",
    batch: int = 10,
    seed: int = 0,
) -> LabelingSession:
    """An active-learning session: rows are labelled, those first of which a model is least sure: `ask()`,
    `give(label)`, `skip()`, `undo()`, `table()`.

    Every label is kept in `labels_file` at once, so work can stop at any instant and go on later. `strategy` is
    "classical" (learns in a second) or "deep" (a network trained anew after each `batch`). Raises UserError, DataError,
    or BundleError where the file is in use.
    """
    from .labeling.session import LabelingSession

    return LabelingSession(
        data, target=target, labels_file=labels_file, classes=classes, strategy=strategy, batch=batch, seed=seed
    )


def listen(
    run: str, recordings: list[str], *, grammar: str | None = None, seconds: float = 4.0
) -> list[dict[str, Any]]:
    """Intents of spoken commands: {"recording", "wake", "intent", "slots", "text"} of each, by a speech-recognition
    model and a grammar (a JSON file; else the run's own).

    "microphone" in place of a recording records `seconds`, where the package sounddevice is at hand.
    """
    from .api import listen_session

    return listen_session(load(run), recordings, grammar=grammar, seconds=seconds)


def generate(
    run: str,
    *,
    prompt: str = "",
    tokens: int = 300,
    temperature: float | None = None,
    top_p: float = 0.95,
    seed: int = 0,
    output: str | None = None,
    count: int | None = None,
    conditions: dict[str, Any] | None = None,
    say: Callable[[str], None] | None = None,
) -> Any:
    """Samples from a generative model.

    A language model (text, music, drawings, speech) returns the text after `prompt`, or the answer to it; a list of
    texts if `count` is given; `say` receives it piece by piece. A model of images, clips or rows returns a polars frame
    of `count` samples; `conditions` name what is to be generated ({"kind": "cat"}), and `output` is the folder for the
    files.

    The same seed gives the same sample. `output` names a file (text; music: .mid, .wav, .png; speech: .wav).
    `temperature` 0 is greedy decoding, None the default of the model; `top_p` is nucleus sampling.
    """
    from .api import generate_session

    return generate_session(
        load(run), prompt=prompt, tokens=tokens, temperature=temperature, top_p=top_p, seed=seed,
        output=output, count=count,
        conditions=conditions or {}, say=say,
    )  # fmt: skip


def recipes() -> list[dict[str, str]]:
    """The recipes: name, title, story, input data and predictions. Use one: `train(data, recipe="cost_sensitive")`."""
    from .api import list_recipes

    return list_recipes()


def demo(
    name: str = "image_classification",
    *,
    minutes: float | None = None,
    run: str | None = None,
    show: str = "bar",
    **settings: Any,
) -> Model:
    """Train a recipe on data that come with an installed package or are generated. `settings` as in `train`."""
    from .api import demo_session

    return demo_session(name, minutes=minutes, run=run, show=show, settings=settings)


def runs(root: str = "runs") -> list[dict[str, Any]]:
    """All runs under `root`, newest first."""
    from .run_directory import list_runs

    return list_runs(root)
