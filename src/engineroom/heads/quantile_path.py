"""Steps ahead: the mean path from the whole map, the spread around it from the pooled vector."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..core.batch import Features
from ..layers.ensemble import MemberLinear

LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)  # quantiles
MOST = 4_096  # numbers of a map that are read; more steps are averaged in neighbouring groups


class PathHead(nn.Module):
    """Features with a map (B, T, D) → (B, K, H, 1 + Q): the mean, then the quantiles LEVELS, of each of H = `outputs`
    steps."""

    maps: tuple[str, ...] = ("sequence",)
    uses_context = False

    def __init__(self, example: Features, outputs: int) -> None:
        super().__init__()
        assert example.map is not None
        members, width = example.pooled.shape[1:]
        steps, channels = example.map.data.shape[1:]
        self.steps = steps if steps * channels <= MOST else max(1, MOST // channels)
        self.outputs = outputs
        self.centre = nn.Linear(self.steps * channels, outputs)
        self.shift = MemberLinear(members, width, outputs)
        self.spread = MemberLinear(members, width, outputs * len(LEVELS))
        with torch.no_grad():  # begin with quantiles in their order, around the mean
            self.centre.weight.mul_(0.1)
            self.shift.weight.mul_(0.1)
            self.spread.weight.mul_(0.1)
            normal = torch.distributions.Normal(0.0, 0.5).icdf(torch.tensor(LEVELS))
            self.spread.bias.copy_(normal.repeat(outputs).expand_as(self.spread.bias))

    def forward(self, features: Features) -> Tensor:
        assert features.map is not None
        data = features.map.data
        if data.shape[1] != self.steps:
            data = F.adaptive_avg_pool1d(data.transpose(1, 2), self.steps).transpose(1, 2)
        centre = self.centre(data.flatten(1))[:, None] + self.shift(features.pooled)
        spread = self.spread(features.pooled).unflatten(2, (self.outputs, len(LEVELS)))
        return torch.cat([centre[..., None], centre[..., None] + spread], 3).float()


HEAD = PathHead
