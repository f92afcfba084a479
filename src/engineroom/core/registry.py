"""WORDS: the folder is the registry. A file `tasks/tagging.py` holds `TASK`; its name is found without importing the others."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from .errors import UserError, nearest

PACKAGE = Path(__file__).resolve().parent.parent


@cache
def names(kind: str) -> tuple[str, ...]:
    """All registered names of a kind ("tasks", "families", …): the files of that folder and outside packages' entry points."""
    found = [module.name for module in pkgutil.iter_modules([str(PACKAGE / kind)]) if not module.name.startswith("_")]
    return tuple(sorted(found) + sorted(point.name for point in entry_points(group=f"engineroom.{kind}")))


@cache
def get(kind: str, name: str) -> Any:
    """The registered thing. Modules hold it under the kind's singular in capitals: tasks/x.py → TASK."""
    if name not in names(kind):
        raise UserError(f"There is no {singular(kind)} {name!r}.", "", nearest(name, names(kind)))
    for point in entry_points(group=f"engineroom.{kind}"):
        if point.name == name:
            return point.load()
    module = importlib.import_module(f"engineroom.{kind.replace('/', '.')}.{name}")
    return getattr(module, singular(kind).upper())


def every(kind: str) -> dict[str, Any]:
    """All registered things of a kind; imports every file of the folder."""
    return dict(_every(kind))


@cache
def _every(kind: str) -> dict[str, Any]:
    return {name: get(kind, name) for name in names(kind)}


def singular(kind: str) -> str:
    last = kind.rsplit("/", 1)[-1]
    return {"families": "family", "modalities": "modality"}.get(last, last.removesuffix("s"))
