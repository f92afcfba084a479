"""A column of histories: what somebody met, oldest first. One vector an event; the latest ones are read, all are remembered as seen."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from ..core.config import LimitsConfig
from ..core.protocols import Ragged, State
from ..core.signals import Layout, Signal
from ._base import Base

ITEMS = 50_000  # known; rarer ones count as unknown
LATEST = 50  # events the network reads (Kang & McAuley 2018)
LONGEST = 5_000  # events kept a row, the latest
NAMES = ("history", "events", "basket", "session")
PAD, UNKNOWN, FIRST = 0, 1, 2
NEIGHBOURS, KNOWN_BY_COMPANY = 20, 5_000
STD = 0.05


class Events(Base):
    layouts = ("sequence",)
    kind = "words"
    families = ("causal", "causal_rnn")

    def recognises(self, values: pl.Series) -> float:
        return 0.98 if values.dtype == pl.List(pl.String) and values.name.lower() in NAMES else 0.0

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        """`items` by how often they are met, `counts`, and `company`: for each of the commonest those most often met beside it."""
        rows = to_events(values)
        counts = Counter(item for row in rows for item in row)
        items = sorted(counts, key=lambda item: (-counts[item], item))[:ITEMS]
        return {"items": items, "counts": [counts[item] for item in items], "company": company(rows, items[:KNOWN_BY_COMPANY])}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> Ragged:
        """Item numbers, int32: 1 = never seen in training, k + 2 = the k-th item; the latest LONGEST of a row."""
        place = {item: k for k, item in enumerate(state["items"], FIRST)}
        rows = [[place.get(item, UNKNOWN) for item in row[-LONGEST:]] for row in to_events(values)]
        for index, row in enumerate(rows):
            if not row:
                damaged[index] = "has no events"
        lengths = np.fromiter((len(row) for row in rows), np.int64, len(rows))
        return Ragged(np.fromiter((code for row in rows for code in row), np.int32, int(lengths.sum())), lengths)

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        return ItemVectors(len(states[0]["items"]) + FIRST, width)

    def keys(self, values: pl.Series) -> pl.Series:
        """Two people with one history are no copies of each other."""
        return pl.Series(np.arange(len(values)).astype(str))

    def steps(self, state: State) -> int:
        return LATEST

    def check(self, state: State, tensor: Tensor) -> bool:
        return tensor.ndim == 2 and len(state["items"]) <= ITEMS

    def show(self, value: Any, state: State) -> str:
        row = [] if value is None else list(value)
        more = f"… {len(row) - 12} more, then " if len(row) > 12 else ""
        return f"<p>{more}{html.escape(' · '.join(map(str, row[-12:])))}</p>"


class ItemVectors(nn.Module):
    """(B, T) item numbers and mask → sequence Signal (B, ≤ LATEST, D): the latest events of each row, from the left."""

    def __init__(self, items: int, width: int) -> None:
        super().__init__()
        self.table = nn.Embedding(items, width, padding_idx=PAD)
        nn.init.normal_(self.table.weight, std=STD)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Signal:
        mask = torch.ones_like(x, dtype=torch.bool) if mask is None else mask
        items, mask = latest(x.long(), mask, LATEST)
        return Signal(self.table(items) * mask[..., None], "sequence", mask)


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


def company(rows: list[list[str]], items: list[str]) -> list[list[int]]:
    """For each item the numbers of those most often met by the same people, nearest first (cosine)."""
    from scipy.sparse import csr_matrix

    place = {item: k for k, item in enumerate(items)}
    pairs = [(i, place[item]) for i, row in enumerate(rows) for item in set(row) if item in place]
    if not pairs:
        return []
    who, what = np.array(pairs).T
    met = csr_matrix((np.ones(len(pairs), np.float32), (who, what)), shape=(len(rows), len(items)))
    size = np.sqrt(np.maximum(np.asarray(met.sum(0)).ravel(), 1))
    out = []
    for begin in range(0, len(items), 500):
        near = np.asarray((met[:, begin : begin + 500].T @ met).todense()) / size
        near[np.arange(len(near)), begin + np.arange(len(near))] = 0
        best = np.argsort(-near, 1, kind="stable")[:, :NEIGHBOURS]
        out += [[int(k) for k in row if near[i, k] > 0] for i, row in enumerate(best)]
    return out


MODALITY = Events()
