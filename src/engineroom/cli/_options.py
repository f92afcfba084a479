"""Options that several verbs take."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON lines only.")]
Encoding = Annotated[
    str | None, typer.Option(metavar="NAME", help="Character encoding of a text table (cp1251, shift_jis, …).")
]
Delimiter = Annotated[
    str | None, typer.Option(metavar="CHAR", help="What stands between the fields of a text table (; or tab).")
]
HeaderRow = Annotated[
    int | None, typer.Option(metavar="N", help="The line of the column names, from 1; 0 = there is none.")
]
Comment = Annotated[str | None, typer.Option(metavar="SIGN", help="Lines of a text table that begin so are no rows.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any other setting; may be repeated.")
]
With = Annotated[
    str,
    typer.Option(
        "--with", metavar="WHICH", help="best (what validation rows recommended), deep, baseline or blend of both."
    ),
]
Run = Annotated[str, typer.Argument(help="A run directory or bundle.")]
