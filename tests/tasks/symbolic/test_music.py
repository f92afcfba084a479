"""Music: learns exercises, plays on, is saved as MIDI and sound; too little and broken music is refused in words."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

import engineroom as er
from engineroom.core.errors import DataError, UserError
from engineroom.data.loading import open_table
from engineroom.modalities.symbolic._midi import read_midi
from engineroom.modalities.symbolic._note_encoding import chords, frames_of, spell
from engineroom.recipes._data.chorales import exercises
from engineroom.rendering.symbolic.piano_roll import heard
from engineroom.tasks.symbolic.music import Music


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    run = tmp_path_factory.mktemp("music") / "run"
    return er.train(
        exercises(40, 12),
        recipe="music",
        steps=60,
        run=str(run),
        show="quiet",
        options={"context": 48},
        model={"dropout": 0.0},
    ), run


@pytest.mark.slow
def test_it_learns_and_is_judged_by_frames(model) -> None:
    network, _ = model
    assert network.metrics["nats_per_frame"] < 12.0  # four notes of some thirty, by how often each comes
    said = network.predict(exercises(3, 12))
    assert said["frames"].to_list() == [12] * 3 and (said["nats_per_frame"] > 0).all()


@pytest.mark.slow
def test_it_goes_on_with_a_tune_and_keeps_it(model, tmp_path) -> None:
    _, run = model
    for name in ("on.mid", "on.wav", "on.png"):
        written = er.generate(
            str(run), prompt="C5 G4 E4 C3 | C5 G4 E4 C3 |", tokens=40, seed=3, output=str(tmp_path / name)
        )
        assert "|" in written and (tmp_path / name).stat().st_size > 60
    assert read_midi(tmp_path / "on.mid", beat=4)[0] == [(72, False), (67, False), (64, False), (48, False)]
    again = er.generate(str(run), prompt=str(tmp_path / "on.mid"), tokens=10)
    assert again
    with pytest.raises(UserError, match="not written as"):
        er.generate(str(run), tokens=5, output=str(tmp_path / "on.xyz"))


def test_pieces_as_json_with_their_parts(tmp_path) -> None:
    path = tmp_path / "pieces.json"
    path.write_text(
        json.dumps({"train": [[[60, 64], [62, 65, 69]]], "valid": [[[60], [62, 64]]], "test": [[[70, 60], [60]]]})
    )
    table = open_table(str(path))
    assert table.frame["split"].to_list() == ["train", "val", "test"]
    assert frames_of(table.frame["music"][0].lstrip()) == chords([[60, 64], [62, 65, 69]])


def test_too_little_music() -> None:
    from engineroom.core.table import Table

    with pytest.raises(DataError, match="too little music"):
        Music().build_samples(
            Table(pl.DataFrame({"music": ["\n" + spell(chords([[60]] * 30))]}), "t"), None, inference=False
        )


def test_what_is_heard_has_the_pitch_that_is_written() -> None:
    sound = heard(chords([[69]] * 8), beat=1, tempo=120)
    spectrum = np.abs(np.fft.rfft(sound))
    assert abs(np.argmax(spectrum) * 16_000 / len(sound) - 440) < 2
