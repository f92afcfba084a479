"""A griffe extension: the comment at the end of a line documents an attribute or method that has no docstring.

In this code base short members of classes carry their explanation on their own line (`monitor: str  # the validation
metric …`); the API reference shows it as their description.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import griffe

sys.path.insert(0, str(Path(__file__).resolve().parent))
from hooks import comments


class EndOfLine(griffe.Extension):
    """Give every member without a docstring the comment of its line."""

    def on_instance(self, *, node: ast.AST | griffe.ObjectNode, obj: griffe.Object, agent: Any, **kwargs: Any) -> None:
        single = obj.is_attribute or (obj.is_function and obj.lineno == obj.endlineno)
        if obj.docstring is None and single and isinstance(obj.filepath, Path) and obj.endlineno:
            text = comments(obj.filepath).get(obj.endlineno)
            if text and not text.startswith(("type:", "noqa")):
                obj.docstring = griffe.Docstring(
                    text[:1].upper() + text[1:] + ("" if text[-1] in ".?!…" else "."), parent=obj
                )
