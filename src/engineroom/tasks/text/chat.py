"""LOSS: what is said next in a conversation? A language model of dialogues (Vinyals & Le 2015, here a GPT): it replies
when it is spoken to."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from ...core.panels import Panel
from ...core.schema import Schema
from ...core.table import Table
from ...decoding.sampling import write
from ...preprocessing.text.corpus_windows import SPLIT, TEXT
from ...preprocessing.text.dialogue_turns import conversations, cue, found, script, split_turns
from ._causal_lm import prose
from .language_modeling import Language

OPENERS = (
    "Hello!",
    "How are you?",
    "What is your name?",
    "What can you do?",
    "Can you help me?",
    "Thank you. Goodbye!",
)
LENGTH = 160  # tokens of a reply in the report
WARMTH = 0.5


@dataclass(frozen=True)
class Chat(Language):
    """Answers: see metrics.language.told. Headline: bits a byte of whole conversations, both sides."""

    # the column of conversations (a list of turns, or lines with names), or two columns with a comma between; "" = the
    # only one
    turns: str = ""

    default_temperature = WARMTH
    return_full_text = False

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        if inference:
            lists = any(kind == pl.List(pl.String) for kind in table.frame.schema.values())
            if TEXT in table.frame.columns or not (self.turns or lists):
                return super().build_samples(table, target, inference=inference)
            rows = split_turns(table.frame, self.turns or found(table.frame))
            return replace(table, frame=pl.DataFrame({TEXT: [script(turns) for turns in rows]}), hints={})
        split = table.split
        parts = table.frame.partition_by(split, as_dict=True) if split else {("",): table.frame}
        texts = {part: conversations(replace(table, frame=frame), self.turns) for (part,), frame in parts.items()}
        frame = pl.concat([pl.DataFrame({TEXT: one, SPLIT: [part] * len(one)}) for part, one in texts.items()])
        hints = {SPLIT: table.hints[split]} if split else {}
        return Language.build_samples(
            replace(self, text=TEXT),
            replace(table, frame=frame if split else frame.drop(SPLIT), hints=hints),
            target,
            inference=False,
        )

    def reply(
        self,
        network: Any,
        schema: Schema,
        turns: Sequence[str],
        *,
        tokens: int,
        temperature: float,
        top_p: float,
        seed: int,
    ) -> Iterator[str]:
        """One line in return for the last of `turns`, which alternate; what lies further back than the context is
        forgotten."""
        begun = False
        for piece in write(network, schema, cue(turns), tokens=tokens, temperature=temperature, top_p=top_p, seed=seed):
            piece = piece if begun else piece.lstrip(" ")
            said, end, _ = piece.partition("\n")
            begun = begun or bool(said)
            if said:
                yield said
            if end and begun:
                return

    def generate(
        self, network: Any, schema: Schema, prompt: str, *, tokens: int, temperature: float, top_p: float, seed: int
    ) -> Iterator[str]:
        """In return for a prompt: lines of it are turns that went before."""
        return self.reply(
            network,
            schema,
            prompt.strip("\n").split("\n"),
            tokens=tokens,
            temperature=temperature,
            top_p=top_p,
            seed=seed,
        )

    def sample_panels(self, network: Any, schema: Schema) -> list[Panel]:
        """What it replies to what people say first; each opener by itself."""
        lines = []
        for opener in OPENERS:
            said = "".join(
                self.reply(
                    network, schema, [opener], tokens=LENGTH, temperature=self.default_temperature, top_p=0.95, seed=0
                )
            )
            lines.append(f"<b>{html.escape(opener)}</b>\n{html.escape(said)}")
        items = [
            {
                "title": f"temperature {self.default_temperature:g}",
                "subtitle": "not chosen by hand",
                "tone": "",
                "html": prose("\n\n".join(lines), escaped=True),
            }
        ]
        return [
            Panel(
                "gallery",
                "Samples: what it replies",
                {"items": items, "wide": True},
                "Talk with it: engineroom chat RUN. It knows nothing but the conversations it has read.",
            )
        ]


TASK = Chat()
