"""Learn a language from raw text: what comes next, at every place. Then it writes."""

from __future__ import annotations

from ._base import Recipe


def docstrings():
    """What Python's standard library says of itself: the docstrings of the installed modules, in the order of their
    names, parsed, not run."""
    import ast
    import sysconfig
    from pathlib import Path

    import polars as pl

    texts: list[str] = []
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py")):
        try:
            tree = ast.parse(path.read_text("utf-8"))
        except (SyntaxError, UnicodeDecodeError):
            continue
        parts = [
            ast.get_docstring(node)
            for node in ast.walk(tree)
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        ]
        text = "\n\n".join(filter(None, parts))
        texts += (
            [text.encode("ascii", "ignore").decode()] if len(text) > 500 and sum(map(len, texts)) < 1_500_000 else []
        )
    return pl.DataFrame({"text": texts, "next": [len(text) for text in texts]})


RECIPE = Recipe(
    title="Learn to write from raw text",
    story="A generative Transformer (GPT) reads a corpus and learns at every place what comes next; then `engineroom "
    "generate RUN --prompt TEXT` writes. "
    "Characters where the alphabet is small, else pieces of bytes (--set options.tokenizer=pieces). It looks back "
    "--set options.context=128 tokens; "
    "--model lstm is a recurrent network of the same size. The end of the corpus is the test, what lies before it "
    "validates.",
    data="a text file, a folder of them, or a table with a column of text (--set options.text=COLUMN)",
    answers="generate: text; CSV: bits a byte and perplexity of each text, and the token likeliest to come next",
    target="next",
    demo=docstrings,
    settings={"task": "language_modeling", "split": {"test": 0.1}},
    minutes=1.5,
    expect="3.8 bits a byte on a busy machine, where an 8-gram has 2.2: networks need more than a minute",
)
