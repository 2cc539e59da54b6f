"""A client is killed at every request of a push: the next push finishes its work.

The Hub kills it, with SIGKILL, once a request has come in; the request is then carried out all
the same, or is not.
"""

from __future__ import annotations

import os
import queue
import signal
from collections.abc import Iterator

import pytest
from hub import Hub

from .nursery import Nursery
from .trouble import (
    EACH_WRITE,
    MOST_STATIONS,
    at_each,
    before,
    cut,
    each_request,
    ends_well,
    hurry,
    is_new,
    settle,
    undisturbed,
)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


@pytest.fixture(scope="module")
def _born() -> Iterator[list[Nursery]]:
    """Where the one nursery of this module is kept, which needs a Hub to be born."""
    known: list[Nursery] = []
    yield known
    for nursery in known:
        nursery.close()


@pytest.fixture
def nursery(hub: Hub, _born: list[Nursery], tmp_path_factory: pytest.TempPathFactory) -> Nursery:
    if not _born:
        _born.append(Nursery(hub, tmp_path_factory.mktemp("nursery")))
    return _born[0]


def kill(hub: Hub, nursery: Nursery, name: str, station: str, number: int) -> bool:
    """Let a process do an operation, and kill it as soon as some request of it has come in."""
    children: queue.Queue[int] = queue.Queue()
    before(hub, station, lambda: os.kill(children.get(timeout=10), signal.SIGKILL), skip=number)
    children.put(*nursery.fork(name))
    (status,) = nursery.ended()
    assert status in (-signal.SIGKILL, 0)
    settle(hub)
    return status != 0


@at_each(MOST_STATIONS)
def test_after_a_kill_the_next_push_ends_well(
    hub: Hub, nursery: Nursery, name: str, station: str
) -> None:
    undisturbed(hub, name)
    killed = 0
    for number in each_request(hub, name, station):
        killed += kill(hub, nursery, name, station, number)
        is_new(hub, name)
        ends_well(hub, name)
    assert killed


@at_each(EACH_WRITE)
def test_after_a_kill_whose_last_request_came_to_nothing_the_next_push_ends_well(
    hub: Hub, nursery: Nursery, name: str, station: str
) -> None:
    undisturbed(hub, name)
    for number in each_request(hub, name, station):
        cut(hub, station, skip=number)
        assert kill(hub, nursery, name, station, number)
        assert not is_new(hub, name)
        ends_well(hub, name)
