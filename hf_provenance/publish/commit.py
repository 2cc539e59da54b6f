"""One commit: all of a change or nothing of it.

Each try starts from the newest head: what is to be done is worked out anew from what the repo
holds then, so that a card never loses what another writer added. A commit whose answer was lost
is recognised by its content. What has more files than the Hub takes in one commit goes in parts
to a pull request, which is merged at the end: `main` changes once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from huggingface_hub import CommitInfo, CommitOperationAdd, CommitOperationDelete

from hf_provenance.errors import HubError
from hf_provenance.publish.patience import HTTPError, Moved, Retry, conflicts, passes
from hf_provenance.publish.repo import MAIN, HubRepo, HubTree, hub_errors
from hf_provenance.publish.tree import Entry

MOST_FILES = 500
"""A commit of more files may take longer than the Hub waits."""

_OURS = "hf_provenance"
_STRANDED_AFTER = timedelta(hours=1)
"""All shards are sent before a pull request is opened, so filling it takes minutes."""


@dataclass(frozen=True)
class Change:
    """What a commit is to do.

    Attributes:
        message: Its first line.
        key: What tells this change from others, such as the name of the run.
        shards: Path in the repo -> makes the operation for a shard that was sent.
        hashes: Path in the repo -> sha256 of that shard.
        files: Path in the repo -> content of a small file; the README last.
        gone: Paths to remove.
    """

    message: str
    key: str
    shards: Mapping[str, Callable[[], CommitOperationAdd]]
    hashes: Mapping[str, str]
    files: Mapping[str, bytes]
    gone: Sequence[str] = ()

    @property
    def count(self) -> int:
        """Files that it touches."""
        return len(self.shards) + len(self.gone) + len(self.files)

    def operations(self) -> list[CommitOperationAdd | CommitOperationDelete]:
        """Its operations: shards, then removals, then small files."""
        return [
            *(make() for make in self.shards.values()),
            *(CommitOperationDelete(path) for path in self.gone),
            *(CommitOperationAdd(path, content) for path, content in self.files.items()),
        ]

    def done_in(self, tree: HubTree) -> bool:
        """Whether a revision is as this change would make it."""
        entries = tree.files
        return (
            all(_sha256(entries.get(path)) == sha for path, sha in self.hashes.items())
            and all(_is(entries.get(path), content) for path, content in self.files.items())
            and not any(path in entries for path in self.gone)
        )


@dataclass(frozen=True)
class Landed:
    """What came of it.

    Attributes:
        tree: The revision that holds the change.
        changed: Whether there is a new commit.
        pull_request: Number of the pull request that was opened for it, or None.
    """

    tree: HubTree
    changed: bool
    pull_request: int | None = None


def commit(
    repo: HubRepo, plan: Callable[[HubTree], Change | None], *, create_pr: bool = False
) -> Landed:
    """Commit a change to the newest head, again and again until it is in.

    Args:
        repo: The repo; its revision must be a branch or a pull request.
        plan: Works out the change from a head; None if nothing is to be done.
        create_pr: Open a pull request and leave it open.

    Raises:
        HubError: The Hub refuses.
        DeadlineError: Other writers, or trouble at the Hub, kept it out until the deadline.
    """
    retry = Retry(f"the commit to {repo.name}", repo.patience)
    while True:
        tree = repo.tree()
        change = plan(tree)
        if change is None or change.done_in(tree):
            return Landed(tree, changed=False)
        try:
            if change.count > MOST_FILES and repo.revision == MAIN:
                return PartedCommit(repo, tree, change).run(merge=not create_pr)
            info = send(repo, tree.sha, change.message, change.operations(), create_pr=create_pr)
            return Landed(repo.tree(info.oid), True, info.pr_num)
        except ValueError as error:
            if not passes(error):
                raise HubError(f"{repo.name}: the Hub refuses the commit: {error}") from error
            retry.after(error)
        except (HTTPError, RuntimeError) as error:
            with hub_errors(repo.name, "the commit"):
                retry.after(error)


def send(
    repo: HubRepo,
    parent: str,
    message: str,
    operations: Sequence[CommitOperationAdd | CommitOperationDelete],
    *,
    create_pr: bool = False,
    revision: str | None = None,
) -> CommitInfo:
    """Send one commit, once."""
    return repo.api.create_commit(
        repo.repo_id,
        operations,
        commit_message=message,
        repo_type="dataset",
        revision=revision or repo.revision,
        parent_commit=parent,
        create_pr=create_pr,
    )


@dataclass
class PartedCommit:
    """A change of many files: parts to a pull request, and one merge at the end.

    Attributes:
        repo: The repo.
        tree: The head that the change was worked out from.
        change: The change.
    """

    repo: HubRepo
    tree: HubTree
    change: Change

    def run(self, *, merge: bool) -> Landed:
        """Commit all parts, then merge if asked to.

        A pull request that an earlier run left behind is gone on with where it makes the same
        change to the same head; others of ours are closed.

        Raises:
            HTTPError: The Hub did not take it; nothing of it is in `main`.
        """
        left = self._left_behind()
        done = self.repo.tree(self._head(left)) if left else self.tree
        operations = [op for op in self.change.operations() if not self._is_done(op, done)]
        card = [op for op in operations if op.path_in_repo in self.change.files]
        rest = [op for op in operations if op.path_in_repo not in self.change.files]
        parts = [rest[start : start + MOST_FILES] for start in range(0, len(rest), MOST_FILES)]
        number, parent = left, done.sha
        for part in [*parts, card]:  # the card last: no part before it is in any view
            if part:
                info = send(
                    self.repo,
                    parent,
                    self._title,
                    part,
                    create_pr=number is None,
                    revision=_ref(number) if number else None,
                )
                number, parent = number or info.pr_num, info.oid
        if number is None:
            raise HubError(f"{self.repo.name}: the Hub opened no pull request.")
        if merge:
            self._merge(number)
            return Landed(self.repo.tree(), True)
        return Landed(self.repo.tree(parent), True, number)

    @property
    def _title(self) -> str:
        """Names the change and the head that it was worked out from."""
        return f"{self.change.message} [{_OURS} {self.change.key} on {self.tree.sha[:10]}]"

    def _left_behind(self) -> int | None:
        """The pull request to go on with; closes those that nobody will."""
        api, found = self.repo.api, None
        open_ones = api.get_repo_discussions(
            self.repo.repo_id,
            repo_type="dataset",
            discussion_type="pull_request",
            discussion_status="open",
        )
        long_ago = datetime.now(UTC) - _STRANDED_AFTER
        for request in list(open_ones):
            if request.title == self._title:
                found = request.num
            elif f"[{_OURS} {self.change.key} " in request.title or (
                f"[{_OURS} " in request.title and request.created_at < long_ago
            ):
                self._close(request.num)
        return found

    def _merge(self, number: int) -> None:
        """Merge, unless `main` has moved: then the change has to be worked out anew."""
        if self.repo.info().sha != self.tree.sha:
            self._close(number)
            raise Moved(f"{self.repo.name} has moved on")
        try:
            self.repo.api.merge_pull_request(self.repo.repo_id, number, repo_type="dataset")
        except HTTPError as error:
            if conflicts(error):
                self._close(number)
            raise

    def _close(self, number: int) -> None:
        self.repo.api.change_discussion_status(
            self.repo.repo_id,
            number,
            "closed",
            comment="Worked out anew from a newer head.",
            repo_type="dataset",
        )

    def _head(self, number: int) -> str | None:
        return self.repo.info(_ref(number)).sha

    def _is_done(
        self, operation: CommitOperationAdd | CommitOperationDelete, done: HubTree
    ) -> bool:
        path = operation.path_in_repo
        if isinstance(operation, CommitOperationDelete):
            return path not in done.files
        if path in self.change.files:
            return _is(done.files.get(path), self.change.files[path])
        return _sha256(done.files.get(path)) == self.change.hashes[path]


def _ref(number: int) -> str:
    return f"refs/pr/{number}"


def _sha256(entry: Entry | None) -> str | None:
    return None if entry is None else entry.sha256


def _is(entry: Entry | None, content: bytes) -> bool:
    """Whether a file of a tree has some content, told by its hash."""
    if entry is None or entry.size != len(content):
        return False
    if entry.sha256 is not None:
        return entry.sha256 == hashlib.sha256(content).hexdigest()
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False)
    return entry.oid == blob.hexdigest()
