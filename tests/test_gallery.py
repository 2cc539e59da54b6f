"""The gallery is what today's code writes: `python scripts/gallery.py` makes it anew."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from PIL import Image, ImageChops

ROOT = Path(__file__).resolve().parent.parent
CARDS = ROOT / "cards"


@pytest.fixture(scope="module")
def gallery():
    spec = importlib.util.spec_from_file_location("gallery", ROOT / "scripts" / "gallery.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def today(gallery, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("gallery")
    gallery.write_gallery(folder)
    return folder


SETS = ["demo", "django_translations", "sqlalchemy_changelog"]


def test_the_gallery_shows_every_set(gallery):
    assert sorted(gallery.SETS) == SETS
    page = (CARDS / "README.md").read_text("utf-8")
    for name in SETS:
        assert f"({name}/README.md)" in page
        assert f"({name}/provenance/badge.svg)" in page
        assert f"({name}/provenance/timeline.png)" in page


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("path", ["README.md", "provenance/badge.svg", "provenance/badge.json"])
def test_a_card_and_its_badge_are_what_is_written_today(today, name, path):
    assert (CARDS / name / path).read_text("utf-8") == (today / name / path).read_text("utf-8")


@pytest.mark.parametrize("name", SETS)
def test_a_timeline_shows_what_is_drawn_today(today, name):
    path = "provenance/timeline.png"
    ours, theirs = (Image.open(folder / name / path).convert("RGBA") for folder in (CARDS, today))
    assert ours.size == theirs.size
    # Another build of the font library may move the edge of a letter, and nothing else.
    assert max(high for _, high in ImageChops.difference(ours, theirs).getextrema()) < 64


def test_the_page_tells_where_the_templates_live():
    page = (CARDS / "README.md").read_text("utf-8")
    template = "hf_provenance/card/templates/card.md.jinja"
    assert template in page
    assert (ROOT / template).is_file()
