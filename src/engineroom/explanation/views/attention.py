"""Who looks at whom: every head's attention over one row, and attention rolled out through all blocks (Abnar & Zuidema
2020).

Attention tells where a head reads, not what the answer hangs on: whether the rollout can be believed is measured like
any other explanation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...bundle.model import Model
from ...core.panels import Panel
from ...data.dataset import Dataset
from ...layers.attention import SelfAttention
from ..perturbation import MaskedRow

MOST_TOKENS, MOST_HEADS = 24, 4


class Attention:
    title = "Who looks at whom"
    words = (
        "One row of the matrix: how a place shares its attention among all places. First block and last block, "
        "head "
        "by head, on the first row shown."
    )

    def fits(self, model: Model) -> bool:
        return any(isinstance(module, SelfAttention) for module in model.network.modules())

    def look(self, model: Model, data: Dataset, rows: np.ndarray) -> list[Panel]:
        batch = data.batch(rows[:1])
        masked_row = MaskedRow(model.network, model.task, model.schema, batch, whole=model.network(batch))
        weights = looks(model.network, batch)
        out = []
        for block in sorted({0, len(weights) - 1}):
            heads = weights[block][0]  # (heads, T, T)
            names = token_names(masked_row, heads.shape[1])[:MOST_TOKENS]
            T = len(names)
            for head in range(min(MOST_HEADS, len(heads))):
                values = heads[head, :T, :T].tolist()
                out.append(
                    Panel(
                        "matrix",
                        f"Block {block + 1} of {len(weights)}, head {head + 1}",
                        {
                            "rows": names,
                            "columns": names,
                            "values": values,
                            "x": "looked at",
                            "y": "looking",
                            "share": "rows",
                        },
                    )
                )
        return out


def looks(network: nn.Module, batch: Any) -> list[Tensor]:
    """Each block's attention (B, heads, T, T), rows adding up to 1, first block first: of the first network where
    several stand side by side, and of the picture itself where its mirror image is looked at too (that call comes
    first)."""
    kept: dict[str, Tensor] = {}

    def weigher(name: str) -> Any:
        def weigh(module: SelfAttention, given: tuple[Any, ...], named: dict[str, Any], output: Tensor) -> None:
            x, mask = given[0], given[1] if len(given) > 1 else named.get("mask")
            B, T, D = x.shape
            q, k, _ = module.qkv(x).view(B, T, 3, module.heads, D // module.heads).permute(2, 0, 3, 1, 4)
            scores = q @ k.transpose(-1, -2) / (D // module.heads) ** 0.5
            if mask is not None:
                scores = scores.masked_fill(~mask[:, None, None, :], -torch.inf)
            if named.get("causal"):
                scores = scores.masked_fill(torch.ones(T, T, dtype=torch.bool).triu(1), -torch.inf)
            kept[name] = scores.softmax(-1).detach().float()

        return weigh

    found = {name: module for name, module in network.named_modules() if isinstance(module, SelfAttention)}
    stack = next(iter(found)).rpartition("blocks.")[0]
    hooks = [
        module.register_forward_hook(weigher(name), with_kwargs=True)
        for name, module in found.items()
        if name.startswith(stack)
    ]
    try:
        with torch.no_grad():
            network(batch)
    finally:
        for hook in hooks:
            hook.remove()
    return list(kept.values())


def rollout(weights: list[Tensor]) -> Tensor:
    """(B, T): how much of each first token reaches the mean of the last ones; half of every block is its short cut."""
    T = weights[0].shape[-1]
    through = torch.eye(T).expand(len(weights[0]), T, T)
    for one in weights:
        through = (0.5 * one.mean(1) + 0.5 * torch.eye(T)) @ through
    return through.mean(1)


def token_names(masked_row: MaskedRow, count: int) -> list[str]:
    """Words or columns where the tokens have names of their own, else numbers."""
    (cut,) = list(masked_row.cuts.values())[:1]
    names = [part.name for part in masked_row.parts] if cut.field.is_scalar else list(cut.names)
    return [name[:14] for name in names] if 2 <= len(names) <= count else [str(k + 1) for k in range(count)]


VIEW = Attention()
