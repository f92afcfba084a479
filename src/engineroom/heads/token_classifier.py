"""One vector of numbers for every step of a sequence: a label a token."""

from __future__ import annotations

from torch import Tensor, nn

from ..core.batch import Features

PADDED = -1e4  # what steps that do not exist hold, so that the output alone says how long a row is


class TokensHead(nn.Module):
    """Features with a map (B, T, D) → (B, 1, T, outputs)."""

    maps: tuple[str, ...] = ("sequence",)
    uses_context = True  # what other columns say is added to every place of the map

    def __init__(self, example: Features, outputs: int) -> None:
        super().__init__()
        assert example.map is not None
        width = example.map.data.shape[2]
        self.drop = nn.Dropout(0.3)
        self.linear = nn.Linear(width, outputs)

    def forward(self, features: Features) -> Tensor:
        steps = features.map
        assert steps is not None
        return padded(self.linear(self.drop(steps.data)).float(), steps.mask)[:, None]


def padded(output: Tensor, mask: Tensor | None) -> Tensor:
    """(B, T, outputs) with PADDED where the mask (B, T) says that nothing is."""
    return output if mask is None else output.masked_fill(~mask[..., None], PADDED)


HEAD = TokensHead
