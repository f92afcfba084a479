"""A column of histories: what somebody met, oldest first. One vector an event; the latest ones are read, all are
remembered as seen.

Where a catalogue says what the items are like, an item's vector is its own plus those of its properties (LightFM, Kula
2015), and now and then its properties alone (DropoutNet, Volkovs et al. 2017): so an item that nobody has met yet has a
place too. Anonymous are only items to choose, never those of the history: who reads should know what was met.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...core.batch import Layout, Signal
from ...core.config import LimitsConfig
from ...core.protocols import Ragged, State
from .._base import Base

ITEMS = 50_000  # known; rarer ones count as unknown
LATEST = 50  # events the network reads (Kang & McAuley 2018)
LONGEST = 5_000  # events kept a row, the latest
NAMES = ("history", "events", "basket", "session")
PAD, UNKNOWN, FIRST = 0, 1, 2
STD = 0.05
ANONYMOUS = 0.1  # share of the items to choose among that a training step knows by their properties alone


class Events(Base):
    layouts = ("sequence",)
    signal_type = "words"
    backbones = ("sasrec", "gru4rec")

    def detect(self, values: pl.Series) -> float:
        return 0.98 if values.dtype == pl.List(pl.String) and values.name.lower() in NAMES else 0.0

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        return self.fit_with_hints(values, limits=limits, facts={})

    def fit_with_hints(self, values: pl.Series, *, limits: LimitsConfig, facts: State) -> dict[str, Any]:
        """`items` by how often they are met, and `counts`. A catalogue ({item: its properties}) adds those never met,
        the `properties` there are and `of`, the numbers of each item's; `titles`: what to call the items; `fresh`: only
        what was never met is asked for."""
        counts = Counter(item for row in to_events(values) for item in row)
        items = sorted(counts, key=lambda item: (-counts[item], item))[:ITEMS]
        catalogue: dict[str, list[str]] = facts.get("catalogue", {})
        met = len(items)
        items += sorted(set(catalogue) - set(counts))[: ITEMS - met]
        properties = sorted({one for item in items for one in catalogue.get(item, ())})
        place = {one: k for k, one in enumerate(properties)}
        of = [[place[one] for one in catalogue.get(item, ())] for item in items] if properties else []
        titles = facts.get("titles", {})
        return {
            "items": items,
            "counts": [counts[item] for item in items],
            "met": met,
            "properties": properties,
            "of": of,
            "titles": [titles.get(item, item) for item in items] if titles else [],
            "fresh": bool(facts.get("fresh", False)),
        }

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> Ragged:
        """Item numbers, int32: 1 = never heard of, k + 2 = the k-th item; the latest LONGEST of a row. An empty history
        is one too."""
        place = {item: k for k, item in enumerate(state["items"], FIRST)}
        rows = [[place.get(item, UNKNOWN) for item in row[-LONGEST:]] for row in to_events(values)]
        lengths = np.fromiter((len(row) for row in rows), np.int64, len(rows))
        return Ragged(np.fromiter((code for row in rows for code in row), np.int32, int(lengths.sum())), lengths)

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        return ItemVectors(
            len(states[0]["items"]),
            width,
            met=states[0]["met"],
            of=states[0]["of"],
            properties=len(states[0]["properties"]),
        )

    def canonical(self, values: pl.Series) -> pl.Series:
        """Two people with one history are no copies of each other."""
        return pl.Series(np.arange(len(values)).astype(str))

    def typical_length(self, state: State) -> int:
        return LATEST + 1

    def token_names(self, row: Tensor, state: State) -> list[str]:
        names = state["titles"] or state["items"]
        return [
            "(begin)",
            *(names[code - FIRST] if code >= FIRST else "?" for code in row[row != PAD][-LATEST:].tolist()),
        ]

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        whole = len(state["counts"]) == len(state["items"]) >= state["met"] and len(state["of"]) in (
            0,
            len(state["items"]),
        )
        return tensor.ndim == 2 and len(state["items"]) <= ITEMS and whole

    def to_html(self, value: Any, state: State) -> str:
        row = [] if value is None else list(value)
        more = f"… {len(row) - 12} more, then " if len(row) > 12 else ""
        return f"<p>{more}{html.escape(' · '.join(map(str, row[-12:])))}</p>"


class ItemVectors(nn.Module):
    """(B, T) item numbers and mask → sequence Signal (B, 1 + ≤ LATEST, D): a first step for what is known before any
    event, then the latest events of each row, from the left. `of` names the properties of each item."""

    own: Tensor
    flat: Tensor
    begins: Tensor
    weights: Tensor

    def __init__(
        self, items: int, width: int, *, met: int, of: Sequence[Sequence[int]] = (), properties: int = 0
    ) -> None:
        super().__init__()
        self.table = nn.Embedding(FIRST + items, width, padding_idx=PAD)
        nn.init.normal_(self.table.weight, std=STD)
        self.begin = nn.Parameter(STD * torch.randn(width))
        own = torch.ones(FIRST + items)
        own[FIRST + met :] = 0  # an item that nobody has met has no vector of its own
        self.register_buffer("own", own, persistent=False)
        self.about = nn.Parameter(STD * torch.randn(properties, width)) if properties else None
        if properties:
            rows = [[], [], *of]
            lengths = torch.tensor([len(row) for row in rows])
            self.register_buffer(
                "flat", torch.tensor([k for row in rows for k in row], dtype=torch.long), persistent=False
            )
            self.register_buffer("begins", lengths.cumsum(0) - lengths, persistent=False)
            self.register_buffer(
                "weights", (1 / lengths.clamp_min(1).sqrt()).repeat_interleave(lengths), persistent=False
            )

    def vectors(self, anonymous: float = 0.0) -> tuple[Tensor, Tensor]:
        """(2 + items, D) a vector each, and (2 + items,): 1 = known by itself, 0 = by its properties alone."""
        if self.about is None:
            return self.table.weight, self.own
        own = self.own
        if anonymous:
            own = own * (torch.rand(len(own), device=own.device) >= anonymous)
        bags = F.embedding_bag(self.flat, self.about, self.begins, mode="sum", per_sample_weights=self.weights)
        return self.table.weight * own[:, None] + bags, own

    def choices(self, count: int) -> tuple[Tensor, Tensor]:
        """(count, D) and (count,): the vectors of what can be chosen."""
        vectors, own = self.vectors(ANONYMOUS if self.training else 0.0)
        return vectors[-count:], own[-count:]

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Signal:
        mask = torch.ones_like(x, dtype=torch.bool) if mask is None else mask
        items, mask = latest(x.long(), mask & (x != PAD), LATEST)
        data = F.embedding(items, self.vectors()[0]) * mask[..., None]
        data = torch.cat([self.begin.expand(len(data), 1, -1), data], 1)
        return Signal(data, "sequence", F.pad(mask, (1, 0), value=True))


def latest(x: Tensor, mask: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """(B, T) and mask (B, T), real from the left → the last `most` of each row, again from the left."""
    if x.shape[1] <= most:
        return x, mask
    lengths = mask.sum(1, keepdim=True)
    place = (lengths - most).clamp_min(0) + torch.arange(most, device=x.device)
    real = place < lengths
    return x.gather(1, place.clamp_max(x.shape[1] - 1)) * real, real


def to_events(values: pl.Series) -> list[list[str]]:
    """Cells as lists of item names; missing cells and missing items are left out."""
    if not isinstance(values.dtype, pl.List):
        return [[] if cell is None else [str(cell)] for cell in values]
    return [[str(item) for item in cell if item is not None] if cell is not None else [] for cell in values.to_list()]


MODALITY = Events()
