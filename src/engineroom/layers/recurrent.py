"""LSTM (Hochreiter & Schmidhuber 1997) and GRU (Cho et al. 2014), both directions, packed so that padding is never read."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class Recurrent(nn.Module):
    """(B, T, C), mask (B, T) → (B, T, 2·width), zero where padded."""

    def __init__(self, inputs: int, width: int, layers: int, *, cell: str = "lstm", dropout: float = 0.0) -> None:
        super().__init__()
        kind = {"lstm": nn.LSTM, "gru": nn.GRU}[cell]
        self.cells = kind(inputs, width, layers, batch_first=True, bidirectional=True, dropout=dropout if layers > 1 else 0.0)
        if cell == "lstm":  # remember by default (Jozefowicz et al. 2015)
            for name, bias in self.cells.named_parameters():
                if name.startswith("bias_ih"):
                    bias.data[width : 2 * width] = 1.0

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is None:
            return self.cells(x)[0]
        packed = pack_padded_sequence(x, mask.sum(1).cpu(), batch_first=True, enforce_sorted=False)
        return pad_packed_sequence(self.cells(packed)[0], batch_first=True, total_length=x.shape[1])[0]
