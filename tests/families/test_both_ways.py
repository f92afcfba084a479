"""Both ways without packing: the same numbers as packed sequences give; padding says nothing."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from engineroom.layers.both_ways import BothWays

MASK = torch.arange(7) < torch.tensor([[7], [4], [1]])


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_it_says_what_packed_sequences_say(cell: str) -> None:
    torch.manual_seed(0)
    ours, packed = BothWays(3, 5, 1, cell=cell), {"lstm": nn.LSTM, "gru": nn.GRU}[cell](3, 5, batch_first=True, bidirectional=True)
    weights = {name: value for name, value in ours.ahead[0].state_dict().items()} | {f"{name}_reverse": value for name, value in ours.back[0].state_dict().items()}
    packed.load_state_dict(weights)
    x = torch.randn(3, 7, 3)
    wanted = pad_packed_sequence(packed(pack_padded_sequence(x, MASK.sum(1), batch_first=True))[0], batch_first=True)[0]
    torch.testing.assert_close(ours(x, MASK), wanted)


def test_padding_says_nothing() -> None:
    torch.manual_seed(0)
    ours, x = BothWays(3, 5, 2).eval(), torch.randn(3, 7, 3)
    torch.testing.assert_close(ours(x, MASK), ours(x.masked_fill(~MASK[..., None], 9.0), MASK))
