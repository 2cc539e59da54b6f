"""A change of more files than the Hub takes in one commit.

It goes in parts to a pull request, which is merged at the end: `main` changes once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from huggingface_hub import Discussion, DiscussionWithDetails

from hf_provenance.errors import HubError
from hf_provenance.publish.remote.change import Change, Landed, once_in, send
from hf_provenance.publish.remote.patience import HTTPError, Moved, Unconfirmed, conflicts, passes
from hf_provenance.publish.remote.repo import HubRepo, HubTree, whoami

_OURS = "hf_provenance"
_STRANDED_AFTER = timedelta(hours=1)
"""All shards are sent before a pull request is opened, so filling it takes minutes."""

_LONGEST_TITLE = 100
_TIDY = 10.0
"""Seconds for what only keeps things tidy."""

_log = logging.getLogger(__name__)


@dataclass
class PartedCommit:
    """A change of many files: parts to a pull request, and one merge at the end.

    Attributes:
        repo: The repo.
        tree: The head that the change was worked out from.
        change: The change.
        most: Files in one part.
    """

    repo: HubRepo
    tree: HubTree
    change: Change
    most: int

    def run(self, *, merge: bool) -> Landed:
        """Commit all parts, then merge if asked to.

        A pull request that an earlier run left behind is gone on with where it makes the same
        change to the same head; others of ours are closed.

        Raises:
            HTTPError: The Hub did not take it; nothing of it is in `main`.
        """
        number, done = self._left_behind()
        operations = self.change.operations(done)
        card = [each for each in operations if each.path_in_repo in self.change.files]
        rest = [each for each in operations if each.path_in_repo not in self.change.files]
        parts = [rest[start : start + self.most] for start in range(0, len(rest), self.most)]
        parent = done.sha
        for part in [*parts, card]:  # the card last: no part before it is in any view
            if not part:
                continue
            at = None if number is None else reference(number)
            new = number is None
            info = send(self.repo, parent, self._title, part, create_pr=new, revision=at)
            number, parent = number or info.pr_num, info.oid
            if number is None:
                raise HubError(f"{self.repo.name}: the Hub opened no pull request.")
        assert number is not None, "a change that is done already"
        if merge:
            return self._merged(number)
        self._hand_over(number)
        return Landed(self.repo.tree(parent, new=True), True, number)

    @property
    def _title(self) -> str:
        """Names the change and the head that it was worked out from."""
        title = self.change.title[:_LONGEST_TITLE]
        return f"{title} [{_OURS} {self.change.key} on {self.tree.sha[:10]}]"

    def _left_behind(self) -> tuple[int | None, HubTree]:
        """The pull request to go on with, and what it holds; closes those that nobody will."""
        found: int | None = None
        done = self.tree
        long_ago = datetime.now(UTC) - _STRANDED_AFTER
        for request in own_requests(self.repo):
            if request.title == self._title and found is None:
                held = self.repo.tree(self.repo.info(reference(request.num)).sha)
                if self._is_untouched(held):
                    found, done = request.num, held
                    continue
            ours = f"[{_OURS} " in request.title
            if f"[{_OURS} {self.change.key} " in request.title or (
                ours and request.created_at < long_ago
            ):
                self._close(request.num)
        return found, done

    def _is_untouched(self, held: HubTree) -> bool:
        """Whether a pull request differs from the head by nothing but this change."""
        ours = {*self.change.shards, *self.change.files, *self.change.gone}
        others = {*held.files, *self.tree.files} - ours
        return all(held.files.get(path) == self.tree.files.get(path) for path in others)

    def _merged(self, number: int) -> Landed:
        """Merge, unless `main` has moved: then the change has to be worked out anew."""
        repo = self.repo
        if repo.info().sha != self.tree.sha:
            self._close(number)
            raise Moved(f"{repo.name} has moved on")
        try:
            repo.api.merge_pull_request(repo.repo_id, number, repo_type="dataset")
        except HTTPError as error:
            if passes(error) and not conflicts(error):
                raise
            request = self._details(number)
            if request.status == "open" and not request.conflicting_files:
                raise
            if request.status != "merged":
                self._close(number)
                raise Moved(f"{repo.name}: its pull request {number} cannot be merged") from error
        with once_in(repo.name):
            request = self._details(number)
        if request.status != "merged":
            raise Unconfirmed(f"{repo.name}: its pull request {number} is not merged yet")
        with once_in(repo.name):
            oid = request.merge_commit_oid
            tree = repo.tree(oid, new=True) if oid else repo.tree()
            return Landed(tree, True, alone=bool(oid))

    def _details(self, number: int) -> DiscussionWithDetails:
        repo = self.repo
        return repo.ask(
            f"pull request {number}",
            lambda: repo.api.get_discussion_details(repo.repo_id, number, repo_type="dataset"),
        )

    def _close(self, number: int) -> None:
        """Close a pull request, if the Hub lets us: nothing depends on it."""
        self._tidy(
            f"closing pull request {number}",
            lambda: self.repo.api.change_discussion_status(
                self.repo.repo_id,
                number,
                "closed",
                comment="Worked out anew from a newer head.",
                repo_type="dataset",
            ),
        )

    def _hand_over(self, number: int) -> None:
        """Take our mark from the title: this pull request is for people to merge."""
        self._tidy(
            f"the title of pull request {number}",
            lambda: self.repo.api.rename_discussion(
                self.repo.repo_id, number, self.change.title, repo_type="dataset"
            ),
        )

    def _tidy(self, what: str, function: Callable[[], object]) -> None:
        try:
            replace(self.repo, patience=min(self.repo.patience, _TIDY)).ask(what, function)
        except HubError as error:
            _log.warning("%s", error)


def own_requests(repo: HubRepo) -> list[Discussion]:
    """The open pull requests of the one whose token this is; of no one else's is any trusted."""
    name = whoami(repo)["name"]
    return repo.ask(
        "the list of pull requests",
        lambda: [
            request
            for request in repo.api.get_repo_discussions(
                repo.repo_id,
                author=name,
                repo_type="dataset",
                discussion_type="pull_request",
                discussion_status="open",
            )
            if request.author == name
        ],
    )


def reference(number: int) -> str:
    """The git reference of a pull request."""
    return f"refs/pr/{number}"
