"""Recordings as they come: silent, clipped, stereo, at 96 kHz, empty, long, of two speakers; words with their
moments."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import soundfile
import torch

from engineroom.api import listen_session
from engineroom.baselines.audio.hmm_gmm import aligned
from engineroom.core.config import Config
from engineroom.core.errors import DataError, UserError
from engineroom.core.table import Table
from engineroom.decoding.ctc_beam_search import greedy, moments
from engineroom.decoding.long_form_audio import LONG, apart, heard, parts_of, turns
from engineroom.metrics.speech_recognition import edits, scores
from engineroom.modalities.audio.speech import MODALITY as SPEECH
from engineroom.recipes._data.synthetic_voices import strings
from engineroom.run import train

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Two steps of training: enough for every path that a recording takes, not for what is heard."""
    run = tmp_path_factory.mktemp("runs") / "run"
    settings = {
        "task": "speech_recognition",
        "target": "text",
        "run": str(run),
        "train": {"steps": 2, "threads": 1, "precision": "fp32"},
    }
    return train(Config.model_validate(settings), table=strings()[:24])[0]


def wav(path, wave: np.ndarray, rate: int) -> str:
    soundfile.write(path, wave, rate)
    return str(path)


def test_odd_recordings_are_read_and_empty_ones_named(model, tmp_path) -> None:
    tone = np.sin(np.arange(8_000))
    paths = [
        wav(tmp_path / "silent.wav", np.zeros(8_000), 8_000),
        wav(tmp_path / "clipped.wav", (9 * tone).clip(-1, 1), 8_000),
        wav(tmp_path / "stereo.wav", np.stack([tone, tone], 1) * 0.3, 44_100),
        wav(tmp_path / "fast.wav", RNG.normal(0, 0.1, 96_000), 96_000),
        wav(tmp_path / "short.wav", tone[:10], 8_000),
        wav(tmp_path / "empty.wav", np.zeros(0), 8_000),
    ]
    out = model.predict(pl.DataFrame({"recording": paths}))
    assert out.height == 6 and out["prediction"].null_count() == 1 and out["prediction"][5] is None
    assert "no sound" in model.damaged[5]
    with pytest.raises(DataError, match="None of the rows"):
        model.predict(pl.DataFrame({"recording": paths[5:]}))


def test_two_channels_are_two_speakers_where_they_differ(model, tmp_path) -> None:
    one, other = RNG.normal(0, 0.1, (2, 16_000))
    both, same = (
        wav(tmp_path / "both.wav", np.stack([one, other], 1), 8_000),
        wav(tmp_path / "same.wav", np.stack([one, 0.5 * one], 1), 8_000),
    )
    assert apart(both) and not apart(same) and not apart(wav(tmp_path / "one.wav", np.stack([one, 0 * one], 1), 8_000))
    frame = turns(Table(pl.DataFrame({"speech": [both, same]}), "x", {}, (), ()), "speech").frame
    assert [cell["channel"] for cell in frame["speech"]] == [1, 2, 0]
    rows = SPEECH.encode(frame["speech"], {"rate": 8_000}, {}).rows()
    for row, wave in zip(rows, (one, other), strict=False):
        assert np.corrcoef(row, wave)[0, 1] > 0.999
    out = model.predict(pl.DataFrame({"recording": [both, same]}))
    assert out["speaker"].to_list() == [1, 2, None]
    assert model.save(pl.DataFrame({"recording": [both]}), tmp_path / "both.srt") == 2
    with pytest.raises(UserError, match="one recording"):
        model.save(pl.DataFrame({"recording": [both, same]}), tmp_path / "all.srt")


def test_a_long_recording_is_heard_in_stretches(model) -> None:
    """Stretch by stretch gives as many moments as all at once, each from where it is."""
    hop = model.network.stems["column:speech"].hop
    wave = torch.from_numpy(RNG.normal(0, 3_000, int(2.3 * LONG) * hop).astype(np.float32))
    whole = model.network(batch(wave[None]))[0, 0]
    assert heard(lambda one: model.network(one), wave, hop).shape == whole.shape
    asked: list[torch.Tensor] = []

    def clock(one):
        asked.append(one["column:speech"])
        return one["column:speech"][:, :: 4 * hop][:, None, :, None].repeat(1, 1, 1, 3)

    place = torch.arange(len(wave)).float()
    assert (
        torch.equal(heard(clock, place, hop)[:, 0], place[:: 4 * hop])
        and len(asked) == 3
        and max(one.shape[1] for one in asked) <= LONG * hop
    )


def batch(wave: torch.Tensor):
    from engineroom.core.batch import Batch

    return Batch(
        {"column:speech": wave, "column:speech_mask": torch.ones(wave.shape, dtype=torch.bool)}, np.arange(len(wave))
    )


def test_long_answers_are_cut_in_their_pauses_alone() -> None:
    chances = np.full((1_000, 2), 0.5)
    chances[400:440] = chances[600:605] = (0.99, 0.01)
    assert parts_of(np.log(chances)) == [(0, 420), (420, 1_000)]
    assert parts_of(np.log(chances[:500])) == [(0, 500)]


def test_words_have_their_moments() -> None:
    logp = np.log(np.full((10, 3), 0.02))
    logp[:, 0], logp[2:4, 1], logp[7, 2] = np.log(0.5), np.log(0.9), np.log(0.9)
    codes = greedy(logp)
    assert codes.tolist() == [1, 2] and moments(logp, codes).tolist() == [[2, 3], [7, 7]]


def test_word_errors_are_those_of_the_field() -> None:
    assert edits("a b c".split(), "a x c d".split()) == 2
    records = {
        "word_errors": np.array([2, 0]),
        "truth": np.array([4, 4]),
        "character_errors": np.array([4, 0]),
        "characters": np.array([7, 7]),
    }
    assert scores(records) == pytest.approx({"wer": 0.25, "cer": 4 / 14, "exact": 0.5})


def test_a_command_is_heard_and_read(model, tmp_path) -> None:
    grammar, path = tmp_path / "g.json", wav(tmp_path / "a.wav", RNG.normal(0, 0.1, 8_000), 8_000)
    grammar.write_text('{"intents": {"hum": ["sa ti"]}}')
    found = listen_session(model, [path], grammar=str(grammar), seconds=1.0)
    assert found[0]["recording"] == path and set(found[0]) == {"recording", "wake", "intent", "slots", "text"}


@pytest.mark.parametrize("states", [1, 3, 127, 128, 400])
def test_the_baseline_finds_a_path_of_any_length(states: int) -> None:
    true = np.sort(np.concatenate([np.arange(states), np.arange(0, states, 3)]))
    assert aligned(-np.abs(true[:, None] - np.arange(states)).astype(float) * 10).tolist() == true.tolist()


@pytest.mark.parametrize("letters", [1, 63, 64, 300])
def test_the_moments_of_a_text_of_any_length(letters: int) -> None:
    codes = 1 + np.arange(letters) % 3
    said = np.repeat(codes, 2)
    logp = np.log(np.full((len(said), 4), 0.01))
    logp[np.arange(len(said)), said] = np.log(0.97)
    assert moments(logp, codes).tolist() == [[2 * k, 2 * k + 1] for k in range(letters)]
