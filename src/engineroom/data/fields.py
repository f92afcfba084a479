"""COLLECT: which columns travel together. Scalar columns of one modality form one block, every other column is a field
of its own."""

from __future__ import annotations

from dataclasses import dataclass

from ..core import registry
from ..core.schema import Column, Schema


@dataclass(frozen=True)
class Field:
    """Columns that are encoded, stored and collated as one: `name` is the key in a Batch."""

    name: str
    modality: str
    columns: tuple[Column, ...]

    @property
    def is_scalar(self) -> bool:
        return registry.get("modalities", self.modality).is_scalar

    @property
    def states(self) -> list:
        return [column.state for column in self.columns]


def input_fields(schema: Schema) -> tuple[Field, ...]:
    """The fields a model reads, in a stable order: blocks first, then single columns as in the schema."""
    blocks: dict[str, list[Column]] = {}
    singles: list[Field] = []
    for column in schema.inputs:
        if registry.get("modalities", column.modality).is_scalar:
            blocks.setdefault(column.modality, []).append(column)
        else:
            singles.append(Field(f"column:{column.name}", column.modality, (column,)))
    return (*(Field(f"block:{name}", name, tuple(columns)) for name, columns in sorted(blocks.items())), *singles)
