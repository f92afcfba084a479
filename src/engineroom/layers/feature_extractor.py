"""What a picture shows, told by a small convolutional classifier: the layer before its word is what pictures are
compared by."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTHS, WIDTH = (16, 32, 64), 48  # channels of each stage; features
LARGEST = 32  # pixels of a side that it sees: larger pictures are made smaller
GROUPS = 8


class Eye(nn.Module):
    """(B, C, S, S) from -1 to 1 → features (B, WIDTH), kinds (B, K) as log odds."""

    def __init__(self, channels: int, kinds: int) -> None:
        super().__init__()
        self.stages, self.norms = nn.ModuleList(), nn.ModuleList()
        for outputs in WIDTHS:
            self.stages.append(nn.Conv2d(channels, outputs, 3, padding=1))
            # nothing to remember between batches: what is stored is weights alone
            self.norms.append(nn.GroupNorm(GROUPS, outputs))
            channels = outputs
        self.gather = nn.Linear(2 * WIDTHS[-1], WIDTH)
        self.say = nn.Linear(WIDTH, kinds)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if x.shape[-1] > LARGEST:
            x = F.avg_pool2d(x, x.shape[-1] // LARGEST)
        for place, (conv, norm) in enumerate(zip(self.stages, self.norms, strict=True)):
            x = F.relu(norm(conv(F.max_pool2d(x, 2) if place else x)))
        places = x.flatten(2)
        seen = F.dropout(torch.cat([places.mean(2), places.amax(2)], 1), 0.2, self.training)
        features = self.gather(seen)
        return features, self.say(F.relu(features))
