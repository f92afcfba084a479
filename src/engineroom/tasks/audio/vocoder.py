"""LOSS: how did it sound, when all that is left are log-mel frames? Recordings teach themselves: each is question and
answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from ...core import registry
from ...core.arrays import objects
from ...core.batch import Batch, Losses, Predictions, RowResults
from ...core.errors import DataError, UserError
from ...core.panels import Panel
from ...core.schema import Column, Schema
from ...core.table import Table
from ...decoding.prompts import predict_prompt
from ...layers.griffin_lim import griffin_lim
from ...layers.mel_spectrogram import LogMel
from ...layers.patch_discriminator import RESOLUTIONS, Ears, felt_spectrum
from ...metrics import vocoder as metrics
from ...modalities.audio.mel_target import MELS
from ...preprocessing.media_columns import media_column, split_column, split_hint
from ...rendering.audio.spectrograms import encoded, save_wave, save_waves, side_by_side
from ...rendering.timing import on_one_core
from .._base import BaseTask
from .._explained_score import likeness
from ._neural_vocoder import asked

FRAMES = "mel"  # what the model reads
LEAST = 6  # recordings
SPECTRA, LOGS = 1.0, 0.5  # weights of the spectra and of their logarithms, beside the frames
SOFTEST = 60.0  # dB below the loudest of its row that a place of a spectrum counts as silent
TIMED, TIMES = 5.0, 3  # seconds of sound that are timed; times that the clock is read


@dataclass(frozen=True)
class Vocoding(BaseTask):
    """Answers: {"wave": (N,) of (T,) float32}. A network corrects what Griffin and Lim's rounds make of the frames; the
    loss is what is wrong with frames and spectra of the sound that comes out, and with what a critic hears in it
    (objectives/adversarial_finetuning.py).

    Ground truth: the recording's own samples at the model's rate, 16 bits, to the last whole frame.
    """

    adversarial_weight: float = 0.5  # of the critic; 0: only frames and spectra teach
    rate: int = field(default=8_000, metadata={"bound": True})

    output_type = "waves"
    objective = "adversarial_finetuning"
    head = "istft"
    backbones = {"steps": ("vocos",)}
    training_defaults = "vocoder"
    baseline = "griffin_lim"
    eval_batch_size = 1  # recordings differ in length
    max_eval_rows = 12
    has_render = True
    default_temperature = 0.0
    return_full_text = False
    extensions = ("",)
    primary_metric = "lsd"
    higher_is_better = False
    higher = ()
    lower = ("lsd", "periodicity", "mel")
    internal_metrics = ("blend",)
    monitor = "blend"
    target_modality = "waveform_target"
    written_as = ".wav"

    def for_target(self, target: Column) -> Vocoding:
        return replace(self, rate=int(target.state["rate"]))

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        if self.adversarial_weight < 0:
            raise UserError(
                f"A critic cannot pull with a strength of {self.adversarial_weight:g}.",
                "",
                "options.adversarial_weight is 0 or more.",
            )
        frame = table.frame
        known = [one for one in (target, FRAMES) if one in frame.columns and frame[one].dtype == pl.String]
        audio = media_column(table, known[0] if known else target, "audio", "recordings")
        if inference:
            return replace(table, frame=frame.rename({audio: FRAMES}) if audio != FRAMES else frame, hints={})
        if frame.height < LEAST:
            raise DataError(
                f"{frame.height} recordings are too few to learn from, to validate and to test.",
                "",
                f"Bring at least {LEAST}; dozens are better.",
            )
        split = split_column(table)
        kept = frame.select([audio, *([split] if split else [])]).filter(frame[audio].is_not_null())
        kept = kept.with_columns(pl.struct(pl.col(audio).alias("source")).alias(FRAMES))
        hints: dict[str, dict[str, Any]] = {
            audio: {"modality": "waveform_target", "role": "target", "why": "the recording itself"},
            FRAMES: {"modality": "mel_frames", "role": "input", "why": "its log-mel frames: all that is left of it"},
        }
        return Table(kept, table.name, hints | split_hint(table, split), table.notes, table.skipped)

    def output_size(self, target: Column) -> int:
        return int(target.state["rate"])

    def to_targets(self, codes: Any, target: Column) -> np.ndarray:
        """Ragged (T,) int16 → (N,) of (T,) float32."""
        return objects([one.astype(np.float32) / 32768 for one in codes.rows()])

    def discriminator(self, target: Column, condition: int) -> nn.Module:
        return Ears()

    def real_samples(self, batch: Batch) -> Tensor:
        """(B, T) from -1 to 1."""
        return batch["target"].float() / 32768

    def fake_samples(self, output: Tensor, batch: Batch) -> Tensor:
        return output[:, 0]

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        """output (B, 1, T); batch["target"] (B, T) int16: frames as they are made, and spectra in windows of several
        lengths, as loud as they are felt."""
        said, true = output[:, 0], self.real_samples(batch)
        frames = LogMel(self.rate, mels=MELS).to(output.device)
        mel = (frames.mel(32768 * said) - frames.mel(32768 * true)).abs().mean()
        pairs = [(felt_spectrum(said, size)[:, 2], felt_spectrum(true, size)[:, 2]) for size in RESOLUTIONS]
        spectra = torch.stack([(a - b).abs().mean() / b.mean().clamp_min(1e-3) for a, b in pairs]).mean()
        logs = torch.stack([(heard(a) - heard(b)).abs().mean() for a, b in pairs]).mean()
        return Losses(mel + SPECTRA * spectra + LOGS * logs, {"mel": mel, "spectra": spectra, "logs": logs})

    def postprocess(self, output: Tensor, batch: Batch, target: Column) -> Predictions:
        """(B, 1, T) → sounds in their own lengths."""
        hop = LogMel(self.rate, mels=MELS).hop
        lengths = ((batch[f"column:{FRAMES}_mask"].sum(1) - 1) * hop).tolist()
        return {
            "wave": objects(
                [wave[: max(1, length)].numpy() for wave, length in zip(output[:, 0], lengths, strict=True)]
            )
        }

    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        """(B,) decibels by which the sound is still that of the whole recording."""
        return likeness(output, whole)

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        """How far each sound is from the recording; the sound itself in 16 bits."""
        frames = LogMel(self.rate, mels=MELS)
        found = []
        for said, true in zip(answers["wave"], truth, strict=True):
            said = metrics.levelled(said[: len(true)], true)
            a, b = (
                frames.mel(32768 * torch.from_numpy(np.ascontiguousarray(one, np.float32))[None])[0]
                for one in (said, true)
            )
            gap = 10 / np.log(10) * float((a - b).abs().mean())
            found.append((metrics.log_spectral(said, true, self.rate), metrics.periodicity(said, true, self.rate), gap))
        each = np.array(found, float).reshape(-1, 3)
        waves = objects([(wave.clip(-1, 1) * 32767).astype(np.int16).tobytes() for wave in answers["wave"]])
        return {
            "truth": np.array([len(one) / self.rate for one in truth]),
            "lsd": each[:, 0],
            "periodicity": each[:, 1],
            "mel": each[:, 2],
            "loss": each[:, 0],
            "said": waves,
        }

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        return metrics.scores(records)

    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        """How long each is; for the sounds themselves see `write`."""
        seconds = [round(len(wave) / self.rate, 3) for wave in answers["wave"]]
        return pl.DataFrame({"prediction": [f"{one:g} s of sound" for one in seconds], "seconds": seconds})

    def write(self, answers: Predictions, frame: pl.DataFrame, schema: Schema, path: Path) -> None:
        """A folder of WAV files, named after their recordings."""
        save_waves(answers["wave"], frame[FRAMES], self.rate, path)

    def generate(
        self, network: Any, schema: Schema, prompt: str, *, tokens: int, temperature: float, top_p: float, seed: int
    ) -> Iterator[str]:
        """`prompt`: a recording, of which no more than its frames are read; `save_generated` is how it sounds then."""
        yield f"{len(predict_prompt(self, network, schema, prompt)['wave'][0]) / self.rate:.2f} s of sound"

    def save_generated(self, network: Any, schema: Schema, prompt: str, written: str, path: Path) -> None:
        save_wave(predict_prompt(self, network, schema, prompt)["wave"][0], self.rate, path)

    def render(self, frame: pl.DataFrame, row: int, schema: Schema, answers: RowResults, place: int) -> str:
        said = (
            np.frombuffer(answers["said"][place], np.int16).astype(np.float32) / 32768
            if "said" in answers
            else answers["wave"][place]
        )
        column = schema[FRAMES]
        frames = (
            registry.get("modalities", "mel_frames")
            .encode(frame[FRAMES][[row]], column.state, {})
            .rows()[0][:, :MELS]
            .astype(np.float32)
        )
        waves = [("Griffin-Lim", griffin_lim(frames, self.rate)), ("ours", said)]
        if schema.target.name in frame.columns:
            true = encoded(frame, row, schema, schema.target.name)
            waves = [
                *((name, metrics.levelled(one, true).astype(np.float32)) for name, one in waves),
                ("as recorded", true),
            ]
        return side_by_side(waves, self.rate)

    def sample_panels(self, network: Any, schema: Schema) -> list[Panel]:
        """How fast it is, on one core, beside Griffin-Lim."""
        mel = np.random.default_rng(0).normal(-6, 3, (int(100 * TIMED) + 1, MELS)).astype(np.float32)
        network.eval()
        works = (lambda: network(asked(mel, self.rate, f"column:{FRAMES}")), lambda: griffin_lim(mel, self.rate))
        ours, others = (on_one_core(work, TIMES)[0] / TIMED for work in works)
        words = "seconds of work for a second of sound, one core, frames to sound"
        return [
            Panel(
                "facts",
                "Real-time factor",
                {"items": [["real-time factor", f"{ours:.3f}", words], ["Griffin-Lim", f"{others:.3f}", words]]},
                "",
            )
        ]

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        labels = [f"row {k + 1}" for k in range(min(20, len(records["lsd"])))]
        words = {
            "lsd": ("How wrong spectra are, recording by recording", "log-spectral distance in dB"),
            "periodicity": ("How wrong the clearness of pitch is", "root mean square"),
        }
        found = []
        for name, (title, unit) in words.items():
            series = [
                {"name": who, "values": one[name][: len(labels)].round(3).tolist()}
                for who, one in (("deep", records), ("classical", baseline))
            ]
            found.append(
                Panel(
                    "bars",
                    title,
                    {"labels": labels, "series": series, "y": unit},
                    "Smaller is nearer to the recording.",
                )
            )
        return found

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        return (
            f"{records['lsd'][row]:.2f} dB",
            f"{records['truth'][row]:.2f} s, pitch off by {records['periodicity'][row]:.3f}",
        )

    def rank_errors(self, records: RowResults) -> np.ndarray:
        return np.argsort(-records["lsd"], kind="stable")[:6]


def heard(felt: Tensor) -> Tensor:
    """(B, bins, frames) roots of magnitudes → natural logarithms of power, nothing below what is heard of the row."""
    floor = felt.detach().flatten(1).amax(1)[:, None, None] * 10 ** (-SOFTEST / 40)
    return 4 * torch.maximum(felt, floor).clamp_min(1e-3).log()


TASK = Vocoding()
