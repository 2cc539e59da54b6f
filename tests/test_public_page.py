from __future__ import annotations

import ast
import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import hf_provenance

PACKAGE = Path(hf_provenance.__file__).parent
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages([str(PACKAGE)], "hf_provenance.")
    if not module.name.endswith("__main__")
)

ORDER = [
    ("version", "errors", "numerals", "plain_data"),
    ("schema", "identity", "fingerprint"),
    ("sources",),
    ("statements",),
    ("plan",),
    ("authorship",),
    ("claims",),
    ("origins",),
    ("labels",),
    ("annotator", "language_time"),
    ("annotate", "offenders", "tables"),
    ("text",),
    ("new_column", "descent"),
    ("lineage",),
    ("generations",),
    ("conflicts", "explain"),
    ("demo", "splits"),
    ("sums",),
    ("sum_checks",),
    ("plain_sums",),
    ("summary",),
    ("summary_json",),
    ("tally",),
    ("diversity",),
    ("card",),
    ("publish",),
    ("mixing", "parquet_stream", "inputs", "examples"),
    ("audit",),
    ("alignment", "drawn"),
    ("retention", "mix_plan", "mix_call", "scenario"),
    ("mix", "projection"),
    ("engines",),
    ("commands",),
    ("cli",),
]
"""Left to right; no module imports one to its right."""

ROOMS = ["contents", "remote", "reading", "pushing"]
"""The rooms of `publish`, left to right; the verbs beside them use them all."""


def test_the_public_names_are_sorted_and_there():
    assert list(hf_provenance.__all__) == sorted(hf_provenance.__all__)
    for name in hf_provenance.__all__:
        assert getattr(hf_provenance, name) is not None


def test_every_public_name_is_documented():
    for name in hf_provenance.__all__:
        if not name.startswith("__"):
            assert getattr(hf_provenance, name).__doc__


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_hold(name):
    module = importlib.import_module(name)
    assert doctest.testmod(module).failed == 0


def room(module: str) -> tuple[int, int]:
    """Where a module stands; within `publish` also in which of its rooms, the verbs last."""
    top, *below = module.split(".")[1:]
    place = next(place for place, names in enumerate(ORDER) if top in names)
    if top != "publish" or not below:
        return place, 0
    return place, ROOMS.index(below[0]) if below[0] in ROOMS else len(ROOMS)


@pytest.mark.parametrize("name", MODULES)
def test_data_flows_one_way(name):
    path = PACKAGE.parent / (name.replace(".", "/") + ".py")
    path = path if path.is_file() else path.with_suffix("") / "__init__.py"
    for node in ast.parse(path.read_text("utf-8")).body:
        imported = getattr(node, "module", None)
        if isinstance(node, ast.ImportFrom) and imported and imported.startswith("hf_provenance."):
            assert room(imported) <= room(name), f"{name} imports {imported} to its right"


SOURCES = ["chats", "common_crawl", "crawl_dates", "credentials", "cutoffs", "fields"]
SOURCES += ["languages", "layouts", "markers", "registry", "well_known"]


@pytest.mark.parametrize("name", SOURCES)
def test_each_source_of_labels_states_what_it_cannot_know(name):
    said = importlib.import_module(f"hf_provenance.sources.{name}").__doc__
    assert " can't know" in said


def test_no_source_is_left_out():
    parts = {"date_forms", "layout_columns", "layout_entries", "records", "sieve"}
    parts |= {"fast_languages", "language_cache", "seeded_langdetect"}
    found = {path.stem for path in (PACKAGE / "sources").glob("[a-z]*.py")}
    assert found == {*SOURCES, *parts}


def test_every_error_is_in_the_tree_that_its_module_draws():
    errors = importlib.import_module("hf_provenance.errors")
    classes = {name for name, value in vars(errors).items() if isinstance(value, type)}
    drawn = {line.split()[-1] for line in errors.__doc__.splitlines() if "Error" in line}
    words = {word for line in errors.__doc__.splitlines() for word in line.split()}
    assert classes <= words | drawn
    assert all(issubclass(getattr(errors, name), errors.ProvenanceError) for name in classes)
