"""Flaws on pictures: where they are is known, what is not changed stays, all is drawn from the generator; what is odd
has a code and a name."""

from __future__ import annotations

import numpy as np
import polars as pl
import torch

from engineroom.core.config import LimitsConfig
from engineroom.core.seeds import torch_generator
from engineroom.layers.synthetic_defects import blemished
from engineroom.modalities.tabular.anomaly_label import MODALITY as ODDITY
from engineroom.modalities.vision.defect_label import MODALITY as FLAW
from engineroom.modalities.vision.defect_label import SOMEWHERE


def cloth(rows: int = 12) -> torch.Tensor:
    y, x = torch.meshgrid(torch.arange(40.0), torch.arange(48.0), indexing="ij")
    return (120 + 40 * torch.sin(x + y))[None, None].repeat(rows, 3, 1, 1) + torch.randn(
        rows, 3, 40, 48, generator=torch_generator(0)
    )


def test_a_flaw_lies_where_the_map_says_and_can_be_seen() -> None:
    x = cloth()
    y, places = blemished(x, torch_generator(1))
    assert y.shape == x.shape and places.shape == (12, 40, 48) and 0 <= y.min() and y.max() <= 255
    change = (y - x).abs().mean(1)
    assert places.flatten(1).any(1).float().mean() > 0.6
    for row in range(12):
        inside = places[row]
        assert (
            change[row][~inside].mean() < 0.5 * change[row][inside].mean()
            if inside.any()
            else torch.equal(x[row], y[row])
        )
    again = blemished(x, torch_generator(1))
    assert torch.equal(again[0], y) and not torch.equal(blemished(x, torch_generator(2))[0], y)


def test_good_pictures_get_flaws_and_real_ones_are_left_unmarked() -> None:
    state = FLAW.fit(pl.Series(["normal"]), limits=LimitsConfig()) | {"flips": ["horizontal"]}
    state = FLAW.link_to_input(state, {"height": 40, "width": 48})
    codes = torch.tensor([0] * 10 + [1, 3], dtype=torch.uint8)
    own, said = FLAW.augment_pair({"": cloth().to(torch.uint8)}, {"": codes}, {}, state, torch_generator(0))
    assert own[""].shape == (12, 3, 40, 48) and said[""].shape == (12, 40, 48) and said[""].dtype == torch.uint8
    assert (said[""][10:] == SOMEWHERE).all() and set(said[""][:10].unique().tolist()) == {0, 1}
    assert 1 <= (said[""][:10] == 1).flatten(1).any(1).sum() <= 9


def test_kinds_have_codes() -> None:
    state = ODDITY.fit_with_hints(
        pl.Series(["normal"]), limits=LimitsConfig(), facts={"values": ["normal", "anomaly", "leak"]}
    )
    codes = ODDITY.encode(pl.Series(["normal", None, "anomaly", "leak", "never heard of"]), state, {})
    assert codes.tolist() == [0, 0, 1, 2, 1] and codes.dtype == np.uint8
