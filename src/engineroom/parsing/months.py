"""Month names of several languages, in full and shortened."""

from __future__ import annotations

import unicodedata

NAMES = """january january janvier januar enero gennaio janeiro januari
february february fevrier februar febrero febbraio fevereiro februari
march march mars marz marzo marzo marco maart
april april avril april abril aprile abril april
may may mai mai mayo maggio maio mei
june june juin juni junio giugno junho juni
july july juillet juli julio luglio julho juli
august august aout august agosto agosto agosto augustus
september september septembre september septiembre settembre setembro september
october october octobre oktober octubre ottobre outubro oktober
november november novembre november noviembre novembre novembro november
december december decembre dezember diciembre dicembre dezembro december"""


def plain(word: str) -> str:
    """Lower case, without accents and dots."""
    return "".join(one for one in unicodedata.normalize("NFKD", word.casefold()) if one.isalpha())


def _table() -> dict[str, int]:
    out: dict[str, int] = {}
    for number, line in enumerate(NAMES.splitlines(), 1):
        for name in line.split():
            out |= {name: number, name[:3]: number, name[:4]: number}
    out |= {"sept": 9, "marz": 3, "mrz": 3, "maerz": 3, "juil": 7, "jui": 7, "aou": 8, "ene": 1, "dic": 12, "dez": 12}
    del out["jui"]  # juin or juillet
    return out


MONTHS = _table()


def month_of(word: str | None) -> int | None:
    return MONTHS.get(plain(word)) if word else None
