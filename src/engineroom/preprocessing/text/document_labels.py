"""LOSS for documents: pages become words; where the value of a field stands among them (for learning); and back from
labels to values."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Any

import numpy as np
import polars as pl

from ...core.errors import DataError, nearest
from ...core.span_labels import Span, spans
from ...core.table import Table
from ...modalities.text._document_layout import BEGINS, SPACE, read_out, words_on

WORDS = pl.Struct(
    {"words": pl.List(pl.String), "facts": pl.List(pl.List(pl.Int32)), "boxes": pl.List(pl.List(pl.Float32))}
)
FIELDS = pl.Struct(
    {
        "tags": pl.List(pl.String),
        "words": pl.List(pl.String),
        "fields": pl.List(pl.Struct({"name": pl.String, "value": pl.String})),
    }
)
ALIKE = 0.75  # of the letters of whole lines, for a value that stands on the page in other letters
LONG = 8  # letters from which a value is looked for in other letters
MOST_LINES = 6  # of one value
LEAST = 0.1  # probability of the surest word from which a value is guessed where none is said
GOES_ON = 0.3  # probability of a further word of it
NAMED = 5


def pages(table: Table, target: str | None, *, page: str, inference: bool) -> Table:
    """Cells of lines → cells of words; the target's values → labels of these words."""
    frame = table.frame
    if page not in frame.columns:
        raise DataError(f"There is no column {page!r} of pages.", "", nearest(page, frame.columns, label="Columns"))
    cells, odd = list[dict[str, Any] | None](), list[str]()
    for row, cell in enumerate(frame[page].to_list()):
        try:
            words, facts, boxes = words_on(cell)
            cells.append({"words": words, "facts": facts.tolist(), "boxes": boxes.tolist()})
        except ValueError as error:
            cells.append(None)
            odd.append(f"row {row}: {error}")
    if len(odd) == len(cells):
        raise DataError(
            "None of the pages can be read.", "; ".join(odd[:NAMED]), "A page is {lines: [{text, box}]}, as JSON."
        )
    notes = [f"{len(odd)} page(s) cannot be read ({'; '.join(odd[:NAMED])})."] if odd else []
    out = frame.with_columns(pl.Series(page, cells, dtype=WORDS))
    hints = {
        **table.hints,
        page: {"modality": "document_page", "role": "input", "why": "words in reading order and where they stand"},
    }
    hints |= {name: {**hint, "role": "ignore"} for name, hint in hints.items() if hint.get("modality") == "image"}
    target = target or next((name for name, hint in table.hints.items() if hint.get("role") == "target"), None)
    if not inference and target in out.columns:
        labels, label_notes = labelled(cells, frame[target].to_list(), target)
        out = out.with_columns(pl.Series(target, labels, dtype=FIELDS))
        hints |= {target: {"modality": "document_fields", "role": "target", "why": "values that stand on the page"}}
        notes += label_notes
    return replace(table, frame=out, hints=hints, notes=(*table.notes, *notes))


def labelled(
    cells: list[dict[str, Any] | None], values: list[Any], target: str
) -> tuple[list[dict[str, Any] | None], list[str]]:
    """(a cell of the target for every page, words about values that are not to be found)."""
    rows: list[dict[str, Any] | None] = []
    total, lost, other = 0, list[str](), 0
    for row, (cell, value) in enumerate(zip(cells, values, strict=True)):
        fields = read_fields(value, row, target)
        if cell is None or fields is None:
            rows.append(None)
            continue
        spaces = [fact[SPACE] for fact in cell["facts"]]
        tags = mark(cell["words"], spaces, [fact[BEGINS] for fact in cell["facts"]], fields)
        total += len(fields)
        lost += [f"row {row}: {name} {text!r}" for name, text in fields.items() if f"B-{name}" not in tags]
        words = [f"{' ' if space else ''}{word}" for word, space in zip(cell["words"], spaces, strict=True)]
        other += sum(
            not any(same("".join(words[a:b]), text) for kind, a, b in spans(tags) if kind == name)
            for name, text in fields.items()
        )
        rows.append(
            {"tags": tags, "words": words, "fields": [{"name": name, "value": text} for name, text in fields.items()]}
        )
    label_notes = (
        [f"{len(lost)} of {total} values stand nowhere on their page and teach nothing ({'; '.join(lost[:NAMED])})."]
        if lost
        else []
    )
    label_notes += (
        [
            f"{other} of {total} values are not written on their page letter by letter: no reader can find more than "
            f"{1 - other / total:.1%}."
        ]
        if other
        else []
    )
    return rows, label_notes


def read_fields(value: Any, row: int, target: str) -> dict[str, str] | None:
    """{field: value} of a cell (JSON or a mapping); empty values are none."""
    try:
        value = json.loads(value) if isinstance(value, str) else value
    except json.JSONDecodeError:
        value = ""
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise DataError(f"Row {row} of {target!r} holds no fields.", "", 'Fields are {"name": "value", …}, as JSON.')
    return {
        str(name): " ".join(str(text).split()) for name, text in value.items() if text is not None and str(text).strip()
    }


def mark(words: Sequence[str], spaces: Sequence[int], starts: Sequence[int], fields: Mapping[str, str]) -> list[str]:
    """IOB labels: wherever a value stands, letter by letter; else but for its signs; else the whole lines that are most
    alike."""
    tags = ["O"] * len(words)
    for name, value in fields.items():
        found = (
            occurrences(words, value, tight)
            or occurrences(words, value, bare)
            or most_similar_lines(words, spaces, starts, value)
        )
        for a, b in found:
            if all(tag == "O" for tag in tags[a:b]):
                tags[a:b] = [f"B-{name}", *[f"I-{name}"] * (b - a - 1)]
    return tags


def tight(text: str) -> str:
    return re.sub(r"\s", "", text.upper())


def bare(text: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", text.upper())


def occurrences(words: Sequence[str], value: str, spell: Callable[[str], str]) -> list[tuple[int, int]]:
    """Every run of words that spells the value."""
    wanted, each = spell(value), [spell(word) for word in words]
    found, a = list[tuple[int, int]](), 0
    while wanted and a < len(each):
        b, said = a, ""
        while b < len(each) and wanted.startswith(said) and said != wanted and each[a]:
            said += each[b]
            b += 1
        if said == wanted:
            found.append((a, b))
        a = b if said == wanted else a + 1
    return found


def most_similar_lines(
    words: Sequence[str], spaces: Sequence[int], starts: Sequence[int], value: str
) -> list[tuple[int, int]]:
    """The whole lines that are most like the value, if they are alike enough: scans are misread, and people write what
    they mean."""
    wanted = bare(value)
    if len(wanted) < LONG:
        return []
    edges = [*np.flatnonzero(np.asarray(starts) == 1).tolist(), len(words)]
    best, share = (0, 0), ALIKE
    for i, a in enumerate(edges[:-1]):
        for b in edges[i + 1 : i + 1 + MOST_LINES]:
            said = bare(read_out(words[a:b], spaces[a:b]))
            if 0.6 * len(wanted) <= len(said) <= 1.6 * len(wanted):
                ratio = SequenceMatcher(None, wanted, said, autojunk=False).ratio()
                best, share = ((a, b), ratio) if ratio > share else (best, share)
    return [best] if best[1] else []


def values_of(
    p: np.ndarray, labels: Sequence[str], words: Sequence[str], names: Sequence[str], always: Sequence[bool]
) -> list[tuple[str, float, list[Span]]]:
    """p (T, L) and the labels said → for every field (its value or "", how sure, where it stands).

    What is said in several places is as sure as all of them together; a field that every page has is guessed where none
    was said.
    """
    place = {name: 1 + 2 * k for k, name in enumerate(names)}
    said = spans(labels)
    out = []
    for name, needed in zip(names, always, strict=True):
        own = [one for one in said if one[0] == name] or ([guess(p, name, place[name])] if needed and len(p) else [])
        worth: dict[str, tuple[float, list[Span]]] = {}
        for span in own:
            _, a, b = span
            text = " ".join("".join(words[a:b]).split())
            sure = float(p[a:b, place[name] : place[name] + 2].sum(1).mean()) if b > a else 0.0
            before, places = worth.get(text, (0.0, []))
            worth[text] = (1 - (1 - before) * (1 - sure), [*places, span])
        text = max(worth, key=lambda one: worth[one][0], default="")
        sure, places = worth.get(text, (0.0, []))
        out.append((text, sure, places) if text and (sure >= LEAST) else ("", 0.0, []))
    return out


def guess(p: np.ndarray, name: str, first: int) -> Span:
    """The run that begins with the likeliest word of a field."""
    a = int(p[:, first].argmax())
    b = a + 1
    while b < len(p) and p[b, first + 1] >= GOES_ON:
        b += 1
    return (name, a, b)


def same(a: str, b: str) -> bool:
    """Are two values the same but for blanks and capitals?"""
    return " ".join(a.upper().split()) == " ".join(b.upper().split())
