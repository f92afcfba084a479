"""A column of molecules written as SMILES (Weininger 1988): atoms in a row, each with its neighbours; read by RDKit."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from ...core.batch import Layout, Signal
from ...core.config import LimitsConfig
from ...core.protocols import Ragged, State
from .._base import Base
from . import _rdkit as chem

INSIDE = r"\d{0,3}(?:[A-Z][a-z]?|[a-z]{1,2}|\*)(?:@{1,2}(?:[A-Z]{2}\d{1,2})?)?(?:H\d?)?(?:[+-]{1,4}\d{0,2})?(?::\d+)?"
ATOM, BOND, RING = rf"(?:\[{INSIDE}\]|Br|Cl|[BCNOPSFIbcnops*])", r"[-=#$:/\\]?", r"(?:\d|%\d\d)"
SMILES = rf"^\s*{ATOM}(?:{BOND}{ATOM}|\.{ATOM}|{BOND}{RING}|\({BOND}\.?{ATOM}|\))*\s*$"
TOKEN = re.compile(rf"({ATOM})|({RING})|(\S)")
TELLING = r"[=#\[(]|\d"  # no word has them
LOOKED_AT = 500
MOSTLY, SOME, LONG = 0.8, 0.4, 5  # share that reads as SMILES, share that no word looks like, signs on average
EDGE_WIDTH = 16


class Molecule(Base):
    needs_value = True
    layouts = ("graph",)
    signal_type = "graph"
    backbones = ("gnn",)
    group_name = "Bemis-Murcko scaffold"  # what `group_ids` keeps together, in words

    def detect(self, values: pl.Series) -> float:
        """By the grammar alone: brackets, branches and ring numbers that open and close. No chemistry is asked."""
        if values.dtype != pl.String:
            return 0.0
        known = values.drop_nulls().unique(maintain_order=True)
        if len(known) < 2 or float(known.str.len_chars().mean() or 0) < LONG:  # type: ignore[arg-type]
            return 0.0
        known = known.gather(np.unique(np.linspace(0, len(known) - 1, LOOKED_AT).astype(int)))
        read = [text for text in known.filter(known.str.contains(SMILES)) if closes(text)]
        telling = sum(bool(re.search(TELLING, text)) for text in read)
        return 0.97 if len(read) >= MOSTLY * len(known) and telling >= SOME * len(known) else 0.0

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        chem.chemistry()
        return {
            "codes": list(chem.CODES.values()),
            "numbers": len(chem.NUMBERS),
            "neighbours": chem.NEIGHBOURS,
            "bonds": chem.BONDS,
        }

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> Ragged:
        """Ragged rows (T, WIDTH) int16, one an atom; a missing molecule has no atoms."""
        rows = []
        for index, cell in enumerate(values.cast(pl.String)):
            atoms = np.zeros((0, chem.WIDTH), np.int16)
            if cell is not None:
                try:
                    atoms = chem.atom_rows(chem.parse(cell))
                except (ValueError, RuntimeError) as error:
                    damaged[index] = str(error)
            rows.append(atoms)
        flat = np.concatenate(rows) if rows else np.zeros((0, chem.WIDTH), np.int16)
        return Ragged(flat, np.array([len(row) for row in rows], np.int64))

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        return Atoms(states[0], width)

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        """A molecule's form is the house's, not the data's."""
        return (
            dict(state) == self.fit(pl.Series([], dtype=pl.String), limits=LimitsConfig())
            and tensor.shape[2] == chem.WIDTH
        )

    def group_ids(self, values: pl.Series) -> pl.Series:
        """The scaffold of each molecule: for splits that ask how well a model does on molecules of another make."""
        return chem.each(values, chem.scaffold)

    def canonical(self, values: pl.Series) -> pl.Series:
        """One spelling a molecule: the same written twice is a twin."""
        return chem.each(values, chem.canonical)

    def to_html(self, value: Any, state: State) -> str:
        text = "" if value is None else str(value)
        try:
            return chem.drawing(chem.parse(text), text)
        except (ValueError, RuntimeError):
            return f"<p>{html.escape(text[:300])}</p>"


class Atoms(nn.Module):
    """(B, T, WIDTH) and mask (B, T) → graph Signal: atoms (B, T, D), neighbours (B, T, N) and bonds (B, T, N, E).

    N is the largest number of neighbours in the batch: the rest of the room would be computed for nothing.
    """

    offsets: Tensor

    def __init__(self, state: State, width: int) -> None:
        super().__init__()
        self.codes, self.numbers = len(state["codes"]), state["numbers"]
        self.register_buffer("offsets", torch.tensor([0, *np.cumsum(state["codes"][:-1])], dtype=torch.long))
        self.table = nn.Embedding(int(sum(state["codes"])), width)
        nn.init.normal_(self.table.weight, std=0.5)
        self.scale = nn.Linear(self.numbers, width)
        self.bonds = nn.Embedding(state["bonds"], EDGE_WIDTH)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Signal:
        mask = torch.ones(x.shape[:2], dtype=torch.bool, device=x.device) if mask is None else mask
        codes, numbers, edges = x.long().split([self.codes, self.numbers, x.shape[2] - self.codes - self.numbers], 2)
        atoms = self.table(codes + self.offsets).sum(2) + self.scale(numbers / 100.0)
        place, bond = edges.unflatten(2, (-1, 2)).unbind(3)
        most = max(1, int((place > 0).sum(2).amax()))
        place, bond = place[..., :most], bond[..., :most]
        return Signal(atoms * mask[..., None], "graph", mask, (place - 1, self.bonds(bond)))


def closes(text: str) -> bool:
    """Do branches and rings open and close as a molecule's do? Codes and words seldom manage.

    A ring holds three atoms at least, no two rings close between the same pair, and aromatic atoms stand in rings.
    """
    rings: dict[str, int] = {}
    pairs: list[tuple[int, int]] = []
    atoms = depth = 0
    for atom, ring, other in TOKEN.findall(text):
        atoms += bool(atom)
        depth += (other == "(") - (other == ")")
        if ring in rings:
            pairs.append((rings.pop(ring), atoms))
        elif ring:
            rings[ring] = atoms
        if depth < 0:
            return False
    sound = all(last - first >= 2 for first, last in pairs) and len(set(pairs)) == len(pairs)
    aromatic = bool(re.search(r"[bcnops]", re.sub(rf"\[{INSIDE}\]", "", text)))
    return sound and not rings and depth == 0 and (bool(pairs) or not aromatic)


MODALITY = Molecule()
