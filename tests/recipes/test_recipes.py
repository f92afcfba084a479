"""Every recipe: settings that are known, a demo table that holds its target, at most 65 lines; flags win over a
recipe."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import engineroom
from conftest import command
from engineroom.api import with_recipe
from engineroom.core import registry
from engineroom.core.config import make_config
from engineroom.core.errors import UserError
from engineroom.data.loading import open_table

NAMES = registry.names("recipes")


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_is_whole(name: str) -> None:
    recipe = registry.get("recipes", name)
    make_config(recipe.settings)
    table = recipe.demo()
    table = open_table(table).frame if isinstance(table, str) else table
    assert recipe.target in table.columns and table.height >= 100
    assert all([recipe.title, recipe.story, recipe.data, recipe.answers]) and recipe.minutes <= 2
    assert len((Path(engineroom.__file__).parent / "recipes" / f"{name}.py").read_text().splitlines()) <= 65


def test_flags_win_over_the_recipe_and_an_unknown_one_is_named() -> None:
    assert with_recipe({"recipe": "cost_sensitive"}).task == "cost_sensitive"
    assert with_recipe({"recipe": "cost_sensitive"}, {"task": "classification"}).task == "classification"
    with pytest.raises(UserError, match="no recipe 'rsik'"):
        with_recipe({"recipe": "rsik"})


def test_recipes_are_listed(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in command("recipes", "--json", cwd=tmp_path).stdout.splitlines()]
    assert {line["name"] for line in lines} == set(NAMES)
    assert "engineroom demo" in command("recipes", cwd=tmp_path).stdout


def test_a_demo_runs_from_the_command_line(tmp_path: Path) -> None:
    settings = ["--minutes", "0.05", "--set", "options.false_negative_cost=7"]
    lines = command("demo", "cost_sensitive", *settings, "--json", cwd=tmp_path).stdout.splitlines()
    assert json.loads(lines[-1])["event"] == "finished"
    bundle = tmp_path / "runs" / "cost_sensitive-1" / "bundle"
    assert (bundle / "report.html").exists()
    assert json.loads((bundle / "bundle.json").read_text())["config"]["options"]["false_negative_cost"] == 7


def test_recordings_of_a_demo_go_when_the_process_ends() -> None:
    code = "from engineroom.recipes._data.spoken_orders import orders; print(orders()['recording'][0])"
    path = Path(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip())
    assert path.name == "order000.wav" and not path.parent.exists()


def test_the_generative_recipes_that_help_and_errors_name_are_registered() -> None:
    source = Path(engineroom.__file__).parent
    for file in ("cli/generate.py", "tasks/_base.py"):
        named = re.search(r"language_modeling.*?tabular_gan", unquoted(source / file), re.DOTALL)
        assert named, file
        words = set(re.findall(r"[a-z_]{4,}", named[0]))
        assert len(words) > 10 and words <= set(registry.names("recipes")), words - set(registry.names("recipes"))


def unquoted(path: Path) -> str:
    """The source with string literals joined and backticks gone."""
    return re.sub(r'"\s*\n\s*"', "", path.read_text("utf-8")).replace("`", "")
