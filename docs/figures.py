"""The pictures of the documentation: panels cut out of the reports of real runs, as PNG files below 100 KB.

    python docs/figures.py [--runs runs/docs] [--only vision text]

A run that is not there yet is trained first, on the demonstration data of its recipe (`engineroom demo RECIPE`), so the
pictures can be made again at any time. Chromium takes the picture: a report is a page that needs nothing else.
"""

from __future__ import annotations

import argparse
import io
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

IMAGES = Path(__file__).parent / "images"
MOST_BYTES = 100_000
WIDTH = 900  # CSS pixels of the page that is photographed
GROUND = (255, 255, 255)


@dataclass(frozen=True)
class Figure:
    """One picture: the panels called `titles` in the report of `recipe`, of a gallery the first `cards` examples."""

    recipe: str
    minutes: float
    titles: tuple[str, ...]
    cards: int = 3
    width: int = WIDTH
    css: str = ""  # for this picture alone


FIGURES = {
    "report": Figure("cost_sensitive", 0.5, ()),  # no panel: the head of the page, with the verdict
    "vision": Figure("object_detection", 1.2, ("Predictions, drawn",), cards=4),
    "text": Figure("token_classification", 0.6, ("Predictions, drawn",), cards=3),
    "audio": Figure("speech_enhancement", 1.5, ("Predictions, drawn",), cards=2),
    "tabular": Figure(
        "cost_sensitive", 0.5, ("Expected cost by threshold", "Calibration: stated risk against observed frequency")
    ),
    "series": Figure("forecasting", 0.5, ("Predictions, drawn",), cards=3),
    "recommendation": Figure(
        "recommendation", 0.6, ("Recall by length of the list", "Recall by popularity of the item")
    ),
    "science": Figure("molecules", 1.0, ("Predicted vs actual", "Errors")),
    "control": Figure("reinforcement_learning", 1.5, ("Predictions, drawn",), cards=4),
    "generative": Figure(
        "drawing",
        2.0,
        ("Samples: what it draws",),
        css=".show{display:flex;flex-wrap:wrap} .show svg{width:46%;height:auto} .show "
        "svg:nth-of-type(n+5){display:none}",
    ),
}


def panels_of(page: str) -> dict[str, str]:
    """The HTML of every panel of a report, by its title; of panels with one title the first."""
    found: dict[str, str] = {}
    for piece in re.split(r'(?=<figure class="exhibit)', page)[1:]:  # panels may hold figures of their own
        figure = piece[: piece.split("</section>")[0].rindex("</figure>") + len("</figure>")]
        if title := re.search(r"<h3>(.*?)</h3>", figure, re.DOTALL):
            found.setdefault(re.sub(r"<.*?>", "", title[1]), figure)
    return found


def excerpt(page: str, figure: Figure) -> str:
    """A page that holds nothing but the wanted part of the report, in the report's own style and always light."""
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    css = re.sub(r"@media screen and \(prefers-color-scheme: dark\)", "@media not all", style[1] if style else "")
    own = (
        f"body{{background:#fff;margin:0}} "
        f".exhibits{{display:grid;"
        f"grid-template-columns:repeat({max(1, len(figure.titles))},minmax(0,1fr));gap:1rem;padding:4px}}"
        f".exhibit{{grid-column:auto!important;margin:0!important}} "
        f".card:nth-child(n+{figure.cards + 1}){{display:none!important}}"
        f".cards{{grid-template-columns:repeat({figure.cards},minmax(0,1fr))!important;gap:.6rem}} .card "
        f"h4:empty,.card p:empty{{display:none}}"
    )
    if figure.titles:
        there = panels_of(page)
        if missing := [title for title in figure.titles if title not in there]:
            raise SystemExit(f"{figure.recipe}: no panel {missing}; there are {sorted(there)}")
        body = '<main><div class="exhibits">' + "".join(there[title] for title in figure.titles) + "</div></main>"
    else:
        head = re.search(r'<header class="verdict.*?</header>', page, re.DOTALL)
        body = head[0] if head else ""
    return (
        '<!doctype html><html lang="en"><meta '
        f'charset="utf-8"><style>{css}{own}{figure.css}</style><body>{body}</body></html>'
    )


def photograph(html: str, width: int) -> bytes:
    """The page as a PNG without empty margins, in as many colours as fit below the limit."""
    from PIL import Image, ImageChops

    browser = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
    if browser is None:
        raise SystemExit("The pictures need chromium: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder:
        page, shot = Path(folder) / "page.html", Path(folder) / "page.png"
        page.write_text(html, "utf-8")
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1.5"]
        subprocess.run(
            [browser, *flags, f"--window-size={width},2400", f"--screenshot={shot}", page.as_uri()],
            check=True,
            capture_output=True,
            timeout=120,
        )
        image = Image.open(shot).convert("RGB")
    box = ImageChops.difference(image, Image.new("RGB", image.size, GROUND)).getbbox() or (0, 0, *image.size)
    image = image.crop((0, 0, image.width, min(image.height, box[3] + 12)))
    for scale in (1.0, 0.85, 0.75, 2 / 3, 0.6, 0.5):
        small = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)
        for colours in (256, 128):
            out = io.BytesIO()
            small.quantize(colours, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
                out, "PNG", optimize=True
            )
            if len(out.getvalue()) < MOST_BYTES:
                return out.getvalue()
    raise SystemExit("The picture stays above 100 KB: show fewer examples.")


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--runs", type=Path, default=Path("runs/docs"))
    ask.add_argument("--only", nargs="*", default=list(FIGURES), choices=list(FIGURES))
    asked = ask.parse_args()
    IMAGES.mkdir(exist_ok=True)
    for name in asked.only:
        figure = FIGURES[name]
        run = asked.runs / figure.recipe
        report = run / "bundle" / "report.html"
        if not report.exists():
            words = ["demo", figure.recipe, "--minutes", str(figure.minutes), "--run", str(run)]
            subprocess.run([sys.executable, "-m", "engineroom", *words], check=True)
        png = photograph(excerpt(report.read_text("utf-8"), figure), figure.width)
        (IMAGES / f"{name}.png").write_bytes(png)
        print(f"{IMAGES / name}.png: {len(png):,} bytes, from the run of {figure.recipe}", flush=True)


if __name__ == "__main__":
    main()
