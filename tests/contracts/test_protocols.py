"""Nothing reads a member that a protocol does not name, and everything registered has every member of its protocol."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import engineroom
from engineroom.core import protocols, registry, task_hooks
from engineroom.tasks._base import make_task

SOURCE = Path(engineroom.__file__).parent


def members(*kinds: type) -> set[str]:
    """Attributes and methods that protocols name."""
    found: set[str] = set()
    for kind in kinds:
        for one in kind.__mro__:
            if one.__module__.startswith("engineroom."):
                found |= set(one.__dict__.get("__annotations__", {})) | {name for name in vars(one) if name[0] != "_"}
    return found


HOOKS = [one for one in vars(task_hooks).values() if isinstance(one, type) and one.__module__ == task_hooks.__name__]
NAMED = {
    "task": members(protocols.Task, *HOOKS),
    "modality": members(protocols.Modality, protocols.Scalar),
    "objective": members(protocols.Objective),
    "head": members(protocols.Head, protocols.TiedHead, protocols.DecoderHead),
}
KINDS = {"tasks": "task", "modalities": "modality", "objectives": "objective", "heads": "head"}
OTHERS = {  # the same word for something else
    "data/sources/label_studio.py": "an annotation task",
    "tasks/general/_defects.py": "helper of one task, typed as that task",
}


def read_members(path: Path) -> list[tuple[str, str, int]]:
    """(kind, member, line) of every attribute read on a name such as `task`, or on registry.get("tasks", …)."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Attribute):
            continue
        owner = node.value
        if isinstance(owner, ast.Name):
            kind = owner.id
        elif isinstance(owner, ast.Attribute):
            kind = owner.attr
        elif isinstance(owner, ast.Call) and getattr(owner.func, "attr", "") == "get" and owner.args:
            kind = KINDS.get(getattr(owner.args[0], "value", ""), "")
        else:
            continue
        if kind in NAMED:
            found.append((kind, node.attr, node.lineno))
    return found


def test_nothing_reads_what_no_protocol_names() -> None:
    unknown, reads = [], 0
    for path in SOURCE.rglob("*.py"):
        place = str(path.relative_to(SOURCE))
        if place in OTHERS:
            continue
        for kind, member, line in read_members(path):
            reads += 1
            if member not in NAMED[kind]:
                unknown.append(f"{place}:{line}: {kind}.{member}")
    assert reads > 300, "the names that are looked for have changed"
    assert not unknown, "\n".join(unknown)


def lacking(thing: object, kind: type) -> list[str]:
    return sorted(name for name in members(kind) if not hasattr(thing, name))


@pytest.mark.parametrize("name", registry.names("tasks"))
def test_a_task_has_every_member(name: str) -> None:
    assert not lacking(make_task(name, {}), protocols.Task)


@pytest.mark.parametrize("name", registry.names("modalities"))
def test_a_modality_has_every_member(name: str) -> None:
    modality = registry.get("modalities", name)
    input_only = {"stem", "augment"} if not modality.layouts else set()  # a type that is never an input
    assert not set(lacking(modality, protocols.Modality)) - input_only


@pytest.mark.parametrize("name", registry.names("objectives"))
def test_an_objective_has_every_member(name: str) -> None:
    assert not lacking(registry.get("objectives", name), protocols.Objective)


@pytest.mark.parametrize("name", registry.names("baselines"))
def test_a_baseline_has_every_member(name: str) -> None:
    assert not lacking(registry.get("baselines", name), protocols.Baseline)


@pytest.mark.parametrize("name", registry.names("heads"))
def test_a_head_has_every_member(name: str) -> None:
    head = registry.get("heads", name)
    assert not lacking(head, protocols.Head)
    decodes = {"begin", "step"} <= set(vars(head))
    assert not decodes or not lacking(head, protocols.DecoderHead)
