"""Which baseline fits these columns: the one that claims them most."""

from __future__ import annotations

from typing import Any

from ..core import registry
from ..core.schema import Schema


def choose(schema: Schema, wanted: str = "") -> tuple[str, Any]:
    """(name, baseline): the one a task wants, or by the columns."""
    if wanted:
        return wanted, registry.get("baselines", wanted)
    found = registry.every("baselines")
    name = max(found, key=lambda one: found[one].fits(schema))
    return name, found[name]
