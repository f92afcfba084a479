"""How a text table is to be read, as said on the command line."""

from __future__ import annotations

from typing import Any


def format_layer(
    encoding: str | None, delimiter: str | None, header_row: int | None, comment: str | None
) -> dict[str, Any]:
    """The flags as a layer of settings; those that were not given are left out."""
    said = {"encoding": encoding, "delimiter": delimiter, "header_row": header_row, "comment": comment}
    said = {name: value for name, value in said.items() if value is not None}
    return {"limits": {"format": said}} if said else {}


def with_format(model: Any, *flags: Any) -> Any:
    """The model, which reads its next files as the flags say."""
    from ..core.config import make_config, merge

    layer = format_layer(*flags)
    if layer:
        model.config = make_config(merge(model.config.model_dump(), layer))
    return model
