"""Imports go one way only: the order of the house, checked on every import statement, those inside functions
included."""

import ast
from pathlib import Path

import engineroom

ROOT = Path(engineroom.__file__).parent
ORDER = (
    "core parsing layers environments modalities data preprocessing backbones heads networks decoding metrics "
    "baselines objectives rendering tasks "
    "evaluation report bundle comparison explanation"
).split()
TOP = "training_plan run_directory collect prepare manifest evaluate_run finish build callbacks run recipes console api learning_curves labeling lessons cli".split()


def rank(part: str) -> tuple[int, int]:
    """(storey, place): engine stands beside the middle of the house and sees core alone."""
    if part in ORDER:
        return (0, ORDER.index(part))
    return (1, TOP.index(part)) if part in TOP else (2, 0)


def imports(path: Path) -> set[str]:
    """First package below engineroom that each import of the file names."""
    here = path.relative_to(ROOT).parts
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            if node.level:
                base = here[: len(here) - node.level]
                parts = [*base, *(node.module.split(".") if node.module else [])]
                found |= (
                    {parts[0]}
                    if parts
                    else {
                        alias.name
                        for alias in node.names
                        if (ROOT / f"{alias.name}.py").exists() or (ROOT / alias.name).is_dir()
                    }
                )
            elif node.module and node.module.startswith("engineroom."):
                found.add(node.module.split(".")[1])
    return found


def allowed(source: str, target: str) -> bool:
    if source == target or target in ("core", "__version__"):
        return True
    if source == "engine":
        return False
    if target == "engine":
        return rank(source) >= (0, ORDER.index("objectives"))
    return rank(target) < rank(source)


def test_imports_go_to_the_left() -> None:
    wrong = []
    for path in ROOT.rglob("*.py"):
        source = path.relative_to(ROOT).parts[0].removesuffix(".py")
        if source in ("__init__", "__main__"):
            continue
        wrong += [
            f"{path.relative_to(ROOT)} imports {target}" for target in imports(path) if not allowed(source, target)
        ]
    assert not wrong, "\n".join(wrong)


def test_the_check_would_notice() -> None:
    assert not allowed("core", "data") and not allowed("engine", "tasks") and not allowed("data", "tasks")
    assert allowed("tasks", "metrics") and allowed("run", "engine")


def test_importing_the_package_imports_no_torch() -> None:
    import subprocess
    import sys

    code = (
        "import sys, engineroom, engineroom.cli.train, engineroom.cli.predict, engineroom.cli.listing, "
        "engineroom.cli.demo; assert not {'torch', 'sklearn', 'scipy', 'polars', 'matplotlib', 'numpy'} "
        "& set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
