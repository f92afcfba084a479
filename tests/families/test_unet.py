"""The U-Net answers for every place, at any size, and knows where."""

from __future__ import annotations

import pytest
import torch

from engineroom.core.signals import Signal
from engineroom.families.unet import WIDTHS, UNet
from engineroom.heads.grid import GridHead


@pytest.mark.parametrize(("H", "W"), [(16, 16), (33, 50), (7, 90)])
@pytest.mark.parametrize("finest", [0, 2])
def test_any_size(H: int, W: int, finest: int) -> None:
    net = UNet(3, WIDTHS["small"], 0.0, finest=finest).eval()
    features = net(Signal(torch.randn(2, 3, H, W), "grid"))
    step = 2**finest
    assert features.map.data.shape == (2, WIDTHS["small"][finest], -(-H // step), -(-W // step))
    assert features.pooled.shape == (2, 1, net.width)


def test_it_learns_what_is_where() -> None:
    torch.manual_seed(0)
    net = UNet(1, WIDTHS["small"], 0.0)
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
