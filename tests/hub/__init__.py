"""A small Hub on loopback, which the real clients drive over HTTP.

Tests take the fixture `hub`, a `Hub` that is empty but for its user "alice":

    def test_a_push_makes_one_commit(hub):
        repo = hub.create("alice/x", files={"README.md": b"# x"})
        ...
        assert len(repo.commits()) == 2

Nothing here talks to another machine, and nothing is kept on disk.
"""

from .discussions import Discussion, PullRequest
from .errors import BUSY, STALE, HubError
from .repos import Commit, Repo
from .serving import Server, address, loopback, served
from .state import Hub
from .traffic import Request

__all__ = [
    "BUSY",
    "STALE",
    "Commit",
    "Discussion",
    "Hub",
    "HubError",
    "PullRequest",
    "Repo",
    "Request",
    "Server",
    "address",
    "loopback",
    "served",
]
