"""The repo that a push goes to: whether it is there, who sees it, and making it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

from hf_provenance.errors import AccessError, UsageError
from hf_provenance.publish.pushing.sources import Gate, Source, carried, check_public
from hf_provenance.publish.remote.repo import MAIN, HubRepo, HubTree


@dataclass(frozen=True)
class Target:
    """A repo to push to.

    Attributes:
        repo: The repo and the branch.
        sha: The head of the branch; None if the branch or the repo is not there.
        is_there: Whether the repo is.
        private: Whether only its owners see what is in it; None as long as it is not there.
        gated: How it is gated: False, "auto" or "manual".
        origin: The commit that the branch will start from, where it is not there.
    """

    repo: HubRepo
    sha: str | None
    is_there: bool
    private: bool | None = None
    gated: Gate = False
    origin: str | None = None

    @classmethod
    def of(cls, repo: HubRepo) -> Target:
        """Look whether the repo is there.

        Raises:
            AccessError: It may not be read, or the revision is not there and no branch.
            UsageError: The revision is a commit.
        """
        try:
            main = replace(repo, revision=MAIN).info()
        except AccessError as error:
            if isinstance(error.__cause__, RepositoryNotFoundError):
                return cls(repo, None, False)
            raise
        found = cls(repo, main.sha, True, bool(main.private), main.gated or False)
        if repo.revision == MAIN:
            return found
        try:
            sha = str(repo.info().sha)
        except AccessError as error:
            missing = isinstance(error.__cause__, RevisionNotFoundError)
            if missing and not repo.revision.startswith("refs/"):
                return replace(found, sha=None, origin=main.sha)
            raise
        if sha.startswith(repo.revision):
            raise UsageError(f"revision={repo.revision!r} is a commit; name a branch to push to.")
        return replace(found, sha=sha)

    @property
    def tree(self) -> HubTree | None:
        """Its files, or those that the branch will start with; None where there are none yet."""
        sha = self.sha or self.origin
        return None if sha is None else self.repo.tree(sha)

    def made(self, sources: Sequence[Source], private: bool | None, allow_public: bool) -> Target:
        """Make the repo and the branch where they are not there.

        What the sources of the rows are is carried over: a repo of private sources is private,
        one of gated sources gated, unless the caller allows it to be public.

        Args:
            sources: Where the rows come from, as far as known.
            private: What the caller wants; None to carry it over.
            allow_public: Publish rows of gated or private sources in a public repo.

        Raises:
            DisclosureError: It would be public and a source is not.
            AccessError: It may not be made.
        """
        if self.is_there:
            self.admit(sources, allow_public)
            target = self
        else:
            target = self._new(sources, private, allow_public)
        repo = self.repo
        if target.sha is None and repo.revision != MAIN:
            repo.ask(
                "making the branch",
                lambda: repo.api.create_branch(
                    repo.repo_id,
                    repo_type="dataset",
                    branch=repo.revision,
                    revision=target.origin,
                    exist_ok=True,
                ),
            )
        if target.sha is not None:
            return target
        found = repo.info(new=True)
        target = Target(repo, found.sha, True, bool(found.private), found.gated or False)
        if not self.is_there:  # somebody else may have made it first, and for everybody to see
            target.admit(sources, allow_public)
            if private and not target.private:
                raise AccessError(f"{repo.name} was made public by somebody else just now.")
        return target

    def admit(self, sources: Sequence[Source], allow_public: bool) -> None:
        """Check that rows of some sources may go there.

        Raises:
            DisclosureError: More people see it than see a source.
        """
        check_public(sources, not self.private, allow_public, target_gated=self.gated)

    def _new(self, sources: Sequence[Source], private: bool | None, allow_public: bool) -> Target:
        """Make the repo, with the visibility and the gate of the sources."""
        over = carried(sources)
        hidden = over.private and not allow_public if private is None else private
        gated: Gate = False if allow_public else over.gated
        replace(self, private=hidden, gated=gated).admit(sources, allow_public)
        api, repo = self.repo.api, self.repo
        repo.ask(
            "making it",
            lambda: api.create_repo(
                repo.repo_id,
                repo_type="dataset",
                private=True if hidden or gated else private,
                exist_ok=True,
            ),
        )
        if gated:  # made private first: nobody sees it ungated
            repo.ask(
                "gating it",
                lambda: api.update_repo_settings(
                    repo.repo_id, repo_type="dataset", gated=gated, private=bool(hidden)
                ),
            )
        return self
