"""Commands: forms and slots are found, a mishearing is forgiven, nonsense and a missing wake word are no command;
grammars that are none are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import engineroom
from engineroom.api import recorded
from engineroom.core.config import Config
from engineroom.core.errors import UserError
from engineroom.decoding.command_grammar import read_grammar, understood, wanted
from engineroom.recipes._data.spoken_orders import GRAMMAR, orders
from engineroom.run import train

HOUSE = {
    "wake": "computer",
    "intents": {
        "light": ["turn {switch} the light in the {room}", "light {switch}"],
        "timer": ["set a timer for {number} minutes"],
    },
    "slots": {"switch": ["on", "off"], "room": ["kitchen", "bedroom"], "number": ["five", "ten"]},
}


@pytest.mark.parametrize(
    "text, intent, slots",
    [
        ("computer turn off the light in the kitchen", "light", {"switch": "off", "room": "kitchen"}),
        ("computer turn on light in the bed room", "light", {"switch": "on", "room": "bedroom"}),
        ("computer light on", "light", {"switch": "on"}),
        ("computer set a time for ten minutes", "timer", {"number": "ten"}),
        ("computer the weather is fine", None, {}),
        ("turn off the light in the kitchen", None, {}),
        ("", None, {}),
    ],
)
def test_what_is_wanted(text: str, intent: str | None, slots: dict) -> None:
    found = understood(text, HOUSE)
    assert (found["intent"], found["slots"]) == (intent, slots)
    assert found["wake"] == text.startswith("computer")


def test_without_a_wake_word_every_command_counts() -> None:
    assert understood("light off", {**HOUSE, "wake": ""})["intent"] == "light"


def test_grammars_that_are_none_are_refused(tmp_path) -> None:
    path = tmp_path / "house.json"
    for text in ("", "[]", '{"intents": 3}'):
        path.write_text(text)
        with pytest.raises(UserError, match="no grammar"):
            read_grammar(path)
    path.write_text(json.dumps({"intents": {"a": ["go {where}"]}}))
    with pytest.raises(UserError, match="no slot 'where'"):
        read_grammar(path)


def test_without_a_microphone_it_says_so(monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sounddevice", None)
    with pytest.raises(UserError, match="no microphone"):
        recorded(1.0, Path("heard.wav"))

    class Bare:
        """The package without a device."""

        class PortAudioError(Exception):
            pass

        def rec(self, *given, **named):
            raise self.PortAudioError("no default input device")

    monkeypatch.setitem(__import__("sys").modules, "sounddevice", Bare())
    with pytest.raises(UserError, match="no default input device"):
        recorded(1.0, Path("heard.wav"))
    assert "listen" in engineroom.__all__


def test_a_model_keeps_its_grammar_and_is_judged_by_it(tmp_path) -> None:
    """The whole road on a few recordings; untaught as it is, it tells what it heard, and whoever says nothing wants
    nothing."""
    table = orders().head(40)
    settings = {
        "task": "speech_recognition",
        "target": "text",
        "run": str(tmp_path / "run"),
        "options": {"grammar": GRAMMAR},
        "train": {"steps": 4, "threads": 1, "precision": "fp32"},
    }
    model = train(Config.model_validate(settings), table=table)[0]
    assert 0 <= model.metrics["commands"] <= 1 and "Commands understood" in (model.path / "report.html").read_text(
        "utf-8"
    )
    assert {"wake", "intent", "slots"} <= set(model.predict(table.head(2)).columns)
    heard = engineroom.listen(str(tmp_path / "run"), [table["recording"][0]])
    assert set(heard[0]) == {"recording", "wake", "intent", "slots", "text"}
    with pytest.raises(UserError, match="no grammar"):
        engineroom.listen(str(tmp_path / "run"), [table["recording"][0]], grammar=str(tmp_path / "none.json"))


def test_obeyed_is_who_does_the_very_same() -> None:
    true = ["computer light on", "light on", "computer set a timer for five minutes"]
    said = ["computer light on", "computer light on", "computer set a timer for ten minutes"]
    found = wanted(said, true, HOUSE)
    assert found["intent"].tolist() == ["light", "", "timer"] and found["obeyed"].tolist() == [True, False, False]


def test_what_the_demo_says_is_what_its_grammar_knows() -> None:
    grammar, texts = read_grammar(GRAMMAR), orders()["text"].to_list()
    wishes = [understood(text, grammar) for text in texts]
    assert all(
        (wish["intent"] is not None) == text.startswith("sami ") for wish, text in zip(wishes, texts, strict=True)
    )
    assert {wish["intent"] for wish in wishes} == {None, *grammar["intents"]}
