"""Music as text and back, MIDI out and in, other keys."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engineroom.core.errors import DataError, UserError
from engineroom.modalities.symbolic._midi import read_midi, write_midi
from engineroom.modalities.symbolic._note_encoding import chords, frames_of, notes, parse, readable, spell, voices
from engineroom.modalities.symbolic.next_note import MODALITY, transposed
from engineroom.modalities.text.text_corpus import encode_texts

FRAMES = st.lists(
    st.dictionaries(st.integers(0, 127), st.booleans(), max_size=5).map(lambda one: sorted(one.items(), reverse=True)),
    max_size=20,
)


@given(FRAMES)
def test_spelt_frames_come_back(frames) -> None:
    assert frames_of(spell(frames)) == frames
    assert parse(readable(spell(frames))) == frames


def test_voices_hold_what_stays() -> None:
    assert voices([[60, 48], [60, 50]]) == [[(60, False), (48, False)], [(60, True), (50, False)]]
    assert chords([[60, 72, 60, -1]]) == [[(72, False), (60, False)]]
    assert notes(voices([[60, 48], [60, 50]])) == [(60, 0, 2), (48, 0, 1), (50, 1, 1)]


def test_midi_out_and_in(tmp_path) -> None:
    frames = voices([[60, 48], [60, 50], [62, 50], [-1, 50]])
    write_midi(frames, tmp_path / "a.mid", beat=4, tempo=120)
    assert read_midi(tmp_path / "a.mid", beat=4) == frames


@pytest.mark.parametrize("content", [b"", b"MThd", b"no midi at all" * 10])
def test_damaged_midi_is_named(tmp_path, content: bytes) -> None:
    path = tmp_path / "bad.mid"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"bad\.mid"):
        read_midi(path, beat=4)


def test_midi_without_notes(tmp_path) -> None:
    write_midi([], tmp_path / "empty.mid", beat=4, tempo=90)
    with pytest.raises(DataError, match="no notes"):
        read_midi(tmp_path / "empty.mid", beat=4)


def test_a_word_that_names_no_pitch() -> None:
    with pytest.raises(UserError, match="H4"):
        parse("C4 H4 |")


def test_other_keys_move_every_note_alike() -> None:
    text = "\n" + spell(chords([[60 + k, 64 + k] for k in range(12)]))
    alphabet = "".join(sorted(set(text)))
    state = {"tokens": "characters", "alphabet": alphabet, "context": 16}
    codes = torch.tensor(encode_texts([text], state)[0])[None].repeat(40, 1)
    own, said = MODALITY.augment_pair(
        {"": codes, "_mask": torch.ones_like(codes, dtype=torch.bool)}, {}, state, {}, torch.Generator().manual_seed(0)
    )
    assert len({tuple(row) for row in own[""].tolist()}) > 5
    assert torch.equal(own[""][:, 1:].long(), said[""][:, :-1])  # both were moved alike
    assert transposed(alphabet)[6] == list(range(len(alphabet) + 1))  # the key as it is
