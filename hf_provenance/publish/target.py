"""The repo that a push goes to: whether it is there, who sees it, and making it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

from hf_provenance.errors import AccessError
from hf_provenance.publish.repo import MAIN, HubRepo, HubTree
from hf_provenance.publish.sources import Source, carried, check_public


@dataclass(frozen=True)
class Target:
    """A repo to push to.

    Attributes:
        repo: The repo and the branch.
        sha: The head of the branch; None if the branch or the repo is not there.
        is_there: Whether the repo is.
        is_public: Whether everybody sees what is in it; None as long as it is not there.
    """

    repo: HubRepo
    sha: str | None
    is_there: bool
    is_public: bool | None

    @classmethod
    def of(cls, repo: HubRepo) -> Target:
        """Look whether the repo is there.

        Raises:
            AccessError: It may not be read.
        """
        try:
            main = replace(repo, revision=MAIN).info()
        except AccessError as error:
            if isinstance(error.__cause__, RepositoryNotFoundError):
                return cls(repo, None, False, None)
            raise
        public = not main.private and not main.gated
        if repo.revision == MAIN:
            return cls(repo, main.sha, True, public)
        try:
            return cls(repo, repo.info().sha, True, public)
        except AccessError as error:
            if isinstance(error.__cause__, RevisionNotFoundError):
                return cls(repo, None, True, public)
            raise

    @property
    def tree(self) -> HubTree | None:
        """Its files; None where there are none yet."""
        return None if self.sha is None else self.repo.tree(self.sha)

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
        over = carried(sources)
        api, repo = self.repo.api, self.repo
        public = self.is_public
        if not self.is_there:
            hidden = over.private and not allow_public if private is None else private
            gated = over.gated if not allow_public else False
            public = not hidden and not gated
            check_public(sources, public, allow_public)
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
        else:
            check_public(sources, bool(public), allow_public)
        if self.sha is None and repo.revision != MAIN:
            repo.ask(
                "making the branch",
                lambda: api.create_branch(
                    repo.repo_id, repo_type="dataset", branch=repo.revision, exist_ok=True
                ),
            )
        if self.sha is not None:
            return Target(repo, self.sha, True, public)
        found = repo.info(new=True)
        if not self.is_there:  # somebody else may have made it first, and for everybody to see
            public = not found.private and not found.gated
            check_public(sources, public, allow_public)
            if private and public:
                raise AccessError(f"{repo.name} was made public by somebody else just now.")
        return Target(repo, found.sha, True, public)
