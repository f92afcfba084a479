"""COLLECT: CoNLL files: one token a line, its label in the last column, a blank line between sentences."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.table import Table
from ._files import ending, run_name
from ._text_tables.encoding import plain_text

ENDINGS = frozenset({".conll", ".iob", ".iob2", ".bio"})
NAMED = 5
START = "-DOCSTART-"
HINTS = {
    "tokens": {"modality": "tokens", "why": "a CoNLL file: one token a line"},
    "tags": {"modality": "token_labels", "role": "target", "why": "the last column of a CoNLL file"},
}


@dataclass(frozen=True)
class Conll:
    """Columns are separated by a tab, else by spaces; the first is the token, the last its label. One column: tokens
    without labels."""

    def detect(self, path: Path) -> float:
        return 0.9 if path.is_file() and ending(path) in ENDINGS else 0.0

    def read(self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None) -> Table:
        plain, notes = plain_text(path, limits=limits, cache=cache)
        sentences, skipped = parse(plain.read_text("utf-8", errors="replace"))
        if not sentences:
            raise DataError(
                f"{path.name} holds no sentence.", "", "One token and its label a line, a blank line between sentences."
            )
        if len(skipped) > limits.max_damaged * len(sentences):
            first = "; ".join(f"line {line} {why}" for line, why in skipped[:NAMED])
            raise DataError(
                f"{path.name}: {len(skipped):,} of {len(sentences):,} sentences cannot be read.",
                first,
                "Mend these lines.",
            )
        columns = {"tokens": pl.Series([tokens for tokens, _ in sentences], dtype=pl.List(pl.String))}
        if any(tags for _, tags in sentences):
            columns["tags"] = pl.Series([tags for _, tags in sentences], dtype=pl.List(pl.String))
        hints = {name: hint for name, hint in HINTS.items() if name in columns}
        left_out = tuple((f"{path.name}, line {line}", why) for line, why in skipped)
        return Table(pl.DataFrame(columns), run_name(path), hints, tuple(notes), left_out)


def parse(text: str) -> tuple[list[tuple[list[str], list[str]]], list[tuple[int, str]]]:
    """([(tokens, labels)], [(line number, what is wrong with the sentence that it stands in)])."""
    # splitlines() would cut at U+2028 and others inside a token
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))
    delimiter = (
        "\t" if sum("\t" in line.strip() for line in lines) > 0.5 * sum(bool(line.strip()) for line in lines) else None
    )
    widths = Counter(
        len(cells)
        for cells in (fields(line, delimiter) for line in lines[:5000])
        if cells and cells[0] not in ("#", START)
    )
    width = widths.most_common(1)[0][0] if widths else 1
    sentences: list[tuple[list[str], list[str]]] = []
    skipped: list[tuple[int, str]] = []
    tokens: list[str] = []
    tags: list[str] = []
    bad: tuple[int, str] | None = None
    for number, line in enumerate([*lines, ""], 1):
        cells = fields(line, delimiter)
        if not cells:
            if bad:
                skipped.append(bad)
            elif tokens:
                sentences.append((tokens, tags))
            tokens, tags, bad = [], [], None
        elif cells[0] != START and not (
            cells[0].startswith("#") and len(cells) != width
        ):  # a remark, as CoNLL-U has them
            if len(cells) != width:
                bad = bad or (number, f"has {len(cells)} columns instead of {width}")
            tokens.append(cells[0])
            tags += [cells[-1]] if width > 1 else []
    return sentences, skipped


def fields(line: str, delimiter: str | None) -> list[str]:
    """Cells between tabs, or runs of blanks and tabs; a no-break space belongs to its token."""
    if not line.strip(" \t"):
        return []
    return [cell.strip(" ") for cell in line.split(delimiter)] if delimiter else re.split(r"[ \t]+", line.strip(" \t"))


SOURCE = Conll()
