"""Subtitles and time-marked words: what is written can be read back; subtitles of several recordings are refused."""

from __future__ import annotations

import pytest

from engineroom.core.errors import UserError
from engineroom.rendering.audio.subtitles import Said, write

ROW = [Said("one", 0.5, 0.8, 0.9), Said("two", 0.9, 1.25, 0.8), Said("three", 70.0, 70.5, 0.7)]


def test_subtitles_end_where_somebody_pauses(tmp_path) -> None:
    write(tmp_path / "a.srt", ["a.wav"], [0], [ROW])
    lines = (tmp_path / "a.srt").read_text("utf-8").split("\n")
    assert lines[:3] == ["1", "00:00:00,500 --> 00:00:01,250", "one two"]
    assert lines[4:7] == ["2", "00:01:10,000 --> 00:01:10,500", "three"]


def test_subtitles_of_two_recordings_are_refused(tmp_path) -> None:
    with pytest.raises(UserError, match="one recording"):
        write(tmp_path / "a.srt", ["a.wav", "b.wav"], [0, 0], [ROW, ROW])


def test_time_marked_words_name_their_recording(tmp_path) -> None:
    write(tmp_path / "a.ctm", ["x/a.wav", "x/b b.wav"], [0, 0], [ROW[:1], ROW[1:2]])
    assert (tmp_path / "a.ctm").read_text("utf-8").splitlines() == [
        "a 1 0.50 0.30 one 0.900",
        "b_b 1 0.90 0.35 two 0.800",
    ]


def test_two_speakers_take_turns(tmp_path) -> None:
    write(tmp_path / "a.srt", ["a.wav", "a.wav"], [1, 2], [ROW[:1] + ROW[2:], ROW[1:2]])
    lines = (tmp_path / "a.srt").read_text("utf-8").split("\n")
    assert lines[2::4][:3] == ["[1] one", "[2] two", "[1] three"]
    write(tmp_path / "a.ctm", ["a.wav", "a.wav"], [1, 2], [ROW[:1], ROW[1:2]])
    assert [line.split()[1] for line in (tmp_path / "a.ctm").read_text("utf-8").splitlines()] == ["1", "2"]
