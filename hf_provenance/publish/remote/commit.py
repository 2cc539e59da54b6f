"""One commit: all of a change or nothing of it.

Each try starts from the newest head: what is to be done is worked out anew from what the repo
holds then, so that a card never loses what another writer added. A commit whose answer was lost
is recognised by its content, whatever came after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from hf_provenance.errors import HubError
from hf_provenance.publish.remote.change import Change, Landed, send
from hf_provenance.publish.remote.client_errors import any_errors
from hf_provenance.publish.remote.parts import PartedCommit, own_requests, reference
from hf_provenance.publish.remote.patience import (
    RAISED,
    HTTPError,
    Retry,
    Unconfirmed,
    conflicts,
    passes,
    path_of,
)
from hf_provenance.publish.remote.repo import MAIN, HubRepo, HubTree

MOST_FILES = 500
"""A commit of more files may take longer than the Hub waits."""


def commit(
    repo: HubRepo, plan: Callable[[HubTree], Change | None], *, create_pr: bool = False
) -> Landed:
    """Commit a change to the newest head, again and again until it is in.

    Args:
        repo: The repo; its revision must be a branch.
        plan: Works out the change from a head; None if nothing is to be done.
        create_pr: Open a pull request and leave it open.

    Raises:
        HubError: The Hub refuses.
        DeadlineError: Other writers, or trouble at the Hub, kept it out until the deadline.
    """
    retry = Retry(f"the commit to {repo.name}", repo.patience)
    lost: _Lost | None = None
    while True:
        with _in_doubt(lost):
            tree = repo.tree()
            if lost is not None and (found := lost.found(tree)):
                return found
            change = plan(tree)
            if change is None or change.done_in(tree):
                return Landed(tree, changed=False)
            try:
                with _sending(repo):
                    if change.count > MOST_FILES and repo.revision == MAIN:
                        parted = PartedCommit(repo, tree, change, MOST_FILES)
                        return parted.run(merge=not create_pr)
                    operations = change.operations()
                    info = send(repo, tree.sha, change.message, operations, create_pr=create_pr)
                    return Landed(repo.tree(info.oid, new=True), True, info.pr_num)
            except RAISED as error:
                if passes(error) and _may_be_in(error):
                    lost = _Lost(repo, tree, change, create_pr)
                with _in_doubt(lost), any_errors(repo.name, "the commit"):
                    retry.after(error)


@dataclass(frozen=True)
class _Lost:
    """A commit of which nobody knows whether it is in."""

    repo: HubRepo
    base: HubTree
    change: Change
    create_pr: bool

    def found(self, head: HubTree) -> Landed | None:
        """Where it is, if it is in."""
        if not self.create_pr:
            came = self.change.came_in(head, self.base)
            return Landed(head, True, alone=False) if came else None
        for request in own_requests(self.repo):
            if request.title == self.change.title:
                tree = self.repo.tree(self.repo.info(reference(request.num)).sha)
                if self.change.done_in(tree):
                    return Landed(tree, True, request.num)
        return None


_DOUBT = "so the commit may be in: the same call again finds out, and changes nothing if it is."


@contextmanager
def _in_doubt(lost: _Lost | None) -> Iterator[None]:
    """Do not let an error say that nothing was changed, where nobody knows."""
    try:
        yield
    except HubError as error:
        if lost is None or _DOUBT in str(error):
            raise
        raise type(error)(f"{error} An answer of the Hub was lost, {_DOUBT}") from error
    except KeyboardInterrupt as stopped:
        if lost is None or stopped.args:
            raise
        raise KeyboardInterrupt(f"an answer of the Hub was lost, {_DOUBT}") from stopped


@contextmanager
def _sending(repo: HubRepo) -> Iterator[None]:
    """Tell whoever interrupts a commit what may have come of it."""
    try:
        yield
    except KeyboardInterrupt as stopped:
        if stopped.args:
            raise
        raise KeyboardInterrupt(f"{repo.name} was being written to, {_DOUBT}") from stopped


def _may_be_in(error: BaseException) -> bool:
    """Whether the Hub may have done what it did not confirm."""
    if conflicts(error) or isinstance(error, RuntimeError):  # no commit, or an upload before it
        return isinstance(error, Unconfirmed)
    path = path_of(error)
    if path is None:
        return isinstance(error, HTTPError) or not isinstance(error, OSError)
    return "/commit/" in path or path.endswith("/merge")
