"""The field's terms, not private ones: words that were retired do not come back into the source or the docs."""

import io
import re
import tokenize
from pathlib import Path

import engineroom

SOURCE = Path(engineroom.__file__).parent
ROOT = Path(__file__).resolve().parents[1]
RETIRED = {
    "rival": "baseline",
    "rivals": "baselines",
    "veil": "masked row",
    "wishes": "conditions",
    "lots": "noise, uniform draws",
    "calm": "a dummy; normal",
    "foretell": "predict",
    "foretold": "predicted",
    "whoever": "the caller, the reader, the network",
    "forge_row": "tabular generator",
    "rundir": "run directory",
}
RETIRED_NAMES = {  # ordinary words in a sentence ("told apart", "a file beside it"), but no names of things
    "told": "what was predicted, listed, given",
    "untold": "drop_conditions",
    "beside": "uses_context, concat, neighbours, covariates",
    "asking": "inference",
}


def test_retired_words_stay_away() -> None:
    pattern = re.compile(rf"\b({'|'.join(RETIRED)})\b", re.IGNORECASE)
    files = [
        *SOURCE.rglob("*.py"),
        *SOURCE.rglob("*.html"),
        *SOURCE.rglob("*.css"),
        ROOT / "README.md",
        ROOT / "ARCHITECTURE.md",
    ]
    files += [ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    found = [
        f"{path.relative_to(ROOT)}:{number}: {match.group(0)} → {RETIRED[match.group(0).lower()]}"
        for path in files
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if (match := pattern.search(line))
    ]
    assert not found, "\n".join(found)


def test_retired_words_name_nothing() -> None:
    found = []
    for path in [*SOURCE.rglob("*.py"), *(ROOT / "tests").rglob("*.py"), *(ROOT / "bench").rglob("*.py")]:
        for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
            if token.type == tokenize.NAME and token.string.lower() in RETIRED_NAMES:
                found.append(f"{path.relative_to(ROOT)}:{token.start[0]}: {token.string}")
    assert not found, "\n".join(found)
