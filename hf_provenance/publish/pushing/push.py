"""How a push goes on: look, check, send the shards, commit, read back.

Until the commit, whatever goes wrong leaves the repo as it was.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pyarrow as pa

from hf_provenance.card.edits import Difference
from hf_provenance.errors import DuplicateError, HubError
from hf_provenance.publish.contents.edition import Description, Edition, make_edition
from hf_provenance.publish.contents.published import Published
from hf_provenance.publish.contents.runs import path_of
from hf_provenance.publish.pushing.disclosure import check_disclosure
from hf_provenance.publish.pushing.duplicates import HeldRows
from hf_provenance.publish.pushing.given import Given
from hf_provenance.publish.pushing.heads import ANNOTATE, APPEND, CREATE, REPLACE, Head, Intent
from hf_provenance.publish.pushing.modes import Addition, Outcome, announce, outcome
from hf_provenance.publish.pushing.refusals import require_intact
from hf_provenance.publish.pushing.sources import Source, carried, look_up, named_sources
from hf_provenance.publish.pushing.target import Target
from hf_provenance.publish.reading.publication import Publication, read_publication
from hf_provenance.publish.remote.change import Change, Landed, once_in
from hf_provenance.publish.remote.commit import commit
from hf_provenance.publish.remote.repo import HubTree
from hf_provenance.publish.remote.upload import Uploader

KEEP, SKIP, ERROR = DUPLICATES = ("keep", "skip", "error")

_MESSAGES = {
    CREATE: "Publish {rows:,} rows with their provenance",
    APPEND: "Append {rows:,} rows",
    REPLACE: "Replace by {rows:,} rows",
    ANNOTATE: "Label {rows:,} rows in place",
}


@dataclass(frozen=True)
class Settings:
    """What a caller wants of the repo and the commit; see `push_to_hub`."""

    private: bool | None = None
    duplicates: str = KEEP
    create_pr: bool = False
    message: str | None = None
    allow_public: bool = False
    allow_personal: bool = False
    progress: bool = True


class _RowsCameIn(Exception):
    """Another writer added rows that may be among ours: they have to be looked at anew."""


@dataclass
class Push:
    """One push.

    Attributes:
        given: The rows.
        intent: What is to be done with them.
        target: Where to; `intent` was found possible there.
        description: What the caller says of the publication.
        settings: What the caller wants of the repo and the commit.
        sources: The Hub datasets that the rows come from, as far as known, by id.
        head: The repo as it was looked at last; None where there was nothing to look at.
    """

    given: Given
    intent: Intent
    target: Target
    description: Description
    settings: Settings
    sources: dict[str, Source]
    head: Head | None = None
    _skipped: Counter[str] = field(default_factory=Counter)
    _last: tuple[Outcome, Edition, tuple[str, ...]] | None = None

    def run(self) -> Published:
        """Check, send, commit and read back."""
        inspected = False
        for split, start, labels in self.given.labels():
            self._inspect(split, start, labels)
            inspected = True
        self.target = self.target.made(
            list(self.sources.values()), self.settings.private, self.settings.allow_public
        )
        while True:
            tree = self.target.tree
            held = self._look(tree).publication if tree else None
            try:
                return self._send(held, inspected)
            except _RowsCameIn:
                self.target = replace(self.target, sha=self.target.repo.info().sha)

    def _send(self, held: Publication | None, inspected: bool) -> Published:
        """Write and send the rows, leave out those that are there, and commit the rest."""
        repo, settings = self.target.repo, self.settings
        looks = settings.duplicates != KEEP and held is not None
        there = HeldRows(held) if looks and held is not None else None
        self._skipped.clear()

        def each(split: str, start: int, rows: pa.Table) -> pa.Table:
            if not inspected:
                self._inspect(split, start, rows)
            return rows if there is None else self._without(there, split, start, rows)

        sample = None
        if held is not None and self.intent.mode == APPEND:
            sample = held.sample.size if held.sample else 0
        with (
            tempfile.TemporaryDirectory(prefix="hf_provenance_") as shards,
            Uploader(
                repo,
                self.intent.config,
                create_pr=settings.create_pr,
                keep=self.given.stays,
                progress=settings.progress,
            ) as uploader,
        ):
            written, sampled = self.given.write(
                Path(shards),
                self.intent.buckets,
                sample,
                each,
                uploader.add,
                may_be_empty=self.intent.mode == APPEND,
            )
            uploader.finish()
            addition = Addition(written, sampled)

            def plan(tree: HubTree) -> Change | None:
                return self._plan(tree, addition, uploader, held, there)

            landed = commit(repo, plan, create_pr=settings.create_pr)
        return self._read_back(landed)

    def _inspect(self, split: str, start: int, rows: pa.Table) -> None:
        """Hold what rows say of their sources against what may be published, before they are sent.

        Raises:
            DisclosureError: Something that may not be meant for the public.
        """
        if not self.settings.allow_personal:
            check_disclosure(rows, split=split, start=start)
        new = named_sources(rows) - self.sources.keys()
        if new:
            found = look_up(self.target.repo, new, before=len(self.sources))
            self.sources |= {source.repo_id: source for source in found}
            if self.target.is_there:  # else it is held against all of them when it is made
                self.target.admit(found, self.settings.allow_public)

    def _without(self, there: HeldRows, split: str, start: int, rows: pa.Table) -> pa.Table:
        """The rows that the repo does not hold yet.

        Raises:
            DuplicateError: It holds some, and that is to be an error.
        """
        held = there.holds(rows["prov_id"])
        if not held.any():
            return rows
        if self.settings.duplicates == ERROR:
            first = int(held.argmax())
            raise DuplicateError(
                f"{self.target.repo.name} holds {held.sum():,} of the rows {start:,} to "
                f"{start + len(held) - 1:,} of split {split!r} already; the first is row "
                f"{start + first:,} (prov_id {rows['prov_id'][first]}): leave them out with "
                'duplicates="skip", or add them again with duplicates="keep".'
            )
        self._skipped[split] += int(held.sum())
        return rows.filter(pa.array(~held))

    def _plan(
        self,
        tree: HubTree,
        addition: Addition,
        uploader: Uploader,
        held: Publication | None,
        there: HeldRows | None,
    ) -> Change | None:
        """What the commit is to do, worked out from a head; None if nothing."""
        intent, repo = self.intent, self.target.repo
        self._last = None
        head = self._look(tree)
        if self.settings.duplicates != KEEP and head.publication is not None:
            seen = set(held.layout.runs) if held else set()
            if set(head.publication.layout.runs) - seen:
                newer = HeldRows(head.publication)
                if newer.might_hold(addition.written.ids, beside=seen):
                    raise _RowsCameIn
        if not addition.written.shards:
            if head.publication is None:
                raise HubError(f"there are no rows to publish in {repo.name}.")
            return None
        after = outcome(intent, head, addition)
        if after is None:
            return None
        edition = make_edition(
            after.layout,
            intent.features,
            after.summary,
            after.sample,
            after.ids,
            self._described(after),
            readme=head.before.readme or self.given.readme,
            views=head.before.views(intent.config),
            is_default=head.before.default == intent.config,
            others=after.others,
        )
        gone = sorted((after.gone & tree.files.keys()) - edition.files.keys())
        announce(head, after, gone, self.description.template)
        self._last = after, edition, tuple(gone)
        shards = addition.written.shards
        paths = {path_of(shard, intent.config, after.run): shard for shard in shards}
        rows = sum(shard.rows for shard in shards)
        return Change(
            message=self.settings.message or _MESSAGES[intent.mode].format(rows=rows),
            key=after.run,
            shards={
                path: partial(uploader.operation, shard, path) for path, shard in paths.items()
            },
            hashes={path: shard.sha256 for path, shard in paths.items()},
            files=edition.files,
            gone=gone,
        )

    def _look(self, tree: HubTree) -> Head:
        """The repo at a commit, looked at once."""
        if self.head is None or self.head.tree.sha != tree.sha:
            self.head = Head.of(tree, self.intent.config, self.intent.mode)
        return self.head

    def _described(self, after: Outcome) -> Description:
        given = self.description
        terms = carried(list(self.sources.values())).card_data
        stated = given.card_data if "license" in given.card_data else {**terms, **given.card_data}
        return replace(
            given,
            repo_id=self.target.repo.repo_id,
            tokenizer=given.tokenizer or after.tokenizer,
            card_data=stated,
        )

    def _read_back(self, landed: Landed) -> Published:
        """Read what the Hub shows now, and hold it against what was sent.

        Raises:
            HubError: It shows something else.
        """
        at = f", pull request {landed.pull_request}" if landed.pull_request else ""
        said = once_in(f"{self.target.repo.name}{at}") if landed.changed else nullcontext()
        with said:
            shown = read_publication(landed.tree, self.intent.config)
            require_intact(shown)
        files: tuple[str, ...] = ()
        kept: tuple[Difference, ...] = ()
        gone: tuple[str, ...] = ()
        if landed.changed and self._last is not None:
            after, edition, gone = self._last
            run = [shard for shard in after.layout.shards if shard.run == after.run]
            same = shown.summary.fingerprint == after.summary.fingerprint
            if not (same if landed.alone else set(run) <= set(shown.layout.shards)):
                raise HubError(f"{landed.tree.name} does not show what was committed.")
            files, kept = (*(shard.path for shard in run), *edition.files), edition.kept
        return Published(
            shown.summary,
            files,
            kept,
            self.intent.config,
            repo_id=self.target.repo.repo_id,
            commit_oid=landed.tree.sha,
            pull_request=landed.pull_request,
            removed=gone,
            skipped=self._skipped.total(),
        )
