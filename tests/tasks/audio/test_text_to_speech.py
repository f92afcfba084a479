"""Speech from letters: the search finds what is known, sounds come back from frames, the whole road on tiny data, and
bad input that names itself."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import soundfile
import torch

import engineroom as er
from engineroom.core.batch import Batch
from engineroom.core.config import LimitsConfig
from engineroom.core.errors import DataError, UserError
from engineroom.decoding.monotonic_alignment import CURVE, STATES, course, searched, spoken, within
from engineroom.layers.griffin_lim import griffin_lim
from engineroom.layers.mel_spectrogram import LogMel
from engineroom.metrics.text_to_speech import distortion, warped
from engineroom.modalities.audio.mel_target import MELS
from engineroom.modalities.audio.mel_target import MODALITY as VOICE
from engineroom.modalities.text.characters import MODALITY as SPELLING
from engineroom.recipes._data.synthetic_voices import readings
from engineroom.tasks.audio.text_to_speech import TASK


def test_the_search_finds_the_states_that_made_the_frames() -> None:
    means, true = np.array([-3.0, 0.0, 3.0, 6.0, -6.0, 2.0]), np.array([0] * 4 + [1] * 3 + [2] * 6 + [4] * 5 + [5] * 2)
    x = means[true] + np.random.default_rng(0).normal(0, 0.3, len(true))
    scores = -0.5 * (x[:, None] - means) ** 2
    assert searched(scores[None], np.array([len(x)]), np.array([6]))[0].tolist() == true.tolist()


def test_padding_changes_no_row() -> None:
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(2, 20, 9))
    both = searched(scores, np.array([20, 13]), np.array([9, 6]))
    alone = searched(scores[1:, :13, :6], np.array([13]), np.array([6]))
    assert both[1, :13].tolist() == alone[0].tolist()
    assert (np.diff(both[0]) >= 0).all()


def test_a_sound_changes_while_its_state_lasts() -> None:
    sounds = np.zeros((3, CURVE, 1))
    # level 1; left out; level 4 and rising by 3 to either side
    sounds[0, 0], sounds[1, 0], sounds[2, :2, 0] = (1, 9, (4, 3))
    mel, counts = spoken(sounds, np.array([2.0, 0.0, 3.0]))
    assert counts.tolist() == [2, 0, 3]
    np.testing.assert_allclose(mel[:, 0], [1, 1, 2, 4, 6])
    assert len(spoken(np.zeros((3, CURVE, 1)), np.zeros(3))[0]) == 1  # never nothing at all


def test_where_a_frame_lies_in_its_state() -> None:
    np.testing.assert_allclose(within(np.array([0, 0, 2, 3, 3, 3, 3])), [-0.5, 0.5, 0, -0.75, -0.25, 0.25, 0.75])
    assert within(np.zeros(0, int)).shape == (0,)
    weights = course(np.linspace(-1, 1, 2_001))
    # none does another's work
    np.testing.assert_allclose(weights.T @ weights / 2_001, np.diag([1, 1 / 3, 1 / 5]), atol=2e-3)


def test_the_loss_is_nothing_where_all_is_known() -> None:
    rng = np.random.default_rng(2)
    sounds = rng.normal(size=(STATES, CURVE, MELS)).astype(np.float32)
    sounds[:, 0] += 9 * np.arange(STATES)[:, None]
    mel, counts = spoken(sounds, np.array([4.0, 6.0, 5.0]))
    one = np.concatenate([sounds.reshape(STATES, -1), np.log1p(counts)[:, None]], 1).reshape(1, 1, 1, -1)
    batch = Batch(
        {
            "target": torch.tensor(mel[None], dtype=torch.float32),
            "target_mask": torch.ones(1, len(mel), dtype=torch.bool),
        },
        np.arange(1),
    )
    result = TASK.loss(torch.tensor(one, dtype=torch.float32), batch)
    assert float(result.total) < 1e-6
    assert float(TASK.loss(torch.tensor(one + 0.1, dtype=torch.float32), batch).total) > 1e-3


def test_a_tone_comes_back_from_its_frames() -> None:
    rate = 8_000
    tone = (0.5 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)).astype(np.float32)
    mel = LogMel(rate, mels=60).mel(32768 * torch.from_numpy(tone)[None])[0].T.numpy()
    wave = griffin_lim(mel, rate)
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    assert abs(spectrum.argmax() * rate / len(wave) - 440) < 20
    assert np.array_equal(wave, griffin_lim(mel, rate))


def test_the_clock_counts_for_nothing_in_the_distortion() -> None:
    mel = np.random.default_rng(0).normal(size=(30, 60))
    assert distortion(np.repeat(mel, 2, 0), mel) == pytest.approx(0, abs=1e-6)
    assert distortion(mel + 3, mel) == pytest.approx(0, abs=1e-5)  # loudness neither
    assert distortion(mel[::-1], mel) > 1
    assert warped(np.ones((3, 5))) == (5.0, 5)


def test_sentences_that_cannot_be_said_name_themselves() -> None:
    state = SPELLING.fit(pl.Series(["ab ba", "b a"]), limits=LimitsConfig())
    damaged: dict[int, str] = {}
    rows = SPELLING.encode(pl.Series(["a b", "", None, "zz 99", "a" * 2_000]), state, damaged)
    assert sorted(damaged) == [1, 2, 3, 4]
    assert rows.lengths.tolist() == [5, 0, 0, 0, 0]


def test_silence_is_no_voice(tmp_path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(8_000), 8_000)
    damaged: dict[int, str] = {}
    VOICE.encode(
        pl.Series([str(tmp_path / "a.wav")]), {"rate": 8_000, "mean": [0.0] * 60, "deviation": [1.0] * 60}, damaged
    )
    assert "silent" in damaged[0]


def test_it_learns_speaks_and_writes(tmp_path) -> None:
    table = readings()[:30]
    model = trained(table, tmp_path)
    assert model.metrics["mcd"] < 12
    out = model.predict(pl.DataFrame({"text": ["sa ti mu", ""]}))
    assert out["seconds"][0] > 0.3 and out["seconds"][1] is None
    assert model.save(pl.DataFrame({"text": ["sa ti mu"]}), tmp_path / "one.wav") == 1
    wave, rate = soundfile.read(tmp_path / "one.wav")
    assert (
        rate == 8_000
        and len(wave) / rate == pytest.approx(out["seconds"][0] + 0.42, abs=0.05)
        and np.abs(wave).max() > 0.1
    )
    assert model.save(pl.DataFrame({"text": ["sa", "ti"]}), tmp_path / "several") == 2
    assert len(list((tmp_path / "several").glob("*.wav"))) == 2
    assert er.generate(str(tmp_path / "run"), prompt="sa ti mu", output=str(tmp_path / "said.wav")).endswith(
        "s of speech"
    )
    assert (tmp_path / "said.wav").read_bytes() == (tmp_path / "one.wav").read_bytes()
    with pytest.raises(UserError, match="prompt"):
        er.generate(str(tmp_path / "run"), prompt="")
    with pytest.raises(UserError, match=".wav"):
        er.generate(str(tmp_path / "run"), prompt="sa", output=str(tmp_path / "said.ogg"))
    with pytest.raises(UserError, match="cannot hold 2"):
        model.save(pl.DataFrame({"text": ["sa", "ti"]}), tmp_path / "two.wav")
    with pytest.raises(DataError, match="Which column"):
        model.predict(pl.DataFrame({"a": ["sa"], "b": ["ti"]}))


def trained(table: pl.DataFrame, tmp_path):
    from engineroom.core.config import Config
    from engineroom.run import train

    settings = {
        "task": "text_to_speech",
        "target": "recording",
        "run": str(tmp_path / "run"),
        "train": {"steps": 20, "threads": 1, "precision": "fp32"},
    }
    return train(Config.model_validate(settings), table=table)[0]
