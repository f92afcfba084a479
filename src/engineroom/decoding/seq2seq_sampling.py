"""A text in return that is drawn piece by piece, for those who want another each time."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from typing import Any

import torch

from ..core.batch import Features
from ..core.errors import UserError
from ..core.seeds import torch_generator
from ..modalities.text.target_text import END
from ..modalities.text.text_corpus import token_bytes
from .sampling import draw


def sampled(
    head: Any,
    features: Features,
    state: Mapping[str, Any],
    *,
    longest: int,
    temperature: float,
    top_p: float,
    seed: int,
) -> Iterator[str]:
    """One row's text (features of B = 1), at most `longest` pieces."""
    if temperature < 0 or not 0 < top_p <= 1:
        raise UserError(
            "This cannot be written.",
            "temperature is 0 or more, top_p is above 0 and at most 1.",
            "Example: --temperature 0.8 --top-p 0.95",
        )
    spelling, decoder = token_bytes(state), codecs.getincrementaldecoder("utf-8")("replace")
    generator, kept, code = torch_generator(seed, "write"), head.begin(features), END
    for _ in range(longest):
        logits, kept = head.step(torch.tensor([code]), kept)
        code = draw(logits[0], temperature=temperature, top_p=top_p, generator=generator)
        if code == END:
            break
        piece = decoder.decode(spelling[code - 1])
        if piece:
            yield piece
    if rest := decoder.decode(b"", final=True):
        yield rest
