"""Labelled tokens as people look at them: coloured spans, wrong ones marked; how spans fare kind by kind."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.batch import RowResults
from ...core.panels import Panel
from ...core.schema import Column, Schema
from ...core.span_labels import Span, is_span_label, spans
from ...metrics.token_classification import changes, counts, f1, span_errors
from .. import classification as classes

COLOURS = 6  # of the report's own
MOST_KINDS = 40
MOST_TOKENS = 400
LINE = 60  # letters a line


def words_of(codes: np.ndarray, names: Sequence[str]) -> list[str]:
    """Label numbers as labels: not scored ones read O, those never seen in training B-? and I-?."""
    known = [*names, "B-?", "I-?"]
    return ["O" if k < 0 else known[min(int(k), len(known) - 1)] for k in codes]


def runs(codes: np.ndarray, names: Sequence[str]) -> list[Span]:
    """Runs of equal labels that are no spans."""
    starts = changes(codes)
    ends = [*starts[1:], len(codes)]
    return [(names[int(codes[a])], int(a), int(b)) for a, b in zip(starts, ends, strict=True)]


def token_column(schema: Schema) -> Column:
    return next(column for column in schema.inputs if column.modality == "tokens")


def drawn(
    tokens: list[str], said: np.ndarray, true: np.ndarray | None, names: Sequence[str], *, spans: bool, letters: bool
) -> str:
    if spans:
        kinds = sorted({name[2:] for name in names if is_span_label(name)})
        return spans_drawn(
            tokens[:MOST_TOKENS], words_of(said, names), None if true is None else words_of(true, names), kinds
        )
    return steps_drawn(tokens[:MOST_TOKENS], said, true, names, letters=letters)


def spans_drawn(tokens: list[str], said: list[str], true: list[str] | None, kinds: list[str]) -> str:
    """Text with its spans, each kind in its colour; a wrong one is outlined, below it what was missed."""
    found, real = spans(said), spans(true) if true is not None else None
    parts, at = [], 0
    for span in found:
        kind, first, last = span
        parts.append(html.escape(" ".join(tokens[at:first])))
        right = real is None or span in real
        parts.append(marked(" ".join(tokens[first:last]), kind, kinds.index(kind), right))
        at = last
    parts.append(html.escape(" ".join(tokens[at:])))
    text = f'<p style="line-height:2">{" ".join(part for part in parts if part)}</p>'
    lost = [span for span in real or () if span not in found]
    if lost:
        text += (
            '<p style="color:var(--soft)">true: '
            + " · ".join(f"<b>{html.escape(' '.join(tokens[a:b]))}</b> {html.escape(kind)}" for kind, a, b in lost[:12])
            + "</p>"
        )
    return text


def marked(text: str, kind: str, colour: int, right: bool) -> str:
    """One span: its text on its kind's colour, its kind behind it; red where it is wrong."""
    hue = f"var(--series-{colour % COLOURS + 1})" if right else "var(--bad)"
    border = "none" if right else "1px solid var(--bad)"
    return (
        f'<mark style="background:color-mix(in srgb,{hue} '
        f'20%,transparent);color:inherit;border:{border};border-radius:4px;padding:.1em .3em">'
        f'{html.escape(text)} <small style="color:{hue}">{"" if right else "✗ "}{html.escape(kind)}</small></mark>'
    )


def steps_drawn(
    tokens: list[str], said: np.ndarray, true: np.ndarray | None, names: Sequence[str], *, letters: bool
) -> str:
    """Tokens coloured by what was said; struck below where that is wrong."""
    cells = []
    for i, token in enumerate(tokens):
        k = int(said[i])
        wrong = true is not None and true[i] >= 0 and int(true[i]) != k
        line = "box-shadow:inset 0 -3px var(--bad)" if wrong else ""
        hue = f"color-mix(in srgb,var(--series-{k % COLOURS + 1}) 30%,transparent)"
        cells.append(
            f'<span style="background:{hue};{line}" title="{html.escape(names[k])}">{html.escape(token)}</span>'
        )
        if letters and i % LINE == LINE - 1:
            cells.append("<br>")
    key = " ".join(
        f'<span style="background:color-mix(in srgb,var(--series-{k % COLOURS + 1}) 30%,transparent);padding:0 '
        f'.4em">{html.escape(name)}</span>'
        for k, name in enumerate(names[:COLOURS])
    )
    note = "" if true is None else ' <small style="color:var(--soft)">underlined: wrong</small>'
    body = ("" if letters else " ").join(cells)
    return f'<p style="font-family:monospace;line-height:1.7;overflow-wrap:anywhere">{body}</p><p>{key}{note}</p>'


def exhibits(
    records: RowResults, baseline: RowResults, names: Sequence[str], wholes: Sequence[str], *, spans: bool
) -> list[Panel]:
    out = (
        [kinds_table(records, baseline, names), errors_bars(records, baseline, names)]
        if spans
        else step_exhibits(records, names)
    )
    if wholes:
        known = {
            "truth": np.where(records["whole_truth"] < len(wholes), records["whole_truth"], -1),
            "said": records["whole_said"],
        }
        matrix = classes.confusion(known, list(wholes))[0]
        out.append(Panel(matrix.kind, "Whole rows: who is taken for whom", matrix.data, matrix.words))
    return out


def all_spans(records: RowResults, names: Sequence[str]) -> list[tuple[list[Span], list[Span]]]:
    """(true, said) spans a row; what is not scored counts on neither side."""
    pairs = zip(records["truth"], records["said"], strict=True)
    return [(spans(words_of(t, names)), spans(words_of(np.where(t < 0, -1, s), names))) for t, s in pairs]


def tally(pairs: list[tuple[list[Span], list[Span]]]) -> dict[str, np.ndarray]:
    """kind → (found exactly, said, true)."""
    total: dict[str, np.ndarray] = {}
    for true, said in pairs:
        for kind in {span[0] for span in [*true, *said]}:
            one = counts([s for s in true if s[0] == kind], [s for s in said if s[0] == kind])
            total[kind] = total.get(kind, np.zeros(3, int)) + one
    return total


def kinds_table(records: RowResults, baseline: RowResults, names: Sequence[str]) -> Panel:
    ours, theirs = tally(all_spans(records, names)), tally(all_spans(baseline, names))
    rows: list[list[Any]] = []
    for kind in sorted(ours, key=lambda kind: -ours[kind][2])[:MOST_KINDS]:
        precision, recall, f = f1(*ours[kind])
        other = f1(*theirs[kind])[2] if kind in theirs else 0.0
        rows.append([kind, int(ours[kind][2]), round(precision, 3), round(recall, 3), round(f, 3), round(other, 3)])
    columns = ["kind", "true spans", "precision", "recall", "F1", "F1, classical"]
    words = "A span counts as found where kind, beginning and end are right."
    return Panel("table", "Scores by kind", {"columns": columns, "rows": rows, "best": None}, words)


def errors_bars(records: RowResults, baseline: RowResults, names: Sequence[str]) -> Panel:
    series = []
    for name, graded in (("deep", records), ("classical", baseline)):
        total: Counter[str] = Counter()
        for true, said in all_spans(graded, names):
            total.update(span_errors(true, said))
        series.append({"name": name, "values": list(total.values()), "labels": list(total)})
    labels = series[0]["labels"]
    data = {"labels": labels, "series": [{"name": s["name"], "values": s["values"]} for s in series], "y": "spans"}
    return Panel(
        "bars",
        "Errors by span: found, missed, wrong label",
        data,
        "Wrong border: it overlaps a true span. Invented: nothing is there.",
    )


def step_exhibits(records: RowResults, names: Sequence[str]) -> list[Panel]:
    truth, said = np.concatenate(list(records["truth"])), np.concatenate(list(records["said"]))
    known = (truth >= 0) & (truth < len(names))
    flat = {"truth": np.where(known, truth, -1), "said": said}
    return [
        *classes.confusion(flat, list(names)),
        classes.per_class({name: values[known] for name, values in flat.items()}, list(names)),
    ]
