"""Discussions and pull requests of a repository."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

from .errors import HubError
from .files import File, Tree, overlaps
from .repos import Commit, Repo, now

_numbers = itertools.count(1)


def event(kind: str, author: str, **data: Any) -> dict[str, Any]:
    """One thing that happened in a discussion, as the Hub tells it."""
    who = {"name": author, "type": "user"}
    told = {"id": f"{next(_numbers):024x}", "type": kind, "createdAt": now(), "author": who}
    return {**told, "data": data}


def comment(author: str, text: str) -> dict[str, Any]:
    latest = {"raw": text, "html": text, "updatedAt": now(), "author": {"name": author}}
    return event("comment", author, edited=False, hidden=False, latest=latest, history=[])


@dataclass
class Discussion:
    """A discussion.

    Attributes:
        number: The number that people call it by.
        status: `draft`, `open`, `closed` or `merged`.
    """

    repo: Repo = field(repr=False)
    number: int
    title: str
    author: str
    status: str = "open"
    created: str = field(default_factory=now)
    events: list[dict[str, Any]] = field(default_factory=list, repr=False)

    is_pull_request = False

    def told(self) -> dict[str, Any]:
        """The discussion as a line of a list."""
        return {
            "num": self.number,
            "title": self.title,
            "status": self.status,
            "author": {"name": self.author, "type": "user"},
            "createdAt": self.created,
            "isPullRequest": self.is_pull_request,
            "numComments": sum(found["type"] == "comment" for found in self.events),
            "repo": {"name": self.repo.id, "type": self.repo.kind},
        }

    def details(self) -> dict[str, Any]:
        """The discussion with all that happened in it."""
        return {**self.told(), "events": self.events}

    def change_status(self, status: str, author: str) -> dict[str, Any]:
        """Open or close it."""
        if self.status == "merged" or status not in {"open", "closed"}:
            raise HubError(400, f"A discussion that is {self.status} cannot become {status}")
        self.status = status
        self.events.append(event("status-change", author, status=status))
        return self.events[-1]


@dataclass
class PullRequest(Discussion):
    """Commits on the side that somebody may merge.

    Attributes:
        target: The branch that they are meant for.
        base: The commit that they start from.
    """

    target: str = "refs/heads/main"
    base: str = ""
    merged_as: str | None = None

    is_pull_request = True

    @property
    def reference(self) -> str:
        return f"refs/pr/{self.number}"

    @property
    def head(self) -> str:
        """The newest commit of the pull request."""
        return self.repo.head(self.reference)

    def details(self) -> dict[str, Any]:
        """The pull request with its events, its files in conflict and where it goes."""
        changes = {"base": self.target}
        if self.merged_as is not None:
            changes["mergeCommitId"] = self.merged_as
        conflicts = self._merged()[1] if self.status in {"draft", "open"} else []
        base, head = self.repo.at(self.base).tree, self.repo.at(self.head).tree
        paths = sorted(path for path in {*base, *head} if base.get(path) != head.get(path))
        diff = "".join(f"diff --git a/{path} b/{path}\n" for path in paths)
        more = {"changes": changes, "filesWithConflicts": conflicts, "diff": diff}
        return {**super().details(), **more}

    def merge(self, author: str) -> Commit:
        """Put what it changes on its branch as one new commit."""
        with self.repo.lock:
            if self.status != "open":
                raise HubError(400, f"This pull request is {self.status}: only open ones merge")
            tree, conflicts = self._merged()
            if conflicts:
                names = ", ".join(conflicts)
                raise HubError(409, f"This branch has merge conflicts: {names}", files=conflicts)
            title = f"{self.title} (#{self.number})"
            commit = self.repo.put_tree(self.target, tree, title, author)
            self.status, self.merged_as = "merged", commit.oid
            self.events.append(event("status-change", author, status="merged"))
            return commit

    def _merged(self) -> tuple[dict[str, File], list[str]]:
        trees = (self.repo.at(name).tree for name in (self.target, self.head, self.base))
        return three_way(*trees)


def three_way(ours: Tree, theirs: Tree, base: Tree) -> tuple[dict[str, File], list[str]]:
    """Both sides' changes in one tree, and the paths that each side changed in its own way."""
    tree, conflicts = dict(ours), []
    for path in sorted({*ours, *theirs, *base}):
        mine, other, before = ours.get(path), theirs.get(path), base.get(path)
        if other in (before, mine):
            continue
        if mine != before:
            conflicts.append(path)
        elif other is None:
            del tree[path]
        else:
            tree[path] = other
    return tree, conflicts or overlaps(tree)


def start(repo: Repo, title: str, author: str, text: str = "") -> Discussion:
    """Begin a discussion."""
    with repo.lock:
        found = Discussion(repo, len(repo.discussions) + 1, title, author)
        found.events.append(comment(author, text))
        repo.discussions.append(found)
        return found


def propose(
    repo: Repo,
    title: str,
    author: str,
    *,
    text: str = "",
    status: str = "draft",
    branch: str = "main",
    base: str | None = None,
) -> PullRequest:
    """Begin a pull request that starts from a commit, by default the newest of its branch."""
    with repo.lock:
        target = f"refs/heads/{branch}"
        start_at = repo.at(base or target).oid
        number = len(repo.discussions) + 1
        found = PullRequest(repo, number, title, author, status, target=target, base=start_at)
        found.events.append(comment(author, text))
        repo.refs[found.reference] = start_at
        repo.discussions.append(found)
        return found
