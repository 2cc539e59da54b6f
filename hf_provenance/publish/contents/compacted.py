"""What came of merging small shards: the answer of `compact`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_provenance.card.facts import DEFAULT


@dataclass(frozen=True)
class Compacted:
    """What was merged, or would be.

    Attributes:
        rows: Rows of the config, as before.
        shards_before: Shards of the config.
        shards_after: Shards afterwards; of a plan, the least that there can be.
        runs_before: Runs that wrote them; each is a pattern in every view, and ids.
        runs_after: Runs afterwards.
        bytes_read: Bytes that were read; of a plan, those of the shards that would be merged,
            beside which the labels of all others are read.
        bytes_written: Bytes of the new shards; of a plan, those of the old ones.
        files: Paths in the repo of all that was written; empty if there was nothing to merge.
        removed: Paths in the repo of what was taken away; of a plan, of the shards to merge.
        planned: Whether this is a plan, and nothing was done.
        config_name: The config.
        path: The folder, if it is one.
        repo_id: The dataset on the Hub, if it is one.
        commit_oid: The commit that holds it; of a plan, the one that was looked at.
        pull_request: Number of the pull request that holds it, where one was asked for.
    """

    rows: int
    shards_before: int
    shards_after: int
    runs_before: int
    runs_after: int
    bytes_read: int = 0
    bytes_written: int = 0
    files: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    planned: bool = False
    config_name: str = DEFAULT
    path: Path | None = None
    repo_id: str | None = None
    commit_oid: str | None = None
    pull_request: int | None = None

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
            }
        return where | {
            "config_name": self.config_name,
            "rows": self.rows,
            "shards_before": self.shards_before,
            "shards_after": self.shards_after,
            "runs_before": self.runs_before,
            "runs_after": self.runs_after,
            "bytes_read": self.bytes_read,
            "bytes_written": self.bytes_written,
            "files": list(self.files),
            "removed": list(self.removed),
            "planned": self.planned,
        }
