"""Eyes of someone who acts: no row hears of another, where a thing is counts, and any size of picture ends in a small
map."""

from __future__ import annotations

import pytest
import torch

from engineroom.backbones.nature_cnn import ROOM
from engineroom.core.batch import Signal
from engineroom.core.config import Config
from engineroom.core.registry import get


@pytest.mark.parametrize("size", [(4, 4), (6, 10), (13, 13), (84, 84), (96, 53)])
def test_any_size_ends_in_a_small_map(size) -> None:
    torch.manual_seed(0)
    signal = Signal(torch.randn(3, 4, *size), "grid")
    network = get("backbones", "nature_cnn").build(signal, Config(), kind="scene", size="small", members=1)
    features = network(signal)
    assert features.pooled.shape == (3, 1, network.width) and max(features.map.data.shape[2:]) <= ROOM
    alone = network(Signal(signal.data[:1], "grid"))
    assert torch.allclose(alone.pooled, features.pooled[:1], atol=1e-5), "in training too, a row is seen by itself"


def test_where_a_thing_is_counts() -> None:
    torch.manual_seed(0)
    left, right = torch.zeros(1, 1, 10, 10), torch.zeros(1, 1, 10, 10)
    left[..., 5, 3], right[..., 5, 7] = 1.0, 1.0
    network = get("backbones", "nature_cnn").build(
        Signal(left, "grid"), Config(), kind="scene", size="small", members=1
    )
    assert not torch.allclose(network(Signal(left, "grid")).pooled, network(Signal(right, "grid")).pooled, atol=1e-3)
