"""WORDS: labels of tokens that mark spans: IOB1, IOB2, IOE, IOBES, BILOU and BMES (Ramshaw & Marcus 1995; Ratinov &
Roth 2009)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Span = tuple[str, int, int]  # (kind, first token, one past the last)
BEGIN, INSIDE, END, SINGLE = ("B-",), ("I-", "M-"), ("E-", "L-"), ("S-", "U-")
GOES_ON = (*INSIDE, *END)  # what stands after another label of its span
OPEN = (*BEGIN, *INSIDE)  # what may be followed by another label of its span
LABEL = r"^(O|[BIMELSU]-.+)$"


def is_span_label(label: str | None) -> bool:
    return label is not None and label[:2] in (*OPEN, *END, *SINGLE) and len(label) > 2


def spans(labels: Sequence[str]) -> list[Span]:
    """Labels of any scheme → spans, leniently: a label that should go on another span, and does not, begins one.

    Labels without a prefix are no span.
    """
    found: list[Span] = []
    kind, start = "", 0
    for i, label in enumerate([*labels, "O"]):
        prefix, name = label[:2], label[2:]
        if kind and (prefix not in GOES_ON or name != kind):
            found.append((kind, start, i))
            kind = ""
        if prefix in (*OPEN, *END) and not kind:
            kind, start = name, i
        if prefix in END and kind:
            found.append((kind, start, i + 1))
            kind = ""
        if prefix in SINGLE:
            found.append((name, i, i + 1))
    return found


def has_ends(labels: Iterable[str]) -> bool:
    """Whether the scheme marks where spans end (IOBES, BILOU), so that a begun one must not stop without."""
    return any(label[:2] in END for label in labels)


def may_follow(before: str, label: str, *, ends: bool) -> bool:
    """Whether a strict sequence may have `label` after `before` ("O" at its start)."""
    if label[:2] in GOES_ON:
        return before[:2] in OPEN and before[2:] == label[2:]
    return not (ends and before[:2] in OPEN)
