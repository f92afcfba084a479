"""Numbers for every place of a map: class logits, heat, sizes."""

from __future__ import annotations

from torch import Tensor, nn

from ..core.batch import Features


class GridHead(nn.Module):
    """Map (B, D, H, W) → (B, K = 1, outputs, H, W)."""

    maps: tuple[str, ...] = ("grid",)
    uses_context = True  # what other columns say is added to every place of the map

    def __init__(self, example: Features, outputs: int) -> None:
        super().__init__()
        assert example.map is not None
        self.conv = nn.Conv2d(example.map.data.shape[1], outputs, 1)

    def forward(self, features: Features) -> Tensor:
        assert features.map is not None
        return self.conv(features.map.data).float()[:, None]


HEAD = GridHead
