"""Which patches are real? Critics that judge every patch by itself (Isola et al. 2017) and whose inner layers are also
something to be compared by.

Both say what they see (`sees`: a list of grids, on which steepness is measured) and what they make of it: how real each
patch is, and how it felt inside.
"""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTHS = (24, 48, 64)  # channels of the layers that halve
DETAIL = 4.0  # times as large
RESOLUTIONS = (256, 1024)  # samples of a window, for sounds
HEARD = (12, 24, 32)
GRID = 8  # pixels: what a critic of pictures halves three times


class Judge(nn.Module):
    """grid (B, C, H, W) → (how real each patch is (B, P), [what it felt in every layer (B, D, h, w)])."""

    def __init__(self, channels: int, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in itertools.pairwise((channels, *widths))
        )
        self.layers.append(nn.Conv2d(widths[-1], widths[-1], 3, padding=1))
        self.score = nn.Conv2d(widths[-1], 1, 3, padding=1)

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        felt = []
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.2)
            felt.append(x)
        return self.score(x).float().flatten(1), felt


class Patches(nn.Module):
    """Of pictures (B, C, H, W) from -1 to 1. What differs from its surroundings is seen once more, larger: it is
    details that tell answers from what is real."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.judge = Judge(2 * channels)

    def sees(self, pictures: Tensor) -> list[Tensor]:
        around = F.avg_pool2d(pictures, 3, 1, 1, count_include_pad=False)
        return [torch.cat([pictures, DETAIL * (pictures - around)], 1)]

    def forward(self, seen: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        found: tuple[Tensor, list[Tensor]] = self.judge(seen[0])
        return found


class Ears(nn.Module):
    """Of sounds (B, T) from -1 to 1: their spectra in windows of several lengths, waves and loudness (Défossez et al.
    2022)."""

    def __init__(self) -> None:
        super().__init__()
        self.judges = nn.ModuleList(Judge(3, HEARD) for _ in RESOLUTIONS)

    def sees(self, waves: Tensor) -> list[Tensor]:
        """(B, 3, bins, frames) for every length of window: real part, imaginary part and magnitude, as loud as they are
        felt."""
        return [felt_spectrum(waves, size) for size in RESOLUTIONS]

    def forward(self, seen: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        found = [judge(one) for judge, one in zip(self.judges, seen, strict=True)]
        return torch.cat([score for score, _ in found], 1), [layer for _, felt in found for layer in felt]


def felt_spectrum(waves: Tensor, size: int) -> Tensor:
    """(B, T) → (B, 3, size // 2, frames), a frame every quarter of a window; without the band of no frequency."""
    spectrum = torch.stft(
        waves.float(), size, size // 4, window=torch.hann_window(size, device=waves.device), return_complex=True
    )[:, 1:]
    power = spectrum.real.square() + spectrum.imag.square() + 1e-8  # a root has no slope at 0
    felt = power.sqrt().sqrt()  # the root of the magnitude: about as loudness is felt
    return torch.stack([spectrum.real / felt, spectrum.imag / felt, felt], 1)


def moved(pictures: Tensor, step: int) -> Tensor:
    """(B, 3, H, W) → (B, 3, H - GRID, W - GRID): each begins somewhere else, by its place and the step alone. A critic
    that halves pictures pulls at every second place; where an answer is made in squares of a fixed grid, the same
    places would be pulled at ever again, and the grid would show."""
    H, W = (side - GRID for side in pictures.shape[2:])
    starts = [((3 * row + 5 * step) % GRID, (5 * row + 3 * (step // GRID)) % GRID) for row in range(len(pictures))]
    return torch.stack(
        [one[:, top : top + H, left : left + W] for one, (top, left) in zip(pictures, starts, strict=True)]
    )
