"""What each action is worth: the worth of the situation, and what each action adds to it (dueling networks, Wang et al.
2016)."""

from __future__ import annotations

from torch import Tensor, nn

from ..core.batch import Features
from .linear import VectorHead


class Dueling(nn.Module):
    """Features (B, K, D) → (B, K, actions)."""

    maps: tuple[str, ...] = ()
    uses_context = False

    def __init__(self, example: Features, outputs: int) -> None:
        super().__init__()
        self.worth, self.gain = VectorHead(example, 1), VectorHead(example, outputs)

    def forward(self, features: Features) -> Tensor:
        gain = self.gain(features)
        return self.worth(features) + gain - gain.mean(2, keepdim=True)


HEAD = Dueling
