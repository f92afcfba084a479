"""LOSS: a task with what the user said about it. The options of a task are the fields of its dataclass; most tasks have none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, get_type_hints

from ..core import registry
from ..core.columns import Column
from ..core.errors import UserError, nearest


class Plain:
    """What most tasks share: nothing about them depends on the target."""

    def bind(self, target: Column) -> Any:
        """The task as it stands for a fitted target."""
        return self


def make_task(name: str, options: Mapping[str, Any]) -> Any:
    """The registered task with its options set. Raises UserError for an option it does not have, or of another type."""
    task = registry.get("tasks", name)
    hints = get_type_hints(type(task))
    known = {one.name: hints[one.name] for one in fields(task) if not one.metadata.get("bound")} if is_dataclass(task) else {}
    given: dict[str, Any] = {}
    for key, value in options.items():
        if key not in known:
            raise UserError(f"The task {name} has no option {key!r}.", "", nearest(key, known, label="Its options"))
        kind = known[key]
        try:
            given[key] = kind(value) if kind is not str else str(value)
        except (TypeError, ValueError):
            raise UserError(f"Option {key!r} of the task {name} cannot be {value!r}.", f"It is a {kind.__name__}.") from None
    return replace(task, **given) if given else task  # type: ignore[type-var]
