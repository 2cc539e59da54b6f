"""What a commit is to do, how it is sent, and how it is known again in a revision."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from huggingface_hub import CommitInfo, CommitOperationAdd, CommitOperationDelete

from hf_provenance.errors import HubError
from hf_provenance.publish.contents.tree import Entry
from hf_provenance.publish.remote.repo import HubRepo, HubTree

Operation = CommitOperationAdd | CommitOperationDelete


@dataclass(frozen=True)
class Change:
    """What a commit is to do.

    Attributes:
        message: Its message; the first line is its title.
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

    @property
    def title(self) -> str:
        """The first line of its message."""
        return self.message.strip().partition("\n")[0]

    def operations(self, done: HubTree | None = None) -> list[Operation]:
        """Its operations, or those that a revision lacks: shards, removals, small files."""
        files = {} if done is None else done.files
        return [
            *(make() for path, make in self.shards.items() if not self._holds(files, path)),
            *(CommitOperationDelete(path) for path in self.gone if done is None or path in files),
            *(
                CommitOperationAdd(path, content)
                for path, content in self.files.items()
                if not _is(files.get(path), content)
            ),
        ]

    def done_in(self, tree: HubTree) -> bool:
        """Whether a revision is as this change would make it."""
        files = tree.files
        return (
            all(self._holds(files, path) for path in self.shards)
            and all(_is(files.get(path), content) for path, content in self.files.items())
            and not any(path in files for path in self.gone)
        )

    def came_in(self, head: HubTree, since: HubTree) -> bool:
        """Whether the shards that a revision lacked are in a later one."""
        new = [path for path in self.shards if not self._holds(since.files, path)]
        return bool(new) and all(self._holds(head.files, path) for path in new)

    def _holds(self, files: Mapping[str, Entry], path: str) -> bool:
        """Whether a shard is there; where it is no LFS file, its name tells."""
        found = files.get(path)
        return found is not None and found.sha256 in (None, self.hashes[path])


@dataclass(frozen=True)
class Landed:
    """What came of a change.

    Attributes:
        tree: The revision that holds the change.
        changed: Whether there is a new commit.
        pull_request: Number of the pull request that was opened for it, or None.
        alone: Whether that revision is known to hold nothing that came after the change.
    """

    tree: HubTree
    changed: bool
    pull_request: int | None = None
    alone: bool = True


def send(
    repo: HubRepo,
    parent: str,
    message: str,
    operations: Sequence[Operation],
    *,
    create_pr: bool = False,
    revision: str | None = None,
) -> CommitInfo:
    """Send one commit, once.

    Raises:
        HubError: The repo's .gitignore would leave a file out.
    """
    revision = revision or repo.revision
    title, _, text = message.strip().partition("\n")
    additions = [each for each in operations if isinstance(each, CommitOperationAdd)]
    repo.api.preupload_lfs_files(
        repo.repo_id,
        additions,
        repo_type="dataset",
        revision=revision,
        create_pr=create_pr,
        free_memory=False,
    )
    refuse_ignored(repo, additions)  # the client would leave them out and say nothing
    return repo.api.create_commit(
        repo.repo_id,
        operations,
        commit_message=title,
        commit_description=text.strip(),
        repo_type="dataset",
        revision=revision,
        parent_commit=parent,
        create_pr=create_pr,
    )


def refuse_ignored(repo: HubRepo, additions: Sequence[CommitOperationAdd]) -> None:
    """Refuse what the repo's .gitignore leaves out.

    Raises:
        HubError: A file is among it.
    """
    ignored = [each.path_in_repo for each in additions if each._should_ignore]
    if ignored:
        more = f" and {len(ignored) - 1:,} more" if len(ignored) > 1 else ""
        raise HubError(
            f"{repo.name}: its .gitignore leaves {ignored[0]}{more} out, and nothing may be "
            "missing: take the rule that names such files out of it."
        )


@contextmanager
def once_in(name: str) -> Iterator[None]:
    """Say of all trouble from here on that the change is in, so nobody takes it for lost.

    Raises:
        HubError: In place of another one.
        KeyboardInterrupt: The same, with words.
    """
    told = f"what was sent is in {name}."
    try:
        yield
    except HubError as error:
        raise type(error)(f"{error} This came after the commit: {told}") from error
    except KeyboardInterrupt as stopped:
        raise KeyboardInterrupt(told) from stopped


def _is(entry: Entry | None, content: bytes) -> bool:
    """Whether a file of a tree has some content, told by its hash."""
    if entry is None or entry.size != len(content):
        return False
    if entry.sha256 is not None:
        return entry.sha256 == hashlib.sha256(content).hexdigest()
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False)
    return entry.oid == blob.hexdigest()
