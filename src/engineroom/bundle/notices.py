"""What later rows hold that the model cannot use: cells that do not parse, categories it never saw; counted column
by column."""

from __future__ import annotations

import polars as pl

from ..core.schema import Schema
from ..core.table import Table
from ..modalities.tabular.category import to_strings
from ..modalities.tabular.multilabel import to_sets

NAMED = 5


def notices(
    table: Table, asked: Table, frame: pl.DataFrame, schema: Schema
) -> tuple[list[str], dict[str, dict[str, int]]]:
    """(notes, {"unreadable": {column: cells}, "unknown_categories": {column: cells}}); what is empty is left out.

    `table` is what was opened, `asked` the rows of the question made of it.
    """
    odd = unknown(frame, schema)
    notes = [note for note in dict.fromkeys((*table.notes, *asked.notes)) if note]
    notes += [
        f"{count:,} cell(s) of {name} name something that training never saw: {first}."
        for name, (count, first) in odd.items()
    ]
    counts = {
        "unreadable": dict(table.unreadable),
        "unknown_categories": {name: count for name, (count, _) in odd.items()},
    }
    counts |= {name: dict(found) for name, found in asked.counted.items()}
    return notes, {name: found for name, found in counts.items() if found}


def unknown(frame: pl.DataFrame, schema: Schema) -> dict[str, tuple[int, str]]:
    """{column: (cells that name an unknown category, the first of them)}."""
    found = {}
    for column in schema.inputs:
        if (
            column.modality not in ("category", "multilabel")
            or column.name not in frame.columns
            or "values" not in column.state
        ):
            continue
        values = frame[column.name]
        if column.modality == "multilabel":
            words = pl.Series(
                [label for row in to_sets(values, column.state.get("separator")) for label in row], dtype=pl.String
            )
        else:
            words = to_strings(values).drop_nulls()
        odd = words.filter(~words.is_in(list(column.state["values"])))
        if len(odd):
            found[column.name] = (
                len(odd),
                ", ".join(f"“{word[:40]}”" for word in odd.unique(maintain_order=True).head(NAMED)),
            )
    return found
