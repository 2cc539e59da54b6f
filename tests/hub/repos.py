"""Repositories: commits that never change, and names that point to them."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .errors import NO_FILE, STALE, HubError, no_entry, no_revision
from .files import ATTRIBUTES, File, Tree, overlaps, wants_lfs, within

if TYPE_CHECKING:
    from .discussions import Discussion, PullRequest

OID = re.compile("[0-9a-f]{5,40}")


def now() -> str:
    """The time, as the Hub writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(frozen=True)
class Change:
    """One line of a commit: a file that is written, or a path that goes."""

    path: str
    file: File | None = None
    folder: bool = False


@dataclass(frozen=True)
class Commit:
    """A tree, and how it came to be."""

    oid: str
    parent: str | None
    title: str
    paths: tuple[str, ...]
    message: str = ""
    author: str = "alice"
    date: str = field(default_factory=now, compare=False)
    tree: Tree = field(default_factory=dict, compare=False, repr=False)


class Repo:
    """A repository of the Hub, and what a test may ask of it or do to it.

    Args:
        repo_id: Its name, with the name space.
        kind: `dataset`, `model` or `space`.
        private: Whether only members see it.
        gated: Whether its files are only for those who were let in: False, `auto` or `manual`.
    """

    def __init__(
        self, repo_id: str, kind: str = "dataset", *, private: bool = False, gated: object = False
    ) -> None:
        self.id = repo_id
        self.kind = kind
        self.private = private
        self.gated = gated
        self.granted: set[str] = set()
        self.created = now()
        self.lfs: dict[str, bytes] = {}
        self.refs: dict[str, str] = {}
        self.discussions: list[Discussion] = []
        self.lock = threading.RLock()
        self._commits: dict[str, Commit] = {}

    @property
    def namespace(self) -> str:
        return self.id.split("/")[0]

    @property
    def prefix(self) -> str:
        """What stands before the name in the address of a file."""
        return "" if self.kind == "model" else f"{self.kind}s/"

    # What a test reads.

    def files(self, revision: str = "main") -> dict[str, bytes]:
        """Every file with its bytes, those of LFS too."""
        return {path: file.content for path, file in sorted(self.at(revision).tree.items())}

    def head(self, revision: str = "main") -> str:
        """The name of the newest commit."""
        return self.at(revision).oid

    def commits(self, revision: str = "main") -> list[Commit]:
        """The commits, newest first."""
        return list(self._history(self.at(revision)))

    @property
    def pull_requests(self) -> list[PullRequest]:
        """The pull requests, oldest first."""
        from .discussions import PullRequest

        return [found for found in self.discussions if isinstance(found, PullRequest)]

    def commit(
        self,
        files: Mapping[str, bytes] | None = None,
        *,
        delete: Iterable[str] = (),
        revision: str = "main",
        title: str = "A change behind the client's back",
    ) -> Commit:
        """Change files at once, without a request."""
        with self.lock:
            tree = self.at(revision).tree
            changes = [Change(path) for path in delete]
            for path, content in (files or {}).items():
                by_lfs = bool(content) and wants_lfs(tree, path, content[:512], len(content))
                changes.append(Change(path, File(content, by_lfs)))
            return self.write(revision, changes, title=title)

    def grant(self, user: str) -> None:
        """Let somebody into a gated repository."""
        self.granted.add(user)

    # What the calls do.

    def begin(self, files: Mapping[str, bytes] | None = None, author: str = "alice") -> Commit:
        """The first commit: what the Hub itself puts there, and the given files."""
        tree = {".gitattributes": File(ATTRIBUTES)}
        for path, content in (files or {}).items():
            by_lfs = bool(content) and wants_lfs(tree, path, content[:512], len(content))
            tree[path] = File(content, by_lfs)
        first = self._keep(None, tree, "initial commit", author=author)
        self.refs["refs/heads/main"] = first.oid
        return first

    def full_name(self, revision: str) -> str | None:
        """The full name of a branch, a tag or a pull request, or None."""
        names = (revision, f"refs/heads/{revision}", f"refs/tags/{revision}")
        return next((name for name in names if name in self.refs), None)

    def at(self, revision: str) -> Commit:
        """The commit that a branch, a tag, a pull request or a commit's own name stands for."""
        name = self.full_name(revision)
        if name is not None:
            return self._commits[self.refs[name]]
        if OID.fullmatch(revision):
            found = [oid for oid in self._commits if oid.startswith(revision)]
            if len(found) == 1:
                return self._commits[found[0]]
        raise no_revision(revision)

    def write(
        self,
        revision: str,
        changes: Iterable[Change],
        *,
        title: str,
        message: str = "",
        author: str = "alice",
        parent: str | None = None,
    ) -> Commit:
        """Put a commit on a branch or a pull request, whole or not at all."""
        with self.lock:
            name = self.full_name(revision)
            if name is None or name.startswith("refs/tags/"):
                raise no_revision(revision)
            head = self.at(name)
            if parent is not None and not head.oid.startswith(parent):
                raise HubError(412, STALE)
            tree = changed(head.tree, changes)
            commit = self._keep(head, tree, title, message=message, author=author)
            self.refs[name] = commit.oid
            return commit

    def put_tree(self, name: str, tree: Tree, title: str, author: str, message: str = "") -> Commit:
        """Put a whole tree on top of a branch: what a merge does."""
        with self.lock:
            commit = self._keep(self.at(name), tree, title, message=message, author=author)
            self.refs[name] = commit.oid
            return commit

    def last_change(self, commit: Commit, path: str) -> Commit:
        """The newest commit that changed a path, or something in it."""
        for found in self._history(commit):
            if any(changed == path or within(changed, path) for changed in found.paths):
                return found
        return commit

    def _history(self, commit: Commit) -> Iterator[Commit]:
        yield commit
        while commit.parent is not None:
            commit = self._commits[commit.parent]
            yield commit

    def _keep(
        self, parent: Commit | None, tree: Tree, title: str, *, author: str, message: str = ""
    ) -> Commit:
        before = parent.tree if parent else {}
        paths = tuple(sorted(p for p in {*before, *tree} if before.get(p) != tree.get(p)))
        above = parent.oid if parent else None
        named = (self.id, above, title, message, author, time.time_ns(), len(self._commits))
        oid = hashlib.sha1(repr(named).encode()).hexdigest()
        commit = Commit(oid, above, title, paths, message, author, tree=dict(tree))
        self._commits[oid] = commit
        self.lfs.update((file.sha256, file.content) for file in tree.values() if file.lfs)
        return commit


def changed(tree: Tree, changes: Iterable[Change]) -> dict[str, File]:
    """A tree after the changes, one after the other."""
    result = dict(tree)
    for change in changes:
        if change.file is not None:
            result[change.path] = change.file
            continue
        folder = change.path.rstrip("/")
        gone = [path for path in result if within(path, folder)] if change.folder else []
        if not change.folder and change.path in result:
            gone = [change.path]
        if not gone:
            raise no_entry(f"{NO_FILE}: {change.path}")
        for path in gone:
            del result[path]
    if both := overlaps(result):
        raise HubError(400, f"{both[0]} is a file and a folder at once")
    return result
