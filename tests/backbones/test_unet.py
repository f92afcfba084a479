"""The U-Net answers for every place, at any size, and knows where."""

from __future__ import annotations

import pytest
import torch

from engineroom.backbones.unet import WIDTHS, UNet
from engineroom.core.batch import Signal
from engineroom.core.config import Config
from engineroom.core.registry import get
from engineroom.heads.dense_prediction import GridHead


@pytest.mark.parametrize(("H", "W"), [(16, 16), (33, 50), (7, 90)])
@pytest.mark.parametrize("finest", [0, 2])
def test_any_size(H: int, W: int, finest: int) -> None:
    net = UNet(3, WIDTHS["small"], 0.0, finest=finest).eval()
    features = net(Signal(torch.randn(2, 3, H, W), "grid"))
    step = 2**finest
    assert features.map.data.shape == (2, WIDTHS["small"][finest], -(-H // step), -(-W // step))
    assert features.pooled.shape == (2, 1, net.width)


def test_large_pictures_are_read_in_squares_and_answered_for_every_place() -> None:
    build = get("backbones", "unet").build
    for side, patch in ((96, 1), (131, 2)):
        signal = Signal(torch.randn(1, 3, side, side + 20), "grid")
        net = build(signal, Config(), kind="picture", size="small", members=1).eval()
        assert net.patch == patch and net(signal).map.data.shape == (1, WIDTHS["small"][0], side, side + 20)


@pytest.mark.parametrize("patch", [1, 2])
def test_it_learns_what_is_where(patch: int) -> None:
    torch.manual_seed(0)
    net = UNet(1, WIDTHS["small"], 0.0, patch=patch, fine=8)
    x = torch.randn(4, 1, 32, 32)
    y = (x[:, 0].cumsum(2) > 0).long()  # what lies to the left decides
    head = GridHead(net(Signal(x, "grid")), 2)
    optimizer = torch.optim.AdamW([*net.parameters(), *head.parameters()], lr=5e-3)
    for _ in range(60):
        output = head(net(Signal(x, "grid")))
        loss = torch.nn.functional.cross_entropy(output[:, 0], y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert output.shape == (4, 1, 2, 32, 32) and float((output[:, 0].argmax(1) == y).float().mean()) > 0.9
    assert all(p.grad is not None for p in net.parameters())
