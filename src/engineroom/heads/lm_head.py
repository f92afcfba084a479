"""What comes next? Dot products with the very vectors by which tokens are read (Press & Wolf 2017)."""

from __future__ import annotations

from torch import Tensor, nn

from ..core.batch import Features


class Autoregress(nn.Module):
    """Features with a map (B, T, D) → (B, 1, T, outputs): a logit for every token that may follow each place."""

    maps: tuple[str, ...] = ("sequence",)
    uses_context = False

    def __init__(self, example: Features, outputs: int) -> None:
        super().__init__()
        assert example.map is not None
        self.width = example.map.data.shape[2]
        self.narrow: nn.Module = nn.Identity()
        self.stems: list[nn.Module] = []  # a list, so that the stem's weights are not the head's too

    def tie(self, stem: nn.Module) -> None:
        """Choose among the rows of `stem.table` (an embedding)."""
        assert isinstance(stem.table, nn.Embedding)
        self.stems = [stem]
        if stem.table.embedding_dim != self.width:
            self.narrow = nn.Linear(self.width, stem.table.embedding_dim, bias=False)
            nn.init.normal_(self.narrow.weight, std=self.width**-0.5)

    def forward(self, features: Features) -> Tensor:
        assert features.map is not None
        table = self.stems[0].table
        assert isinstance(table, nn.Embedding)
        return nn.functional.linear(self.narrow(features.map.data), table.weight).float()[:, None]


HEAD = Autoregress
