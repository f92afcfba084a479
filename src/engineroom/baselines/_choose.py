"""Which rival fits these columns: the one that claims them most."""

from __future__ import annotations

from typing import Any

from ..core import registry
from ..core.columns import Schema


def choose(schema: Schema) -> tuple[str, Any]:
    """(name, baseline)."""
    found = registry.every("baselines")
    name = max(found, key=lambda one: found[one].fits(schema))
    return name, found[name]
