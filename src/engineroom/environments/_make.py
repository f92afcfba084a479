"""COLLECT: from the name of an environment to its object: gymnasium's by id, ours by file, a user's class as
`module:Class` or `file.py:Class`, what an installed package registers as `package:Name-v0` (the well-known ones by the
name alone: `_packages.py`).

`NAME?gravity=5&longest=200` hands arguments over; `longest` is the number of steps after which an episode is cut.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import inspect
import re
from pathlib import Path
from typing import Any

from ..core import registry
from ..core.errors import DataError, UserError, missing_extra, nearest
from ._third_party import provide

VERSIONED = re.compile(r"([A-Za-z_][\w.]*:)?[A-Za-z][\w./-]*-v\d+")
CLASS = re.compile(r"(?P<place>[^:?]+):(?P<name>[A-Za-z_]\w*)")
ALIKE = 0.8  # of 1: a word as near as this to a known name is taken for a slip of the pen
# classes that were named in this process; a bundle alone may name none: reading it must run no code of a stranger's
allowed: set[str] = set()


def gymnasium() -> Any:
    try:
        import gymnasium
    except ImportError:
        raise missing_extra("environments", "gymnasium", "Environments") from None
    return gymnasium


def known() -> list[str]:
    """Names of all environments, ours first. Without gymnasium ours alone."""
    try:
        return [*registry.names("environments"), *sorted(gymnasium().registry)]
    except UserError:
        return list(registry.names("environments"))


def looks_like_one(text: str) -> bool:
    """Could the words, which are no path, name an environment?"""
    name = text.partition("?")[0]
    if CLASS.fullmatch(name) or VERSIONED.fullmatch(name) or name in registry.names("environments"):
        return True
    plain = bool(re.fullmatch(r"[A-Za-z][\w-]*", name))
    return plain and bool(
        difflib.get_close_matches(
            name.lower(),
            [one.lower() for one in known()] + [one.lower().rpartition("-v")[0] for one in known()],
            1,
            ALIKE,
        )
    )


def split_name(text: str) -> tuple[str, dict[str, Any]]:
    """(name, arguments): values are read as YAML."""
    import yaml

    name, _, query = text.partition("?")
    arguments: dict[str, Any] = {}
    for pair in filter(None, query.split("&")):
        key, equals, value = pair.partition("=")
        if not equals or not key.isidentifier():
            raise UserError(f"{pair!r} is no argument of an environment.", "", f"Example: {name}?longest=200")
        arguments[key] = yaml.safe_load(value)
    return name, arguments


def full_name(text: str) -> str:
    """The same with the file of a user's class as an absolute path, so that a run can be continued from anywhere."""
    name, mark, query = text.partition("?")
    found = CLASS.fullmatch(name)
    if found and found["place"].endswith(".py"):
        name = f"{Path(found['place']).expanduser().resolve()}:{found['name']}"
    return name + mark + query


def make(name: str, arguments: dict[str, Any], *, pictures: bool) -> tuple[Any, int | None]:
    """(the environment, its own limit of steps). Raises UserError for whatever a user can cause."""
    own = "render_mode" in arguments or not pictures
    if name in registry.names("environments"):
        gymnasium()
        return build(registry.get("environments", name), name, arguments, pictures=not own)
    found = CLASS.fullmatch(name)
    if found and not VERSIONED.fullmatch(found["name"]):
        return build(user_class(name, found["place"], found["name"]), name, arguments, pictures=not own)
    gym = gymnasium()
    module, _, plain = name.rpartition(":")
    if module:
        permitted(name)
    if module or plain not in gym.registry:
        provide(name)
    if plain not in gym.registry:
        raise DataError(f"There is no environment {name!r}.", "", advice(name))
    try:
        made = registered(name, arguments, pictures=not own)
    except Exception as error:  # whatever the environment's own code raises
        why = f"{type(error).__name__}: {str(error)[:300]}"
        raise UserError(
            f"The environment {name} cannot be made.", why, "Is what it needs installed, and are its arguments right?"
        ) from None
    return made, made.spec.max_episode_steps if made.spec else None


def registered(name: str, arguments: dict[str, Any], *, pictures: bool) -> Any:
    """One of gymnasium's. Some draw though their class takes no `render_mode`: these are told afterwards."""
    gym = gymnasium()
    if not pictures:
        return gym.make(name, disable_env_checker=True, **arguments)
    try:
        return gym.make(name, disable_env_checker=True, render_mode="rgb_array", **arguments)
    except TypeError as error:
        if "render_mode" not in str(error):
            raise
        made = gym.make(name, disable_env_checker=True, **arguments)
        made.unwrapped.render_mode = "rgb_array"
        return made


def advice(name: str) -> str:
    names = known()
    close = difflib.get_close_matches(name.rpartition(":")[2].lower(), [one.lower() for one in names], 1, 0.5)
    meant = [one for one in names if close and one.lower() == close[0]]
    ours = ", ".join(
        [
            *registry.names("environments"),
            *(
                one
                for one in ("CartPole-v1", "Acrobot-v1", "Pendulum-v1", "LunarLander-v3", "FrozenLake-v1")
                if one in names
            ),
        ]
    )
    return (
        f"Did you mean {meant[0]!r}? " if meant else ""
    ) + f"Known: {ours}, … ({len(names)} in all), or your own class as file.py:Class."


def permitted(name: str) -> None:
    """Refuse to run a program that nobody but a bundle has named."""
    if name not in allowed:
        fix = f"Name it: engineroom predict RUN {name}"
        raise UserError(
            f"This model acts in {name}, which is a program.", "A bundle does not run programs by itself.", fix
        )


def user_class(name: str, place: str, wanted: str) -> Any:
    """A class out of a file or an installed module."""
    permitted(name)
    try:
        if place.endswith(".py"):
            path = Path(place).expanduser()
            if not path.is_file():
                raise DataError(
                    f"There is no file {path}.", f"The environment {name} should be in it.", "Check the path."
                )
            spec = importlib.util.spec_from_file_location(path.stem, path)
            assert spec is not None and spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
        else:
            module = importlib.import_module(place)
    except UserError:
        raise
    except Exception as error:  # the user's own file
        raise DataError(
            f"{place} cannot be imported.", f"{type(error).__name__}: {str(error)[:300]}", "Mend it, or check the name."
        ) from None
    found = getattr(module, wanted, None)
    classes = [
        key
        for key, value in vars(module).items()
        if inspect.isclass(value) and issubclass(value, gymnasium().Env) and value is not gymnasium().Env
    ]
    if not inspect.isclass(found):
        raise DataError(f"{place} has no class {wanted!r}.", "", nearest(wanted, classes, label="Environments in it"))
    if not issubclass(found, gymnasium().Env):
        raise DataError(
            f"{wanted} is no environment.",
            "It does not inherit from gymnasium.Env.",
            nearest(wanted, classes, label="Environments in it"),
        )
    return found


def build(kind: Any, name: str, arguments: dict[str, Any], *, pictures: bool) -> tuple[Any, int | None]:
    takes = inspect.signature(kind).parameters
    draws = pictures and ("render_mode" in takes or any(one.kind is one.VAR_KEYWORD for one in takes.values()))
    try:
        made = kind(**({"render_mode": "rgb_array"} if draws else {}), **arguments)
    except Exception as error:
        why = f"{type(error).__name__}: {str(error)[:300]}"
        raise DataError(
            f"The environment {name} cannot be made.", why, "Check its arguments: NAME?key=value&key=value"
        ) from None
    return made, getattr(made, "longest", None)
