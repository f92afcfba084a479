"""LOSS: what is said in a recording? A chance for every unit (character or word) at every moment, all ways to say the
transcript counted together (CTC)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch.nn.functional as F
from torch import Tensor

from ...core.arrays import objects
from ...core.batch import Batch, Losses, Predictions, RowResults
from ...core.errors import DataError, UserError, nearest
from ...core.panels import Panel
from ...core.schema import Column, Schema
from ...core.table import Table
from ...decoding.command_grammar import obeyed_bars, read_grammar, understood, wanted
from ...decoding.ctc_beam_search import beams, bigram, greedy, moments
from ...decoding.long_form_audio import LONG, heard, parts_of, side_by_side, speakers, turns
from ...heads.token_classifier import PADDED
from ...metrics import speech_recognition as metrics
from ...modalities.text.transcript import BLANK, coded, plain, spelt
from ...preprocessing.media_columns import media_column, split_column, split_hint
from ...rendering.audio.subtitles import FRAME, Said, drawn, phrases, write
from .._base import BaseTask
from .._explained_score import things_stay

SPEECH = "speech"  # what the model reads
UNITS = ("auto", "characters", "words")
NAMES = ("text", "transcript", "sentence", "words")  # of a column of transcripts, where nobody says
WEIGHTS = (0.0, 0.3, 0.8)  # of the bigram
LISTENED = 30  # validation rows by which the weight is chosen
ENDINGS = (".srt", ".ctm")


@dataclass(frozen=True)
class Transcription(BaseTask):
    """Answers: {"codes": (N,) of (L,), "moments": (N,) of (L, 2) seconds, "logp": (N,) of (T, C)}; a baseline gives
    codes alone. Graves et al. 2006.

    Ground truth: the texts of the table, lower case, letters, figures and apostrophes alone, as word errors are usually
    counted; what `predict` writes is compared alike.
    """

    units: str = "auto"  # characters, words, or auto: words where they are few
    # commands: a JSON file (or its text) with wake word, intents and slots, by which answers are understood and judged
    grammar: str = ""
    state: Mapping[str, Any] = field(default_factory=dict, metadata={"bound": True})

    output_type = "transcripts"
    head = "token_classifier"
    backbones = {"steps": ("deepspeech",)}
    training_defaults = "speech_recognition"
    baseline = "hmm_gmm"
    eval_batch_size = 16
    max_eval_rows = 100
    has_render = True
    extensions = ENDINGS
    primary_metric = "wer"
    higher_is_better = False
    higher = ("exact", "commands")
    lower = ("wer", "cer", "log_loss")
    monitor = "log_loss"
    target_modality = "transcript"

    def for_target(self, target: Column) -> Transcription:
        return replace(self, state=dict(target.state))

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        if self.units not in UNITS:
            raise UserError(f"Option 'units' cannot be {self.units!r}.", "", nearest(self.units, UNITS, label="Kinds"))
        frame = table.frame
        audio = media_column(table, SPEECH if SPEECH in frame.columns else None, "audio", "recordings")
        if inference:
            return turns(
                replace(table, frame=frame.rename({audio: SPEECH}) if audio != SPEECH else frame, hints={}), SPEECH
            )
        text = target or next((name for name in NAMES if name in frame.columns), None)
        if text not in frame.columns:
            raise DataError(
                "Which column holds what was said?", f"Columns: {', '.join(frame.columns[:20])}.", "Say --target COLUMN"
            )
        split = split_column(table)
        kept = frame.select([text, audio, *([split] if split else [])]).rename({audio: SPEECH})
        hints: dict[str, dict[str, Any]] = {
            text: {
                "modality": "transcript",
                "role": "target",
                "why": "what was said",
                "facts": {"units": self.units} | ({"grammar": read_grammar(self.grammar)} if self.grammar else {}),
            },
            SPEECH: {"modality": "speech", "role": "input", "why": "a recording of somebody speaking"},
        }
        return Table(kept, table.name, hints | split_hint(table, split), table.notes, table.skipped)

    def output_size(self, target: Column) -> int:
        return len(target.state["alphabet"]) + 1

    def to_targets(self, codes: Any, target: Column) -> np.ndarray:
        """Ragged codes → (N,) of (L,) int32."""
        return objects(codes.rows())

    def decode_targets(self, values: pl.Series, codes: Any, target: Column) -> np.ndarray:
        """(N,) the texts of the table as word errors are counted: lower case, letters, figures and apostrophes."""
        return objects([plain(text) for text in values.cast(pl.String).fill_null("").to_list()])

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        """output (B, 1, T, C) logits, batch["target"] (B, L) codes with "target_mask"; what training never heard counts
        as nothing said."""
        logp = output[:, 0].log_softmax(-1)
        codes, real = batch["target"].long(), batch["target_mask"]
        real = real & (codes > 0)
        count = real.sum(1)
        codes = codes.masked_fill(codes >= output.shape[-1], 1)
        each = F.ctc_loss(
            logp.transpose(0, 1), codes, frames_of(output), count, blank=BLANK, reduction="none", zero_infinity=True
        )
        return Losses(each.sum() / count.sum().clamp_min(1))

    def predict(self, network: Any, batch: Batch, target: Column) -> Predictions:
        """A long recording is asked about stretch by stretch, so that an hour needs no more memory than a minute."""
        wave, mask, hop = (
            batch[f"column:{SPEECH}"],
            batch[f"column:{SPEECH}_mask"],
            network.model.stems[f"column:{SPEECH}"].hop,
        )
        if wave.shape[1] <= LONG * hop:
            return self.postprocess(network(batch), batch, target)
        return self.postprocess(
            side_by_side([heard(network, one[: int(real.sum())], hop) for one, real in zip(wave, mask, strict=True)]),
            batch,
            target,
        )

    def postprocess(self, output: Tensor, batch: Batch, target: Column) -> Predictions:
        """(B, 1, T, C) → the likeliest of every frame, and the chances themselves for `apply_calibration`."""
        logp = output[:, 0].log_softmax(-1).numpy()
        kept = [one[:length] for one, length in zip(logp, frames_of(output).tolist(), strict=True)]
        return {"logp": objects(kept), "codes": objects([greedy(one) for one in kept])}

    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        """(B,) how far the frames in which something was heard still say the same."""
        return things_stay(output, whole)

    def fit_calibration(self, answers: Predictions, truth: np.ndarray) -> dict[str, float]:
        """How much the bigram is worth: the weight with the fewest edits on some validation rows."""
        if "logp" not in answers:
            return {}
        language = bigram(self.state)
        pairs = list(zip(answers["logp"], truth, strict=True))[:LISTENED]
        wrong = [
            sum(
                metrics.edits(beams(logp, language, weight).tolist(), coded(true, self.state).tolist())
                for logp, true in pairs
            )
            for weight in WEIGHTS
        ]
        return {"language": WEIGHTS[int(np.argmin(wrong))]}

    def apply_calibration(self, answers: Predictions, state: dict[str, float]) -> Predictions:
        if "logp" not in answers:
            return answers
        language, weight = bigram(self.state), state.get("language", 0.0)
        parts = [parts_of(logp) for logp in answers["logp"]]
        said = [
            [beams(logp[a:b], language, weight) for a, b in spans]
            for logp, spans in zip(answers["logp"], parts, strict=True)
        ]
        spoken = [
            [(*span, len(codes)) for span, codes in zip(spans, found, strict=True)]
            for spans, found in zip(parts, said, strict=True)
        ]
        return {**answers, "codes": objects([np.concatenate(found) for found in said]), "parts": objects(spoken)}

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        """Edits of a row by words and by characters, and the text itself."""
        said = [spelt(row, self.state) for row in answers["codes"]]
        true = [row if isinstance(row, str) else spelt(row, self.state) for row in truth]
        pairs = list(zip(said, true, strict=True))
        words = np.array([metrics.edits(a.split(), b.split()) for a, b in pairs], int)
        records = {
            "truth": np.array([len(text.split()) for text in true], int),
            "characters": np.array([len(text) for text in true], int),
            "word_errors": words,
            "character_errors": np.array([metrics.edits(a, b) for a, b in pairs], int),
            "loss": words.astype(float),
            "said": objects(said),
            "wanted": objects(true),
        }
        records |= wanted(said, true, self.state["grammar"]) if "grammar" in self.state else {}
        return records | (
            {
                "nats": np.array(
                    [nats(logp, coded(row, self.state)) for logp, row in zip(answers["logp"], truth, strict=True)]
                )
            }
            if "logp" in answers
            else {}
        )

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        return metrics.scores(records)

    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        """The text, how sure it is, and every word with its beginning and end in seconds."""
        found = [self.words(answers, row) for row in range(len(answers["codes"]))]
        sure = [float(np.mean([word.sure for word in words])) if words else None for words in found]
        times = ["; ".join(f"{word.begin:.2f}-{word.end:.2f} {word.text}" for word in words) for words in found]
        out = pl.DataFrame(
            {
                "prediction": [" ".join(word.text for word in words) for words in found],
                "confidence": sure,
                "times": times,
            }
        )
        if "grammar" in self.state:
            commands = [understood(text, self.state["grammar"]) for text in out["prediction"]]
            slots = pl.Series("slots", [json.dumps(one["slots"], ensure_ascii=False) for one in commands])
            out = out.with_columns(
                pl.Series("wake", [one["wake"] for one in commands]),
                pl.Series("intent", [one["intent"] for one in commands], pl.String),
                slots,
            )
        channels = speakers(frame[SPEECH])[1]
        return (
            out.with_columns(pl.Series("speaker", [channel or None for channel in channels], pl.Int64))
            if any(channels)
            else out
        )

    def words(self, answers: Predictions, row: int) -> list[Said]:
        """The words of an answer, and when each is said."""
        codes, logp = answers["codes"][row], answers["logp"][row]
        parts = answers["parts"][row] if "parts" in answers else [(0, len(logp), len(codes))]
        ends = np.cumsum([count for _, _, count in parts])
        spans = np.concatenate(
            [a + moments(logp[a:b], codes[end - count : end]) for (a, b, count), end in zip(parts, ends, strict=True)]
        )
        each = [
            Said(spelt([code], self.state), a * FRAME, (b + 1) * FRAME, float(np.exp(logp[a : b + 1, code].max())))
            for code, (a, b) in zip(codes.tolist(), spans.tolist(), strict=True)
        ]
        return each if self.state["units"] == "words" else phrases(each)

    def write(self, answers: Predictions, frame: pl.DataFrame, schema: Schema, path: Path) -> None:
        """Subtitles (.srt: of one recording, its speakers by turns) or NIST's time-marked words (.ctm: of all)."""
        write(path, *speakers(frame[SPEECH]), [self.words(answers, row) for row in range(len(answers["codes"]))])

    def render(self, frame: pl.DataFrame, row: int, schema: Schema, answers: RowResults, place: int) -> str:
        wanted = str(answers["wanted"][place]) if "wanted" in answers else None
        said = str(answers["said"][place]) if "said" in answers else spelt(answers["codes"][place], self.state)
        return drawn(frame, row, schema, said, wanted)

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        lengths = np.minimum(records["truth"], 12)
        labels = sorted(set(lengths.tolist()))
        series = [
            {
                "name": name,
                "values": [
                    round(float(one["word_errors"][lengths == k].sum() / max(1, one["truth"][lengths == k].sum())), 4)
                    for k in labels
                ],
            }
            for name, one in (("deep", records), ("classical", baseline))
        ]
        words = "Words misheard, missing or too many, for one that was said; 12 stands for 12 and more."
        bars = Panel(
            "bars",
            "Word error rate by length",
            {"labels": [str(k) for k in labels], "series": series, "y": "word error rate"},
            words,
        )
        return [*([obeyed_bars(records, baseline)] if "obeyed" in records else []), bars]

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        return f"{records['word_errors'][row]} of {records['truth'][row]} words", f"said: {records['wanted'][row][:80]}"

    def rank_errors(self, records: RowResults) -> np.ndarray:
        order = np.argsort(-records["word_errors"], kind="stable")
        return order[: int((records["word_errors"] > 0).sum())]


def frames_of(output: Tensor) -> Tensor:
    """(B,) frames of (B, 1, T, C) that are real."""
    return (output[:, 0, :, 0] > PADDED / 2).sum(1)


def nats(logp: np.ndarray, codes: np.ndarray) -> float:
    """−log chance of all ways (T, C) to say `codes`; what cannot be said costs as if every frame were a guess."""
    from torch import from_numpy, tensor

    known = codes[codes < logp.shape[1]]
    found = float(
        F.ctc_loss(
            from_numpy(logp)[:, None],
            from_numpy(known.astype(np.int64))[None],
            tensor([len(logp)]),
            tensor([len(known)]),
            reduction="sum",
        )
    )
    worst = len(logp) * float(np.log(logp.shape[1]))
    return min(found, worst) if np.isfinite(found) else worst


TASK = Transcription()
