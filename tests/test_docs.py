"""The documentation is true: links resolve, commands parse and name what exists, examples run, tables list every
task."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import shlex
import subprocess
import sys
import tomllib
import types
import unicodedata
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path

import pytest

import engineroom
from engineroom.api import with_recipe
from engineroom.core import registry
from engineroom.core.config import known_keys, parse_assignments
from engineroom.core.errors import UserError
from engineroom.tasks._base import make_task

ROOT = Path(__file__).resolve().parents[1]
SOURCE = Path(engineroom.__file__).parent
DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "ARCHITECTURE.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(DOCS.rglob("*.md")),
]
DOMAINS = sorted((DOCS / "domains").glob("[!i]*.md"))
EXAMPLES = sorted({page for page in PAGES if "# runnable" in page.read_text("utf-8")} - {ROOT / "CONTRIBUTING.md"})
PRIVATE = "told beside said made lots calm rival veil wishes foretell whoever diary asking".split()
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose(text: str) -> str:
    """The text without code, in which a bracket is no link."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^    .*$", "", FENCE.sub("", text), flags=re.MULTILINE))


def plugin_names() -> dict[str, dict[str, str]]:
    """Entry points of the package that the how-to pages describe: group → {name: object}."""
    toml = next(
        code
        for language, code in FENCE.findall((DOCS / "how-to" / "index.md").read_text("utf-8"))
        if language == "toml"
    )
    return tomllib.loads(toml)["project"]["entry-points"]


# --- links -----------------------------------------------------------------------------------------------------------


@cache
def anchors(page: Path) -> frozenset[str]:
    """Ids of the headings, as Python-Markdown's table of contents makes them."""
    found = []
    for heading in re.findall(r"^#{1,6} +(.+?) *$", FENCE.sub("", page.read_text("utf-8")), re.MULTILINE):
        plain = (
            unicodedata.normalize("NFKD", re.sub(r"[`*]|\]\([^)]*\)|[\[\]]", "", heading))
            .encode("ascii", "ignore")
            .decode()
        )
        found.append(re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower()))
    return frozenset(found)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_resolve(page: Path) -> None:
    for target in re.findall(r"\]\(([^()\s]+)\)", prose(page.read_text("utf-8"))):
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{named(page)} links to {target}, which is not there"
        if anchor:
            assert file.suffix == ".md" and anchor in anchors(file), (
                f"{named(page)} links to {target}: {file.name} has no such heading"
            )


def test_paths_in_the_glossary_exist() -> None:
    rows = re.findall(r"^\| .+ \| `([^`]+)`[^|]*\|$", (DOCS / "glossary.md").read_text("utf-8"), re.MULTILINE)
    assert len(rows) > 50
    assert not [path for path in rows if not (SOURCE / path).exists()]


def test_paths_in_the_prose_exist() -> None:
    """Files of the source that design notes, map and guide name."""
    for page in (ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", DOCS / "design-notes.md", DOCS / "reliability.md"):
        for path in re.findall(r"`((?:\w+/)+\w+\.py)`", page.read_text("utf-8")):
            if path.startswith(("src/", "tests/", "docs/")):
                assert (ROOT / path).exists(), f"{named(page)} names {path}"
            elif "NAME" not in path:
                assert (SOURCE / path).exists() or path == "tasks/tabular/poisson_regression.py", (
                    f"{named(page)} names {path}"
                )


# --- commands --------------------------------------------------------------------------------------------------------


def commands(page: Path) -> list[str]:
    """Every `engineroom …` of a page: lines of code blocks (fenced or indented), and inline code."""
    text = page.read_text("utf-8")
    lines = re.findall(r"^(?:\$ | {4}|\.venv/bin/)?engineroom +(\S.*)$", text, re.MULTILINE)
    # a verb alone is a name, no command
    inline = [one for one in re.findall(r"`engineroom +([^`\n]+)`", text) if " " in one]
    return [line for line in [*lines, *inline] if "…" not in line]


@cache
def verbs() -> dict:
    """Verb → its parser, the command line's own."""
    from typer.main import get_command

    from engineroom.cli.app import app

    for file in (SOURCE / "cli").glob("[!_]*.py"):
        importlib.import_module(f"engineroom.cli.{file.stem}")
    return get_command(app).commands


def check(command: str) -> None:
    """Parse one command with the real parser; recipes, tasks, backbones, lessons, settings and options must exist."""
    words = shlex.split(re.split(r" (?:&&|\||>) ", command)[0], comments=True)
    if words[0].startswith("-") or words[0].isupper():
        return
    assert words[0] in verbs(), f"there is no verb {words[0]}"
    try:
        given = verbs()[words[0]].make_context(words[0], words[1:]).params
    except Exception as error:  # typer brings its own click along, so its classes have no one place
        if type(error).__name__ == "Exit":
            return  # --help
        raise
    own = {name for group in plugin_names().values() for name in group}
    pick = lambda name: (
        value if isinstance(value := given.get(name), str) and not value.isupper() and value not in own else None
    )
    if recipe := pick("recipe"):
        assert recipe in registry.names("recipes"), recipe
    if model := pick("model"):
        assert model == "auto" or model in registry.names("backbones"), model
    if words[0] == "demo" and (name := pick("recipe") or pick("name")):
        assert name in registry.names("recipes"), name
    if words[0] == "lesson" and (name := pick("name")):
        assert name in registry.names("lessons"), name
    for method in given.get("method") or ():
        assert method in registry.names("explanation/methods"), method
    settings = [
        one
        for one in given.get("set_") or ()
        if one.partition("=")[2] not in own and "KEY=VALUE" not in one and "NAME" not in one
    ]
    if words[0] == "train" and settings:
        config = with_recipe(parse_assignments(settings), {"recipe": recipe} if recipe else {})
        if config.options:
            assert config.task != "auto", "options belong to a task: name it or a recipe"
            make_task(config.task, config.options)
        assert config.task == "auto" or config.task in registry.names("tasks"), config.task
        for column in config.columns.values():
            assert column.modality is None or column.modality in registry.names("modalities"), column.modality


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=named)
def test_commands_parse_and_name_what_exists(page: Path) -> None:
    for command in commands(page):
        try:
            check(command)
        except (AssertionError, UserError, ValueError) as error:
            pytest.fail(f"{named(page)}: engineroom {command}\n{error}")
        except Exception as error:  # a usage error of click
            pytest.fail(f"{named(page)}: engineroom {command}\n{getattr(error, 'message', error)!s}")


def test_a_wrong_command_would_be_noticed() -> None:
    for wrong in (
        "train a.csv --recipe risk",
        "demo upscaling",
        "lesson steps",
        "train a.csv --set limits.skip=1",
        "train a.csv --model pyramid",
    ):
        with pytest.raises((AssertionError, UserError)):
            check(wrong)
    with pytest.raises(UserError):
        check("train a.csv --recipe forecasting --set options.horizont=3")
    with pytest.raises(Exception, match="No such option"):
        check("predict runs/a new.csv --reasons 3")


def test_every_verb_is_documented() -> None:
    listed = set(
        re.findall(r"^\| `(\w+)` \|", (DOCS / "reference" / "command-line.md").read_text("utf-8"), re.MULTILINE)
    )
    assert set(verbs()) <= listed, set(verbs()) - listed


# --- examples --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [page for page in PAGES if "```python" in page.read_text("utf-8")], ids=named)
def test_python_blocks_compile(page: Path) -> None:
    for language, code in FENCE.findall(page.read_text("utf-8")):
        if language == "python":
            compile(code, named(page), "exec")


def runnable(page: Path) -> list[str]:
    return [
        code
        for language, code in FENCE.findall(page.read_text("utf-8"))
        if language == "python" and code.startswith("# runnable")
    ]


@pytest.mark.parametrize("page", EXAMPLES, ids=named)
def test_runnable_blocks_run(page: Path, monkeypatch) -> None:
    """The blocks of a page one after the other, as a reader would type them."""
    module = types.ModuleType("example")
    monkeypatch.setitem(sys.modules, "example", module)  # dataclasses look their module up
    for code in runnable(page):
        exec(compile(code, named(page), "exec"), module.__dict__)


PLUGIN = """
import numpy as np, polars as pl
from engineroom.build import build_training
from engineroom.core.config import make_config
from engineroom.engine.loop import learn
from engineroom.prepare import prepare

rng = np.random.default_rng(0)
direction, x = rng.uniform(0, 360, 80), rng.normal(size=80)
claims = rng.poisson(np.exp(1 + np.sin(np.radians(direction)) + 0.3 * x)).astype(float)
table = pl.DataFrame({"direction": direction, "x": x, "claims": claims})
config = make_config({"target": "claims", "task": "poisson_regression", "run": "run", "columns": {"direction": {"modality": "angle"}},
                      "model": {"name": "gated_mlp"}, "train": {"steps": 3, "threads": 1, "precision": "fp32"}})
ready = prepare(config, None, table, lambda line: None)
setup = build_training(ready)
events = list(learn(setup.batches(1, lambda: 3), setup.learners))
assert any(type(event).__name__ == "Repeated" for event in events)
assert "GatedPerceptron" in {type(module).__name__ for module in setup.model.modules()}
assert type(ready.task).__name__ == "PoissonRegression", ready.task
ready.run.release()
"""


def test_the_how_to_examples_train_as_a_package_of_their_own(tmp_path) -> None:
    """Modality, task and backbone of the how-to pages, found through entry points, together in a few steps of
    training."""
    package, about = tmp_path / "my_package", tmp_path / "my_package-1.0.dist-info"
    package.mkdir()
    about.mkdir()
    (package / "__init__.py").touch()
    for page in ("modality", "task", "backbone"):
        (package / f"{page}.py").write_text(runnable(DOCS / "how-to" / f"{page}.md")[0], "utf-8")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n", "utf-8")
    groups = (
        f"[{group}]\n" + "".join(f"{name} = {where}\n" for name, where in points.items())
        for group, points in plugin_names().items()
    )
    (about / "entry_points.txt").write_text("\n".join(groups), "utf-8")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(SOURCE.parent)]),
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", PLUGIN], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]


# --- tables ----------------------------------------------------------------------------------------------------------


def task_rows() -> list[tuple[str, str, list[str], str]]:
    """(page, task, recipes, primary metric) of every row of the tables of tasks."""
    rows = []
    for page in DOMAINS:
        for line in page.read_text("utf-8").split("## Tasks", 1)[1].split("\n## ", 1)[0].splitlines():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if len(cells) == 6 and cells[0].startswith("`"):
                rows.append((page.stem, cells[0].strip("`"), re.findall(r"`(\w+)`", cells[3]), cells[4].strip("`")))
    return rows


def test_every_task_and_recipe_has_a_row_in_its_domain() -> None:
    rows = task_rows()
    assert {task for _, task, _, _ in rows} == set(registry.names("tasks"))
    assert {recipe for _, _, recipes, _ in rows for recipe in recipes} == set(registry.names("recipes"))


def test_rows_name_the_primary_metric_and_recipes_of_their_task() -> None:
    for page, task, recipes, metric in task_rows():
        assert (SOURCE / "tasks").is_dir() and task in registry.names("tasks"), f"{page}: {task}"
        made = [
            make_task(task, registry.get("recipes", name).settings.get("options", {}))
            for name in recipes
            if registry.get("recipes", name).settings.get("task") == task
        ]
        known = {one.primary_metric for one in made} or {make_task(task, {}).primary_metric}
        assert metric in known, f"{page}: {task} is decided by {known}, not by {metric}"
        for name in recipes:
            assert registry.get("recipes", name).settings.get("task", task) == task, (
                f"{page}: {name} is no recipe of {task}"
            )


def test_the_readme_lists_every_recipe_and_links_every_domain() -> None:
    table = (ROOT / "README.md").read_text("utf-8").split("## Tasks", 1)[1].split("\n## ", 1)[0]
    listed = set(re.findall(r"`(\w+)`", table))
    assert set(registry.names("recipes")) <= listed, set(registry.names("recipes")) - listed
    alone = set(registry.names("tasks")) - {
        recipe.settings.get("task") for recipe in registry.every("recipes").values()
    }
    for task in alone:  # they are found from the target, and named in the field's words
        assert task.replace("multilabel", "multi-label") in table.replace("`", ""), task
    assert all(f"docs/domains/{page.stem}.md" in table for page in DOMAINS)


def hooks():
    spec = importlib.util.spec_from_file_location("docs_hooks", DOCS / "hooks.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_tables_agree_with_the_running_code() -> None:
    from engineroom.training_plan import RECIPES

    read = hooks()
    assert read.plan_rows() == RECIPES
    keys = {key for key, *_ in read.settings() if not key.startswith("columns.")}
    assert keys == set(known_keys()) - {"columns"}
    for name, task in registry.every("tasks").items():
        options = {one.name for one in fields(task) if not one.metadata.get("bound")} if is_dataclass(task) else set()
        assert {option for option, *_ in read.task_options().get(name, [])} == options, name


def test_every_setting_is_explained() -> None:
    assert not [key for key, _, _, meaning in hooks().settings() if not meaning]


# --- the map and the site ---------------------------------------------------------------------------------------------


def test_the_map_stays_a_map() -> None:
    """ARCHITECTURE.md: at most 120 lines of at most 120 columns, in the field's words."""
    lines = (ROOT / "ARCHITECTURE.md").read_text("utf-8").splitlines()
    assert len(lines) <= 120
    assert not [number for number, line in enumerate(lines, 1) if len(line) > 120]
    pattern = re.compile(rf"\b({'|'.join(PRIVATE)})\b", re.IGNORECASE)
    assert not [line for line in lines if pattern.search(line)]


def test_the_map_names_every_folder() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    there = [path.name for path in SOURCE.iterdir() if path.is_dir() and not path.name.startswith("_")]
    assert not [name for name in there if f"{name}/" not in text]
    there = [path.name for path in SOURCE.glob("[!_]*.py")]
    assert not [name for name in there if name not in text]


def test_pictures_are_small_and_used() -> None:
    text = "".join(page.read_text("utf-8") for page in PAGES)
    for picture in (DOCS / "images").iterdir():
        assert picture.stat().st_size < 100_000, picture.name
        assert f"images/{picture.name}" in text, picture.name
    assert all(f"images/{page.stem}.png" in page.read_text("utf-8") for page in DOMAINS)


def test_the_site_builds_strictly(tmp_path) -> None:
    """Every page is in the navigation, every link and anchor resolves, every reference names an object of the
    source."""
    if importlib.util.find_spec("mkdocs") is None or importlib.util.find_spec("mkdocstrings") is None:
        pytest.skip("mkdocs is not installed: pip install -e '.[dev]'")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(
        words, cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    page = (tmp_path / "site" / "reference" / "protocols" / "index.html").read_text("utf-8")
    assert "how likely a column with these values is of this type" in page


def test_new_names_in_the_changelog_exist() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    for row, kind in (
        ("recipes", "recipes"),
        ("tasks", "tasks"),
        ("backbones (`--model`)", "backbones"),
        ("lessons", "lessons"),
    ):
        new = re.findall(r"→ `(\w+)`", next(line for line in text.splitlines() if line.startswith(f"| {row} |")))
        assert new and set(new) <= set(registry.names(kind)), (row, set(new) - set(registry.names(kind)))
