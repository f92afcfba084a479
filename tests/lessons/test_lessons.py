"""Lessons run on real numbers: their claims hold as told, and fail where the reader breaks what they rest on."""

from __future__ import annotations

import json

import pytest
import torch

import engineroom as er
from conftest import command
from engineroom.core import registry
from engineroom.core.errors import UserError
from engineroom.lessons import attention
from engineroom.lessons.lstm_memory import Reader, flow
from engineroom.lessons.perceptron import margin

QUICK = {
    "training_step": {"steps": 60},
    "perceptron": {"passes": 30},
    "backprop": {"width": 32},
    "lstm_memory": {"gap": 20, "steps": 150},
    "attention": {"length": 12, "steps": 100},
    "scaling_laws": {"sizes": "40,160,400", "steps": 100, "width": 16},
    "deep_or_classical": {"steps": 20, "rows": 200},
    "gan": {"steps": 900, "heaps": 4},
    "convnet": {"sizes": "20,300", "steps": 80, "width": 8},
}


@pytest.mark.parametrize("name", registry.names("lessons"))
def test_a_lesson_tells_shows_and_checks(name: str, here) -> None:
    spoken: list[str] = []
    result = er.lesson(name, page=str(here / "page.html"), say=spoken.append, **QUICK.get(name, {}))
    page = (here / "page.html").read_text("utf-8")
    assert result["checks"] and all(
        check["claim"] in page.replace("&#39;", "'").replace("&#34;", '"') for check in result["checks"]
    )
    assert '="http' not in page.replace('="http://www.w3.org', "") and "Your turn" in page
    assert f"engineroom lesson {name} --set" in spoken[-1]
    assert any("✓" in line or "✗" in line for line in spoken) and result["page"]


@pytest.mark.parametrize("name", ["training_step", "perceptron", "backprop", "lstm_memory", "gan"])
def test_the_claims_hold(name: str) -> None:
    result = er.lesson(name, **QUICK[name])
    assert result["passed"], result["checks"]


@pytest.mark.parametrize(
    ("name", "change", "broken"),
    [
        ("training_step", {"lr": 5.0, "hidden": 0, "steps": 20}, "lowers the loss"),
        ("perceptron", {"hard": "or"}, "does not learn OR"),
        ("backprop", {"hidden": 0, "width": 8}, "learns XOR"),
        ("lstm_memory", {"gap": 2, "steps": 150}, "gradient vanishes"),
        ("gan", {"critic_every": 100, "steps": 300}, "come to lie in the heaps"),
    ],
)
def test_the_reader_can_break_a_claim(name: str, change: dict, broken: str) -> None:
    checks = er.lesson(name, **change)["checks"]
    assert not next(check for check in checks if broken in check["claim"])["passed"], checks


def test_every_function_of_two_bits_but_two_has_a_line() -> None:
    found = [f"{code:04b}" for code in range(16) if margin(f"{code:04b}") < 1e-9]
    assert found == ["0110", "1001"], "XOR and its opposite"


def test_the_gradient_that_is_measured_is_the_one_there_is() -> None:
    """A net whose state does not depend on the past has no gradient at the first step."""
    network = Reader("RNN", 8)
    with torch.no_grad():
        network.cells.weight_hh_l0.zero_()
    norms = flow(network, 5, 0)
    assert max(norms[:-1]) < 1e-12 < norms[-1]


def test_both_networks_of_the_attention_lesson_cost_the_same() -> None:
    for length in (10, 30, 100):
        width = attention.equal_width(length)
        assert (
            attention.lstm_cost(length, width - 1)
            < attention.attention_cost(length)
            <= attention.lstm_cost(length, width)
        )


def test_what_the_bus_attends_to_is_what_the_forward_pass_uses() -> None:
    looker = attention.Looker(9)
    x, colour, where = attention.draw(9, 6, torch.Generator().manual_seed(0))
    assert (x[torch.arange(6), where] % len(attention.COLOURS) == colour).all(), (
        "the word that is pointed at says the colour"
    )
    with torch.no_grad():
        vectors = looker.vectors(x)
        value = looker.attention.qkv(vectors).chunk(3, -1)[2]
        mixed = looker.attention.out((looker.looks(x)[:, :, None] * value).sum(1))
        assert torch.allclose(looker(x), looker.says(vectors[:, -1] + mixed), atol=1e-5)


def test_what_is_not_there_is_said() -> None:
    with pytest.raises(UserError, match="no lesson"):
        er.lesson("backprob")
    with pytest.raises(UserError, match="no setting"):
        er.lesson("training_step", hiden=1)
    with pytest.raises(UserError, match="cannot be"):
        er.lesson("training_step", hidden="many")
    with pytest.raises(UserError, match="no function"):
        er.lesson("perceptron", hard="maybe")


def test_the_command_line(here) -> None:
    listed = [json.loads(line) for line in command("lesson", "--json", cwd=here).stdout.splitlines()]
    assert {one["name"] for one in listed} == set(registry.names("lessons")) and [
        one["year"] for one in listed
    ] == sorted(one["year"] for one in listed)
    done = command("lesson", "perceptron", "--set", "hard=or", "--set", "passes=20", cwd=here)
    assert "✗ It does not learn OR" in done.stdout and (here / "perceptron.html").exists()
