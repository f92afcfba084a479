"""LOSS: what is to be written in return for a text? Its translation, its summary: piece by piece, by what was read and
what has been said so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
import torch.nn.functional as F
from torch import Tensor

from ...core import registry
from ...core.arrays import objects
from ...core.batch import SAID, Batch, Losses, Predictions, RowResults
from ...core.errors import UserError, nearest
from ...core.files import write_atomic
from ...core.panels import Finding, Panel
from ...core.schema import Column, Schema
from ...core.table import Table
from ...decoding.beam_search import search
from ...decoding.prompts import prompted
from ...decoding.seq2seq_sampling import sampled
from ...metrics import text_generation as metrics
from ...modalities.text.source_text import LONGEST, MOST_LONGEST, VOCABULARY
from ...modalities.text.target_text import END, NOTHING, spelt
from ...modalities.text.text_corpus import MOST_TOKENS, encode_texts
from ...preprocessing.text.text_pairs import asked, pairs
from ...rendering.text.attention_matrix import by_word, drawing, line, words_of
from ...rendering.text_comparison import by_length, side_by_side
from .._base import BaseTask
from .._explained_score import stays

DECODERS = {"attention": "transformer_decoder", "lstm": "lstm_decoder"}
COPIES = {"attention": "pointer_generator"}  # decoders that can also repeat what they read
GOALS = ("auto", "translation", "summary")
MOST_BEAM = 32
SMOOTHING = 0.1  # of the reference's probability that is left to all other pieces (Szegedy et al. 2016)
BLOCK = 256  # rows of about one length that stand together in an epoch
WORST = 6
PIECES = 200  # drawn of what is read
SPAN = 6  # pieces in a row that no summary says twice: a network that learnt from little repeats itself


@dataclass(frozen=True)
class Rewriting(BaseTask):
    """Answers: {"text": (N,) str, "score": (N,) log probability, evened}. Headline: BLEU for translations, ROUGE-L for
    summaries.

    Ground truth: the texts of the table as they are written, without blanks before and after.
    """

    source: str = ""  # the column that is read; "" = the one with most text
    # translation or summary: what it is judged by; auto = a summary where it is much shorter than what is read
    mode: str = "auto"
    decoder: str = "attention"  # or lstm: what writes; --model says what reads (transformer, rnn)
    beam: int = 4  # beginnings kept while the likeliest text is sought; 1 = the likeliest piece each time
    vocabulary: int = VOCABULARY  # pieces known
    share_vocabulary: bool = False  # are both texts in one language? Then they are made of the same pieces
    copy_mechanism: bool = False  # may a piece be copied from what is read? For texts made of shared pieces
    max_length: int = LONGEST  # pieces that are read of a text, from its start
    state: Mapping[str, Any] = field(default_factory=dict, metadata={"bound": True})

    output_type = "wording"
    higher_is_better = True
    higher = ("bleu", "chrf", "rouge_1", "rouge_2", "rouge_l", "exact")
    lower = ("log_loss",)
    monitor = "log_loss"
    internal_metrics = ("log_loss",)
    target_modality = "target_text"
    backbones = {"words": ("transformer", "rnn")}
    training_defaults = "text2text_generation"
    eval_batch_size = 64
    max_eval_rows = 256
    has_render = True
    caption = (
        "Test rows evenly taken. Each square says how much it looked at a word it read (above) while it said "
        "one "
        "(left)."
    )
    default_temperature = 0.0
    return_full_text = False
    extensions = (".txt",)

    @property
    def head(self) -> str:  # type: ignore[override]
        return (COPIES if self.copy_mechanism else DECODERS)[self.decoder]

    @property
    def summary(self) -> bool:
        return (self.state.get("goal") if self.mode == "auto" else self.mode) == "summary"

    @property
    def primary_metric(self) -> str:
        return "rouge_l" if self.summary else "bleu"

    @property
    def baseline(self) -> str:  # type: ignore[override]
        return "extractive_summary" if self.summary else "ibm_model1"

    @property
    def bounds(self) -> dict[str, int]:
        """What a text that is sought must keep to. The likeliest summaries are far too short where the network is
        unsure."""
        return {
            "longest": self.state["longest"],
            **({"shortest": self.state.get("shortest", 0), "span": SPAN} if self.summary else {}),
        }

    def for_target(self, target: Column) -> Rewriting:
        return replace(self, state=dict(target.state))

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        if inference:
            return asked(table, self.source or self.state.get("source", ""))
        self.check()
        metrics.require()
        known = {"most": self.vocabulary}
        return pairs(
            table,
            target,
            self.source,
            read={**known, "longest": self.max_length},
            written={**known, "shared": self.share_vocabulary},
        )

    def check(self) -> None:
        """Raises UserError for options that make no sense."""
        for name, value, known in (("decoder", self.decoder, tuple(DECODERS)), ("mode", self.mode, GOALS)):
            if value not in known:
                raise UserError(f"Option {name!r} cannot be {value!r}.", "", nearest(value, known, label="Known"))
        if self.copy_mechanism and not (self.share_vocabulary and self.decoder in COPIES):
            why = "A piece can be copied where both texts are made of the same pieces, by the decoder attention."
            raise UserError(
                "Nothing can be copied here.",
                why,
                "--set options.share_vocabulary=true, or --set options.copy_mechanism=false",
            )
        if (
            not 1 <= self.beam <= MOST_BEAM
            or not 256 <= self.vocabulary <= MOST_TOKENS
            or not 8 <= self.max_length <= MOST_LONGEST
        ):
            raise UserError(
                "Options out of bounds.",
                f"beam: 1 to {MOST_BEAM}; vocabulary: 256 to {MOST_TOKENS:,} pieces; longest: 8 to {MOST_LONGEST:,} "
                "pieces.",
                "Example: --set options.beam=4",
            )

    def check_target(self, values: pl.Series, target: Column) -> list[Finding]:
        texts = values.drop_nulls()
        found = []
        if len(texts) and texts.n_unique() < 0.5 * len(texts):
            what = f"Of {len(texts):,} texts to be written {texts.n_unique():,} are different."
            found.append(
                Finding(
                    "note",
                    what,
                    "Where few texts are written again and again, --set task=classification is simpler and surer.",
                )
            )
        return found

    def for_validation(self) -> Rewriting:
        return replace(self, beam=1)

    def epoch_order(
        self,
        rows: np.ndarray,
        truth: Callable[[np.ndarray], np.ndarray],
        generator: np.random.Generator,
        data: Any = None,
    ) -> np.ndarray:
        """Rows of about one length together, so that little of a batch is padding; the first are of usual length, as
        the probe times them."""
        rows = generator.permutation(rows)
        rest, rows = rows[: len(rows) % BLOCK], rows[len(rows) % BLOCK :]
        lengths = np.array([len(codes) for codes in truth(rows)])
        blocks = rows[np.argsort(lengths + generator.random(len(rows)), kind="stable")].reshape(-1, BLOCK)
        order = generator.permutation(len(blocks))
        order = np.concatenate([order[order == len(blocks) // 2], order[order != len(blocks) // 2]])
        return np.concatenate([blocks[order].ravel(), rest])

    def output_size(self, target: Column) -> int:
        return int(target.state["vocabulary"]) + 1

    def to_targets(self, codes: Any, target: Column) -> np.ndarray:
        """(N,) the codes of each text."""
        return objects(codes.rows())

    def decode_targets(self, values: pl.Series, codes: Any, target: Column) -> np.ndarray:
        """(N,) the texts of the table as they are written, without blanks before and after."""
        return objects([text.strip() for text in values.cast(pl.String).fill_null("").to_list()])

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        """output (B, K, U, V) logits; batch["target"] (B, U) what is to be said, NOTHING where it has ended."""
        y = batch["target"][:, None].expand(-1, output.shape[1], -1)
        return Losses(
            F.cross_entropy(output.flatten(0, 2), y.flatten(), ignore_index=NOTHING, label_smoothing=SMOOTHING)
        )

    def predict(self, network: Any, batch: Batch, target: Column) -> Predictions:
        """What was read once, then one piece after the other; and how likely the reference is, where there is one."""
        head, batch = network.model.head, network.move(batch)
        features = network.model.gathered(batch)
        codes, score = search(head, features, beam=self.beam, **self.bounds)
        said: Predictions = {"text": objects(spelt(codes, self.state)), "score": np.array(score)}
        if batch.get(SAID) is None:
            return said
        y = batch["target"]
        nats = F.cross_entropy(head(features)[:, 0].transpose(1, 2), y, ignore_index=NOTHING, reduction="none")
        return said | {"nats": nats.sum(1).double().cpu().numpy(), "pieces": (y != NOTHING).sum(1).cpu().numpy()}

    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        """(B,) log odds of the first piece that it says."""
        return stays(output[:, :, 0], whole[:, :, 0])

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        reference = list(truth) if all(isinstance(row, str) for row in truth) else spelt(list(truth), self.state)
        records = metrics.graded(list(answers["text"]), reference) | {
            "truth": objects(reference),
            "text": answers["text"],
        }
        return records | {name: answers[name] for name in ("nats", "pieces", "source") if name in answers}

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        loss = {"log_loss": float(records["nats"].sum() / max(1, records["pieces"].sum()))} if "nats" in records else {}
        return metrics.scores(records) | loss

    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        """The text, and its log probability, evened out for its length: near 0 is sure."""
        return pl.DataFrame(
            {"prediction": list(answers["text"]), "log_probability": np.round(answers["score"], 3)},
            schema_overrides={"prediction": pl.String},
        )

    def write(self, answers: Predictions, frame: pl.DataFrame, schema: Schema, path: Path) -> None:
        """One text a line."""
        write_atomic(path, "".join(" ".join(text.split()) + "\n" for text in answers["text"]))

    def generate(
        self, network: Any, schema: Schema, prompt: str, *, tokens: int, temperature: float, top_p: float, seed: int
    ) -> Iterator[str]:
        """The likeliest text in return (temperature 0), or one drawn piece by piece."""
        batch = prompted(schema, prompt)
        with torch.inference_mode():
            features = network.eval().gathered(batch)
            if temperature == 0:
                codes, _ = search(
                    network.head,
                    features,
                    beam=self.beam,
                    **{**self.bounds, "longest": min(tokens, self.state["longest"])},
                )
                yield from spelt(codes, self.state)
            else:
                yield from sampled(
                    network.head, features, self.state, longest=tokens, temperature=temperature, top_p=top_p, seed=seed
                )

    def evidence(self, network: Any, batch: Batch, answers: Predictions, target: Column) -> Predictions:
        """ "looks": (U, T) for each row, where it looked while it said each piece."""
        rows = encode_texts(list(answers["text"]), self.state)
        said = torch.full((len(rows), 1 + max(map(len, rows), default=0)), END)
        for i, row in enumerate(rows):
            said[i, 1 : len(row) + 1] = torch.from_numpy(row.astype(np.int64)) + 1
        features = network.gathered(Batch({**batch.fields, SAID: said}, batch.rows))
        looks = network.head.looks(features).float().cpu().numpy()
        mask = features.map.mask
        lengths = [looks.shape[2]] * len(rows) if mask is None else mask.sum(1).tolist()
        return {"looks": objects([looks[i, : len(row), : lengths[i]] for i, row in enumerate(rows)])}

    def render(self, frame: pl.DataFrame, row: int, schema: Schema, answers: RowResults, place: int) -> str:
        column, text = schema.inputs[0], answers["text"][place]
        parts = [line("Read", str(frame[column.name][row])), line("Said", text)]
        if "truth" in answers:
            parts.append(line("Reference", answers["truth"][place]))
        looks = answers["looks"][place] if "looks" in answers else None
        if isinstance(looks, np.ndarray) and looks.size:
            codes = (
                registry.get("modalities", column.modality)
                .encode(frame[column.name][[row]], column.state, {})
                .flat[:PIECES]
            )
            (read, read_at), (said, said_at) = (
                words_of(codes, column.state),
                words_of(encode_texts([text], self.state)[0], self.state),
            )
            parts.append(drawing(by_word(looks[:, : len(read_at)], said_at, read_at), said, read))
        return "".join(parts)

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        return [side_by_side(records, baseline), by_length(records, baseline, summary=self.summary)]

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        near = (
            f"ROUGE-L {records['rouge'][row][2]:.2f}"
            if self.summary
            else f"BLEU {metrics.bleu_of(records['bleu'][row], effective=True):.0f}"
        )
        return str(records["text"][row])[:80], near

    def rank_errors(self, records: RowResults) -> np.ndarray:
        """The farthest from their references; of equally far ones the longest."""
        return np.lexsort((-records["bleu"][:, 1], records["rouge"][:, 2]))[:WORST]


TASK = Rewriting()
