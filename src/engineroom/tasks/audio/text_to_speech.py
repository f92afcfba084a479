"""LOSS: how does a sentence sound? Every letter is three states with a sound and a length; which frame belongs to which
is searched anew in every step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor

from ...core.arrays import objects
from ...core.batch import Batch, Losses, Predictions, RowResults
from ...core.errors import DataError, UserError
from ...core.files import disk_error
from ...core.panels import Panel
from ...core.schema import Column, Schema
from ...core.table import Table
from ...decoding.monotonic_alignment import CURVE, STATES, course, searched, spoken, within
from ...decoding.prompts import predict_prompt
from ...heads.token_classifier import PADDED
from ...layers.griffin_lim import griffin_lim
from ...metrics import text_to_speech as metrics
from ...modalities.audio.mel_target import MELS
from ...preprocessing.media_columns import media_column, split_column, split_hint
from ...rendering.audio.spectrograms import save_wave, side_by_side
from ...rendering.timing import on_one_core
from .._base import BaseTask
from .._explained_score import likeness
from ._neural_vocoder import voiced, with_vocoder

WIDE = CURVE * MELS + 1  # numbers a state: its sound's level, slope and bend, and how long it lasts
SENTENCE = "text"  # what the model reads
LASTING = 1.0  # weight of the lengths
ENDINGS = ("", ".wav")
# frames without sound before and after, as recordings have them and recognisers expect; what such a frame holds
BREATH, SILENCE = ((4, 38), float(np.log(1e-6)))
TIMED = 4  # times that the clock is read


@dataclass(frozen=True)
class Synthesis(BaseTask):
    """Answers: {"mel": (N,) of (T, MELS) of mean 0 and deviation 1, "lasting": (N,) of (letters,) frames}. Neither
    attention nor steps: all frames at once.

    Ground truth: the recording's log-mel frames without the silence around them, at most 20 s. Mel cepstral distortion
    is taken after alignment in time, on frames: a sound that `predict` writes is made of the same frames.
    """

    vocoder: str = ""  # a run of the recipe vocoder, which is carried along; without one, Griffin and Lim's rounds
    state: Mapping[str, Any] = field(default_factory=dict, metadata={"bound": True})

    output_type = "speeches"
    head = "acoustic_states"
    backbones = {"words": ("rnn",)}
    training_defaults = "text_to_speech"
    baseline = "unit_selection"
    eval_batch_size = 16
    max_eval_rows = 40
    has_render = True
    default_temperature = 0.0
    return_full_text = False
    extensions = ENDINGS
    primary_metric = "mcd"
    higher_is_better = False
    lower = ("mcd", "length")
    higher = ()
    monitor = "mcd"
    target_modality = "mel_target"
    written_as = ".wav"

    def for_target(self, target: Column) -> Synthesis:
        return replace(self, state=dict(target.state))

    def fit_state(self, schema: Schema, data: Any, seed: int) -> Schema:
        return with_vocoder(schema, self.vocoder) if self.vocoder else schema

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        frame = table.frame
        if inference:
            return replace(
                table,
                frame=frame.rename({text: SENTENCE}) if (text := sentences(frame, ())) != SENTENCE else frame,
                hints={},
            )
        audio = media_column(table, target, "audio", "recordings")
        split = split_column(table)
        text = sentences(frame, (audio, split))
        kept = frame.select([audio, text, *([split] if split else [])]).rename({text: SENTENCE})
        hints: dict[str, dict[str, Any]] = {
            audio: {"modality": "mel_target", "role": "target", "why": "how it sounds when it is said"},
            SENTENCE: {"modality": "characters", "role": "input", "why": "what is to be said"},
        }
        return Table(kept, table.name, hints | split_hint(table, split), table.notes, table.skipped)

    def output_size(self, target: Column) -> int:
        return STATES * WIDE

    def to_targets(self, codes: Any, target: Column) -> np.ndarray:
        """Ragged frames → (N,) of (T, MELS) float32."""
        return objects(codes.rows())

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        """output (B, 1, U, STATES · WIDE); batch["target"] (B, T, MELS) with "target_mask"."""
        said, counts = states_of(output)
        true, real = batch["target"].float(), batch["target_mask"]
        frames = real.sum(1)
        with torch.no_grad():
            sounds = said[..., :MELS]
            scores = torch.bmm(true, sounds.transpose(1, 2)) - 0.5 * sounds.square().sum(2)[:, None]
            place = torch.from_numpy(
                searched(scores.cpu().double().numpy(), frames.cpu().numpy(), counts.cpu().numpy())
            ).to(true.device)
        own = said[..., :-1].gather(1, place[..., None].expand(-1, -1, CURVE * MELS)).unflatten(2, (CURVE, MELS))
        weights = np.stack([course(within(row)) for row in place.cpu().numpy()])
        own = torch.einsum("btc,btcm->btm", torch.from_numpy(weights).to(own), own)
        sound = ((own - true).square().mean(2) * real).sum() / real.sum()
        lasted = torch.zeros(said.shape[:2], device=true.device).scatter_add_(1, place, real.float())
        known = torch.arange(said.shape[1], device=true.device) < counts[:, None]
        lasting = ((said[..., -1] - lasted.log1p()).square() * known).sum() / known.sum()
        return Losses(sound + LASTING * lasting, {"sound": sound, "lasting": lasting})

    def postprocess(self, output: Tensor, batch: Batch, target: Column) -> Predictions:
        """The frames of all states, each for as long as the network says."""
        said, counts = states_of(output)
        rows = [
            spoken(one[:count, :-1].unflatten(1, (CURVE, MELS)).numpy(), one[:count, -1].expm1().numpy())
            for one, count in zip(said, counts.tolist(), strict=True)
        ]
        return {
            "mel": objects([mel.astype(np.float32) for mel, _ in rows]),
            "lasting": objects([lasts.reshape(-1, STATES).sum(1) for _, lasts in rows]),
        }

    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        """(B,) decibels by which sounds and lengths are still those of the whole sentence."""
        return likeness(output, whole)

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        """Distortion in dB, and how many frames there are and should be; the frames themselves."""
        wrong = np.array(
            [
                metrics.distortion(self.loud(said), self.loud(true))
                for said, true in zip(answers["mel"], truth, strict=True)
            ],
            float,
        )
        frames, wanted = (np.array([len(row) for row in rows], float) for rows in (answers["mel"], truth))
        said, true = (objects([row.astype(np.float16).tobytes() for row in rows]) for rows in (answers["mel"], truth))
        return {"truth": wanted, "frames": frames, "mcd": wrong, "loss": wrong, "said": said, "wanted": true}

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        return metrics.scores(records)

    def loud(self, mel: np.ndarray) -> np.ndarray:
        """Frames of mean 0 and deviation 1 → natural logarithm of power."""
        return mel * np.array(self.state["deviation"], np.float32) + np.array(self.state["mean"], np.float32)

    def wave(self, mel: np.ndarray) -> np.ndarray:
        """(T, MELS) as answered → (samples,) float32."""
        frames = np.pad(self.loud(mel), (BREATH, (0, 0)), constant_values=SILENCE)
        return voiced(frames, self.state) if "vocoder" in self.state else griffin_lim(frames, self.state["rate"])

    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        """How long each takes to say; for the sounds themselves see `write`."""
        seconds = [round(len(mel) / 100, 2) for mel in answers["mel"]]
        lasting = ["; ".join(f"{count / 100:.2f}" for count in row) for row in answers["lasting"]]
        return pl.DataFrame(
            {"prediction": [f"{one:g} s of speech" for one in seconds], "seconds": seconds, "letters": lasting}
        )

    def write(self, answers: Predictions, frame: pl.DataFrame, schema: Schema, path: Path) -> None:
        """A folder with a WAV a row, or the one WAV of one sentence."""
        import soundfile

        rows = len(answers["mel"])
        if path.suffix and rows > 1:
            raise UserError(
                f"One file cannot hold {rows:,} sentences.",
                "Each is a recording of its own.",
                f"Name a folder: -o {path.with_suffix('')}",
            )
        names = [path] if path.suffix else [path / f"{row:04d}.wav" for row in range(rows)]
        try:
            names[0].parent.mkdir(parents=True, exist_ok=True)
            for name, mel in zip(names, answers["mel"], strict=True):
                soundfile.write(name, self.wave(mel), self.state["rate"], subtype="PCM_16")
        except FileExistsError:
            raise UserError(
                f"{path} is a file, not a folder.", "Recordings are written one file a row.", "Name another folder."
            ) from None
        except OSError as error:
            raise disk_error(error, path) from error

    def generate(
        self, network: Any, schema: Schema, prompt: str, *, tokens: int, temperature: float, top_p: float, seed: int
    ) -> Iterator[str]:
        """How long it takes to say; `save_generated` is how it sounds. Nothing is drawn by lot."""
        yield f"{len(predict_prompt(self, network, schema, prompt)['mel'][0]) / 100:g} s of speech"

    def save_generated(self, network: Any, schema: Schema, prompt: str, written: str, path: Path) -> None:
        save_wave(self.wave(predict_prompt(self, network, schema, prompt)["mel"][0]), self.state["rate"], path)

    def render(self, frame: pl.DataFrame, row: int, schema: Schema, answers: RowResults, place: int) -> str:
        shown = [("ours", frames_in(answers["said"][place]) if "said" in answers else answers["mel"][place])]
        if "wanted" in answers:
            shown.append(("as recorded, through the same vocoder", frames_in(answers["wanted"][place])))
        column = schema.inputs[0]
        sentence = pl.Series([frame[column.name][row]]).cast(pl.String)[0] or ""
        return f"<p>{escape(sentence[:300])}</p>" + side_by_side(
            [(name, self.wave(mel)) for name, mel in shown], self.state["rate"]
        )

    def sample_panels(self, network: Any, schema: Schema) -> list[Panel]:
        """How fast it speaks, on one core, from letters to sound."""
        codes = torch.arange(80)[None] % len(schema.inputs[0].state["letters"]) + 1
        batch = Batch(
            {
                f"column:{schema.inputs[0].name}": codes,
                f"column:{schema.inputs[0].name}_mask": torch.ones_like(codes, dtype=torch.bool),
            },
            np.arange(1),
        )
        took, wave = on_one_core(
            lambda: self.wave(self.postprocess(network.eval()(batch).float(), batch, schema.target)["mel"][0]), TIMED
        )
        factor = took / (len(wave) / self.state["rate"])
        return [
            Panel(
                "facts",
                "Real-time factor",
                {
                    "items": [
                        [
                            "real-time factor",
                            f"{factor:.3f}",
                            "seconds of work for a second of speech, one core, letters to sound",
                        ]
                    ]
                },
                "",
            )
        ]

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        edges = np.unique(np.quantile(records["truth"], [0, 0.25, 0.5, 0.75, 1]))
        parts = list(pairwise(edges))
        chosen = [(records["truth"] >= a) & (records["truth"] <= b) for a, b in parts]
        series = [
            {"name": name, "values": [round(float(np.nanmean(one["mcd"][rows])), 3) for rows in chosen]}
            for name, one in (("deep", records), ("classical", baseline))
        ]
        labels = [f"{a / 100:.1f}–{b / 100:.1f} s" for a, b in parts]
        return [
            Panel(
                "bars",
                "Mel-cepstral distortion by length",
                {"labels": labels, "series": series, "y": "mel-cepstral distortion in dB"},
                "Smaller is nearer to the recording.",
            )
        ]

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        return (
            f"{records['mcd'][row]:.1f} dB",
            f"{records['frames'][row] / 100:.2f} s long, recorded {records['truth'][row] / 100:.2f} s",
        )

    def rank_errors(self, records: RowResults) -> np.ndarray:
        return np.argsort(-records["mcd"], kind="stable")[:6]


def states_of(output: Tensor) -> tuple[Tensor, Tensor]:
    """output (B, 1, U, STATES · WIDE) → (states (B, U · STATES, WIDE), how many are real (B,)); what is padded is 0."""
    real = output[:, 0, :, 0] > PADDED / 2
    said = output[:, 0].masked_fill(~real[..., None], 0.0)
    return said.reshape(len(said), -1, WIDE), STATES * real.sum(1)


def sentences(frame: pl.DataFrame, taken: tuple[str | None, ...]) -> str:
    """The column of what is to be said."""
    found = [name for name in frame.columns if name not in taken and frame[name].dtype == pl.String]
    if SENTENCE in found or len(found) == 1:
        return SENTENCE if SENTENCE in found else found[0]
    raise DataError(
        "Which column holds the sentences?" if found else "No column holds sentences.",
        f"Columns: {', '.join(frame.columns[:20])}.",
        f"Call it {SENTENCE!r}.",
    )


def frames_in(cell: bytes) -> np.ndarray:
    return np.frombuffer(cell, np.float16).reshape(-1, MELS).astype(np.float32)


TASK = Synthesis()
