"""Conversations: turns are found however they are kept, a reply is one line that ends, and what was learnt by heart is
said again."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import engineroom as er
from conftest import command
from engineroom.core.errors import DataError, UserError
from engineroom.core.table import Table
from engineroom.preprocessing.text.dialogue_turns import conversations, cue, script
from engineroom.tasks._base import make_task

TALK = [["ping", "pong"], ["knock", "who is it"], ["one", "two", "three", "four"]] * 60
FAST = {
    "options": {"context": 16, "tokenizer": "characters"},
    "train": {"threads": 1, "precision": "fp32", "lr": 0.004, "batch_size": 16},
    "model": {"size": "small"},
}


def texts(frame: pl.DataFrame, turns: str = "") -> set[str]:
    return set(conversations(Table(frame), turns))


@pytest.fixture(scope="module")
def talker(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("chat")
    er.train(pl.DataFrame({"turns": TALK}), recipe="chat", steps=150, run=str(root / "r"), show="quiet", **FAST)
    return root / "r"


def test_turns_are_found_however_they_are_kept() -> None:
    known = {"A: hello\nB: good day\n"}
    assert texts(pl.DataFrame({"id": ["x"], "turns": [["hello", "good\n day"]]})) == known
    assert texts(pl.DataFrame({"n": [1], "talk": ["#Person1#: hello\n#Person2#: good day"]})) == known
    assert texts(pl.DataFrame({"Question": ["hello"], "Answer": ["good day"]})) == known
    assert texts(pl.DataFrame({"a": ["hello"], "b": ["good day"]}), "a, b") == known


@pytest.mark.parametrize(
    ("frame", "turns", "error", "words"),
    [
        (pl.DataFrame({"a": ["just a text"]}), "", DataError, "Which column"),
        (pl.DataFrame({"turns": [["alone"], []]}), "", DataError, "two turns"),
        (pl.DataFrame({"turns": [["a", "b"]]}), "turn", UserError, "names no column"),
    ],
)
def test_what_holds_no_conversation_is_refused(
    frame: pl.DataFrame, turns: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        conversations(Table(frame), turns)


def test_empty_turns_and_rows_are_passed_over() -> None:
    assert texts(pl.DataFrame({"turns": [["a", None, " ", "b"], None, ["c", "d"]]})) == {"A: a\nB: b\n", "A: c\nB: d\n"}


def test_the_last_turn_always_asks() -> None:
    assert cue(["hi"]) == "A: hi\nB:"
    assert cue(["hi", "ho", "hu"]) == script(["hi", "ho", "hu"]) + "B:"
    assert cue(["ho", "hu"]) == "B: ho\nA: hu\nB:"


def test_the_data_s_own_split_is_kept() -> None:
    frame = pl.DataFrame({"turns": TALK, "part": ["train"] * 120 + ["test"] * 60})
    made = make_task("chat", {"context": 16}).build_samples(
        Table(frame, hints={"part": {"role": "split"}}), None, inference=False
    )
    assert set(made.frame["split"]) == {"train", "test"} and made.hints["split"]["role"] == "split"


def test_it_replies_what_it_has_learnt_and_stops_at_the_line_s_end(talker: Path) -> None:
    assert er.generate(str(talker), prompt="ping", temperature=0.0) == "pong"
    assert er.generate(str(talker), prompt="one\ntwo\nthree", temperature=0.0) == "four"


def test_conversations_are_rated_as_they_came(talker: Path) -> None:
    said = er.predict(str(talker), pl.DataFrame({"turns": [["ping", "pong"], ["pong", "who"]]}))
    assert said.height == 2 and said["bits_per_byte"][0] < said["bits_per_byte"][1]


def test_a_talk_in_a_pipe(talker: Path) -> None:
    done = command("chat", talker, "--temperature", "0", given="ping\n\n/undo\n/what\nknock\n/new\n/quit\nping\n")
    assert done.stdout.split("\n") == ["pong", "who is it", ""]  # what stands after /quit is not read
    assert "0 turns are left" in done.stderr and "/undo or /quit" in done.stderr and "new conversation" in done.stderr


def test_a_model_that_does_not_talk_says_so(tmp_path: Path) -> None:
    frame = pl.DataFrame({"x": [k % 7 + 0.5 for k in range(60)], "y": [float(k % 7) for k in range(60)]})
    model = er.train(frame, target="y", steps=3, run=str(tmp_path / "r"), show="quiet")
    with pytest.raises(UserError, match="does not talk"):
        list(model.task.reply(model.network, model.schema, ["hi"], tokens=1, temperature=1.0, top_p=1.0, seed=0))
