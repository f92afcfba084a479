"""LOSS: the same question with a finish. Its answers are chosen and graded by how real they look, beside how near they are to the truth."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..core.columns import Column
from ..core.exhibits import Exhibit
from ..core.signals import Batch, Records
from ..layers.patches import Patches
from .restoration import Restoration, enlarged

GRID = 8  # pixels: what a critic halves three times


@dataclass(frozen=True)
class Finished(Restoration):
    """As its kind, with a critic of patches (objectives/finishing.py). PSNR falls: whoever looks for the nearest picture takes the one before."""

    objective = "finishing"
    pace = "finishing"
    headline = "texture"
    higher_is_better = False
    selects = "blend"

    def critic(self, target: Column, condition: int) -> nn.Module:
        return Patches(3)

    def real(self, batch: Batch) -> Tensor:
        """(B, 3, H, W) from -1 to 1."""
        return moved(batch["target"].float() / 127.5 - 1, batch.step)

    def seen(self, output: Tensor, batch: Batch) -> Tensor:
        """output (B, 1, 3, H, W) in levels of 255 to be added → pictures (B, 3, H, W) from -1 to 1, as moved as the real ones."""
        return moved((255 * output[:, 0] + enlarged(batch, output.shape[-1])) / 127.5 - 1, batch.step)

    def exhibits(self, records: Records, rival: Records, target: Column) -> list[Exhibit]:
        """Both sides of the trade, picture by picture."""
        labels = [f"row {k + 1}" for k in range(min(20, len(records["psnr"])))]
        series = [{"name": name, "values": one["texture"][: len(labels)].round(3).tolist()} for name, one in (("deep", records), ("classical", rival))]
        words = "How far the patches of a picture are from those of the original, wherever they lie: 0 would be a picture as real as it. " + TRADE
        return [Exhibit("bars", "How real it looks, picture by picture", {"labels": labels, "series": series, "y": "distance of textures"}, words), *super().exhibits(records, rival, target)]


def moved(pictures: Tensor, step: int) -> Tensor:
    """(B, 3, H, W) → (B, 3, H - GRID, W - GRID): each begins somewhere else, by its place and the step alone. A critic that halves pictures pulls at every
    second place; where an answer is made in squares of a fixed grid, the same places would be pulled at ever again, and the grid would show."""
    H, W = (side - GRID for side in pictures.shape[2:])
    starts = [((3 * row + 5 * step) % GRID, (5 * row + 3 * (step // GRID)) % GRID) for row in range(len(pictures))]
    return torch.stack([one[:, top : top + H, left : left + W] for one, (top, left) in zip(pictures, starts, strict=True)])


TRADE = (
    "A finish trades PSNR for it. The critic and its inner layers have learnt of the training pictures alone, never of photographs elsewhere; "
    "details it adds are likely ones, not known ones."
)
