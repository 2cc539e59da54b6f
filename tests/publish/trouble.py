"""Pushes whose every request meets trouble: what they do, what is struck, and what may follow.

An `Operation` is a push with the repo that it starts from. `undisturbed` tells once what it asks
of the Hub and what it makes of the repo; a disturbed one is held against that.
"""

from __future__ import annotations

import functools
import hashlib
import re
import shutil
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import huggingface_hub
import pytest
from datasets import DatasetDict
from hub import Hub, Repo, client
from huggingface_hub import constants

import hf_provenance as hfp
from hf_provenance.card import card, readme, yaml_spans
from hf_provenance.publish.remote import commit, patience

from . import POST, PRE, UNDATED, labelled
from .pushes import REPO, append, push, raw, relabel, replace

Files = dict[str, bytes]

_environment = functools.cache(card._environment)
_parse = functools.cache(yaml_spans.parse)
_defaults = functools.cache(ssl.create_default_context)


def _context(*_: object, **options: object) -> ssl.SSLContext:
    """For clients that speak with nobody but the Hub on loopback, which needs none."""
    return _defaults()


@dataclass
class Clock:
    """The `time` module as our waits see it: seconds go by without being waited for.

    Attributes:
        slept: How long each wait would have been.
        longest: Most seconds that are truly waited.
    """

    slept: list[float] = field(default_factory=list)
    longest: float = 0.0
    _ahead: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self.longest:
            time.sleep(min(seconds, self.longest))
        else:
            self._ahead += seconds

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead


def hurry(patch: pytest.MonkeyPatch, longest: float = 0.0) -> Clock:
    """Let our waits take no time, or no more than some, and what is read often be read once."""
    clock = Clock(longest=longest)
    patch.setattr(patience, "time", clock)
    patch.setattr(card, "_environment", _environment)
    patch.setattr(ssl, "create_default_context", _context)
    patch.setattr(client, "NAP", 0.001)
    patch.setattr(yaml_spans, "parse", _parse)
    patch.setattr(readme, "parse", _parse)
    return clock


# What is struck.

STATIONS = {
    "who am I": ("GET", "/api/whoami-v2"),
    "make the repo": ("POST", "/api/repos/create"),
    "look at the repo": ("GET", r"/api/datasets/alice/x/revision/[^/]+$"),
    "list files": ("GET", "/tree/"),
    "begin a download": ("HEAD", "/resolve/"),
    "download": ("GET", "/resolve/"),
    "preupload": ("POST", "/preupload/"),
    "batch": ("POST", "/objects/batch"),
    "upload": ("PUT", "^/upload/"),
    "verify": ("POST", "/objects/verify"),
    "validate the card": ("POST", "/api/validate-yaml"),
    "commit": ("POST", "/commit/"),
    "list pull requests": ("GET", r"/discussions\?"),
    "look at the pull request": ("GET", r"/discussions/\d"),
    "merge": ("POST", "/merge$"),
}
"""Name -> method and path of the requests of a push."""

_ALWAYS = (
    *("who am I", "look at the repo", "list files", "begin a download"),
    *("download", "preupload", "batch", "upload", "verify", "validate the card", "commit"),
)


def fail(hub: Hub, station: str, **options: Any) -> None:
    """`Hub.fail` at a station."""
    method, path = STATIONS[station]
    hub.fail(path, method, **options)


def cut(hub: Hub, station: str, **options: Any) -> None:
    """`Hub.cut` at a station."""
    method, path = STATIONS[station]
    hub.cut(path, method, **options)


def lose(hub: Hub, station: str, **options: Any) -> None:
    """Do what is asked at a station, and lose the answer."""
    fail(hub, station, lost=True, **options)


def before(hub: Hub, station: str, function: Callable[[], object], **options: Any) -> None:
    """`Hub.before` at a station."""
    method, path = STATIONS[station]
    hub.before(path, function, method, **options)


# What is pushed.


@dataclass(frozen=True)
class Operation:
    """A push, or what else changes a repo.

    Attributes:
        run: Does it.
        start: Makes the repo that it starts from; None if there is none.
        stations: What it asks of the Hub.
    """

    run: Callable[..., hfp.Published | hfp.Compacted]
    start: Callable[[], object] | None
    stations: tuple[str, ...] = _ALWAYS


@functools.cache
def _rows(start: int = 0, buckets: tuple[str, ...] = (PRE, POST, UNDATED)) -> Any:
    return labelled(list(buckets), start=start)


@functools.cache
def _raw() -> Any:
    return raw(range(4))


def _in_parts(**options: Any) -> hfp.Published:
    """An append of more shards than go into one commit."""
    most, commit.MOST_FILES = commit.MOST_FILES, 2
    try:
        return append(_rows(10), **options)
    finally:
        commit.MOST_FILES = most


OPERATIONS = {
    "first push": Operation(
        lambda **options: push(_rows(), **options), None, (*_ALWAYS, "make the repo")
    ),
    "append": Operation(
        lambda **options: append(_rows(10), **options),
        lambda: push(_rows()),
    ),
    "replace": Operation(
        lambda **options: replace(_rows(20, (PRE, POST)), **options),
        lambda: push(DatasetDict(train=_rows(), test=_rows(10, (PRE, UNDATED)))),
    ),
    "in place": Operation(
        lambda **options: relabel(hfp.annotate(_raw(), origin="human"), **options),
        lambda: _raw().push_to_hub(REPO),
    ),
    "in parts": Operation(
        _in_parts,
        lambda: push(_rows()),
        (*_ALWAYS, "list pull requests", "look at the pull request", "merge"),
    ),
    "compact": Operation(
        lambda **options: hfp.compact(REPO, **({"progress": False} | options)),
        lambda: [append(_rows(start)) for start in (0, 10, 20)],
    ),
}


def do(name: str, number: int = 0) -> hfp.Published | hfp.Compacted:
    """An operation, or an append of rows of its own for each number."""
    if name in OPERATIONS:
        return OPERATIONS[name].run()
    return append(_rows(100 + 10 * number))


_WRITES = ("make the repo", "upload", "commit", "merge")

EACH_STATION = [(name, station) for name in OPERATIONS for station in OPERATIONS[name].stations]
EACH_WRITE = [(name, station) for name, station in EACH_STATION if station in _WRITES]
_OWN = {
    "first push": _ALWAYS,
    "append": _ALWAYS,
    "in place": ("look at the repo", "list files", "begin a download", "download"),
    "in parts": ("list pull requests", "look at the pull request"),
    "compact": ("look at the repo", "list files", "begin a download", "download"),
}
MOST_STATIONS = [
    (name, station)
    for name, station in EACH_STATION
    if station in _WRITES or station in _OWN.get(name, ())
]
"""Those at which two operations do not do the same."""


def at_each(stations: list[tuple[str, str]]) -> pytest.MarkDecorator:
    """A test for each operation and station."""
    cases = [pytest.param(*case, id=": ".join(case)) for case in stations]
    return pytest.mark.parametrize(("name", "station"), cases)


# What comes of it.


@dataclass
class Undisturbed:
    """What an operation does when all goes well.

    Attributes:
        start: The repo before; None if there is none.
        old: Its files; None if there is no repo.
        new: The files afterwards.
        requests: How many requests there are at each station.
        again: States of the Hub from which it was seen to end well.
    """

    start: Repo | None
    old: Files | None
    new: Files
    requests: dict[str, int]
    again: set[str]


_KNOWN: dict[str, Undisturbed] = {}


def undisturbed(hub: Hub, name: str) -> Undisturbed:
    """What an operation does when all goes well; found out once. The Hub is then as before it."""
    if name not in _KNOWN:
        operation = OPERATIONS[name]
        start = None
        if operation.start is not None:
            operation.start()
            start = copy(hub.repo(REPO))
        put_back(hub, start)
        operation.run()
        requests = {station: hub.count(*STATIONS[station]) for station in STATIONS}
        assert sum(requests.values()) == len(hub.requests), "a request at none of the stations"
        found = {station for station, count in requests.items() if count}
        assert found == set(operation.stations)
        old = None if start is None else start.files()
        _KNOWN[name] = Undisturbed(start, old, hub.repo(REPO).files(), requests, set())
    put_back(hub, _KNOWN[name].start)
    return _KNOWN[name]


def copy(repo: Repo) -> Repo:
    """A repo without pull requests, as it stands."""
    made = Repo(repo.id, repo.kind, private=repo.private, gated=repo.gated)
    made.refs, made.lfs, made._commits = dict(repo.refs), dict(repo.lfs), dict(repo._commits)
    return made


def put_back(hub: Hub, start: Repo | None) -> None:
    """Let the Hub be as before an operation, with no rules, and clients that remember nothing."""
    hub.mend()
    hub.forget()
    hub.uploads.clear()
    hub.repos.clear()
    if start is not None:
        hub.repos["dataset", REPO] = copy(start)
    shutil.rmtree(constants.HF_HUB_CACHE, ignore_errors=True)
    huggingface_hub.HfFileSystem.clear_instance_cache()


def each_request(hub: Hub, name: str, station: str) -> Iterator[int]:
    """The number of each request of an operation at a station, with the Hub as before it."""
    known = undisturbed(hub, name)
    for number in range(known.requests[station]):
        put_back(hub, known.start)
        yield number


def is_new(hub: Hub, name: str) -> bool:
    """Whether `main` is as the operation makes it; if not, it must be as it was before."""
    known = _KNOWN[name]
    repo = hub.repos.get(("dataset", REPO))
    files = None if repo is None else repo.files()
    if files == known.new:
        return True
    untouched = known.old is None and files is not None and set(files) == {".gitattributes"}
    assert files == known.old or untouched, "main is between the old state and the new one"
    return False


def gives_up(name: str, **options: Any) -> hfp.ProvenanceError | None:
    """The error that an operation ends in, if it does."""
    try:
        OPERATIONS[name].run(**options)
    except hfp.ProvenanceError as error:
        return error
    return None


def ends_well(hub: Hub, name: str) -> None:
    """Run an operation again: it must end in the new state, and send nothing twice."""
    known = _KNOWN[name]
    hub.mend()
    state = _state(hub)
    if state in known.again:
        return
    OPERATIONS[name].run()
    assert is_new(hub, name)
    assert once(hub.uploads)
    assert open_requests(hub) == []
    known.again.add(state)


def once(things: Iterable[str]) -> bool:
    """Whether nothing is there twice."""
    known = list(things)
    return len(known) == len(set(known))


def settle(hub: Hub) -> None:
    """Wait until the Hub has done all that it was asked, also by clients that have died.

    What it was asked but in part it will never do, which only time tells.
    """
    until = time.monotonic() + 0.3
    while any(not one.status and not one.fault for one in hub.requests):
        if time.monotonic() > until:
            break
        time.sleep(0.001)


def open_requests(hub: Hub) -> list[str]:
    """Titles of the pull requests that are open."""
    return [found.title for found in hub.repo(REPO).pull_requests if found.status == "open"]


def _state(hub: Hub) -> str:
    """All that a later push could find at the Hub."""
    repo = hub.repos.get(("dataset", REPO))
    if repo is None:
        return "nothing"
    trees = [
        {path: hashlib.sha256(content).hexdigest() for path, content in repo.files(ref).items()}
        for ref in sorted(repo.refs)
    ]
    # The head that a title names is told by the trees.
    asked = [(re.sub("[0-9a-f]{10}]", "]", one.title), one.status) for one in repo.pull_requests]
    return repr((repo.private, sorted(repo.lfs), trees, asked))
