"""Attention is what its formula says, in any arithmetic."""

from __future__ import annotations

import pytest
import torch

from engineroom.layers.scaled_dot_product import SHORT, attend


def drawn(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(len(shape)))


def written_out(q, k, v, seen):
    scores = (q @ k.transpose(2, 3)) / q.shape[-1] ** 0.5
    return scores.masked_fill(~seen, -torch.inf).softmax(-1) @ v


@pytest.mark.parametrize("causal", [False, True])
def test_it_is_the_formula(causal):
    q, k, v = drawn(3, 4, 2, 5, 8)
    seen = (
        torch.ones(5, 5, dtype=torch.bool).tril()
        if causal
        else torch.tensor([True, True, False, True, True]).expand(4, 1, 1, 5)
    )
    torch.testing.assert_close(
        attend(q, k, v, None if causal else seen, causal=causal), written_out(q, k, v, seen), atol=1e-5, rtol=1e-4
    )


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("keys", [5, SHORT + 1])
def test_in_bf16_its_way_back_is_near_and_the_kind_of_number_stays(keys, causal):
    parts = drawn(3, 4, 2, keys, 8).bfloat16().requires_grad_()
    seen = (
        torch.ones(keys, keys, dtype=torch.bool).tril() if causal else (torch.arange(keys) != 3).expand(4, 1, 1, keys)
    )
    with torch.autocast("cpu", torch.bfloat16):
        mixed = attend(*parts, None if causal else seen, causal=causal)
    assert mixed.dtype == torch.bfloat16
    mixed.float().square().sum().backward()
    exact = parts.detach().float().requires_grad_()
    out = written_out(*exact, seen)
    out.square().sum().backward()
    torch.testing.assert_close(mixed.float(), out, atol=0.02, rtol=0.01)
    torch.testing.assert_close(parts.grad.float(), exact.grad, atol=0.05, rtol=0.02)


def test_whoever_sees_nothing_gets_numbers():
    parts = drawn(3, 1, 1, 4, 8).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        assert attend(*parts, torch.zeros(1, 1, 1, 4, dtype=torch.bool)).isfinite().all()
