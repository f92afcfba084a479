"""What filters look for, by depth: edges, then textures, then shapes (Zeiler & Fergus 2014).

For some filters of some layers: the parts of the given pictures that excite them most, and the picture that would
excite them even more, found by gradient ascent from noise with small shifts between steps (activation maximisation,
Erhan et al. 2009; Olah et al. 2017).
"""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...bundle.model import Model
from ...core.panels import Panel
from ...core.seeds import torch_generator
from ...data.dataset import Dataset
from ...data.fields import input_fields

DEPTHS, FILTERS, CROPS = 4, 5, 3
ROWS = 128  # pictures looked through
ASCENT, RATE, MOVE = 60, 16.0, 1  # steps, grey values a step, pixels of shift
SHOWN = 72  # pixels of a drawn picture's side
BORDER = 4  # pixels between pictures that stand side by side


class Filters:
    title = "What its filters look for"
    words = (
        "From the first layer to the last: filters that differ most from picture to picture. Left what would excite a "
        "filter most (made by gradient ascent), right the "
        "places in the given pictures that do. Early ones answer to edges and colours, later ones to textures, parts "
        "and shapes."
    )

    def fits(self, model: Model) -> bool:
        pictures = [one for one in input_fields(model.schema) if one.modality == "image"]
        return len(pictures) == 1 and len(input_fields(model.schema)) == 1 and len(convolutions(model.network)) > 1

    def look(self, model: Model, data: Dataset, rows: np.ndarray) -> list[Panel]:
        (one,) = input_fields(model.schema)
        rows = np.unique(rows[np.linspace(0, len(rows) - 1, min(ROWS, len(rows))).astype(int)])
        batch = data.batch(rows)
        found = convolutions(model.network)
        chosen = sorted({int(k) for k in np.linspace(0, len(found) - 1, min(DEPTHS, len(found))).round()})
        out = []
        for place in chosen:
            layer = found[place]
            maps = heard(model.network, batch, layer)[: len(rows)]  # (N, C, h, w); a mirrored second look comes after
            strongest = maps.flatten(2).amax(2)
            filters = strongest.std(0).argsort(descending=True)[:FILTERS]
            reach, middle = layer_reach(found, place), torch.zeros(maps.shape[2:])
            middle[maps.shape[2] // 2, maps.shape[3] // 2] = 1
            items = []
            for channel, dream in zip(
                filters.tolist(), ascend(model.network, batch, one.name, layer, filters), strict=True
            ):
                best = strongest[:, channel].argsort(descending=True)[:CROPS].tolist()
                crops = [crop(dream, middle, reach), *(crop(batch[one.name][k], maps[k, channel], reach) for k in best)]
                items.append(
                    {"title": f"filter {channel}", "subtitle": "made | found", "tone": "", "html": strip(crops)}
                )
            out.append(
                Panel(
                    "gallery",
                    f"Layer {place + 1} of {len(found)}: {maps.shape[1]} filters on a map of {maps.shape[2]} × "
                    f"{maps.shape[3]}",
                    {"items": items, "wide": True},
                )
            )
        return out


def convolutions(network: nn.Module) -> list[nn.Conv2d]:
    """The 2-D convolutions that see more than one pixel, in the order in which they were built (that of the forward
    pass here)."""
    return [module for module in network.modules() if isinstance(module, nn.Conv2d) and max(module.kernel_size) > 1]


def layer_reach(found: list[nn.Conv2d], place: int) -> int:
    """Pixels of the picture's map that one value of the layer sees, roughly: each convolution adds its rim."""
    return 1 + sum(module.kernel_size[0] - 1 for module in found[: place + 1])


def heard(network: nn.Module, batch: Any, layer: nn.Module) -> Tensor:
    """The layer's output for a batch, all its calls one after another."""
    kept: list[Tensor] = []
    hook = layer.register_forward_hook(lambda module, given, output: kept.insert(0, output))
    try:
        network(batch)
    finally:
        hook.remove()
    return torch.cat(kept)


def ascend(network: nn.Module, batch: Any, name: str, layer: nn.Module, filters: Tensor) -> Tensor:
    """(filters, C, H, W) pictures of 0 … 255, each raised until the middle of its filter's map is as excited as it
    gets."""
    generator = torch_generator(0, "ascent")
    shape = (len(filters), *batch[name].shape[1:])
    pictures = 128 + 8 * torch.randn(shape, generator=generator)
    picked = torch.arange(len(filters))
    fields = {key: value[:1].repeat(len(filters), *[1] * (value.ndim - 1)) for key, value in batch.fields.items()}
    for _ in range(ASCENT):
        moves = torch.randint(-MOVE, MOVE + 1, (2,), generator=generator).tolist()
        pictures = pictures.roll(moves, (2, 3)).detach().requires_grad_()
        with torch.enable_grad():
            maps = heard(network, type(batch)({**fields, name: pictures}, np.zeros(len(filters), int)), layer)[
                : len(filters)
            ]
            middle = maps[picked, filters, maps.shape[2] // 2, maps.shape[3] // 2].sum()
        (gradient,) = torch.autograd.grad(middle, pictures)
        size = gradient.flatten(1).abs().amax(1)[:, None, None, None].clamp_min(1e-12)
        pictures = (pictures.detach() + RATE * gradient / size).clamp(0, 255).roll([-m for m in moves], (2, 3))
        pictures = 0.95 * pictures + 0.05 * nn.functional.avg_pool2d(
            nn.functional.pad(pictures, (1, 1, 1, 1), mode="reflect"), 3, 1
        )
    return pictures


def crop(picture: Tensor, heat: Tensor, reach: int) -> Tensor:
    """The part of the picture (C, H, W) around the strongest value of its map (h, w)."""
    _, H, W = picture.shape
    row, column = divmod(int(heat.argmax()), heat.shape[1])
    stride = H / heat.shape[0]
    size = int(min(H, W, max(8, reach * max(1.0, stride / 2))))
    top, left = (
        int(min(max(0, (place + 0.5) * side / count - size / 2), side - size))
        for place, side, count in ((row, H, heat.shape[0]), (column, W, heat.shape[1]))
    )
    return picture[:, top : top + size, left : left + size]


def strip(pictures: list[Tensor]) -> str:
    """Pictures side by side as one PNG in an <img>."""
    from PIL import Image

    tiles = []
    for one in pictures:
        pixels = one.detach().float().clamp(0, 255).byte().permute(1, 2, 0).numpy()
        image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels[..., :3]).convert("RGB")
        tiles.append(image.resize((SHOWN, round(SHOWN * image.height / image.width)), Image.Resampling.NEAREST))
    sheet = Image.new(
        "RGB", (len(tiles) * (SHOWN + BORDER) - BORDER, max(tile.height for tile in tiles)), (255, 255, 255)
    )
    for k, tile in enumerate(tiles):
        sheet.paste(tile, (k * (SHOWN + BORDER), 0))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", optimize=True)
    return (
        '<img alt="what excites the filter" '
        f'src="data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}">'
    )


VIEW = Filters()
