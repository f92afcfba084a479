"""What the Python functions and the command line call: keyword arguments become a configuration, progress a bar, JSON
lines or nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .core import registry
from .core.config import Config, make_config, merge, read_yaml, set_key
from .core.errors import UserError, install_hint
from .run_directory import free_path

if TYPE_CHECKING:
    from .bundle.model import Model

SHORT = {
    "minutes": "train.minutes",
    "epochs": "train.epochs",
    "steps": "train.steps",
    "until": "train.until",
    "model": "model.name",
}


def train_session(
    data: Any,
    *,
    target: str | None,
    test: str | None,
    resume: str | None,
    config: str | None,
    show: str,
    watchers: tuple,
    settings: dict[str, Any],
) -> tuple[Model, str]:
    """(model, why training stopped). A path is read by its source, anything else is taken as a table."""
    layer = to_layer(settings)
    layer |= {key: value for key, value in (("target", target), ("test", test)) if value is not None}
    table = None if data is None or isinstance(data, str) or hasattr(data, "__fspath__") else data
    if data is not None and table is None:
        layer["data"] = str(data)
    full = with_recipe(read_yaml(config) if config else {}, layer)
    if not resume and table is None and not full.data:
        raise UserError("No data were named.", "", "Example: engineroom train houses.csv --target price")
    from .run import train

    return train(full, table=table, resume=resume, say=teller(show), watchers=watchers)


def with_recipe(*layers: dict[str, Any]) -> Config:
    """The configuration of the layers, with the settings of the recipe they name (if any) below them."""
    name = merge(*layers).get("recipe")
    return make_config(registry.get("recipes", str(name)).settings if name else {}, *layers)


def demo_session(name: str, *, minutes: float | None, run: str | None, show: str, settings: dict[str, Any]) -> Model:
    """Train a recipe on the data it brings along."""
    recipe = registry.get("recipes", name)
    own = {"recipe": name, "minutes": minutes or recipe.minutes, "run": run or str(free_path(name))}
    return train_session(
        recipe.demo(),
        target=recipe.target,
        test=None,
        resume=None,
        config=None,
        show=show,
        watchers=(),
        settings=merge(settings, own),
    )[0]


def list_recipes() -> list[dict[str, str]]:
    """The recipes: name, title, story, data, answers and expected result, as text."""
    return [
        {"name": name, "title": r.title, "story": r.story, "data": r.data, "answers": r.answers, "expect": r.expect}
        for name, r in registry.every("recipes").items()
    ]


def to_layer(settings: dict[str, Any]) -> dict[str, Any]:
    """Keyword arguments → nested settings: minutes=3, train__lr=0.1, columns={…}."""
    layer: dict[str, Any] = {}
    for name, value in settings.items():
        if name in SHORT and not isinstance(value, dict):
            if value is not None:
                set_key(layer, SHORT[name], value)
        elif "__" in name:
            set_key(layer, name.replace("__", "."), value)
        else:
            layer = merge(layer, {name: value})
    return layer


def teller(show: str) -> Callable[[dict[str, Any]], None]:
    """What hears the diary."""
    if show == "quiet":
        return lambda line: None
    if show == "json":
        from .engine.callbacks.progress import json_lines

        return json_lines
    if show == "bar":
        from .console import ConsoleLogger

        return ConsoleLogger()
    raise UserError(f"show cannot be {show!r}.", "", "It is bar, json or quiet.")


def generate_session(
    model: Any,
    *,
    prompt: str,
    tokens: int,
    temperature: float | None,
    top_p: float,
    seed: int,
    output: str | None,
    count: int | None,
    conditions: dict[str, Any],
    say: Callable[[str], None] | None,
) -> Any:
    """Samples from noise of a model that makes such, else a text or `count` texts, each of the next seed, under
    `output` a file each."""
    from .bundle.samples import draws_samples, sample

    if draws_samples(model):
        if prompt:
            what = "This model makes samples from noise and takes no prompt."
            raise UserError(what, "", "Say what is to be made: --set COLUMN=VALUE")
        return sample(model, count=count, conditions=conditions, seed=seed, output=output)
    if conditions:
        raise UserError(
            "This model takes no conditions.", "It goes on from a text, or answers one.", "Say --prompt TEXT"
        )
    temperature = model.task.default_temperature if temperature is None else temperature
    emit = say or (lambda piece: None)
    texts = []
    for number in range(count or 1):
        if number:
            emit("\n")
        if model.task.return_full_text:
            emit(prompt)
        pieces = []
        for piece in model.task.generate(
            model.network, model.schema, prompt, tokens=tokens, temperature=temperature, top_p=top_p, seed=seed + number
        ):
            pieces.append(piece)
            emit(piece)
        texts.append("".join(pieces))
        if output is not None:
            file = Path(output)
            if count is not None and count > 1:
                file.mkdir(parents=True, exist_ok=True)
                file /= f"{number:04d}{model.task.written_as}"
            model.task.save_generated(model.network, model.schema, prompt, texts[-1], file)
    return texts[0] if count is None else texts


def listen_session(model: Any, recordings: list[str], *, grammar: str | None, seconds: float) -> list[dict[str, Any]]:
    """Recordings → what is wanted in each; a recording that cannot be read has no text and no intent."""
    import polars as pl

    from .decoding.command_grammar import EXAMPLE, read_grammar, understood

    if model.task.output_type != "transcripts":
        raise UserError(
            "This model does not write down what is said.",
            "",
            "Train one that does: engineroom train commands.csv --recipe voice_commands --target text",
        )
    known = read_grammar(grammar) if grammar else model.task.state.get("grammar")
    if not known:
        raise UserError(
            "Which commands are there?", "The model was trained without a grammar.", f"--grammar house.json: {EXAMPLE}"
        )
    with tempfile.TemporaryDirectory(prefix="engineroom-heard-") as folder:
        cells = [
            recorded(seconds, Path(folder) / f"{k}.wav") if one == "microphone" else one
            for k, one in enumerate(recordings)
        ]
        heard = model.predict(pl.DataFrame({"recording": cells}))["prediction"].to_list()
    return [{"recording": name, **understood(text or "", known)} for name, text in zip(recordings, heard, strict=True)]


def recorded(seconds: float, path: Path) -> str:
    """A WAV file at `path`, from the microphone."""
    import soundfile

    try:
        import sounddevice
    except (ImportError, OSError) as error:
        raise silent(error) from None
    try:
        wave = sounddevice.rec(int(seconds * 16_000), samplerate=16_000, channels=1, blocking=True)
    except sounddevice.PortAudioError as error:  # the package is there, a device is not
        raise silent(error) from None
    soundfile.write(path, wave, 16_000)
    return str(path)


def silent(error: Exception) -> UserError:
    return UserError(
        f"There is no microphone to listen to ({error}).",
        "It needs the package sounddevice, PortAudio and a device.",
        f"{install_hint('microphone')}, or name a recording.",
    )
