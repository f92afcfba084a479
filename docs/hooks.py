"""MkDocs hook: four pages outside docs/ join the site, links into the repository keep working there, tables are
generated from the source.

The source files stay readable where they lie: a link such as `../bench/RESULTS.md` or `docs/data.md` is rewritten to
the page of the site; a link to a file that is no page (a Python file, say) becomes plain text.
"""

from __future__ import annotations

import ast
import io
import posixpath
import re
import tokenize
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
JOINED = {
    "ARCHITECTURE.md": "architecture.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "bench/RESULTS.md": "results.md",
}
LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\[\]]*)\]\((?P<target>[^()\s]+)\)")
FENCE = re.compile(r"(^```.*?^```[ ]*$)", re.MULTILINE | re.DOTALL)
OLD_NAMES = (
    "!!! note\n\n    Rows keep the words they were written with. Recipes, options and scores that have been renamed "
    "since are listed in the\n"
    "    [changelog](changelog.md).\n\n"
)


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that lie outside docs/."""
    from mkdocs.structure.files import File

    for source, page in JOINED.items():
        text = (ROOT / source).read_text("utf-8")
        if page == "results.md":
            title, _, rest = text.partition("\n")
            text = f"{title}\n\n{OLD_NAMES}{rest}"
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Rewrite links that are written for the repository to the site's pages, and put in the generated tables."""
    for mark, table in GENERATED.items():
        if mark in markdown:
            markdown = markdown.replace(mark, table())
    uri = page.file.src_uri
    here = next((source for source, joined in JOINED.items() if joined == uri), f"docs/{uri}")
    known = {file.src_uri for file in files}
    blocks = FENCE.split(markdown)
    return "".join(
        block if block.startswith("```") else LINK.sub(lambda found: rewritten(found, here, uri, known), block)
        for block in blocks
    )


def rewritten(found: re.Match, here: str, uri: str, known: set[str]) -> str:
    """One link as the site needs it."""
    path, sign, anchor = found["target"].partition("#")
    if not path or "://" in path or path.startswith("mailto:"):
        return found[0]
    place = posixpath.normpath(posixpath.join(posixpath.dirname(here), path))
    page = JOINED.get(place) or (place.removeprefix("docs/") if place.startswith("docs/") else "")
    if page == "README.md" or place == "README.md":
        page = "index.md"
    if page in known:
        to = posixpath.relpath(page, posixpath.dirname(uri) or ".")
        return f"{found['image']}[{found['text']}]({to}{sign}{anchor})"
    return found["text"] if (ROOT / place).exists() else found[0]


@cache
def comments(path: Path) -> dict[int, str]:
    """Line number → the comment at its end, or that which stands above it."""
    found: dict[int, str] = {}
    above: list[str] = []
    for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
        if token.type == tokenize.COMMENT:
            text = token.string.lstrip("# ").strip()
            if token.line[: token.start[1]].strip():
                found[token.start[0]] = text
            else:
                above.append(text)
        elif token.type == tokenize.NEWLINE:
            if above:
                found.setdefault(token.start[0], " ".join(above))
            above = []
    return found


TASKS = ROOT / "src" / "engineroom" / "tasks"
PLAN = ROOT / "src" / "engineroom" / "training_plan.py"


def plan_rows() -> dict[str, tuple]:
    """RECIPES of training_plan.py, read without importing the package."""
    for node in ast.parse(PLAN.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "RECIPES":
            return ast.literal_eval(node.value)
    raise ValueError("training_plan.py holds no RECIPES")


def plan_table() -> str:
    """The training defaults as Markdown."""
    lines = [
        "| Kind of data or task | Epochs | at rows | Exponent | Smallest batch | Largest batch | Learning rate | "
        "Weight decay |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    return "\n".join(
        [
            *lines,
            *(f"| `{kind}` | " + " | ".join(f"{cell:,}" for cell in row) + " |" for kind, row in plan_rows().items()),
        ]
    )


def task_options() -> dict[str, list[tuple[str, str, str, str]]]:
    """Task → its options as (name, type, default, comment): the fields of its dataclass and of that dataclass's
    bases."""
    classes: dict[str, tuple[list[str], list[tuple[str, str, str, str]]]] = {}
    of_task: dict[str, str] = {}
    for path in sorted(TASKS.rglob("*.py")):
        tree, notes = ast.parse(path.read_text("utf-8")), comments(path)
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                classes[node.name] = (
                    [ast.unparse(base).rpartition(".")[2] for base in node.bases],
                    own_options(node, notes),
                )
            elif (
                isinstance(node, ast.Assign)
                and getattr(node.targets[0], "id", "") == "TASK"
                and isinstance(node.value, ast.Call)
            ):
                of_task[path.stem] = ast.unparse(node.value.func)

    def collect(name: str) -> dict[str, tuple[str, str, str, str]]:
        bases, own = classes.get(name, ([], []))
        found: dict[str, tuple[str, str, str, str]] = {}
        for base in reversed(bases):
            found |= collect(base)
        return found | {option[0]: option for option in own}  # one without a type is taken back

    return {task: [one for one in collect(name).values() if one[1]] for task, name in sorted(of_task.items())}


def own_options(node: ast.ClassDef, notes: dict[int, str]) -> list[tuple[str, str, str, str]]:
    """The options that a class body adds, or takes back (no type); only dataclasses have options, and bound fields are
    none."""
    if not any("dataclass" in ast.unparse(one) for one in node.decorator_list):
        return []
    options = []
    for item in node.body:
        if not isinstance(item, ast.AnnAssign) or item.value is None:
            continue
        kind, default = ast.unparse(item.annotation), ast.unparse(item.value)
        if "ClassVar" not in kind:
            kind = "" if "bound" in default else kind
            options.append((ast.unparse(item.target), kind, default, notes.get(item.end_lineno or 0, "")))
    return options


def option_tables() -> str:
    """The options of every task as Markdown."""
    parts = []
    for task, options in task_options().items():
        if options:
            rows = (
                f"| `{name}` | {kind.replace('|', chr(92) + '|')} | `{default}` | {note.replace('|', chr(92) + '|')} |"
                for name, kind, default, note in options
            )
            parts.append(
                "\n".join([f"### {task}", "", "| Option | Type | Default | Meaning |", "|---|---|---|---|", *rows])
            )
    return "\n\n".join(parts)


CONFIG = ROOT / "src" / "engineroom" / "core" / "config.py"


def settings() -> list[tuple[str, str, str, str]]:
    """Every setting as (dotted key, type, default, comment), read from the classes of config.py."""
    notes = comments(CONFIG)
    classes = {node.name: node for node in ast.parse(CONFIG.read_text("utf-8")).body if isinstance(node, ast.ClassDef)}

    def walk(name: str, prefix: str) -> list[tuple[str, str, str, str]]:
        found = []
        for item in classes[name].body:
            if isinstance(item, ast.AnnAssign):
                key, kind = prefix + ast.unparse(item.target), ast.unparse(item.annotation)
                if kind in classes:
                    found += walk(kind, f"{key}.")
                elif "ColumnConfig" in kind:
                    found += walk("ColumnConfig", f"{key}.NAME.")
                else:
                    found.append((key, kind, default_of(item.value), notes.get(item.end_lineno or 0, "")))
        return found

    return walk("Config", "")


def default_of(value: ast.expr | None) -> str:
    """The default of a field: the value itself, or the first argument of pydantic's Field."""
    if isinstance(value, ast.Call):
        return ast.unparse(value.args[0]) if value.args else "{}"
    return ast.unparse(value) if value is not None else ""


def settings_table() -> str:
    """All settings as Markdown."""
    escaped = lambda text: text.replace("|", chr(92) + "|")
    rows = (f"| `{key}` | {escaped(kind)} | `{default}` | {escaped(note)} |" for key, kind, default, note in settings())
    return "\n".join(["| Setting | Type | Default | Meaning |", "|---|---|---|---|", *rows])


GENERATED = {
    "<!-- settings -->": settings_table,
    "<!-- training-plan -->": plan_table,
    "<!-- task-options -->": option_tables,
}
