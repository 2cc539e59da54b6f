"""What a publication came to: the answer of `save_to_folder` and `push_to_hub`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_provenance.card.edits import Difference
from hf_provenance.card.facts import DEFAULT
from hf_provenance.summary import Summary


@dataclass(frozen=True)
class Published:
    """What was written.

    Attributes:
        summary: The summary that the card now states.
        files: Paths in the repo of all that this run wrote; empty if all was there already.
        kept: Values of an existing README that differ from ours and were kept.
        config_name: The config.
        path: The folder, if it is one.
        repo_id: The dataset on the Hub, if it is one.
        commit_oid: The commit that holds it.
        pull_request: Number of the pull request that holds it, where one was asked for.
        removed: Paths in the repo that this run took away.
        skipped: Rows that were left out because the repo holds them already.
    """

    summary: Summary
    files: tuple[str, ...]
    kept: tuple[Difference, ...] = ()
    config_name: str = DEFAULT
    path: Path | None = None
    repo_id: str | None = None
    commit_oid: str | None = None
    pull_request: int | None = None
    removed: tuple[str, ...] = ()
    skipped: int = 0

    @property
    def place(self) -> str:
        """Where it is: a folder's path or a Hub id."""
        return str(self.path or self.repo_id)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        where: dict[str, Any] = {"path": str(self.path)}
        if self.path is None:
            where = {
                "repo_id": self.repo_id,
                "commit_oid": self.commit_oid,
                "pull_request": self.pull_request,
                "removed": list(self.removed),
                "skipped": self.skipped,
            }
        return where | {
            "config_name": self.config_name,
            "rows": self.summary.rows,
            "shares": self.summary.shares(self.summary.unit),
            "unit": self.summary.unit,
            "fingerprint": self.summary.fingerprint,
            "files": list(self.files),
            "kept": [
                {"key": item.key, "theirs": item.theirs, "ours": item.ours} for item in self.kept
            ],
        }
