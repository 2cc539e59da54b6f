"""Write the gallery: the cards that this tool writes today for real datasets.

    python scripts/gallery.py              into cards/
    python scripts/gallery.py --picture    and a picture of the demo's card (needs Chromium)

Of each repo folder the gallery keeps the card and its pictures, not the shards.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from datasets import disable_progress_bars, load_dataset

from hf_provenance import annotate, save_to_folder
from hf_provenance.demo import ANNOTATOR, CARD, load_demo

CARDS = Path(__file__).resolve().parent.parent / "cards"
KEPT = ("README.md", "provenance/badge.svg", "provenance/badge.json", "provenance/timeline.png")


def demo() -> tuple[Any, dict[str, Any]]:
    """The demo set: people's release notes and declarations, and a small model's rows."""
    return annotate(load_demo(), ANNOTATOR), {"repo_id": "owner/demo", **CARD}


def sqlalchemy_changelog() -> tuple[Any, dict[str, Any]]:
    """A changelog over twenty years, divided by year; nobody states who wrote it."""
    rows = annotate(source("sqlalchemy_changelog"), source="sqlalchemy==2.0.45", license="MIT")
    return rows, {
        "repo_id": "owner/sqlalchemy-changelog",
        "by": "year",
        "pretty_name": "SQLAlchemy changelog",
        "license": "mit",
    }


def django_translations() -> tuple[Any, dict[str, Any]]:
    """Interface strings in many languages, translated by volunteers."""
    rows = annotate(
        source("django_translations"),
        source="Django==5.2.9",
        method="crowdsourced",
        license="BSD-3-Clause",
    )
    return rows, {
        "repo_id": "owner/django-translations",
        "pretty_name": "Django translations",
        "license": "bsd-3-clause",
    }


SETS: dict[str, Callable[[], tuple[Any, dict[str, Any]]]] = {
    "demo": demo,
    "sqlalchemy_changelog": sqlalchemy_changelog,
    "django_translations": django_translations,
}


def source(name: str) -> Any:
    """An extract that lies in the gallery."""
    file = str(CARDS / "sources" / f"{name}.parquet")
    return load_dataset("parquet", data_files=file, split="train")


def write_gallery(folder: Path) -> None:
    """Write the cards of all sets into a folder."""
    for name, make in SETS.items():
        rows, options = make()
        with tempfile.TemporaryDirectory() as whole:
            save_to_folder(rows, whole, figures=True, progress=False, **options)
            shutil.rmtree(folder / name / "provenance", ignore_errors=True)
            for path in KEPT:
                (folder / name / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(Path(whole, path), folder / name / path)


PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ font: 16px/1.5 -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif;
  color: #1f2328; max-width: 780px; margin: 28px auto; padding: 0 24px }}
h1, h2 {{ border-bottom: 1px solid #d1d9e0; padding-bottom: .3em }} img {{ max-width: 100% }}
table {{ border-collapse: collapse; margin: 16px 0 }} th, td {{ padding: 6px 13px;
  border: 1px solid #d1d9e0 }} tr:nth-child(even) td {{ background: #f6f8fa }}
code {{ font: 85% "DejaVu Sans Mono", monospace; background: #eff1f3; padding: .2em .4em;
  border-radius: 6px }} pre {{ background: #f6f8fa; padding: 16px; border-radius: 6px }}
pre code {{ background: none; padding: 0 }}
</style>{body}"""


def take_picture(card: Path, picture: Path, height: int) -> None:
    """Render the top of a card as a reader of the Hub sees it."""
    from markdown_it import MarkdownIt

    text = re.sub(r"\A---\n.*?\n---\n", "", card.read_text("utf-8"), flags=re.DOTALL)
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    page = card.with_name("page.html")
    page.write_text(PAGE.format(body=html), "utf-8")
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--no-first-run", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", f"--user-data-dir={profile}", f"--window-size=860,{height}",
             f"--screenshot={picture}", page.as_uri()],
            check=True, capture_output=True,
        )  # fmt: skip
    page.unlink()


def main() -> None:
    """Write the gallery into cards/."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--picture", action="store_true", help="draw cards/demo/card.png")
    disable_progress_bars()
    options = arguments.parse_args()
    write_gallery(CARDS)
    if options.picture:
        take_picture(CARDS / "demo" / "README.md", CARDS / "demo" / "card.png", height=840)


if __name__ == "__main__":
    main()
