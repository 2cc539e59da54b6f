"""Every request of a push fails in every way: `main` is the old state or the new one."""

from __future__ import annotations

import traceback
from functools import partial

import pytest
from hub import Hub

from .trouble import (
    EACH_STATION,
    MOST_STATIONS,
    OPERATIONS,
    Clock,
    at_each,
    cut,
    each_request,
    ends_well,
    fail,
    gives_up,
    hurry,
    is_new,
    lose,
    once,
    undisturbed,
)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return hurry(monkeypatch)


KINDS = {
    "503": partial(fail, status=503),
    "429": partial(fail, status=429, headers={"Retry-After": "2"}),
    "429 until a date": partial(
        fail, status=429, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}
    ),
    "502 as a page": partial(fail, status=502, body="<html>Bad gateway</html>"),
    "200 as a page": partial(fail, status=200, body="<html>Log in to this network</html>"),
    "200 of another kind": partial(fail, status=200, body={"error": "what?"}),
    "cut": cut,
    "cut within the answer": partial(cut, after=5),
    "answer lost": lose,
    "504 after the work": partial(lose, status=504),
}


@at_each(EACH_STATION)
def test_trouble_at_every_request_only_takes_longer(hub: Hub, name: str, station: str) -> None:
    known = undisturbed(hub, name)
    for number in range(known.requests[station]):
        for kind in ("503", "429", "cut", "answer lost"):
            KINDS[kind](hub, station, skip=number)
    OPERATIONS[name].run()
    assert is_new(hub, name)
    assert station == "upload" or once(hub.uploads)
    assert sum(request.fault for request in hub.requests) >= 4


@pytest.mark.parametrize("kind", KINDS)
@at_each(
    [
        ("first push", "make the repo"),
        ("append", "commit"),
        ("append", "download"),
        ("in parts", "commit"),
        ("in parts", "merge"),
    ]
)
def test_trouble_that_is_over_soon_only_takes_longer(
    hub: Hub, name: str, station: str, kind: str
) -> None:
    undisturbed(hub, name)
    KINDS[kind](hub, station)
    OPERATIONS[name].run()
    assert is_new(hub, name)
    assert once(hub.uploads)


@at_each(MOST_STATIONS)
def test_a_hub_that_stays_down_is_given_up(hub: Hub, name: str, station: str) -> None:
    for number in each_request(hub, name, station):
        fail(hub, station, skip=number, times=None)
        error = gives_up(name, patience=0.1)
        if error is None:  # it was not needed after all, as the check of an upload that is there
            assert is_new(hub, name)
        else:
            assert "503" in str(error)
            assert "alice/x" in str(error)
            assert hub.token not in "".join(traceback.format_exception(error))
            is_new(hub, name)
        ends_well(hub, name)
