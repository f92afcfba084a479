"""From words that were heard to what is wanted: the form of a small grammar that fits best, a mishearing or two
forgiven, and what fills its slots."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import numpy as np

from ..core.batch import RowResults
from ..core.errors import UserError
from ..core.panels import Panel

FORGIVEN = 0.34  # of a form's words that may be missing, wrong or too many
NEAR = 0.6  # likeness of letters from which a misheard word still fills a slot
EXAMPLE = '{"wake": "computer", "intents": {"light": ["turn {switch} the light"]}, "slots": {"switch": ["on", "off"]}}'


def read_grammar(given: str | Path) -> dict[str, Any]:
    """A file, or the JSON itself. Raises UserError for what is no grammar."""
    try:
        text = str(given)
        grammar = json.loads(text if text.lstrip().startswith("{") else Path(text).read_text("utf-8"))
        intents, slots = grammar["intents"], grammar.get("slots", {})
        unknown = {
            word[1:-1] for forms in intents.values() for form in forms for word in form.split() if word.startswith("{")
        } - set(slots)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{text[:80]} is no grammar ({type(error).__name__}: {str(error)[:80]}).", "", f"Example: {EXAMPLE}"
        ) from None
    if unknown:
        raise UserError(
            f"The grammar knows no slot {sorted(unknown)[0]!r}.",
            "Every {slot} of a form needs its words.",
            f"Example: {EXAMPLE}",
        )
    return grammar


def understood(text: str, grammar: Mapping[str, Any]) -> dict[str, Any]:
    """{"wake", "intent", "slots", "text"}: intent None where nothing fits or the wake word, if the grammar has one, was
    not said."""
    words, wake = text.lower().split(), str(grammar.get("wake", "")).lower().split()
    called = bool(wake) and words[: len(wake)] == wake
    words = words[len(wake) :] if called else words
    found: tuple[float, str | None, dict[str, str]] = (FORGIVEN, None, {})
    if called or not wake:
        for intent, forms in grammar["intents"].items():
            for form in forms:
                wrong, slots = matched(words, form.lower().split(), grammar.get("slots", {}))
                if wrong / max(1, len(form.split())) < found[0]:
                    found = (wrong / len(form.split()), intent, slots)
    return {"wake": called, "intent": found[1], "slots": found[2], "text": text}


def wanted(said: Sequence[str], true: Sequence[str], grammar: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """(N,) the intent of what was really said, "" where nothing is wanted, and whether what was heard asks for the very
    same: intent and slots."""
    pairs = [(understood(a, grammar), understood(b, grammar)) for a, b in zip(said, true, strict=True)]
    right = [(a["intent"], a["slots"]) == (b["intent"], b["slots"]) for a, b in pairs]
    return {"intent": np.array([b["intent"] or "" for _, b in pairs], object), "obeyed": np.array(right, bool)}


def obeyed_bars(records: RowResults, baseline: RowResults) -> Panel:
    """How often the right thing is done, by what was wanted."""
    names = sorted(set(records["intent"].tolist()))
    series = [
        {
            "name": name,
            "values": [round(float(one["obeyed"][records["intent"] == intent].mean()), 4) for intent in names],
        }
        for name, one in (("deep", records), ("classical", baseline))
    ]
    words = (
        "Share of recordings from which the right intent and the right slots were read; “nothing” is what was "
        "said to "
        "nobody or means nothing, and must be left alone."
    )
    return Panel(
        "bars",
        "Commands understood, by intent",
        {"labels": [intent or "nothing" for intent in names], "series": series, "y": "share understood"},
        words,
    )


def matched(
    words: Sequence[str], form: Sequence[str], slots: Mapping[str, Sequence[str]]
) -> tuple[float, dict[str, str]]:
    """Edits between what was heard and a form, and the slots so filled (the fewest edits; a slot without its word
    counts as one)."""
    best: list[list[tuple[float, dict[str, str]]]] = [[(float(j), {}) for j in range(len(words) + 1)]]
    for i, token in enumerate(form, 1):
        row: list[tuple[float, dict[str, str]]] = [(float(i), {})]
        for j, word in enumerate(words, 1):
            price, filled = fits(word, token, slots)
            across, missing, extra = best[i - 1][j - 1], best[i - 1][j], row[j - 1]
            row.append(
                min(
                    [(across[0] + price, across[1] | filled), (missing[0] + 1, missing[1]), (extra[0] + 1, extra[1])],
                    key=lambda one: one[0],
                )
            )
        best.append(row)
    return best[-1][-1]


def fits(word: str, token: str, slots: Mapping[str, Sequence[str]]) -> tuple[float, dict[str, str]]:
    """What it costs that `word` stands for a form's token, and the slot it fills."""
    if not token.startswith("{"):
        return float(word != token), {}
    name = token[1:-1]
    likeness, value = max((SequenceMatcher(None, word, one.lower()).ratio(), one) for one in slots[name])
    return (1 - likeness, {name: value}) if likeness >= NEAR else (1.0, {})
