"""Frames to sound: the guess comes back as it is, the whole road on few recordings, a vocoder that travels inside a
speaking bundle, and bad input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import soundfile
import torch

import engineroom as er
from engineroom.core.config import LimitsConfig
from engineroom.core.errors import DataError, UserError
from engineroom.core.table import Table
from engineroom.heads.istft import SoundHead
from engineroom.layers.griffin_lim import guessed
from engineroom.layers.mel_spectrogram import LogMel
from engineroom.metrics.vocoder import clearness, levelled, log_spectral, periodicity
from engineroom.modalities.audio.mel_frames import MELS, MODALITY, beside_guess
from engineroom.recipes._data.synthetic_voices import readings
from engineroom.tasks._base import make_task

RATE = 8_000


def tone(seconds: float = 0.6, pitch: float = 160.0) -> np.ndarray:
    time = np.arange(int(seconds * RATE)) / RATE
    wave = sum(np.sin(2 * np.pi * pitch * k * time) / k for k in range(1, 9))
    return (0.3 * wave * np.hanning(len(time)) ** 0.3).astype(np.float32)


def frames_of(wave: np.ndarray) -> np.ndarray:
    return LogMel(RATE, mels=MELS).mel(32768 * torch.from_numpy(wave)[None])[0].T.numpy()


def test_a_network_begins_with_the_guess() -> None:
    mel = frames_of(tone())
    row = torch.from_numpy(beside_guess(mel, RATE))[None]
    signal = MODALITY.stem([{"rate": RATE}], 0, "sequence")(row, torch.ones(1, len(mel), dtype=torch.bool))
    from engineroom.core import registry
    from engineroom.core.config import Config

    torch.manual_seed(0)
    trunk = registry.get("backbones", "vocos").build(signal, Config(), kind="steps", size="small", members=1).eval()
    with torch.no_grad():
        features = trunk(signal)
        head = SoundHead(features, RATE)
        head.linear.weight.zero_()
        wave = head(features)
    assert wave.shape == (1, 1, (len(mel) - 1) * RATE // 100)
    assert torch.allclose(wave[0, 0], torch.from_numpy(guessed(mel, RATE)), atol=2e-3)


def test_scores_of_sounds() -> None:
    true = tone()
    noise = np.random.default_rng(0).normal(0, 0.1, len(true)).astype(np.float32)
    assert log_spectral(true, true, RATE) == 0 and periodicity(true, true, RATE) == 0
    assert log_spectral(levelled(5 * true, true), true, RATE) < 1e-3, "how loud it is played is a knob"
    assert log_spectral(true + noise, true, RATE) > 3 and periodicity(noise, true, RATE) > 0.3
    assert np.median(clearness(true, RATE)) > 0.9 > 0.6 > np.median(clearness(noise, RATE))


def test_bad_recordings_name_themselves(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silent.wav", np.zeros(4_000), RATE)
    soundfile.write(tmp_path / "short.wav", tone(0.01), RATE)
    damaged: dict[int, str] = {}
    rows = MODALITY.encode(
        pl.Series([str(tmp_path / name) for name in ("silent.wav", "short.wav", "missing.wav")]),
        {"rate": RATE},
        damaged,
    )
    assert set(damaged) == {0, 2} and "silent" in damaged[0] and rows.lengths[1] > 1
    few = Table(pl.DataFrame({"sound": ["a.wav"] * 3}))
    with pytest.raises(DataError, match="3 recordings are too few"):
        make_task("vocoder", {}).build_samples(few, "sound", inference=False)
    with pytest.raises(UserError, match="strength"):
        make_task("vocoder", {"adversarial_weight": -1}).build_samples(few, "sound", inference=False)


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vocoder")
    table = readings()[:16]
    vocoder = er.train(
        table.select("recording"),
        target="recording",
        task="vocoder",
        steps=3,
        show="quiet",
        run=str(folder / "vocoder"),
        model__size="small",
        train__threads=1,
        train__precision="fp32",
    )
    return folder, table, vocoder


def test_the_whole_road(taught) -> None:
    folder, table, model = taught
    assert (
        set(model.metrics) >= {"lsd", "periodicity", "mel"} and model.manifest["objective"] == "adversarial_finetuning"
    )
    again = er.load(str(model.path))
    said = again.predict(table.select("recording")[:2])
    assert said["seconds"][0] == pytest.approx(soundfile.info(table["recording"][0]).duration, abs=0.02)
    report = (model.path / "report.html").read_text()
    assert "Griffin" in report and "real-time factor" in report and "<audio" in report


def test_one_recording_is_made_to_sound_again(taught, tmp_path: Path) -> None:
    _, table, model = taught
    said = er.generate(str(model.path), prompt=table["recording"][0], output=str(tmp_path / "again.wav"))
    assert said.endswith("s of sound") and soundfile.info(tmp_path / "again.wav").duration == pytest.approx(
        float(said.split()[0]), abs=0.01
    )
    with pytest.raises(UserError, match="prompt"):
        er.generate(str(model.path), prompt=str(tmp_path / "nowhere.wav"))


def test_a_vocoder_travels_inside_a_speaking_bundle(taught) -> None:
    folder, table, vocoder = taught
    model = er.train(
        table,
        target="recording",
        recipe="text_to_speech",
        steps=3,
        show="quiet",
        run=str(folder / "voice"),
        train__threads=1,
        train__precision="fp32",
        options={"vocoder": str(folder / "vocoder")},
    )
    (folder / "vocoder").rename(folder / "gone")
    again = er.load(str(model.path))
    mel = np.random.default_rng(0).normal(size=(40, MELS)).astype(np.float32)
    wave, plain = again.task.wave(mel), make_task("text_to_speech", {}).for_target(again.schema.target)
    state = {key: value for key, value in again.schema.target.state.items() if key != "vocoder"}
    other = type(plain)(state=state).wave(mel)
    assert len(wave) == len(other) and not np.allclose(wave, other, atol=1e-3) and np.abs(wave).max() <= 1
    (folder / "gone").rename(folder / "vocoder")


def test_what_is_no_vocoder_is_refused(taught, tmp_path: Path) -> None:
    from engineroom.tasks.audio._neural_vocoder import with_vocoder

    folder, _, model = taught
    with pytest.raises(UserError, match="no run that can be read"):
        with_vocoder(model.schema, str(tmp_path))
    other = model.schema.with_column(
        type(model.schema.target)(**{**model.schema.target.__dict__, "state": {"rate": 16_000}})
    )
    with pytest.raises(UserError, match="8,000 Hz"):
        with_vocoder(other, str(folder / "vocoder"))
    assert MODALITY.fit(pl.Series(["x"]), limits=LimitsConfig())["rate"] == 16_000
