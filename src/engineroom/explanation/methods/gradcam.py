"""Grad-CAM (Selvaraju et al. 2017): which places of the last map the answer hangs on, each channel weighed by its mean
gradient.

Signed here, where the paper cuts off what speaks against. One look at the network, but as coarse as its last map;
series and texts have one too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...core.batch import Features, Signal
from ..perturbation import MaskedRow

MAPS = {"grid": (2, 3), "sequence": (1,)}


class GradCAM:
    words = (
        "Grad-CAM: the channels of the network's last map, weighed by how the answer hangs on them. A place "
        "counts "
        "with all that it feeds into."
    )

    def fits(self, masked_row: MaskedRow) -> bool:
        cuts = list(masked_row.cuts.values())
        return (
            len(cuts) == 1
            and not cuts[0].field.is_scalar
            and cuts[0].signal.layout in MAPS
            and bool(self.maps(masked_row)[1])
        )

    def maps(self, masked_row: MaskedRow) -> tuple[Tensor, list[tuple[Tensor, bool]]]:
        """(the output, each backbone's last map with whether it saw the mirror image), with their gradients."""
        (cut,) = masked_row.cuts.values()
        own, layout = masked_row.row[cut.field.name], cut.signal.layout
        found, mirrored = list[tuple[Tensor, bool]](), False
        thread = torch.zeros((), requires_grad=True)  # the weights are frozen: without it nothing would have a gradient

        def began(module: nn.Module, given: tuple[Any, ...], signal: Signal) -> Signal:
            nonlocal mirrored
            mirrored = given[0] is not own
            return Signal(signal.data + thread, signal.layout, signal.mask, signal.edges)

        def ended(module: nn.Module, given: tuple[Any, ...], features: Features) -> None:
            if features.map is not None and features.map.layout == layout:
                found.append((features.map.data, mirrored))

        modules = dict(masked_row.network.named_modules())
        hooks = [modules[name].register_forward_hook(began) for name in masked_row.stems]
        hooks += [
            one.register_forward_hook(ended) for name, one in modules.items() if name.split(".")[-2:-1] == ["backbones"]
        ]
        try:
            with torch.enable_grad():
                return masked_row.network(masked_row.row), found
        finally:
            for hook in hooks:
                hook.remove()

    def attribute(self, masked_row: MaskedRow) -> np.ndarray:
        """(P,) the map's mean over each part; the scale has no unit."""
        (cut,) = masked_row.cuts.values()
        output, maps = self.maps(masked_row)
        gradients = torch.autograd.grad(
            masked_row.task.score_outputs(output, masked_row.whole, masked_row.target).sum(),
            [one for one, _ in maps],
            allow_unused=True,
        )
        axes = MAPS[cut.signal.layout]
        size = [cut.signal.data.shape[axis] for axis in axes]
        total = torch.zeros(size)
        for (seen, turned), gradient in zip(maps, gradients, strict=True):
            if gradient is None:  # this one does not bear on the answer
                continue
            weight = gradient.float().mean(axes, keepdim=True)
            heat = (weight * seen.detach().float()).sum(1 if len(axes) == 2 else 2)  # (1, places…)
            heat = F.interpolate(
                heat[:, None], size=size, mode="bilinear" if len(axes) == 2 else "linear", align_corners=False
            )[0, 0]
            total += heat.flip(-1) if turned else heat
        where = cut.where.flatten()
        sums = torch.zeros(len(masked_row.parts)).index_add(0, where, total.flatten())
        return (sums / torch.bincount(where, minlength=len(masked_row.parts)).clamp_min(1)).double().numpy()


METHOD = GradCAM()
