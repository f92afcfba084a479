"""Made-up receipts for the recipe `documents`: drawn, and as lines with boxes."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import polars as pl

SHOPS = (
    "Corner Bakery",
    "Book House",
    "Green Grocer",
    "Tool Shed",
    "Tea Room",
    "Paper and Pen",
    "Bicycle Works",
    "Fish Market",
)
STREETS = ("Mill Lane", "High Street", "Station Road", "Harbour Way", "Church Square")
TOWNS = ("Leeds", "Bern", "Lyon", "Graz", "Turin")
ITEMS = ("bread", "milk 1l", "notebook A5", "screws 50x", "green tea", "apples kg", "lamp", "pencil", "soap", "coffee")
WIDTH, HEIGHT, LINE = 300, 470, 20  # pixels
Part = tuple[int, str, bool]  # where a text begins, the text, whether the next one stands in a new line


def receipts(count: int = 150) -> pl.DataFrame:
    """A row a receipt: a scan (PNG), its lines (JSON), and its fields (JSON): amounts that are no total, dates written
    in three ways."""
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(count):
        parts, fields = written(rng)
        scan, lines = drawn(parts, int(rng.integers(8, 30)), int(rng.integers(-8, 9)))
        page = {"width": WIDTH, "height": HEIGHT, "lines": lines}
        rows.append({"image": scan, "page": json.dumps(page), "fields": json.dumps(fields)})
    return pl.DataFrame(rows)


def written(rng: np.random.Generator) -> tuple[list[Part], dict[str, str]]:
    """(what stands on a receipt, its fields)."""
    shop = f"{rng.choice(SHOPS)} {rng.choice(['Ltd', '& Sons', 'Co.'])}"
    day, month = int(rng.integers(10, 29)), int(rng.integers(1, 10))
    date = str(rng.choice([f"{day}/0{month}/2024", f"2024-0{month}-{day}", f"{day} MAY 2024"]))
    street, town = (
        f"{rng.integers(1, 200)} {rng.choice(STREETS)},",
        f"{rng.integers(10_000, 99_999)} {rng.choice(TOWNS)}",
    )
    prices = rng.integers(100, 3_000, int(rng.integers(2, 7))) / 100
    total = float(prices.sum())
    head = [shop, street, town, f"Tel {rng.integers(10**6, 10**7)}"]
    parts: list[Part] = [(40, text, True) for text in head]
    parts += [
        (20, f"No. {rng.integers(1_000, 9_999)}", True),
        (20, f"{rng.choice(['Date: ', '', 'printed '])}{date}", True),
    ]
    parts = [*parts[:4], *rng.permutation(np.array(parts[4:], object)).tolist()]
    sums = [(str(rng.choice(ITEMS)), float(price)) for price in prices]
    sums += [
        ("net", total / 1.2),
        (str(rng.choice(["TOTAL", "Amount due", "To pay"])), total),
        ("cash", total // 10 * 10 + 10),
    ]
    for name, amount in sums:
        parts += [(20, name, False), (225, f"{amount:.2f}", True)]
    parts.append((60, "THANK YOU", True))
    return parts, {"company": shop, "date": date, "address": f"{street} {town}", "total": f"{total:.2f}"}


def drawn(parts: list[Part], top: int, left: int) -> tuple[bytes, list[dict[str, Any]]]:
    """(a PNG, its lines with their boxes)."""
    from PIL import Image, ImageDraw, ImageFont

    page, font, y = Image.new("L", (WIDTH, HEIGHT), 248), ImageFont.load_default(13), top
    pen, lines = ImageDraw.Draw(page), list[dict[str, Any]]()
    for x, text, ends in parts:
        lines.append({"text": text, "box": [round(v) for v in pen.textbbox((x + left, y), text, font)]})
        pen.text((x + left, y), text, 30, font)
        y += LINE if ends else 0
    page.save(buffer := io.BytesIO(), "PNG")
    return buffer.getvalue(), lines
