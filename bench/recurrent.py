"""How long a training step of our two-way LSTM takes beside torch's own, packed: the same numbers, as a ratio in one
run.

python bench/recurrent.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from engineroom.layers.recurrent import Recurrent

# B, T, C, width
SHAPES = {
    "digits spoken": (32, 100, 96, 96),
    "texts": (64, 64, 64, 128),
    "series": (32, 336, 7, 64),
    "short series": (16, 25, 64, 64),
}
ROUNDS = 7


def seconds(ask: Callable[[], Tensor]) -> float:
    began = time.perf_counter()
    ask().sum().backward()
    return time.perf_counter() - began


def main() -> None:
    torch.set_num_threads(1)
    for cell in ("lstm", "gru"):
        for name, (B, T, C, width) in SHAPES.items():
            ours = Recurrent(C, width, 1, cell=cell)
            packed = {"lstm": nn.LSTM, "gru": nn.GRU}[cell](C, width, batch_first=True, bidirectional=True)
            packed.load_state_dict(
                ours.ahead[0].state_dict()
                | {f"{key}_reverse": value for key, value in ours.back[0].state_dict().items()}
            )
            x, lengths = torch.randn(B, T, C), torch.randint(2, T + 1, (B,))
            lengths[0] = T
            mask = torch.arange(T) < lengths[:, None]

            def theirs(packed=packed, x=x, lengths=lengths, T=T) -> Tensor:
                return pad_packed_sequence(
                    packed(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))[0],
                    batch_first=True,
                    total_length=T,
                )[0]

            gap = float((ours(x, mask) - theirs()).detach().abs().max())
            pairs = [(seconds(theirs), seconds(lambda ours=ours, x=x, mask=mask: ours(x, mask))) for _ in range(ROUNDS)]
            ratio = statistics.median(a / b for a, b in pairs)
            print(
                f"{cell} {name}: packed / ours = {ratio:.2f}, {1000 * statistics.median(b for _, b in pairs):.1f} ms "
                f"a step, largest difference {gap:.0e}"
            )


if __name__ == "__main__":
    main()
