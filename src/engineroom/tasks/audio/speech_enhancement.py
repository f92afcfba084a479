"""LOSS: what was said, without the noise around it? A gate for every band of every frame, which knows nothing of what
comes later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor

from ...core.arrays import objects
from ...core.batch import Batch, Losses, Predictions, RowResults
from ...core.panels import Panel
from ...core.schema import Column, Schema
from ...core.table import Table
from ...layers.stft import Frames
from ...metrics import speech_enhancement as metrics
from ...networks.incremental import advance
from ...preprocessing.audio.speech_noise_pairs import NOISY, build_noisy_rows
from ...rendering.audio.spectrograms import encoded, oddities, save_waves, side_by_side
from ...rendering.timing import on_one_core
from .._base import BaseTask
from .._explained_score import likeness

EDGES = np.array([-30.0, -2.5, 2.5, 7.5, 30.0])  # dB, between the levels that judge
SPECTRUM = 10.0  # weight of the loudness of every band, beside dB
BLOCKS, TIMED = 4, 10.0  # frames at a time; seconds of sound, when the stream is timed


@dataclass(frozen=True)
class Denoising(BaseTask):
    """Answers: {"wave": (N,) of (T,) float32}. The network hears the logarithm of each frame's power and says how much
    of every band to let through; the loss is what is wrong with the sound that comes out (SI-SDR), and with the
    loudness of its bands.

    Ground truth: the first 8 seconds of the clean recording at the model's rate, in 16 bits; the question is the same
    with noise mixed in by our own code.
    """

    noise: str = "noise"  # what a column calls the recordings that are noise; without any, noise is made
    rate: int = field(default=8_000, metadata={"bound": True})

    output_type = "sounds"
    head = "spectral_mask"
    backbones = {"steps": ("causal_gru",)}
    training_defaults = "speech_enhancement"
    baseline = "wiener"
    eval_batch_size = 1  # recordings differ in length
    max_eval_rows = 60
    has_render = True
    extensions = ("",)
    primary_metric = "gain"
    higher_is_better = True
    higher = ("gain", "si_sdr")
    lower = ("left_over",)
    monitor = "left_over"
    target_modality = "clean_speech"

    def for_target(self, target: Column) -> Denoising:
        return replace(self, rate=int(target.state["rate"]))

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        return build_noisy_rows(table, target, self.noise, inference=inference)

    def output_size(self, target: Column) -> int:
        return Frames(target.state["rate"]).size // 2 + 1

    def to_targets(self, codes: Any, target: Column) -> np.ndarray:
        """Ragged (T, 2) int16 → (N,) of (T, 2) float32: clean, and with noise."""
        return objects([one.astype(np.float32) / 32768 for one in codes.rows()])

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        """output (B, 1, N, F) gates; batch["target"] (B, T, 2) int16: clean, and with noise."""
        frames = Frames(self.rate).to(output.device)
        true, noisy = batch["target"].float().unbind(-1)
        wave, spectrum = gated(output, noisy, frames)
        ratio = metrics.si_sdr_loss(wave, true / 32768).mean()
        wanted = frames.spectrum(frames.cut(true / 32768))
        bands = (spectrum.abs().clamp_min(1e-5).pow(0.3) - wanted.abs().clamp_min(1e-5).pow(0.3)).square().mean()
        return Losses(ratio / 10 + SPECTRUM * bands, {"distortion_db": ratio, "bands": bands})

    def postprocess(self, output: Tensor, batch: Batch, target: Column) -> Predictions:
        """(B, 1, N, F) → sounds in their own lengths."""
        waves = gated(output, batch[f"column:{NOISY}"].float(), Frames(self.rate))[0].numpy()
        lengths = batch[f"column:{NOISY}_mask"].sum(1).tolist()
        return {"wave": objects([wave[:length] for wave, length in zip(waves, lengths, strict=True)])}

    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        """(B,) decibels by which the gates are still those of the whole recording."""
        return likeness(output, whole)

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        """SI-SDR as the recording came and as it is now; the sound itself in 16 bits."""
        said = [metrics.si_sdr(wave, true[:, 0]) for wave, true in zip(answers["wave"], truth, strict=True)]
        came = [metrics.si_sdr(true[:, 1], true[:, 0]) for true in truth]
        waves = objects([(wave.clip(-1, 1) * 32767).astype(np.int16).tobytes() for wave in answers["wave"]])
        return {
            "truth": np.array(came, float),
            "si_sdr": np.array(said, float),
            "loss": -np.array(said, float),
            "said": waves,
        }

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        return metrics.scores(records)

    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        """How long each is, how much quieter it became, and what was odd about it; for the sounds themselves see
        `write`."""
        cells = frame[NOISY].to_list()
        notes = [oddities(cell, self.rate) for cell in cells]
        seconds = [round(len(wave) / self.rate, 3) for wave in answers["wave"]]
        power = [
            float(10 * np.log10(np.mean(np.square(wave, dtype=np.float64)) + 1e-12)) if len(wave) else None
            for wave in answers["wave"]
        ]
        return pl.DataFrame(
            {
                "prediction": [f"{one:g} s of sound" for one in seconds],
                "seconds": seconds,
                "decibel": power,
                "note": notes,
            }
        )

    def write(self, answers: Predictions, frame: pl.DataFrame, schema: Schema, path: Path) -> None:
        """A folder of WAV files, named after their recordings."""
        save_waves(answers["wave"], frame[NOISY], self.rate, path)

    def render(self, frame: pl.DataFrame, row: int, schema: Schema, answers: RowResults, place: int) -> str:
        said = (
            np.frombuffer(answers["said"][place], np.int16).astype(np.float32) / 32768
            if "said" in answers
            else answers["wave"][place]
        )
        waves = [("came", encoded(frame, row, schema, NOISY)), ("ours", said)]
        if schema.target.name in frame.columns:
            waves.append(("clean", encoded(frame, row, schema, schema.target.name)[:, 0]))
        return side_by_side(waves, self.rate)

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        middles = [-5.0, 0.0, 5.0, 10.0]
        series = [
            {"name": name, "values": np.nan_to_num(metrics.by_level(one, EDGES)).round(2).tolist()}
            for name, one in (("deep", records), ("classical", baseline))
        ]
        words = (
            "How many dB of SI-SDR are gained, by how much noise there was: recordings that came with about so "
            "many "
            "dB of sound above it."
        )
        return [
            Panel(
                "bars",
                "SI-SDR improvement by input SNR",
                {"labels": [f"{m:g} dB" for m in middles], "series": series, "y": "gain in dB"},
                words,
            )
        ]

    def stream(self, network: Any, blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Sound as it comes, (T,) float from −1 to 1 in blocks of any length → the same without noise, one window
        later; the same as all at once."""
        frames, memory = Frames(self.rate), None
        held, tail = torch.zeros(frames.hop), np.zeros(frames.hop, np.float32)
        for block in blocks:
            held = torch.cat([held, torch.from_numpy(np.asarray(block, np.float32))])
            count = len(held) // frames.hop - 1
            if count < 1:
                continue
            cut = held[None, : (count + 1) * frames.hop].unfold(1, frames.size, frames.hop)
            held = held[count * frames.hop :]
            with torch.inference_mode():
                gate, memory = advance(network, 32768 * cut, memory)
                wave: np.ndarray = frames.joined(frames.spectrum(cut) * gate[:, 0])[0].numpy()
            wave[: frames.hop] += tail
            tail = wave[-frames.hop :].copy()
            yield wave[: -frames.hop]

    def sample_panels(self, network: Any, schema: Schema) -> list[Panel]:
        """How fast it is as a stream, on one core."""
        frames, sound = Frames(self.rate), np.random.default_rng(0).normal(0, 0.1, int(TIMED * self.rate))
        blocks = np.array_split(sound, max(1, len(sound) // (BLOCKS * frames.hop)))
        factor = on_one_core(lambda: list(self.stream(network, blocks)), 1)[0] / TIMED
        items = [
            ["real-time factor", f"{factor:.3f}", "seconds of work for a second of sound, one core, block by block"],
            ["latency", f"{1000 * frames.size / self.rate:.0f} ms", "one window: nothing later is heard"],
        ]
        return [
            Panel(
                "facts",
                "As a stream",
                {"items": items},
                "engineroom.load(RUN).task.stream(network, blocks) takes sound as it comes.",
            )
        ]

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        return (
            f"{records['si_sdr'][row] - records['truth'][row]:+.1f} dB",
            f"came with {records['truth'][row]:.1f} dB, now {records['si_sdr'][row]:.1f} dB",
        )

    def rank_errors(self, records: RowResults) -> np.ndarray:
        """Where least was gained."""
        return np.argsort(records["si_sdr"] - records["truth"], kind="stable")[:6]


def gated(output: Tensor, noisy: Tensor, frames: Frames) -> tuple[Tensor, Tensor]:
    """output (B, 1, N, F), noisy (B, T) in int16 scale → (wave (B, T) from −1 to 1, its spectrum (B, N, F))."""
    spectrum = frames.spectrum(frames.cut(noisy / 32768)) * output[:, 0]
    return frames.wave(spectrum, noisy.shape[1]), spectrum


TASK = Denoising()
