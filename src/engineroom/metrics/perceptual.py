"""Does a picture look as real ones do, wherever each detail may lie? What PSNR cannot see: it likes a smooth guess
better than sharp hair a pixel aside.

`texture` is a Fréchet distance between the patches of one picture and of another (as SinGAN's single-image distance,
Shaham et al. 2019, whose features come from a network we do not have): means and covariances of edges and their bends
in two sizes, of light and of colours. `detail` is how much more power than the original a picture has in its finest
frequencies.
"""

from __future__ import annotations

import numpy as np

from .generation import frechet
from .image_restoration import luminance

RED_BLUE = np.array([[112.0, -93.786, -18.214], [-37.797, -74.203, 112.0]]) / 255  # Cr and Cb of ITU-R BT.601
FLOOR = 0.25  # levels (roots of them): what varies less in the original than this counts as if it varied so
FINE = 0.25  # cycles a pixel from which on a frequency is fine: half of what a grid can hold
QUIET = 1.0  # levels squared, per frequency: rounding


def texture(said: np.ndarray, true: np.ndarray) -> float:
    """Two (H, W, 3) uint8 → 0 and more: root of the Fréchet distance a feature, in deviations of the original's."""
    a, b = looks(said), looks(true)
    scale = b.std(0) + FLOOR
    return float(np.sqrt(frechet(b / scale, a / scale) / a.shape[1]))


def looks(picture: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 → (P, 15) of every square of two pixels: how strong edges and their bends are there, in two
    sizes; light and colours."""
    light = luminance(picture)
    red, blue = (picture.astype(np.float64) @ one for one in RED_BLUE)
    fine, coarse = bends(light), bends(halved(light))
    colours = [halved(np.hypot(*steps(one)) ** 0.5) for one in (red, blue)]
    maps = [
        *(halved(one) for one in fine),
        *coarse,
        *colours,
        *(halved(one) for one in (light / 16, red / 16, blue / 16)),
    ]
    H, W = min(one.shape[0] for one in maps), min(one.shape[1] for one in maps)
    return np.stack([one[:H, :W].ravel() for one in maps], 1)


def steps(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(H, W) → how it changes to the right and downwards, (H, W) each; nothing beyond the edge."""
    return np.diff(x, axis=1, append=x[:, -1:]), np.diff(x, axis=0, append=x[-1:])


def bends(light: np.ndarray) -> list[np.ndarray]:
    """Roots of the sizes of the first and second differences, five (H, W)."""
    right, down = steps(light)
    again, across = steps(right)
    return [np.sqrt(np.abs(one)) for one in (right, down, again, across, steps(down)[1])]


def halved(x: np.ndarray) -> np.ndarray:
    """(H, W) → means of squares of two pixels; a lone last row or column is left out, a lone first one stays."""
    H, W = (max(1, side // 2) for side in x.shape)
    x = np.pad(x, ((0, max(0, 2 - x.shape[0])), (0, max(0, 2 - x.shape[1]))), "edge")
    return x[: 2 * H, : 2 * W].reshape(H, 2, W, 2).mean((1, 3))


def detail(said: np.ndarray, true: np.ndarray) -> float:
    """Two (H, W, 3) uint8 → dB by which the finest frequencies are stronger than the original's: below 0 where it is
    smooth, above where it is noisy."""
    return float(10 * np.log10(fine_power(said) / fine_power(true)))


def fine_power(picture: np.ndarray) -> float:
    """(H, W, 3) uint8 → mean power of the frequencies from FINE on, of the light alone, the edges faded out."""
    light = luminance(picture)
    window = np.hanning(light.shape[0] + 2)[1:-1, None] * np.hanning(light.shape[1] + 2)[1:-1]
    power = np.abs(np.fft.rfft2((light - light.mean()) * window)) ** 2 / (window**2).sum()
    down, right = np.fft.fftfreq(light.shape[0])[:, None], np.fft.rfftfreq(light.shape[1])
    chosen = power[np.hypot(down, right) >= FINE]
    return QUIET + (float(chosen.mean()) if chosen.size else 0.0)
