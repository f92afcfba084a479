"""The registry of components: the folder is the registry.

A file `tasks/text/token_classification.py` holds `TASK`; its name is found without importing the others. Large
registries have one folder a domain.
"""

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
def modules(kind: str) -> dict[str, str]:
    """Module path of every registered name of a kind: files of `KIND/` and `KIND/DOMAIN/` that do not begin with an
    underscore.

    Raises RuntimeError where two files bear one name.
    """
    found: dict[str, str] = {}
    inside = list(pkgutil.iter_modules([str(PACKAGE / kind)]))
    domains = sorted(module.name for module in inside if module.ispkg and not module.name.startswith("_"))
    package = f"engineroom.{kind.replace('/', '.')}"
    listed = [
        (package, inside),
        *((f"{package}.{one}", pkgutil.iter_modules([str(PACKAGE / kind / one)])) for one in domains),
    ]
    for prefix, modules_there in listed:
        for module in modules_there:
            if module.ispkg or module.name.startswith("_"):
                continue
            if module.name in found:
                raise RuntimeError(f"Two files of {kind} are called {module.name}.py.")
            found[module.name] = f"{prefix}.{module.name}"
    return found


@cache
def names(kind: str) -> tuple[str, ...]:
    """All registered names of a kind ("tasks", "backbones", …): the files of that folder and outside packages' entry
    points."""
    return tuple(sorted(modules(kind)) + sorted(point.name for point in entry_points(group=f"engineroom.{kind}")))


@cache
def get(kind: str, name: str) -> Any:
    """The registered component. Modules hold it under the kind's singular in capitals: tasks/DOMAIN/x.py → TASK."""
    if name not in names(kind):
        raise UserError(f"There is no {singular(kind)} {name!r}.", "", nearest(name, names(kind)))
    for point in entry_points(group=f"engineroom.{kind}"):
        if point.name == name:
            return point.load()
    return getattr(importlib.import_module(modules(kind)[name]), singular(kind).upper())


def every(kind: str) -> dict[str, Any]:
    """All registered things of a kind; imports every file of the folder."""
    return dict(_every(kind))


@cache
def _every(kind: str) -> dict[str, Any]:
    return {name: get(kind, name) for name in names(kind)}


def singular(kind: str) -> str:
    last = kind.rsplit("/", 1)[-1]
    return {"modalities": "modality"}.get(last, last.removesuffix("s"))
