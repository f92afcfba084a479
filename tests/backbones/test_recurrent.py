"""Read both ways: the same numbers as torch's own packed network, and padding says nothing."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from engineroom.layers.recurrent import Recurrent


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("layers", [1, 2])
def test_it_says_what_a_packed_network_of_the_same_weights_says(cell: str, layers: int) -> None:
    torch.manual_seed(0)
    ours = Recurrent(5, 4, layers, cell=cell).eval()
    packed = {"lstm": nn.LSTM, "gru": nn.GRU}[cell](5, 4, layers, batch_first=True, bidirectional=True)
    state = {}
    for ending, stack in (("", ours.ahead), ("_reverse", ours.back)):
        state |= {
            f"{key[:-1]}{k}{ending}": value for k, one in enumerate(stack) for key, value in one.state_dict().items()
        }
    packed.load_state_dict(state)
    x, lengths = torch.randn(3, 7, 5), torch.tensor([7, 1, 4])
    mask = torch.arange(7) < lengths[:, None]
    wanted, _ = pad_packed_sequence(
        packed(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))[0],
        batch_first=True,
        total_length=7,
    )
    found = ours(x, mask)
    assert torch.allclose(found, wanted, atol=1e-6) and torch.allclose(ours(x), packed(x)[0], atol=1e-6)
    assert torch.equal(ours(x.masked_fill(~mask[..., None], 99.0), mask), found)
