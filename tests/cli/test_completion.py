"""Tab at a real bash: verbs and options come, quickly, and where none fits, files do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
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
pytestmark = pytest.mark.skipif(not BASH or not (HERE / "engineroom").exists(), reason="needs bash and the installed command")


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("home")
    bash(root, "engineroom --install-completion bash")
    assert "engineroom.sh" in (root / ".bashrc").read_text()
    return root


def bash(home: Path, script: str, *words: str) -> list[str]:
    environment = {**os.environ, "HOME": str(home), "PATH": f"{HERE}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([str(BASH), "-c", script, "bash", *words], capture_output=True, text=True, check=True, env=environment)
    assert not done.stderr, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ([""], {"train", "predict", "evaluate", "runs", "demo"}),
        (["tr"], {"train"}),
        (["train", "--"], {"--target", "--model", "--minutes", "--set", "--resume"}),
        (["train", "x.csv", "--tar"], {"--target"}),
        (["predict", "--o"], {"--output"}),
        (["train", "hou"], set()),
    ],
    ids=" ".join,
)
def test_tab(home: Path, words: list[str], wanted: set[str]) -> None:
    fallback, *found = bash(home, SCRIPT, "engineroom", *words)
    assert wanted <= set(found) and all(one.startswith(words[-1]) for one in found) and bool(found) == bool(wanted)
    assert fallback == "default", "no word fits: bash's own completion offers files"


def test_tab_waits_for_nothing_heavy(home: Path) -> None:
    took = []
    for _ in range(3):
        begun = time.perf_counter()
        bash(home, SCRIPT, "engineroom", "tr")
        took.append(time.perf_counter() - begun)
    assert min(took) < 2.0, "torch and the like take longer than this to import"
