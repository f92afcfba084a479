"""FORWARD, piece by piece: the likeliest whole text, sought by keeping several beginnings at once (beam search; lengths
evened out as in Wu et al. 2016)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ..core.batch import Features

END = 0
EVEN = 0.8  # how far a longer text is forgiven its longer sum; 0 = not at all, 1 = the mean of a piece counts


@dataclass
class Found:
    """The finished texts of one row: the best so far (score, codes), and how many there are."""

    score: float = float("-inf")
    codes: list[int] = field(default_factory=list)
    count: int = 0

    def add(self, score: float, codes: list[int]) -> None:
        self.count += 1
        if score > self.score:
            self.score, self.codes = score, codes


def evened(total: Any, length: int) -> Any:
    """A sum of log probabilities, made comparable between lengths."""
    return total / ((5 + length) / 6) ** EVEN


@torch.inference_mode()
def search(
    head: Any, features: Features, *, beam: int, longest: int, shortest: int = 0, span: int = 0
) -> tuple[list[list[int]], list[float]]:
    """(codes of the best text of each row, without END; its evened log probability). `beam` 1 takes the likeliest piece
    each time. No text has fewer than `shortest` pieces, and none says the same `span` pieces in a row twice (0: it
    may)."""
    B, device = len(features.pooled), features.pooled.device
    found = [Found() for _ in range(B)]
    rows = torch.arange(B, device=device)  # the rows that are still written
    kept = head.keep(head.begin(features), rows.repeat_interleave(beam))
    codes = torch.zeros(B, beam, 1, dtype=torch.long, device=device)
    total = torch.full((B, beam), -torch.inf, device=device)
    total[:, 0] = 0.0
    for length in range(1, longest + 1):
        logits, kept = head.step(codes[:, :, -1].flatten(), kept)
        V = logits.shape[1]
        logp = logits.log_softmax(-1).view(len(rows), beam, V)
        if length <= shortest:
            logp[..., END] = -torch.inf
        if span and length >= span:
            logp = logp.masked_fill(said_before(codes, span, V), -torch.inf)
        best, place = (total[..., None] + logp).flatten(1).topk(min(2, V) * beam, 1)
        parent, piece = place // V, place % V
        ended = (piece == END) & best.isfinite()  # fewer beginnings than asked for: the rest has no chance at all
        among = torch.arange(best.shape[1], device=device) < beam
        note(found, rows, codes, evened(best, length), parent, ended & among)
        order = ended.to(torch.int8).argsort(dim=1, stable=True)[:, :beam]  # the best that go on
        total, parent, piece = best.gather(1, order), parent.gather(1, order), piece.gather(1, order)
        codes = torch.cat([codes.gather(1, parent[..., None].expand(-1, -1, length)), piece[..., None]], 2)
        if length == longest:
            none = torch.zeros_like(total, dtype=torch.long)
            note(found, rows, codes, evened(total, length), none, alone(rows, found, total))
            break
        hope = evened(total[:, 0], longest).tolist()
        unfinished = [
            i for i, row in enumerate(rows.tolist()) if found[row].count < beam and found[row].score < hope[i]
        ]
        going = torch.tensor(unfinished, device=device, dtype=torch.long)
        if not len(going):
            break
        kept = head.reorder(kept, (torch.arange(len(rows), device=device)[:, None] * beam + parent).flatten())
        if len(going) < len(rows):
            rows, codes, total = rows[going], codes[going], total[going]
            kept = head.keep(kept, (going[:, None] * beam + torch.arange(beam, device=device)).flatten())
    return [one.codes for one in found], [one.score for one in found]


def said_before(codes: Tensor, span: int, V: int) -> Tensor:
    """codes (R, beam, L) → (R, beam, V) True for what would end a stretch of `span` pieces that was said before (Paulus
    et al. 2018)."""
    again = (codes[..., :-1].unfold(2, span - 1, 1) == codes[..., None, 1 - span :]).all(-1)
    return (
        torch.zeros(*codes.shape[:2], V, dtype=torch.int32, device=codes.device).scatter_add_(
            2, codes[..., span - 1 :], again.int()
        )
        > 0
    )


def note(found: list[Found], rows: Tensor, codes: Tensor, scores: Tensor, parent: Tensor, ended: Tensor) -> None:
    """Write down the texts that ended (R, M): codes (R, beam, length) of their parents, the first of which stands
    before all texts."""
    for i, j in ended.nonzero().tolist():
        found[int(rows[i])].add(float(scores[i, j]), codes[i, int(parent[i, j]), 1:].tolist())


def alone(rows: Tensor, found: list[Found], total: Tensor) -> Tensor:
    """(R, M) True for the best beginning of rows that came to no end: better cut short than nothing."""
    mask = torch.zeros_like(total, dtype=torch.bool)
    mask[:, 0] = torch.tensor([not found[row].count for row in rows.tolist()], device=rows.device)
    return mask
