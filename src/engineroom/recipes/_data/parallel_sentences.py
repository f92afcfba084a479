"""Texts in return for texts, generated: sentences in an invented tongue with an order and agreement of its own; diaries
of machines and their headlines."""

from __future__ import annotations

from typing import Any

# word → (its counterpart, gender); gender decides article, adjective and past participle, as in many languages
NOUNS = {
    "dog": ("kanu", "a"),
    "cat": ("felo", "o"),
    "child": ("bami", "a"),
    "woman": ("donu", "o"),
    "man": ("viro", "a"),
    "bird": ("avi", "o"),
    "horse": ("kavo", "a"),
    "teacher": ("magi", "o"),
    "river": ("flumo", "a"),
    "boat": ("navi", "o"),
    "house": ("domu", "a"),
    "tree": ("arbu", "o"),
    "letter": ("epis", "o"),
    "song": ("kanti", "a"),
    "apple": ("pomu", "o"),
    "stone": ("petro", "a"),
}
VERBS = {
    "sees": ("vid", "saw"),
    "finds": ("trov", "found"),
    "carries": ("port", "carried"),
    "loves": ("am", "loved"),
    "follows": ("sek", "followed"),
    "hears": ("aud", "heard"),
    "draws": ("pikt", "drew"),
    "forgets": ("obliv", "forgot"),
}
ADJECTIVES = {
    "old": "vet",
    "small": "min",
    "red": "rub",
    "quiet": "kiet",
    "young": "jun",
    "tired": "fatig",
    "strange": "stran",
    "white": "blank",
}
PLACES = {
    "near the bridge": "pont-apu",
    "in the garden": "jard-inu",
    "at night": "nokt-emu",
    "before breakfast": "prand-antu",
    "in the rain": "pluv-inu",
}
NUMBERS = {"two": "dus", "three": "tris", "four": "kvars", "five": "pens"}
PLURALS = {"child": "children", "woman": "women", "man": "men"}


def phrases(count: int = 5_000) -> Any:
    """English beside an invented tongue: the verb last, adjectives after their nouns and in agreement, the number as an
    ending."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(0)
    rows: dict[str, str] = {}
    while len(rows) < count:
        subject, object_ = phrase(rng), phrase(rng)
        verb = str(rng.choice(list(VERBS)))
        past, many, never = rng.random() < 0.4, subject[3], rng.random() < 0.2
        stem, was = VERBS[verb]
        plain = {"carries": "carry"}.get(verb, verb[:-1])
        does = (
            ("did not " + plain if past else ("do not " if many else "does not ") + plain)
            if never
            else was
            if past
            else plain
            if many
            else verb
        )
        place = str(rng.choice(list(PLACES))) if rng.random() < 0.5 else ""
        english = f"{subject[0]} {does} {object_[0]}{' ' + place if place else ''}."
        ending = ("it" if past else "at") + ("en" if many else "")
        other = (
            f"{PLACES[place] + ' ' if place else ''}{subject[1]} {object_[1]}-n {'ne' if never else ''}{stem}{ending}."
        )
        rows[english[0].upper() + english[1:]] = other[0].upper() + other[1:]
    return pl.DataFrame({"english": list(rows), "invented": list(rows.values())})


def phrase(rng: Any) -> tuple[str, str, str, bool]:
    """(in English, in the invented tongue, gender, whether it is many)."""
    noun = str(rng.choice(list(NOUNS)))
    stem, gender = NOUNS[noun]
    chosen = [str(one) for one in rng.choice(list(ADJECTIVES), int(rng.integers(0, 3)), replace=False)]
    many = rng.random() < 0.4
    number = str(rng.choice(list(NUMBERS))) if many else ""
    english = " ".join([number or "the", *chosen, PLURALS.get(noun, noun + "s") if many else noun])
    end = gender + ("s" if many else "")
    other = " ".join(
        [
            *([] if many else ["l" + gender]),
            stem + ("s" if many else ""),
            *(ADJECTIVES[one] + end for one in chosen),
            *([NUMBERS[number]] if many else []),
        ]
    )
    return english, other, gender, many


MACHINES = ("pump", "press", "conveyor", "boiler", "crane", "mixer", "furnace", "chiller")
HALLS = ("north hall", "south hall", "yard", "cellar", "annex")
FAULTS = {
    "overheated": ("temperature rose to {} degrees", "the alarm for heat went off at {} degrees"),
    "leaked": ("oil was found under the machine, about {} litres", "a seal gave way and {} litres ran out"),
    "stalled": ("the motor stopped after {} minutes", "it stood still for {} minutes under load"),
    "vibrated": (
        "a hum was heard and the sensor showed {} millimetres a second",
        "bearings shook, {} millimetres a second",
    ),
}
ACTIONS = {
    "was repaired": ("the fitter changed the part and it runs again", "fixed before the shift ended"),
    "was switched off": ("we took it out of service", "it stays off until Monday"),
    "is watched": ("it may run on for now, look at it every hour", "kept running under watch"),
}
ORDINARY = (
    "Shift handed over at {hour} o'clock.",
    "Cleaned the floor of the {hall}.",
    "Nothing to note in the {hall}.",
    "Delivery of {count} boxes arrived.",
    "Checked the first-aid box in the {hall}.",
    "Visitors came through the {hall}.",
    "{count} lamps were changed.",
    "Meeting with the planners took {count} minutes.",
)


def diaries(count: int = 2_500) -> Any:
    """Diaries of a shift, and the headline that says which machine had what fault where, and what became of it."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(1)
    pick = lambda of: str(rng.choice(list(of)))
    rows = []
    for _ in range(count):
        machine, hall, fault, action = pick(MACHINES), pick(HALLS), pick(FAULTS), pick(ACTIONS)
        number, unit = int(rng.integers(2, 99)), int(rng.integers(1, 8))
        ordinary = [
            pick(ORDINARY).format(hall=pick(HALLS), hour=int(rng.integers(1, 13)), count=int(rng.integers(2, 60)))
            for _ in range(int(rng.integers(3, 7)))
        ]
        described = [
            f"{machine.capitalize()} {unit} in the {hall}: {pick(FAULTS[fault]).format(number)}.",
            pick(ACTIONS[action]).capitalize() + ".",
        ]
        place = int(rng.integers(0, len(ordinary) + 1))
        other = f"{pick(MACHINES).capitalize()} {int(rng.integers(1, 8))} in the {pick(HALLS)} ran as it should."
        diary = [*ordinary[:place], *described, *ordinary[place:]]
        diary.insert(int(rng.choice([0, len(diary)])), other)
        rows.append((" ".join(diary), f"{machine.capitalize()} {unit} {fault} in the {hall} and {action}"))
    return pl.DataFrame(rows, schema=["diary", "headline"], orient="row")
