"""Baselines that write: a cipher is broken word by word, a summary is taken from the text, and all come back from their
bytes."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from engineroom.baselines._estimator import load
from engineroom.baselines.text._tokenise import joined, sentences, words
from engineroom.baselines.text.extractive_summary import picked, rarities
from engineroom.baselines.text.ibm_model1 import learn
from engineroom.core.registry import get
from engineroom.core.schema import Column, Schema

SCHEMA = Schema((Column("read", "source_text"), Column("written", "target_text", "target")))
RNG = np.random.default_rng(0)
CIPHER = {f"word{i}": f"mot{i}" for i in range(30)}


def cipher(rows: int = 400) -> pl.DataFrame:
    texts = [list(RNG.choice(list(CIPHER), RNG.integers(2, 8))) for _ in range(rows)]
    return pl.DataFrame(
        {
            "read": [" ".join(text) + "." for text in texts],
            "written": [" ".join(CIPHER[w] for w in reversed(text)) + "." for text in texts],
        }
    )


def fitted(name: str, frame: pl.DataFrame):
    return get("baselines", name).fit(
        frame, np.zeros(len(frame)), schema=SCHEMA, kind="wording", classes=9, val=(frame, None), seed=0
    )


def test_a_cipher_is_broken_whatever_the_order() -> None:
    frame = cipher()
    lexicon = learn([words(text) for text in frame["read"]], [words(text) for text in frame["written"]])
    assert {word: lexicon[word] for word in CIPHER} == CIPHER and lexicon["."] == "."


@pytest.mark.parametrize("name", ["ibm_model1", "extractive_summary", "dummy"])
def test_a_baseline_comes_back_from_its_bytes(name: str) -> None:
    frame = cipher(60)
    baseline = fitted(name, frame)
    before, after = baseline.predict(frame), load(baseline.dump()).predict(frame)
    assert before["text"].tolist() == after["text"].tolist() and before["source"].tolist() == frame["read"].to_list()
    assert len(baseline.predict(frame[:0])["text"]) == 0


def test_unknown_words_are_left_as_they_are() -> None:
    said = fitted("ibm_model1", cipher()).predict(pl.DataFrame({"read": ["word1 Zurich, word2!"]}))["text"][0]
    assert said.startswith("mot1 Zurich") and "mot2" in said


def test_a_summary_is_the_way_that_did_best() -> None:
    facts = [f"The fault is number {i} in pump {i}" for i in range(50)]
    lead = pl.DataFrame({"read": [f"{fact}. It rained. We had lunch." for fact in facts], "written": facts})
    assert fitted("extractive_summary", lead).words == "the first sentence"
    text = ["It rained.", "The pump and the press failed.", "The press failed at noon.", "Lunch."]
    assert (
        picked(text, "central", 1, rarities([" ".join(text)] * 2)) in text[1:3]
        and picked(text, "lead", 2, {}) == "It rained. The pump and the press failed."
    )


def test_texts_are_cut_and_joined_as_a_person_would() -> None:
    assert joined(words("Well, (quite) so – isn't it?")) == "Well, (quite) so – isn't it?"
    assert sentences("One. Two!\nThree") == ["One.", "Two!", "Three"]
