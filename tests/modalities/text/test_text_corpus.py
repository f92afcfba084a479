"""Corpus: what is encoded can be spelt again, strange characters are one token, windows are drawn by the generator
alone."""

from __future__ import annotations

import polars as pl
import pytest
import torch

from engineroom.core.config import LimitsConfig
from engineroom.core.registry import get
from engineroom.core.seeds import torch_generator
from engineroom.modalities.text.text_corpus import UNKNOWN, encode_texts, points, token_bytes

CORPUS, FOLLOWING = get("modalities", "text_corpus"), get("modalities", "next_token")
TEXTS = pl.Series("x", ["the cat sat on the mat, ", "thé <b>dog</b> 🐕 sat on the cat. "] * 20)


@pytest.mark.parametrize("kind", ["characters", "pieces"])
def test_what_is_encoded_is_spelt_again(kind: str) -> None:
    state = CORPUS.fit_with_hints(TEXTS, limits=LimitsConfig(), facts={"tokens": kind, "most": 300, "context": 16})
    spelt = token_bytes(state)
    assert len(spelt) == state["vocabulary"] and state["context"] == 16
    for text in [*TEXTS[:2], "a\x00b\n\n\t"][: 3 if kind == "pieces" else 2]:
        assert b"".join(spelt[code] for code in encode_texts([text], state)[0]).decode() == text
    widths = FOLLOWING.link_to_input({}, state)["widths"]
    assert [sum(widths[code] for code in encode_texts([text], state)[0]) for text in TEXTS[:2]] == [
        len(text.encode()) for text in TEXTS[:2]
    ]


def test_pieces_where_the_alphabet_is_large() -> None:
    assert CORPUS.fit(TEXTS, limits=LimitsConfig())["tokens"] == "characters"
    many = pl.Series([chr(0x4E00 + i) * 3 for i in range(400)])
    assert CORPUS.fit(many, limits=LimitsConfig())["tokens"] == "pieces"


def test_strange_characters_are_unknown_and_surrogates_do_no_harm() -> None:
    state = CORPUS.fit(pl.Series(["abc"]), limits=LimitsConfig())
    assert encode_texts(["cbaz"], state)[0].tolist() == [3, 2, 1, UNKNOWN]
    assert points("a\ud800").tolist() == [97, 0xD800]
    damaged: dict[int, str] = {}
    rows = CORPUS.encode(pl.Series(["ab", "", None]), state, damaged)
    assert rows.lengths.tolist() == [2, 0, 0] and set(damaged) == {1, 2}


def test_windows_are_drawn_by_the_generator_alone() -> None:
    state = {"context": 4}
    codes, mask = torch.arange(1, 21).repeat(3, 1), torch.ones(3, 20, dtype=torch.bool)
    mask[1, 3:] = False

    def window(step: int) -> tuple[dict, dict]:
        return FOLLOWING.augment_pair(
            {"": codes, "_mask": mask}, {"": torch.zeros(3)}, state, {}, torch_generator(0, step)
        )

    own, said = window(1)
    assert torch.equal(own[""], window(1)[0][""])
    assert any(not torch.equal(own[""], window(step)[0][""]) for step in (2, 3, 4))
    assert torch.equal(own[""][0] + 1, said[""][0]) and own[""].shape == said[""].shape == (3, 4)
    assert own["_mask"][1].tolist() == [True, True, True, False] and said[""][1].tolist() == [2, 3, -1, -1]
    drawn = {int(window(step)[0][""][0, 0]) for step in range(300)}
    assert drawn == set(range(1, 17)), "every window of the stretch can come"
