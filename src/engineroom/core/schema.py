"""A typed column, and the schema: the description of a table that travels with the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from .errors import DataError, nearest

Role = Literal["input", "target", "id", "time", "group", "weight", "split", "ignore"]
ROLES: tuple[str, ...] = get_args(Role)


def unique_names(names: Iterable[Any]) -> list[str]:
    """Column names as text, each once: those that come again are numbered (x, x_2), those without one are called by
    their place (column_3)."""
    out: dict[str, None] = {}
    wanted = [str(name).strip() if name is not None else "" for name in names]
    given = set(wanted)
    for place, name in enumerate(wanted, 1):
        base = name or f"column_{place}"
        found, number = base, 1
        while found in out or (number > 1 and found in given):
            number += 1
            found = f"{base}_{number}"
        out[found] = None
    return list(out)


@dataclass(frozen=True)
class Column:
    """One column of the table. `state` is what its modality learnt from the TRAINING rows only; plain JSON."""

    name: str
    modality: str
    role: Role = "input"
    state: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""  # in words: why this modality and role were chosen


@dataclass(frozen=True)
class Schema:
    """The typed columns of a table, in the order of the source."""

    columns: tuple[Column, ...]

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names):
            twice = sorted({name for name in names if names.count(name) > 1})
            raise DataError(
                f"Duplicate column names: {', '.join(twice)}.",
                "Every column needs a name of its own.",
                "Rename them in the source.",
            )

    def __iter__(self):
        return iter(self.columns)

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise DataError(
            f"There is no column {name!r}.", "", nearest(name, (c.name for c in self.columns), label="Columns")
        )

    def __contains__(self, name: str) -> bool:
        return any(column.name == name for column in self.columns)

    def role(self, role: str) -> tuple[Column, ...]:
        """All columns that play `role`."""
        return tuple(column for column in self.columns if column.role == role)

    @property
    def inputs(self) -> tuple[Column, ...]:
        return self.role("input")

    @property
    def target(self) -> Column:
        targets = self.role("target")
        if not targets:
            raise DataError(
                "No target column is known.", "The model must be told what to predict.", "Name it: --target COLUMN."
            )
        return targets[0]

    def with_column(self, column: Column) -> Schema:
        """The same schema with one column exchanged (matched by name)."""
        return Schema(tuple(column if old.name == column.name else old for old in self.columns))

    def to_json(self) -> list[dict[str, Any]]:
        return [
            {"name": c.name, "modality": c.modality, "role": c.role, "state": dict(c.state), "why": c.why}
            for c in self.columns
        ]

    @classmethod
    def from_json(cls, rows: Iterable[Mapping[str, Any]]) -> Schema:
        return cls(
            tuple(
                Column(str(r["name"]), str(r["modality"]), r["role"], dict(r["state"]), str(r.get("why", "")))
                for r in rows
            )
        )
