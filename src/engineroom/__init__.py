"""The engine room of modern AI, opened up: data of any kind in, a trained and honestly judged model out.

    import engineroom as er
    model = er.train("houses.csv", target="price")     # watch it learn; a classical rival is trained on the same split
    model.predict("new.csv")                           # one row per input row
    model.report()                                     # what it achieved, what it gets wrong, which model to use and why

The map: source → data (collect) → model (forward) → loss → backprop, repeat → evaluation → bundle → predict. `engineroom.run` is the
whole story in one function. Importing this package imports no torch; the first call does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .core.errors import BundleError, DataError, UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .bundle.model import Model

__version__ = "0.1.0"
__all__ = ["BundleError", "DataError", "UserError", "demo", "evaluate", "generate", "load", "predict", "recipes", "runs", "train"]


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
    """Train a model on `data`: a path (file, folder, archive) or a table (pandas, polars, Arrow, datasets, dict of columns).

    `settings` are the command line's: minutes, epochs, steps, until, model, seed, run, and any other as a nested dictionary or with
    double underscores (`train__lr=0.001`, `recipe="risk"`, `columns={"zip": {"role": "ignore"}}`). `show` is "bar", "json" or "quiet".
    Raises UserError (wrong use), DataError (data that cannot be used) or BundleError (a run that cannot be continued).
    """
    from .session import train_session

    model, _ = train_session(data, target=target, test=test, resume=resume, config=config, show=show, watchers=watchers, settings=settings)
    return model


def load(path: str) -> Model:
    """A trained model from a run directory or bundle. Reading it runs no code of whoever made it."""
    from .bundle.model import Model

    return Model.load(path)


def predict(run: str, data: Any) -> Any:
    """Predictions of a trained model as a polars frame, one row per input row."""
    return load(run).predict(data)


def evaluate(run: str, data: Any) -> dict[str, Any]:
    """{"rows", "metrics", "rival"} of a trained model on labelled data."""
    return load(run).evaluate(data)


def generate(
    run: str,
    *,
    prompt: str = "",
    tokens: int = 300,
    temperature: float = 0.8,
    top_p: float = 0.95,
    seed: int = 0,
    say: Callable[[str], None] | None = None,
) -> str:
    """The text that a trained language model writes after `prompt`; `say` hears it piece by piece. Same seed, same text.

    Temperature 0 takes the likeliest token each time; `top_p` draws among the likeliest that together reach this probability.
    """
    model = load(run)
    pieces = []
    for piece in model.task.generate(model.network, model.schema, prompt, tokens=tokens, temperature=temperature, top_p=top_p, seed=seed):
        pieces.append(piece)
        if say is not None:
            say(piece)
    return "".join(pieces)


def recipes() -> list[dict[str, str]]:
    """Ready-made purposes: name, title, story, the data they take, the answers they give. Use one: `train(data, recipe="risk")`."""
    from .session import list_recipes

    return list_recipes()


def demo(name: str = "digits", *, minutes: float | None = None, run: str | None = None, show: str = "bar") -> Model:
    """Train a recipe on data that come with an installed package or are generated."""
    from .session import demo_session

    return demo_session(name, minutes=minutes, run=run, show=show)


def runs(root: str = "runs") -> list[dict[str, Any]]:
    """All runs under `root`, newest first."""
    from .rundir import list_runs

    return list_runs(root)
