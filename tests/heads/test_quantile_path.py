"""The path head reads the map of every backbone that continues histories; trend and remainder add up; quantiles begin
in their order."""

from __future__ import annotations

import pytest
import torch

from engineroom.backbones.dlinear import smooth
from engineroom.core import registry
from engineroom.core.batch import Features, Signal
from engineroom.core.config import Config
from engineroom.heads.quantile_path import LEVELS, MOST, PathHead


@pytest.mark.parametrize("name", registry.get("modalities", "window").backbones)
def test_every_family_gives_a_path(name: str) -> None:
    torch.manual_seed(0)
    signal = Signal(torch.randn(4, 60, 1), "sequence")
    backbone = registry.get("backbones", name).build(signal, Config(), kind="path", size="small", members=1).eval()
    features = backbone(signal)
    head = PathHead(features, 6)
    out = head(features)
    assert out.shape == (4, 1, 6, 1 + len(LEVELS)) and torch.isfinite(out).all()
    assert (out[..., 1:].diff(dim=-1) > 0).float().mean() > 0.9
    assert head.centre.in_features <= MOST
    out.square().mean().backward()
    assert all(p.grad is not None for p in [*backbone.parameters(), *head.parameters()] if p.requires_grad)


def test_trend_and_remainder_add_up_and_a_straight_line_is_all_trend() -> None:
    line = torch.arange(50.0)[None, :, None]
    features = registry.get("backbones", "dlinear").build(
        Signal(line, "sequence"), Config(), kind="path", size="small", members=1
    )(Signal(line, "sequence"))
    assert features.map is not None
    trend, rest = features.map.data[..., 0], features.map.data[..., 1]
    assert torch.allclose(trend + rest, line[..., 0]) and rest[0, 15:35].abs().max() < 1e-4
    assert torch.equal(smooth(line.transpose(1, 2), 1), line.transpose(1, 2))


def test_a_long_map_is_averaged_to_what_the_head_reads() -> None:
    features = Features(torch.randn(2, 1, 8), Signal(torch.randn(2, 400, 64), "sequence"))
    head = PathHead(features, 3)
    assert head.steps == MOST // 64 and head(features).shape == (2, 1, 3, 10)
