"""Tab at a real bash: verbs and options come, and where none fits, files do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BASH = shutil.which("bash")
HERE = Path(sys.executable).parent
SCRIPT = """
source "$HOME/.bash_completions/engineroom.sh"
read -r _ _ fallback _ function _ <<<"$(complete -p engineroom)"
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
$function engineroom
echo "$fallback"
printf '%s\\n' "${COMPREPLY[@]}"
"""
pytestmark = pytest.mark.skipif(
    not BASH or not (HERE / "engineroom").exists(), reason="needs bash and the installed command"
)


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("home")
    bash(root, "engineroom --install-completion bash")
    assert "engineroom.sh" in (root / ".bashrc").read_text()
    return root


def bash(home: Path, script: str, *words: str) -> list[str]:
    # Which shell asks is told, not guessed from the processes above: under make that is sh.
    result = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    environment = {**os.environ, **result, "HOME": str(home), "PATH": f"{HERE}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [str(BASH), "-c", script, "bash", *words], capture_output=True, text=True, check=True, env=environment
    )
    assert not done.stderr, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ([""], {"train", "predict", "evaluate", "runs", "recipes", "demo"}),
        (["tr"], {"train"}),
        (["train", "--"], {"--target", "--model", "--minutes", "--set", "--resume"}),
        (["train", "x.csv", "--tar"], {"--target"}),
        (["predict", "--o"], {"--output"}),
        (["train", "--model", "r"], {"rnn"}),
        (["demo", "cost"], {"cost_sensitive"}),
        (["train", "hou"], set()),
    ],
    ids=lambda one: " ".join(sorted(one)),
)
def test_tab(home: Path, words: list[str], wanted: set[str]) -> None:
    fallback, *found = bash(home, SCRIPT, "engineroom", *words)
    assert wanted <= set(found) and all(one.startswith(words[-1]) for one in found) and bool(found) == bool(wanted)
    assert fallback == "default", "no word fits: bash's own completion offers files"


def test_tab_waits_for_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "sys.argv = ['engineroom']\n"
        "from engineroom.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'torch', 'sklearn', 'scipy', 'polars', 'numpy', 'matplotlib'} & set(sys.modules)))"
    )
    asked = {**os.environ, "_ENGINEROOM_COMPLETE": "complete_bash", "COMP_WORDS": "engineroom tr", "COMP_CWORD": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=asked)
    assert done.stdout.split() == ["train", "[]"]
