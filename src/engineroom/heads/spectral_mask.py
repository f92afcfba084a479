"""How much of every band of a frame is let through: a number from 0 to 1 for each."""

from __future__ import annotations

from torch import Tensor, nn

from ..core.batch import Features


class GateHead(nn.Module):
    """Map (B, N, D) → (B, K = 1, N, outputs) from 0 to 1."""

    maps: tuple[str, ...] = ("sequence",)
    uses_context = True

    def __init__(self, example: Features, outputs: int) -> None:
        super().__init__()
        assert example.map is not None
        self.linear = nn.Linear(example.map.data.shape[2], outputs)

    def forward(self, features: Features) -> Tensor:
        assert features.map is not None
        return self.linear(features.map.data).float().sigmoid()[:, None]


HEAD = GateHead
