"""Sound without noise: ratios of known sounds, rows that never share a recording, a stream that says what the whole
says and hears nothing ahead, odd recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import soundfile
import torch

from engineroom.core.config import Config
from engineroom.core.errors import DataError
from engineroom.core.table import Table
from engineroom.layers.stft import Frames
from engineroom.metrics.speech_enhancement import si_sdr, si_sdr_loss
from engineroom.preprocessing.audio.speech_noise_pairs import LEVELS, build_noisy_rows
from engineroom.recipes._data.synthetic_voices import RATE, voices
from engineroom.run import train


def two(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A tone, and noise of the same power that has nothing of it."""
    tone = np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    noise = np.random.default_rng(seed).normal(size=RATE)
    noise -= noise.mean() + tone * (noise @ tone) / (tone @ tone)
    return tone, noise * np.sqrt((tone @ tone) / (noise @ noise))


@pytest.mark.parametrize("level", [-5.0, 0.0, 10.0])
def test_the_ratio_is_the_one_that_was_mixed(level: float) -> None:
    tone, noise = two()
    mixed = tone + noise * 10 ** (-level / 20)
    assert si_sdr(mixed, tone) == pytest.approx(level, abs=0.01)
    assert si_sdr(7 * mixed, tone) == pytest.approx(level, abs=0.01), "loudness counts for nothing"
    assert float(si_sdr_loss(torch.tensor(mixed)[None], torch.tensor(tone)[None])) == pytest.approx(-level, abs=0.01)


def test_silence_and_the_thing_itself_have_bounds() -> None:
    tone, _ = two()
    assert si_sdr(np.zeros_like(tone), tone) == -60 and si_sdr(tone, np.zeros_like(tone)) == -60
    assert si_sdr(tone, tone) == 60


def test_what_judges_was_never_heard_in_training() -> None:
    frame = pl.DataFrame(
        {"recording": [f"s{k}.wav" for k in range(20)] + ["fan.wav"], "what": ["speech"] * 20 + ["noise"]}
    )
    rows = build_noisy_rows(Table(frame, "t", {}), None, "noise", inference=False).frame
    heard = {
        part: set(rows.filter(pl.col("split") == part)["noisy"].struct.field("source"))
        for part in ("train", "val", "test")
    }
    assert (
        not heard["train"] & heard["test"] and not heard["train"] & heard["val"] and sum(map(len, heard.values())) == 20
    )
    assert sorted(set(rows.filter(pl.col("split") == "test")["noisy"].struct.field("level"))) == sorted(LEVELS)
    shares = {part: tuple(rows.filter(pl.col("split") == part)["noisy"][0]["part"]) for part in ("train", "test")}
    assert shares["train"][1] <= shares["test"][0], "one recording of noise: its end judges"
    with pytest.raises(DataError, match="too few"):
        build_noisy_rows(Table(frame.tail(4), "t", {}), None, "noise", inference=False)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("denoising")
    settings = {
        "task": "speech_enhancement",
        "target": "clean",
        "run": str(folder / "run"),
        "train": {"steps": 6, "threads": 1, "precision": "fp32"},
        "model": {"size": "small"},
    }
    return train(Config.model_validate(settings), table=voices().head(12))[0]


def test_a_stream_says_what_the_whole_says(model, tmp_path: Path) -> None:
    """Whatever the blocks: single samples over hundreds to all at once."""
    sound = np.random.default_rng(1).normal(0, 0.1, RATE).astype(np.float32)
    soundfile.write(tmp_path / "noisy.wav", sound, RATE, subtype="FLOAT")
    whole = model.answers(model.open(pl.DataFrame({"noisy": [str(tmp_path / "noisy.wav")]})))[0]["wave"][0]
    hop = Frames(RATE).hop
    for sizes in ([RATE], [37] * 300, [1_000, 1, 3, 256, 4_000, 900]):
        blocks = np.split(sound, np.cumsum(sizes)[np.cumsum(sizes) < RATE])
        # what stood before the first sample
        said = np.concatenate(list(model.task.stream(model.network, blocks)))[hop:]
        assert len(said) > RATE - 3 * hop
        np.testing.assert_allclose(said[hop:], whole[hop : len(said)], atol=2e-3)


def test_nothing_that_comes_later_is_heard(model) -> None:
    sound = np.random.default_rng(2).normal(0, 0.1, RATE)
    other = sound.copy()
    other[RATE // 2 :] = 0
    one, two = (np.concatenate(list(model.task.stream(model.network, np.array_split(x, 50)))) for x in (sound, other))
    same = RATE // 2 - 512
    np.testing.assert_allclose(one[:same], two[:same], atol=1e-6)
    assert np.abs(one[RATE // 2 :] - two[RATE // 2 :]).max() > 1e-3


def test_odd_recordings_are_taken_as_they_are(model, tmp_path: Path) -> None:
    tone = 0.3 * np.sin(2 * np.pi * 300 * np.arange(96_000) / 96_000)
    soundfile.write(tmp_path / "a.wav", np.stack([tone, tone], 1), 96_000)
    soundfile.write(tmp_path / "b.wav", np.zeros(RATE), RATE)
    soundfile.write(tmp_path / "c.wav", np.clip(9 * tone[::12], -1, 1), RATE)
    out = model.predict(
        pl.DataFrame({"noisy": [str(tmp_path / name) for name in ("a.wav", "b.wav", "c.wav", "none.wav")]})
    )
    assert out.height == 4 and out["prediction"][3] is None
    assert model.save(pl.DataFrame({"noisy": [str(tmp_path / "a.wav")]}), tmp_path / "out") == 1
    wave, rate = soundfile.read(next((tmp_path / "out").glob("*.wav")))
    assert rate == RATE and wave.ndim == 1 and len(wave) == pytest.approx(RATE, abs=2)
