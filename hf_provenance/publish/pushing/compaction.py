"""How small shards of a repo become large ones: look, merge, check, commit, read back.

Rows, their order and all that is said of them stay. Until the commit, whatever goes wrong leaves
the repo as it was.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from hf_provenance.errors import HubError
from hf_provenance.publish.contents.compacted import Compacted
from hf_provenance.publish.contents.edition import ids_path, relist
from hf_provenance.publish.contents.layout import Layout, Placed
from hf_provenance.publish.contents.merges import Merge, find_merges, merged_layout
from hf_provenance.publish.contents.shards import Shard
from hf_provenance.publish.contents.tree import Tree
from hf_provenance.publish.pushing.heads import APPEND, Head, changes_of
from hf_provenance.publish.pushing.refusals import require_intact
from hf_provenance.publish.pushing.rewriting import Rewritten, error_of, rewrite
from hf_provenance.publish.reading.before import Before
from hf_provenance.publish.reading.publication import Publication, read_publication
from hf_provenance.publish.reading.resolve import read_configs
from hf_provenance.publish.remote.change import Change, Landed, once_in
from hf_provenance.publish.remote.commit import commit
from hf_provenance.publish.remote.patience import Moved, Retry
from hf_provenance.publish.remote.repo import HubRepo, HubTree
from hf_provenance.publish.remote.upload import Uploader

_NAMED = 3
"""Differences that a message names."""


@dataclass(frozen=True)
class Compactable:
    """A config whose card is about the rows that readers see, as far as can be told without them.

    Attributes:
        held: What the repo says of the config.
        before: The README and what it shows.
    """

    held: Publication
    before: Before

    @classmethod
    def of(cls, tree: Tree, config: str) -> Compactable:
        """Look at a repo.

        Raises:
            SummaryError: We did not publish the config, or what it says cannot be read.
            CardError: Its README cannot be edited safely.
            HubError: The repo is not as it was published.
            FolderError: The folder is not.
        """
        if isinstance(tree, HubTree):
            head = Head.of(tree, config, APPEND)
            found = cls(head.publication or read_publication(tree, config), head.before)
        else:
            before = Before.of(tree, config)
            found = cls(read_publication(tree, config, before.front), before)
        found._require_intact()
        return found

    def merges(self, shard_bytes: int) -> list[Merge]:
        """What is to be merged.

        Raises:
            HubError: A config of somebody else reads a shard of a repo that would go.
            FolderError: The same of a folder.
        """
        held = self.held
        merges = find_merges(held.layout, shard_bytes, held.tree.files)
        elsewhere = self.elsewhere
        for path in (shard.path for merge in merges for shard in merge.shards):
            if path in elsewhere:
                raise error_of(held)(
                    f"{held.tree.name}: the config {elsewhere[path]!r} reads {path} too, which is "
                    "to be merged with others: take it out of that config first."
                )
        return merges

    def after(self, done: Rewritten) -> After:
        """What the config holds once shards are in the place of others."""
        held = self.held
        layout = merged_layout(held.layout, done.made)
        left = {ids_path(held.config, run) for run in layout.runs}
        ids = {ids_path(held.config, run) for run in held.layout.runs} - left
        stay = [path for path in held.others if path not in ids]
        files = relist(
            layout,
            done.features,
            done.ids,
            readme=held.readme,
            is_default=self.before.default == held.config,
            others=stay,
        )
        listed = {shard.path for shard in layout.shards}
        shards = {shard.path for shard in held.layout.shards} - listed
        return After(layout, files, tuple(sorted(shards | (ids & held.tree.files.keys()))))

    @property
    def elsewhere(self) -> dict[str, str]:
        """Files that configs read which are not ours -> one of those."""
        held = self.held
        readings = read_configs(held.front, held.tree.files)
        return readings.elsewhere({held.config, *self.before.views(held.config)})

    def result(self, merges: list[Merge], shard_bytes: int) -> Compacted:
        """What would come of it."""
        layout = self.held.layout
        gone = {shard for merge in merges for shard in merge.shards}
        stay = [shard for shard in layout.shards if shard not in gone]
        size = sum(merge.size for merge in merges)
        return Compacted(
            rows=layout.rows,
            shards_before=len(layout.shards),
            shards_after=len(stay) + sum(merge.least(shard_bytes) for merge in merges),
            runs_before=len(layout.runs),
            runs_after=len({shard.run for shard in stay} | {merge.run for merge in merges}),
            bytes_read=size,
            bytes_written=size,
            removed=tuple(sorted(shard.path for shard in gone)),
            planned=True,
            config_name=self.held.config,
        )

    def _require_intact(self) -> None:
        held = self.held
        changes = [
            *changes_of(held),
            *(f"{path} is not there" for path in held.others if path not in held.tree.files),
        ]
        if changes:
            more = len(changes) - _NAMED
            raise error_of(held)(
                f"{held.tree.name} is stale, so nothing was merged: {'; '.join(changes[:_NAMED])}"
                f"{f'; and {more:,} more' if more > 0 else ''}. Put it right (`verify` tells all), "
                "or publish all rows anew."
            )


@dataclass(frozen=True)
class After:
    """What a config holds after a compaction.

    Attributes:
        layout: Its shards.
        files: Small files that say so, path in the repo -> content; the README last.
        gone: Paths of what goes.
    """

    layout: Layout
    files: dict[str, bytes]
    gone: tuple[str, ...]


def compacted(before: Compactable, after: After, done: Rewritten) -> Compacted:
    """What came of it."""
    held, new = before.held, done.shards
    return Compacted(
        rows=held.layout.rows,
        shards_before=len(held.layout.shards),
        shards_after=len(after.layout.shards),
        runs_before=len(held.layout.runs),
        runs_after=len(after.layout.runs),
        bytes_read=done.bytes_read,
        bytes_written=sum(shard.size for shard in new),
        files=(*(shard.path for shard in new), *after.files),
        removed=after.gone,
        config_name=held.config,
    )


class _MovedOn(Moved):
    """What was to be merged has been replaced meanwhile: it has to be worked out anew."""


@dataclass
class Compaction:
    """One compaction of a repo on the Hub.

    Attributes:
        repo: The repo and the branch.
        config: The config.
        shard_bytes: Most bytes of Arrow data in a shard.
        create_pr: Open a pull request instead of changing the branch.
        message: Message of the commit, or None.
        progress: Show progress bars.
    """

    repo: HubRepo
    config: str
    shard_bytes: int
    create_pr: bool = False
    message: str | None = None
    progress: bool = True
    _last: tuple[Compactable, After] | None = None

    def plan(self) -> Compacted:
        """What would be done."""
        tree = self.repo.tree()
        found = Compactable.of(tree, self.config)
        result = found.result(found.merges(self.shard_bytes), self.shard_bytes)
        return replace(result, repo_id=self.repo.repo_id, commit_oid=tree.sha)

    def run(self) -> Compacted:
        """Merge, send, commit and read back."""
        retry = Retry(f"merging the shards of {self.repo.name}", self.repo.patience)
        while True:
            tree = self.repo.tree()
            found = Compactable.of(tree, self.config)
            merges = found.merges(self.shard_bytes)
            if not merges:
                result = replace(found.result([], self.shard_bytes), planned=False)
                return replace(result, repo_id=self.repo.repo_id, commit_oid=tree.sha)
            try:
                return self._send(found, merges)
            except _MovedOn as error:
                retry.after(error)

    def _send(self, found: Compactable, merges: list[Merge]) -> Compacted:
        sent: dict[str, Shard] = {}
        with (
            tempfile.TemporaryDirectory(prefix="hf_provenance_") as folder,
            Uploader(
                self.repo,
                self.config,
                create_pr=self.create_pr,
                keep=False,
                progress=self.progress,
            ) as uploader,
        ):

            def done(shard: Shard, placed: Placed) -> None:
                sent[placed.path] = shard
                uploader.add(shard)

            made = rewrite(
                found.held,
                merges,
                Path(folder),
                done,
                shard_bytes=self.shard_bytes,
                progress=self.progress,
            )
            uploader.finish()
            landed = commit(
                self.repo,
                lambda tree: self._plan(tree, found, made, sent, uploader),
                create_pr=self.create_pr,
            )
        return self._read_back(landed, made)

    def _plan(
        self,
        tree: HubTree,
        base: Compactable,
        made: Rewritten,
        sent: dict[str, Shard],
        uploader: Uploader,
    ) -> Change:
        """What the commit is to do to a head: what came since the shards were read stays.

        Raises:
            HubError: The repo is no longer as it was published.
            _MovedOn: Shards that were read are no longer those of the config.
        """
        found = base if tree is base.held.tree else Compactable.of(tree, self.config)
        lost = {*base.held.layout.shards} - {*found.held.layout.shards}
        if lost or sent.keys() & tree.files.keys():
            raise _MovedOn(f"{self.repo.name}: the shards that were to be merged have changed")
        after = found.after(made)
        self._last = found, after
        merged = sum(len(merge.shards) for merge in made.made)
        return Change(
            message=self.message or f"Merge {merged:,} shards into {len(sent):,}",
            key=made.shards[0].run,
            shards={path: partial(uploader.operation, shard, path) for path, shard in sent.items()},
            hashes={path: shard.sha256 for path, shard in sent.items()},
            files=after.files,
            gone=after.gone,
        )

    def _read_back(self, landed: Landed, made: Rewritten) -> Compacted:
        """Read what the Hub shows now, and hold it against what was sent.

        Raises:
            HubError: It shows something else.
        """
        assert self._last is not None, "a commit that nothing was planned for"
        found, after = self._last
        at = f", pull request {landed.pull_request}" if landed.pull_request else ""
        with once_in(f"{self.repo.name}{at}"):
            shown = read_publication(landed.tree, self.config)
            require_intact(shown)
            same = shown.layout == after.layout and shown.summary == found.held.summary
            if not (same if landed.alone else {*made.shards} <= {*shown.layout.shards}):
                raise HubError(f"{landed.tree.name} does not show what was committed.")
        return replace(
            compacted(found, after, made),
            repo_id=self.repo.repo_id,
            commit_oid=landed.tree.sha,
            pull_request=landed.pull_request,
        )
