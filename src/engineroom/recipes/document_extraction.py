"""What does a document say? Receipts, invoices, forms: from lines of text and their places to the values of their
fields."""

from __future__ import annotations

from ._base import Recipe
from ._data.receipts import receipts

RECIPE = Recipe(
    title="Read the fields of documents",
    story="Learns from pages whose fields are known (company, date, address, total) where such values stand and what "
    "stands around them; then reads the "
    "fields of new pages, says how sure it is of each, and draws them on the page. The lines and their boxes come "
    "from any text recognition.",
    data='a folder of x.json {"lines": [{"text", "box"}], "fields": {…}} beside scans x.jpg, or a table with such '
    "columns, page and fields",
    answers="CSV: a column a field, and its probability; -o fields.jsonl: an object a page",
    target="fields",
    demo=receipts,
    settings={"task": "document_extraction"},
    expect="F1 1.0 for both in a minute: made-up receipts are easy",
)
