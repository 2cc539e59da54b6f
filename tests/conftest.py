"""No test reads the network, or leaves anything in the caches of whoever runs it."""

import os
import tempfile

_HOME = tempfile.TemporaryDirectory(prefix="hf-provenance-tests-")
os.environ["HF_HOME"] = _HOME.name  # before `datasets` is imported, which reads it once
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.pop("HF_DATASETS_CACHE", None)

import datasets  # noqa: E402
import pytest  # noqa: E402

datasets.disable_progress_bars()


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    """A cache of its own for every test, so that no test hits what another one wrote."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "datasets-cache")
