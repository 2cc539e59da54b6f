"""What a push makes of what a repo holds: create, append, replace, annotate.

For a head it is worked out what the config will hold afterwards. This is done anew for every
newer head, so two writers never overwrite each other.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hf_provenance.publish.contents.edition import Ids, ids_path
from hf_provenance.publish.contents.layout import Layout
from hf_provenance.publish.contents.listing import is_beside
from hf_provenance.publish.contents.rows import Written
from hf_provenance.publish.contents.runs import find_run, name_run
from hf_provenance.publish.pushing.heads import ANNOTATE, APPEND, CREATE, REPLACE, Head, Intent
from hf_provenance.publish.pushing.refusals import refuse, require_rows
from hf_provenance.publish.reading.columns import Tallied, tally_shards
from hf_provenance.publish.reading.publication import Publication
from hf_provenance.schema import HUMAN
from hf_provenance.sources.languages import LanguageSample
from hf_provenance.summary import Summary

_NAMED = 20

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Addition:
    """The rows of a push, once they are at the Hub.

    Attributes:
        written: Shards, summary and ids.
        sample: Language sample of the rows, or None.
    """

    written: Written
    sample: LanguageSample | None


@dataclass(frozen=True)
class Outcome:
    """What the config holds after a push.

    Attributes:
        run: The name that the new run has in it.
        layout: Its shards.
        summary: The summary of its rows.
        sample: The language sample, or None.
        ids: Runs whose ids are to be written.
        others: Small files that stay as they are.
        gone: Files of the repo that go, unless they are written anew.
        tokenizer: The tokenizer that an earlier push named, or None.
    """

    run: str
    layout: Layout
    summary: Summary
    sample: LanguageSample | None
    ids: Mapping[str, Ids]
    others: tuple[str, ...] = ()
    gone: frozenset[str] = frozenset()
    tokenizer: str | None = None


def outcome(intent: Intent, head: Head, addition: Addition) -> Outcome | None:
    """What the config will hold, or None if it holds all of it already.

    Raises:
        As `refuse`; the repo may have changed since.
    """
    held, written = head.publication, addition.written
    empty = Layout(intent.config, intent.buckets)
    name = name_run(written.parts, intent.features, empty)
    if held is not None and intent.mode in (CREATE, APPEND):
        run, present = find_run(held.layout, name, written.shards)
        if present and (intent.mode == APPEND or held.layout.runs == [run]):
            return None
    refuse(intent, head)
    if intent.mode == APPEND and held is not None:
        return _added(intent, held, run, addition)
    if intent.mode in (REPLACE, ANNOTATE):
        return _replaced(intent, head, name, addition)
    layout = empty.with_run(name, written.shards)
    return Outcome(name, layout, written.summary, addition.sample, {name: written.ids})


def may_be_there(head: Head, fingerprint: str | None) -> bool:
    """Whether a config may hold the very rows with this fingerprint and no others."""
    held = head.publication
    return held is not None and held.summary.fingerprint == fingerprint


def announce(head: Head, after: Outcome, gone: Sequence[str], template: str | Path | None) -> None:
    """Say before it happens what will go, and whether rows of people are among it.

    Args:
        head: The repo as it is.
        after: What the config will hold.
        gone: Paths of the files that will be removed.
        template: The template of the card that was given.
    """
    where, held = head.tree.repo.name, head.publication
    if gone:
        more = f" and {len(gone) - _NAMED:,} more" if len(gone) > _NAMED else ""
        named = ", ".join(gone[:_NAMED])
        _log.warning("%s: %s files will be removed: %s%s.", where, f"{len(gone):,}", named, more)
    if held is None:
        return
    before, now = (summary.amounts("rows")[HUMAN] for summary in (held.summary, after.summary))
    if now < before:
        _log.warning(
            "%s: the rows labelled human fall from %s to %s.", where, f"{before:,}", f"{now:,}"
        )
    if template is None and held.said.get("template") == "custom":
        _log.warning(
            "%s: its card was written by a template of your own, and now is by the built-in one: "
            "pass template= with every push.",
            where,
        )


def _added(intent: Intent, held: Publication, run: str, addition: Addition) -> Outcome:
    sample = held.sample
    if sample is not None and addition.sample is not None:
        sample = sample + addition.sample
    layout = held.layout.with_run(run, addition.written.shards)
    names = layout.bucket_names()
    if intent.buckets is not None and names != held.layout.bucket_names():
        intent.buckets.check(names)
    there = {old: ids_path(held.config, old) for old in held.layout.runs}
    others = tuple(path for path in there.values() if path in held.tree.files)
    lost = held.layout.of_runs(old for old, path in there.items() if path not in others)
    again = tally_shards(held.tree, lost).ids if lost.shards else {}
    return Outcome(
        run,
        layout,
        held.summary + addition.written.summary,
        sample,
        {**again, run: addition.written.ids},
        others=others,
        gone=frozenset(_beside(held)) - set(others),
        tokenizer=held.tokenizer,
    )


def _replaced(intent: Intent, head: Head, name: str, addition: Addition) -> Outcome:
    """The new rows in place of the old; splits that are not given stay."""
    held = head.publication
    written = addition.written
    if intent.mode == ANNOTATE:
        require_rows(head, written.rows)
    layout = Layout(intent.config, intent.buckets)
    gone = _left_over(head)
    if held is None or (intent.mode == ANNOTATE and head.changes):
        theirs = head.foreign
        gone |= theirs.files
    else:
        kept = held.layout.without(intent.splits)
        if kept.shards:
            layout = kept
        read = {path for paths in head.read.values() for path in paths}
        gone |= (read & head.tree.files.keys()) - head.read_elsewhere
    if held is not None:
        gone |= _files_of(held)
    stay = tally_shards(head.tree, layout) if layout.shards else Tallied(Summary(), {})
    sample = None if layout.shards else addition.sample  # of all rows or of none
    run, _ = find_run(layout, name, written.shards)
    layout = layout.with_run(run, written.shards)
    return Outcome(
        run,
        layout,
        stay.summary + written.summary,
        sample,
        {**stay.ids, run: written.ids},
        gone=frozenset(gone) - {shard.path for shard in layout.shards},
    )


def _files_of(held: Publication) -> set[str]:
    """Files of a config that are ours to remove: listed, named as we name them, and there."""
    shards = {shard.path for shard in held.layout.shards}
    return {path for path in shards if path in held.tree.files} | _beside(held)


def _beside(held: Publication) -> set[str]:
    listed = {path for path in held.others if is_beside(held.config, path)}
    return listed & held.tree.files.keys()


def _left_over(head: Head) -> set[str]:
    """What lies beside a publication of ours that can no longer be read."""
    if head.broken is None:
        return set()
    return {path for path in head.tree.files if is_beside(head.config, path)}
