"""Writing piece by piece: what comes later changes nothing earlier, memory changes nothing at all, and a search finds
what trying everything finds."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
import torch

from engineroom.core.batch import Features, Signal
from engineroom.core.registry import get
from engineroom.decoding.beam_search import END, evened, said_before, search

V = 5


def features(B: int = 3, said: torch.Tensor | None = None) -> Features:
    generator = torch.Generator().manual_seed(1)
    mask = torch.arange(6)[None] < torch.tensor([6, 4, 2])[:B, None]
    read = Signal(torch.randn(3, 6, 32, generator=generator)[:B], "sequence", mask)
    pieces = torch.tensor([[0, 1, 2, 3, 0, 1], [2, 2, 1, 0, 0, 0], [3, 1, 0, 0, 0, 0]])[:B]
    return Features(torch.randn(3, 1, 32, generator=generator)[:B], read, said=said, read=pieces)


@pytest.fixture(params=["transformer_decoder", "pointer_generator", "lstm_decoder"])
def head(request) -> torch.nn.Module:
    torch.manual_seed(0)
    made = get("heads", request.param)(features(), V).eval()
    with torch.no_grad():
        made.table.weight *= 6  # sure enough of itself to tell texts apart
    return made


@torch.no_grad()
def test_later_pieces_change_nothing_earlier(head) -> None:
    said = torch.tensor([[0, 1, 2, 3, 4]]).repeat(3, 1)
    other = said.clone()
    other[:, 3] = 1
    a, b = head(features(said=said)), head(features(said=other))
    assert (
        a.shape == (3, 1, 5, V)
        and torch.allclose(a[:, :, :3], b[:, :, :3], atol=1e-5)
        and not torch.allclose(a[:, :, 3], b[:, :, 3], atol=1e-3)
    )


@torch.no_grad()
def test_what_pads_is_never_read(head) -> None:
    changed = features(said=torch.tensor([[0, 1]] * 3))
    before = head(changed)
    changed.map.data[2, 2:] += 9.0
    assert torch.allclose(before, head(changed), atol=1e-5)


@torch.no_grad()
def test_step_by_step_is_all_at_once(head) -> None:
    said = torch.tensor([[0, 1, 2, 3], [0, 4, 4, 1], [0, 2, 1, 1]])
    whole, kept = head(features(said=said))[:, 0], head.begin(features())
    for place in range(4):
        logits, kept = head.step(said[:, place], kept)
        assert torch.allclose(logits, whole[:, place], atol=1e-4)
        kept = head.keep(kept, torch.tensor([0, 1, 2]))
    assert torch.allclose(head.looks(features(said=said)).sum(2), torch.ones(3, 4), atol=1e-4)


@torch.no_grad()
def test_what_is_read_can_be_said_to_the_letter() -> None:
    torch.manual_seed(0)
    head = get("heads", "pointer_generator")(features(), V).eval()
    said = torch.tensor([[0, 1, 2]] * 3)
    x, kept = head.think(said, head.begin(features()))
    looks = (head.ask(x) @ kept.places.transpose(1, 2) / 32**0.5).masked_fill(~kept.seen[:, 0], -torch.inf).softmax(-1)
    copied, chosen = head.gate(x).sigmoid(), get("heads", "transformer_decoder").choose(head, x, kept).softmax(-1)
    # as See et al. write it
    mixed = ((1 - copied) * chosen).scatter_add(2, kept.pieces[:, None].expand_as(looks), copied * looks)
    assert torch.allclose(head(features(said=said))[:, 0].softmax(-1), mixed, atol=1e-5)
    head.gate.weight.zero_()
    head.gate.bias.fill_(30.0)  # it copies whatever it does
    only = head(features(said=said)).softmax(-1)
    assert (
        float(only[1, 0, :, [END, 4]].max()) < 1e-5 and float(only[1, 0, :, 3].min()) > 0
    )  # its second text holds pieces 0, 1 and 2, not 3, and no end
    head.gate.bias.fill_(-30.0)  # it never does
    assert torch.allclose(
        head(features(said=said))[:, 0], get("heads", "transformer_decoder").choose(head, x, kept), atol=1e-4
    )


def likeliest(head, row: Features, longest: int) -> tuple[float, list[int]]:
    """By trying every text."""
    best = (float("-inf"), [])
    for length in range(longest):
        for codes in itertools.product(range(1, V), repeat=length):
            with torch.no_grad():
                logp = head(replace(row, said=torch.tensor([[0, *codes]])))[0, 0].log_softmax(-1)
            total = sum(float(logp[i, code]) for i, code in enumerate([*codes, END]))
            best = max(best, (evened(total, length + 1), list(codes)))
    return best


def test_a_wide_search_finds_what_trying_everything_finds(head) -> None:
    one = features(1)
    score, codes = likeliest(head, one, 4)
    found, scores = search(head, one, beam=120, longest=4)
    assert scores[0] >= score - 1e-4 and (found[0] == codes or scores[0] > score)


def test_no_text_is_too_short_or_goes_round_in_circles(head) -> None:
    codes, _ = search(head, features(), beam=3, longest=12, shortest=6, span=2)
    assert all(6 <= len(row) <= 12 and len(set(itertools.pairwise(row))) == len(row) - 1 for row in codes)
    assert said_before(torch.tensor([[[0, 1, 2, 3, 1, 2]]]), 3, V).tolist() == [[[False, False, False, True, False]]]


def test_a_row_is_answered_alike_alone_and_among_others(head) -> None:
    together, scores = search(head, features(), beam=3, longest=8)
    alone, score = search(head, features(1), beam=3, longest=8)
    assert together[0] == alone[0] and abs(scores[0] - score[0]) < 1e-4
    greedy, least = search(head, features(), beam=1, longest=8)
    assert sum(scores) >= sum(least) - 1e-4 and all(len(codes) <= 8 for codes in greedy)
