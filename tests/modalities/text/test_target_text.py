"""Texts to be written: nothing of a text is lost, what was said so far never holds what is yet to be said, empty and
endless ones are named."""

from __future__ import annotations

import numpy as np
import polars as pl

from engineroom.core.config import LimitsConfig
from engineroom.core.protocols import Ragged
from engineroom.modalities.text.source_text import MODALITY as PASSAGE
from engineroom.modalities.text.target_text import END, LONGEST, MODALITY, NOTHING, spelt

TEXTS = ["Ein Hund läuft.", "Zwei Männer – „groß“ und 😀", "ja"] * 9
LIMITS = LimitsConfig()


def test_a_text_comes_back_letter_by_letter() -> None:
    state = MODALITY.fit(pl.Series(TEXTS), limits=LIMITS)
    rows = MODALITY.encode(pl.Series([*TEXTS, "Ωmega never met"]), state, {})
    parts = np.split(rows.flat, np.cumsum(rows.lengths)[:-1])
    assert spelt(parts, state) == [*TEXTS, "Ωmega never met"] and rows.flat.min() > END


def test_what_was_said_is_one_place_behind_what_is_to_be_said() -> None:
    fields = MODALITY.collate(Ragged(np.array([5, 6, 7, 8], np.int32), np.array([3, 1])), {})
    assert fields[""].tolist() == [[5, 6, 7, END], [8, END, NOTHING, NOTHING]]
    assert fields["_said"].tolist() == [[END, 5, 6, 7], [END, 8, END, END]]


def test_empty_and_endless_texts_are_named() -> None:
    state, damaged = MODALITY.fit(pl.Series(TEXTS), limits=LIMITS), {}
    rows = MODALITY.encode(pl.Series(["gut", "  ", None, "x" * 1_000_000, "qzj " * (LONGEST + 9)]), state, damaged)
    assert (
        set(damaged) == {1, 2, 3, 4} and "empty" in damaged[1] and "1,000,000" in damaged[3] and "pieces" in damaged[4]
    )
    assert rows.lengths[1:].sum() == 0


def test_a_line_of_a_megabyte_is_read_from_its_start_alone() -> None:
    state, damaged = PASSAGE.fit(pl.Series(TEXTS), limits=LIMITS), {}
    rows = PASSAGE.encode(pl.Series(["word " * 200_000, "", "ja"]), state, damaged)
    assert rows.lengths.max() <= state["length"] and list(damaged) == [1]


def test_shared_pieces_are_those_that_are_read_and_lengths_tell_a_summary() -> None:
    read = PASSAGE.fit(pl.Series(["many words " * 40 for _ in range(9)]), limits=LIMITS)
    own = MODALITY.fit_with_hints(pl.Series(TEXTS), limits=LIMITS, facts={"shared": True, "source": "read"})
    linked = MODALITY.link_to_input(own, read)
    assert (
        linked["tokenizer"] == read["tokenizer"] != own["tokenizer"]
        and linked["goal"] == "summary"
        and linked["source"] == "read"
    )
    assert MODALITY.link_to_input(own, PASSAGE.fit(pl.Series(TEXTS), limits=LIMITS))["goal"] == "translation"
