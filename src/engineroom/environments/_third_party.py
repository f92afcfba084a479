"""COLLECT: packages that bring environments. gymnasium knows their names only after they were imported; these few are
imported by name of the environment."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ..core.errors import UserError, missing_extra


@dataclass(frozen=True)
class Package:
    """`names` are patterns of what it registers, without the version; `extra` is ours that installs it, if there is
    one."""

    module: str
    library: str
    names: tuple[str, ...]
    extra: str = ""


ROADS = (
    "highway",
    "highway-fast",
    "lane-keeping",
    "merge*",
    "roundabout*",
    "intersection*",
    "racetrack*",
    "parking*",
    "exit",
    "two-way",
    "u-turn",
)
PACKAGES = (
    Package("highway_env", "highway-env", ROADS, "driving"),
    Package("minigrid", "minigrid", ("MiniGrid-*", "BabyAI-*")),
    Package("ale_py", "ale-py", ("ALE/*",)),
)


def package_of(name: str) -> Package | None:
    """The package that registers an environment of this name (`highway-fast-v0`)."""
    stem = name.rpartition("-v")[0]
    return next((one for one in PACKAGES if any(fnmatchcase(stem, pattern) for pattern in one.names)), None)


def provide(name: str) -> None:
    """Import what registers `name`: a package of ours, or one that the user names before a colon (`my_worlds:Maze-v0`).
    Raises UserError where it is not there."""
    module, colon, _ = name.rpartition(":")
    if colon:
        bring(module, f"{name} is looked for in it.", "Install it, or check its name.")
    elif (found := package_of(name)) is not None:
        try:
            importlib.import_module(found.module)
        except ImportError:
            if found.extra:
                raise missing_extra(found.extra, found.library, f"Environments like {name}") from None
            raise UserError(
                f"{name} is brought by the package {found.library}, which is not installed.",
                "",
                f"pip install {found.library}",
            ) from None


def bring(module: str, why: str, fix: str) -> None:
    """Import a package that the user names."""
    try:
        importlib.import_module(module)
    except Exception as error:  # the user's own program
        raise UserError(
            f"The package {module} cannot be imported ({type(error).__name__}: {str(error)[:200]}).", why, fix
        ) from None
