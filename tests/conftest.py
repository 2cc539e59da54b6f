"""No test reads the network, or leaves anything in the caches of whoever runs it.

The one Hub that tests may reach is their own, on loopback: take the fixture `hub`.
"""

import os
import signal
import tempfile
from collections.abc import Iterator

import pytest
from hub import Hub, Server, address, loopback

_HOME = tempfile.TemporaryDirectory(prefix="hf-provenance-tests-")
_SOCKET = loopback()
os.environ.update(  # before `datasets` is imported, which reads them once
    HF_HOME=_HOME.name,
    HF_ENDPOINT=address(_SOCKET),
    HF_HUB_OFFLINE="1",
    HF_HUB_DISABLE_XET="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    HF_HUB_DISABLE_PROGRESS_BARS="1",
    HF_UPDATE_DOWNLOAD_COUNTS="0",
    NO_PROXY="127.0.0.1",
    no_proxy="127.0.0.1",
)
for _name in ("HF_DATASETS_CACHE", "HF_HUB_CACHE", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
    os.environ.pop(_name, None)

# A shell has what it runs in the background ignore Ctrl-C, and what that starts as well.
signal.signal(signal.SIGINT, signal.default_int_handler)

import datasets  # noqa: E402
from hub import client  # noqa: E402

datasets.disable_progress_bars()


def pytest_configure(config: pytest.Config) -> None:
    """Bear one warning that `huggingface_hub` causes itself, each time it uploads a file."""
    config.addinivalue_line("filterwarnings", "ignore:Use 'content=:DeprecationWarning")


SLOW = (
    "test_collapse.py",
    "test_executors.py",
    "test_kills.py",
    "test_push_faults.py",
    "test_push_kills.py",
    "test_push_many_shards.py",
    "test_push_together.py",
    "test_ray.py",
    "test_readme.py",
    "test_spark.py",
)
"""Suites that inject faults, kill processes, train chains or run whole sessions."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of slow suites, so that `-m "not slow"` leaves them out."""
    for item in items:
        if item.path.name in SLOW:
            item.add_marker("slow")


def pytest_unconfigure() -> None:
    """Give the port back, and the disk."""
    _SOCKET.close()
    _HOME.cleanup()


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    """A cache of its own for every test, so that no test hits what another one wrote."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "datasets-cache")


@pytest.fixture(scope="session")
def _server() -> Iterator[Server]:
    """The server, from the first test that needs it to the end."""
    server = Server(_SOCKET)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def hub(_server, tmp_path, monkeypatch) -> Iterator[Hub]:
    """An empty Hub, which the clients reach as the user "alice"."""
    _server.hub = Hub(address(_SOCKET), home=tmp_path / "hf-home")
    client.connect(_server.hub, tmp_path / "hub-cache", monkeypatch)
    yield _server.hub
    client.forget()
    assert not _server.hub.errors, _server.hub.errors[0]
