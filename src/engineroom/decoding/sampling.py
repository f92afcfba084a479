"""What a language model writes: one token after the other, drawn from what it expects (temperature; nucleus, Holtzman
et al. 2020)."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..core.batch import Batch
from ..core.errors import UserError
from ..core.schema import Schema
from ..core.seeds import torch_generator
from ..modalities.text.text_corpus import UNKNOWN, encode_texts, token_bytes
from ..networks.incremental import advance, reach
from ..preprocessing.text.corpus_windows import TEXT


def write(
    network: Any,
    schema: Schema,
    prompt: str,
    *,
    tokens: int,
    temperature: float,
    top_p: float,
    seed: int,
    cache: bool = True,
) -> Iterator[str]:
    """The text after `prompt`, piece by piece, `tokens` tokens in all. Without `cache` the same, but every token costs
    a whole window."""
    if tokens < 0 or temperature < 0 or not 0 < top_p <= 1:
        raise UserError(
            "This cannot be written.",
            "tokens and temperature are 0 or more, top_p is above 0 and at most 1.",
            "Example: --temperature 0.8 --top-p 0.95",
        )
    state = schema[TEXT].state
    spelt, decoder = token_bytes(state), codecs.getincrementaldecoder("utf-8")("replace")
    codes = encode_texts([prompt or "\n"], state)[0].tolist()
    generator = torch_generator(seed, "write")
    barred = UNKNOWN if state["tokens"] == "characters" else None
    reader = Reader(network, cache=cache)
    for _ in range(tokens):
        with torch.inference_mode():
            logits = reader.next(codes)
            if barred is not None:
                logits[barred] = -torch.inf
            code = draw(logits, temperature=temperature, top_p=top_p, generator=generator)
        codes.append(code)
        piece = decoder.decode(spelt[code])
        if piece:
            yield piece
    rest = decoder.decode(b"", final=True)
    if rest:
        yield rest


class Reader:
    """Keeps what was read. A window that is full gives way to one that begins half a window later, as in the
    examination."""

    def __init__(self, network: Any, *, cache: bool) -> None:
        self.network, self.cache, self.reach = network.eval(), cache, reach(network)
        self.memory: Any = None
        self.begin = self.read = 0  # the window's first token; how many tokens of the text the memory stands for

    def next(self, codes: list[int]) -> Tensor:
        """(V,) logits of the token after `codes`, of which all but the last were given before."""
        half = max(1, self.reach // 2)
        while self.reach and len(codes) - self.begin > self.reach:
            self.begin, self.memory = self.begin + half, None
        if not self.cache or self.memory is None:
            self.read, self.memory = self.begin, None
        new = torch.tensor([codes[self.read :]])
        output, self.memory = advance(self.network, new, self.memory)
        self.read = len(codes)
        return output[0].mean(0)[-1].clone()


def draw(logits: Tensor, *, temperature: float, top_p: float, generator: torch.Generator) -> int:
    """One token by (V,) logits. Temperature 0: the likeliest. top_p: among the likeliest that together reach this
    probability."""
    if temperature == 0:
        return int(logits.argmax())
    p = (logits / temperature).softmax(-1)
    if top_p < 1:
        sorted_p, order = p.sort(descending=True, stable=True)
        p = torch.zeros_like(p).scatter(0, order, torch.where(sorted_p.cumsum(0) - sorted_p < top_p, sorted_p, 0.0))
    return int(torch.multinomial(p, 1, generator=generator))


def respelt(codes: np.ndarray, spelt: list[bytes]) -> str:
    """Token numbers → the text they spell."""
    return b"".join(spelt[code] for code in codes).decode("utf-8", "replace")


def batch_of(codes: Tensor) -> Batch:
    """(B, T) tokens as the batch a language model reads."""
    return Batch({f"column:{TEXT}": codes}, np.arange(len(codes)))
