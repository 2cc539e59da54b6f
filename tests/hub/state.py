"""The Hub as a test sees it: its users and repositories, its log and its faults."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from .errors import HubError
from .faults import Faults
from .repos import Repo
from .traffic import Traffic
from .users import User

TOKEN = "hf_alice"


class Hub(Traffic, Faults):
    """Everything that one test's Hub knows.

    Args:
        endpoint: The address at which it is served.
        home: A folder that child processes get as their `HF_HOME`.

    Attributes:
        token: The token of the user "alice", who may write.
        uploads: The SHA-256 of each LFS object whose bytes came in, in order, repeats too.
        page_size: Entries in one page of a tree.
        multipart_above: LFS objects of more bytes than this come in parts; None for none.
        part_size: Bytes of one part.
        verify_uploads: Whether clients are asked to have their uploads checked.
        sleeps: The seconds for which the clients of this process would have slept.
        errors: What went wrong in the Hub itself; must stay empty.
    """

    def __init__(self, endpoint: str, home: Path | None = None) -> None:
        Traffic.__init__(self)
        Faults.__init__(self)
        self.endpoint = endpoint
        self.home = home
        self.token = TOKEN
        self.users: dict[str, User] = {}
        self.repos: dict[tuple[str, str], Repo] = {}
        self.uploads: list[str] = []
        self.parts: dict[tuple[str, str], dict[int, bytes]] = {}
        self.page_size = 1000
        self.multipart_above: int | None = None
        self.part_size = 5 * 1024 * 1024
        self.verify_uploads = True
        self.sleeps: list[float] = []
        self.errors: list[str] = []
        self.add_user("alice", token=TOKEN)

    def add_user(
        self,
        name: str,
        *,
        token: str | None = None,
        role: str = "write",
        orgs: Mapping[str, str] | None = None,
        scopes: Mapping[str, Sequence[str]] | None = None,
    ) -> User:
        """Add a user with one token, or one more token of a user."""
        user = User(name, token or f"hf_{name}", role, dict(orgs or {}), scopes)
        self.users[user.token] = user
        return user

    def create(
        self,
        repo_id: str,
        *,
        private: bool = False,
        gated: object = False,
        files: Mapping[str, bytes] | None = None,
        kind: str = "dataset",
    ) -> Repo:
        """Make a repository with one commit: `.gitattributes`, as on the Hub, and the files."""
        if (kind, repo_id) in self.repos:
            raise HubError(409, f"You already created this {kind} repo")
        repo = Repo(repo_id, kind, private=private, gated=gated)
        repo.begin(files)
        self.repos[kind, repo_id] = repo
        return repo

    def repo(self, repo_id: str, kind: str = "dataset") -> Repo:
        """A repository; KeyError if there is none."""
        return self.repos[kind, repo_id]

    def environment(self) -> dict[str, str]:
        """The environment for a child process that uses this Hub."""
        dropped = ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HF_DATASETS_CACHE", "HF_HUB_CACHE")
        kept = {name: value for name, value in os.environ.items() if name not in dropped}
        ours = {
            "HF_ENDPOINT": self.endpoint,
            "HF_TOKEN": self.token,
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_UPDATE_DOWNLOAD_COUNTS": "0",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }
        if self.home is not None:
            ours["HF_HOME"] = str(self.home)
        return kept | ours
