"""A dataset repo on the Hub: who speaks with it, what it holds at a revision, what it may not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from io import BufferedIOBase
from pathlib import Path
from typing import Any, TypeVar, cast

from huggingface_hub import HfApi, HfFileSystem
from huggingface_hub.errors import (
    GatedRepoError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import DatasetInfo, ExpandDatasetProperty_T, RepoFile

from hf_provenance.errors import AccessError, HubError, UsageError
from hf_provenance.publish.contents.tree import Entry
from hf_provenance.publish.remote.client_errors import any_errors
from hf_provenance.publish.remote.patience import PATIENCE, Moved, describe, persist
from hf_provenance.version import __version__

MAIN = "main"

_SETTLED = 60.0
"""Seconds after which everybody at the Hub should know of what was made."""

Result = TypeVar("Result")

_LOOK: list[ExpandDatasetProperty_T] = ["sha", "private", "gated"]
"""What a look at a repo asks for: not the list of all its files, which would come with it."""


@dataclass(frozen=True)
class HubRepo:
    """A dataset repo, and how to speak with it.

    Attributes:
        repo_id: `owner/name`.
        revision: Branch, tag, commit or `refs/pr/N`.
        api: The Hub's client; it holds the token.
        patience: Seconds until a call that fails for a while is given up.
    """

    repo_id: str
    revision: str = MAIN
    api: HfApi = field(default_factory=HfApi, repr=False)
    patience: float = PATIENCE
    _trees: dict[str, HubTree] = field(default_factory=dict, repr=False, compare=False)
    _me: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(
        cls,
        repo_id: str,
        revision: str | None = None,
        token: str | bool | None = None,
        patience: float = PATIENCE,
    ) -> HubRepo:
        """Name a repo; nothing is asked of the Hub yet.

        Raises:
            UsageError: The token holds what cannot be sent, such as the end of a line.
        """
        if isinstance(token, str) and not re.fullmatch(r"[!-~]+", token):
            raise UsageError(  # the client's error would show it
                "token= is empty or holds spaces, line ends or other signs that no token has."
            )
        api = HfApi(token=token, library_name="hf_provenance", library_version=__version__)
        return cls(repo_id, revision or MAIN, api, patience)

    @property
    def name(self) -> str:
        """What to call it in messages."""
        at = "" if self.revision == MAIN else f"@{self.revision}"
        return f"{self.repo_id}{at}"

    def ask(self, what: str, function: Callable[[], Result], *, new: bool = False) -> Result:
        """Call the Hub until it answers.

        Args:
            what: What is asked for, for the message.
            function: The call.
            new: It was made just now, so the Hub may not know it everywhere yet.

        Raises:
            AccessError: The repo is not there for this token.
            HubError: The Hub refuses.
            DeadlineError: The Hub does not answer.
        """
        call, patience = function, self.patience
        if new:
            call, patience = partial(_not_yet, function), min(patience, _SETTLED)
        with any_errors(self.name, what):
            return persist(f"{what} of {self.name}", call, patience)

    def info(self, revision: str | None = None, *, new: bool = False) -> DatasetInfo:
        """What the Hub says of the repo at a revision; `sha` is its commit.

        Args:
            revision: The revision; the repo's own if not given.
            new: It was made just now.

        Raises:
            AccessError: It is not there for this token.
        """
        at = revision or self.revision
        found = self.ask(
            "a look",
            lambda: self.api.dataset_info(self.repo_id, revision=at, expand=_LOOK),
            new=new,
        )
        if not found.sha:
            raise HubError(f"{self.name}: the Hub does not tell which commit this is.")
        return found

    def tree(self, sha: str | None = None, *, new: bool = False) -> HubTree:
        """Its files at a commit, the newest of the revision where none is named.

        A commit never changes, so what was asked of it once is not asked again.
        """
        sha = sha or str(self.info().sha)
        return self._trees.setdefault(sha, HubTree(self, sha, new))


@dataclass(frozen=True)
class HubTree:
    """The files of a repo at one commit.

    Attributes:
        repo: The repo.
        sha: The commit, 40 hex digits.
        new: Whether it was made just now.
    """

    repo: HubRepo
    sha: str
    new: bool = False

    @property
    def name(self) -> str:
        """What to call it in messages."""
        return f"{self.repo.repo_id}@{self.sha[:10]}"

    @cached_property
    def files(self) -> dict[str, Entry]:
        """Every file by its path."""
        repo = self.repo
        listed = repo.ask(
            "the list of files",
            lambda: list(
                repo.api.list_repo_tree(
                    repo.repo_id, recursive=True, revision=self.sha, repo_type="dataset"
                )
            ),
            new=self.new,
        )
        return {item.path: _entry(item) for item in listed if isinstance(item, RepoFile)}

    def entry(self, path: str) -> Entry | None:
        """One file, or None; asked for by itself as long as the list of all is not here."""
        if "files" in self.__dict__:
            return self.files.get(path)
        repo = self.repo
        found = repo.ask(
            path,
            lambda: repo.api.get_paths_info(
                repo.repo_id, path, revision=self.sha, repo_type="dataset"
            ),
            new=self.new,
        )
        return next((_entry(item) for item in found if isinstance(item, RepoFile)), None)

    def fetch(self, path: str) -> bytes:
        """The whole of a file.

        Raises:
            HubError: It cannot be read.
        """
        repo = self.repo
        place = repo.ask(
            path,
            lambda: repo.api.hf_hub_download(
                repo.repo_id, path, revision=self.sha, repo_type="dataset"
            ),
            new=self.new,
        )
        return Path(place).read_bytes()

    def open(self, path: str) -> BufferedIOBase:
        """A file to seek and read in; only the ranges that are read are fetched.

        Without `cache_type="none"` the read-ahead would fetch a third of the file.
        """
        place = f"datasets/{self.repo.repo_id}@{self.sha}/{path}"
        return cast(BufferedIOBase, self._files_system.open(place, cache_type="none"))

    @cached_property
    def _files_system(self) -> HfFileSystem:
        api = self.repo.api
        system = HfFileSystem(endpoint=api.endpoint, token=api.token)
        # One list of all files: else each bucket's folder is listed by itself.
        place = f"datasets/{self.repo.repo_id}@{self.sha}"
        self.repo.ask("the list of files", lambda: system.find(place))
        return system


def _entry(item: RepoFile) -> Entry:
    sha256 = item.lfs.sha256 if item.lfs else None
    return Entry(item.size, sha256, None if item.lfs else item.blob_id)


def _not_yet(function: Callable[[], Result]) -> Result:
    """Call the Hub for something new: not there is not there yet."""
    try:
        return function()
    except GatedRepoError:
        raise
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:
        raise Moved(describe(error)) from error


def whoami(repo: HubRepo) -> dict[str, Any]:
    """Who the token belongs to; asked once, as the Hub does not like to be asked often.

    Raises:
        AccessError: There is no token, or it is wrong.
    """
    if repo.api.token is False:
        raise AccessError("token=False: nobody may write without a token.")
    if not repo._me:

        def ask() -> dict[str, Any]:
            me: dict[str, Any] = repo.api.whoami()
            return {**me, "name": str(me["name"])}

        repo._me.update(repo.ask("a look at who you are", ask))
    return dict(repo._me)
