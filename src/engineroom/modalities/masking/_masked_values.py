"""Parts of a row that can be hidden and told from the rest, for learning without answers: cells of a table, stretches
of a series, patches of a picture.

All that is told of one field is a vector (B, W) of standardised numbers, so that networks and classical baselines
answer alike: numbers by their column's deviation, a class by one number for each of its values, steps and pixels by
their channel's deviation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from ...core.schema import Column

MOST_SHARE = 0.6  # of a row's cells; each row draws its own share, so that nearly whole rows occur too
MOST_CLASSES = 256  # a category with more values is always shown

Own = Mapping[str, Tensor]  # a field of a batch: "" and, where rows are ragged, "_mask"


class Parts:
    """What can be hidden of one field. `columns` names what is graded, each for itself; `uniforms` is how many uniform
    random numbers masking takes."""

    kind: ClassVar[str]
    still: ClassVar[bool] = False  # is it hidden as it is, without the changes that training data otherwise suffer?
    form: ClassVar[str]  # what a head must say: vector (W,), steps (L, C) in time, plane (C, H, W)

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self.columns: list[str] = list(facts["columns"])
        self.shape: tuple[int, ...] = tuple(facts["shape"])
        self.room = int(np.prod(self.shape))
        self.uniforms = len(self.columns) + 1
        self.owner = torch.zeros(self.room, dtype=torch.long)  # (W,) the column of each number

    def known(self, own: Own) -> Tensor:
        """(B, W) bool: what there is to be told."""
        return torch.ones(len(own[""]), self.room, dtype=torch.bool)

    def wanted(self, own: Own) -> Tensor:
        """(B, W) float32."""
        raise NotImplementedError

    def hide(self, own: Own, uniforms: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """A field and uniforms (B, `uniforms`), even from 0 to 1 → (what is left of it, what was hidden (B, W)
        bool)."""
        raise NotImplementedError

    def asked(self, hidden: Tensor) -> Tensor:
        """(B, W) → (B, columns) bool."""
        return hidden.any(1, keepdim=True)

    def guess(self, output: Tensor) -> Tensor:
        """What a network says (B, K, W) → (B, W)."""
        return output.mean(1)

    def error(self, guess: Tensor, wanted: Tensor, hidden: Tensor) -> Tensor:
        """(B, …, W) → (B, …, columns): squared error of what was hidden, in units of the column: about 1 where its mean
        is said."""
        square = (guess - wanted).square() * hidden
        return square.sum(-1, keepdim=True) / hidden.sum(-1, keepdim=True).clamp_min(1)

    def loss(self, output: Tensor, wanted: Tensor, hidden: Tensor) -> Tensor:
        """output (B, K, W), the others (B, W) → (B, K, columns), 0 where nothing was hidden."""
        return self.error(output, wanted[:, None], hidden[:, None])

    def right(self, guess: Tensor, wanted: Tensor) -> Tensor:
        """(B, W) → (B, columns): is it the right one of several? NaN where nothing of the kind is asked."""
        return torch.full((len(guess), len(self.columns)), torch.nan)

    def middle(self, rows: int) -> Tensor:
        """(rows, W): how the field is spread, whatever a row says."""
        return torch.zeros(rows, self.room)

    def between(self, left: Tensor, hidden: Tensor) -> Tensor:
        """(B, W) → (B, W): what lies nearby, without learning; nothing does where columns have no order."""
        return self.middle(len(left))

    def cells(self, guess: Tensor, own: Own, columns: Sequence[Column]) -> list[dict[str, Any]]:
        """What a row lacks, told in the units of its columns: {column: value}, one dictionary a row."""
        return [{} for _ in guess]


class Numbers(Parts):
    """(B, C) standardised, NaN = missing."""

    kind, form = "numbers", "vector"

    def __init__(self, facts: Mapping[str, Any]) -> None:
        super().__init__(facts)
        self.owner = torch.arange(self.room)

    def known(self, own: Own) -> Tensor:
        return ~own[""].isnan()

    def wanted(self, own: Own) -> Tensor:
        return torch.nan_to_num(own[""].float())

    def hide(self, own: Own, uniforms: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        hidden = (uniforms[:, 1:] < MOST_SHARE * uniforms[:, :1]) & self.known(own)
        return {**own, "": own[""].masked_fill(hidden, torch.nan)}, hidden

    def asked(self, hidden: Tensor) -> Tensor:
        return hidden

    def error(self, guess: Tensor, wanted: Tensor, hidden: Tensor) -> Tensor:
        return (guess - wanted).square() * hidden

    def cells(self, guess: Tensor, own: Own, columns: Sequence[Column]) -> list[dict[str, Any]]:
        mean, std = (np.array([one.state[name] for one in columns]) for name in ("mean", "std"))
        values, names = guess.double().numpy() * std + mean, self.columns
        return [
            {names[k]: float(row[k]) for k in np.flatnonzero(gone).tolist()}
            for row, gone in zip(values, ~self.known(own).numpy(), strict=True)
        ]


class Classes(Parts):
    """(B, C) codes, 0 = missing; only the columns at `places` are hidden."""

    kind, form = "classes", "vector"

    def __init__(self, facts: Mapping[str, Any]) -> None:
        super().__init__(facts)
        self.places = torch.tensor(facts["places"], dtype=torch.long)
        self.sizes = [len(one) for one in facts["shares"]]
        self.owner = torch.arange(len(self.sizes)).repeat_interleave(torch.tensor(self.sizes))
        self.begin = torch.tensor([0, *np.cumsum(self.sizes)[:-1]], dtype=torch.long)
        self.shares = torch.cat([torch.tensor(one, dtype=torch.float32) for one in facts["shares"]])
        self.base = torch.stack([1 - one.square().sum() for one in self.shares.split(self.sizes)])
        self.doubt = torch.stack([-(one * one.log()).sum() for one in self.shares.split(self.sizes)])

    def codes(self, own: Own) -> Tensor:
        return own[""][:, self.places].long()

    def known(self, own: Own) -> Tensor:
        return (self.codes(own) > 0)[:, self.owner]

    def wanted(self, own: Own) -> Tensor:
        codes = self.codes(own)
        out = torch.zeros(len(codes), self.room)
        return out.scatter_add(1, self.begin + (codes - 1).clamp_min(0), (codes > 0).float())

    def hide(self, own: Own, uniforms: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        hidden = (uniforms[:, 1:] < MOST_SHARE * uniforms[:, :1]) & (self.codes(own) > 0)
        left = own[""].clone()
        left[:, self.places] = left[:, self.places].masked_fill(hidden, 0)
        return {**own, "": left}, hidden[:, self.owner]

    def asked(self, hidden: Tensor) -> Tensor:
        return hidden[..., self.begin]

    def guess(self, output: Tensor) -> Tensor:
        return torch.cat([one.softmax(-1).mean(1) for one in output.split(self.sizes, -1)], -1)

    def error(self, guess: Tensor, wanted: Tensor, hidden: Tensor) -> Tensor:
        """Brier's score, as a share of what always saying how common each class is would get."""
        square = (guess - wanted).square() * hidden
        return torch.stack([one.sum(-1) for one in square.split(self.sizes, -1)], -1) / self.base

    def loss(self, output: Tensor, wanted: Tensor, hidden: Tensor) -> Tensor:
        """Cross entropy, as a share of the column's own entropy."""
        said = zip(output.split(self.sizes, -1), (wanted * hidden).split(self.sizes, -1), strict=True)
        each = torch.stack([-(one.log_softmax(-1) * true[:, None]).sum(-1) for one, true in said], -1)
        return each / self.doubt.to(each.device)

    def right(self, guess: Tensor, wanted: Tensor) -> Tensor:
        """(B, W) → (B, columns) bool: is the likeliest class the true one?"""
        pairs = zip(guess.split(self.sizes, -1), wanted.split(self.sizes, -1), strict=True)
        return torch.stack([one.argmax(-1) == true.argmax(-1) for one, true in pairs], -1)

    def middle(self, rows: int) -> Tensor:
        return self.shares.expand(rows, -1)

    def cells(self, guess: Tensor, own: Own, columns: Sequence[Column]) -> list[dict[str, Any]]:
        best = torch.stack([one.argmax(-1) for one in guess.split(self.sizes, -1)], -1).numpy()
        hidden_columns = [columns[place] for place in self.places.tolist()]
        gone = (self.codes(own) == 0).numpy()
        return [
            {hidden_columns[k].name: hidden_columns[k].state["values"][row[k]] for k in np.flatnonzero(absent).tolist()}
            for row, absent in zip(best, gone, strict=True)
        ]
