"""Class labels of a target that the training rows do not hold: matched to known classes where only the spelling
differs, else counted by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from ..core import registry
from ..core.errors import DataError
from ..core.panels import Finding
from ..core.schema import Column

POSITIVE = frozenset({"1", "true", "t", "yes", "y", "on"})
NEGATIVE = frozenset({"0", "false", "f", "no", "n", "off"})
MOST_NAMED = 8


@dataclass(frozen=True)
class LabelMatch:
    """How the labels of a table fit the classes of a model."""

    known: tuple[str, ...] = ()  # classes of the training rows
    found: int = 0  # labels (rows, boxes, …) that are one of them, by any spelling
    renamed: dict[str, str] = field(default_factory=dict)  # label of the table → class it stands for
    unknown: dict[str, int] = field(default_factory=dict)  # label that is no known class → how often it occurs

    def notes(self, target: str) -> list[str]:
        """What was matched and what is unknown, in words."""
        lines = []
        if self.renamed:
            pairs = ", ".join(f"{label!r} as {known!r}" for label, known in list(self.renamed.items())[:MOST_NAMED])
            lines.append(f"Labels of {target!r} were read as classes of another spelling: {pairs}.")
        if self.unknown:
            lines.append(
                f"{sum(self.unknown.values()):,} of {self.found + sum(self.unknown.values()):,} labels of {target!r} "
                "are classes the model "
                f"does not know: {counted(self.unknown)}. They count as wrong in every score."
            )
        return lines

    def require_known(self, target: str) -> None:
        """DataError where not one label is a class of the model: a score of 0 would say nothing about it."""
        if self.unknown and not self.found:
            raise DataError(
                f"None of the classes in {target!r} ({named(list(self.unknown))}) is known to the model.",
                f"It tells apart: {named(list(self.known))}.",
                "Name the classes as the training data do, or evaluate data of these classes.",
            )


def match_labels(values: pl.Series, target: Column) -> tuple[pl.Series, LabelMatch]:
    """(the target's cells with labels renamed to the classes they stand for, what was matched and what was not)."""
    modality = registry.get("modalities", target.modality)
    labels = modality.labels(values, target.state)
    if labels is None:
        return values, LabelMatch()
    counts = Counter(label for label in labels if label)
    known = [str(one) for one in target.state["values"]]
    same = set(known)
    renamed = {label: other for label in counts if label not in same and (other := same_class(label, known))}
    if renamed:
        changed = modality.rename_labels(values, target.state, renamed)
        values, renamed = (values, {}) if changed is None else (changed, renamed)
    unknown = {label: count for label, count in counts.most_common() if label not in same and label not in renamed}
    return values, LabelMatch(tuple(known), sum(counts.values()) - sum(unknown.values()), renamed, unknown)


def same_class(label: str, known: Sequence[str]) -> str | None:
    """The one known class that `label` spells otherwise: by case or blanks, as a number (1.0 for 1), as yes or no (True
    for 1); None if none or several."""
    plain = fold(label)
    for alike in (lambda one: fold(one) == plain, lambda one: number(one) is not None and number(one) == number(label)):
        found = [one for one in known if alike(one)]
        if found:
            return found[0] if len(found) == 1 else None
    if len(known) == 2:
        positive, negative = ([one for one in known if fold(one) in words] for words in (POSITIVE, NEGATIVE))
        if len(positive) == len(negative) == 1:
            return positive[0] if plain in POSITIVE else negative[0] if plain in NEGATIVE else None
    return None


def fold(label: str) -> str:
    return " ".join(label.casefold().split())


def number(label: str) -> float | None:
    try:
        return float(label)
    except ValueError:
        return None


def unknown_findings(values: pl.Series, target: Column, part: str) -> list[Finding]:
    """A warning where rows that judge hold classes that no training row has."""
    _, match = match_labels(values, target)
    if not match.unknown:
        return []
    return [
        Finding(
            "warning",
            f"{len(match.unknown)} class(es) of {target.name!r} occur in the {part} rows but in no training row: "
            f"{counted(match.unknown)}.",
            "The model cannot say them: these rows count as wrong in every score.",
            "Add training rows of them, or leave them out of the test.",
        )
    ]


def counted(counts: dict[str, int]) -> str:
    """ "cross (15), star (3) and 4 more"."""
    first = ", ".join(f"{label} ({count:,})" for label, count in list(counts.items())[:MOST_NAMED])
    return first + (f" and {len(counts) - MOST_NAMED} more" if len(counts) > MOST_NAMED else "")


def named(labels: Sequence[str]) -> str:
    return ", ".join(labels[:MOST_NAMED]) + (f", … ({len(labels)} in all)" if len(labels) > MOST_NAMED else "")
