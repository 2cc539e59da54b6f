"""What a push makes of what a repo holds: create, append, replace, annotate.

Each mode says early whether it can be done at all, and then, for a head, what the config will
hold afterwards. It is asked again for every newer head, so two writers never overwrite each
other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from datasets import Features

from hf_provenance.errors import HubError, SchemaError, SplitError
from hf_provenance.publish.before import Before, data_files
from hf_provenance.publish.columns import Tallied, tally_shards
from hf_provenance.publish.edition import Ids, ids_path
from hf_provenance.publish.foreign import ForeignConfig, read_foreign
from hf_provenance.publish.layout import Layout
from hf_provenance.publish.publication import Publication, published_configs, read_publication
from hf_provenance.publish.repo import HubTree
from hf_provenance.publish.rows import Written
from hf_provenance.publish.runs import find_run, name_run
from hf_provenance.publish.views import config_splits, make_configs, yaml_features
from hf_provenance.sources.languages import LanguageSample
from hf_provenance.splits import Buckets
from hf_provenance.summary import Summary

CREATE, APPEND, REPLACE, ANNOTATE = MODES = ("create", "append", "replace", "annotate")


@dataclass(frozen=True)
class Head:
    """A repo at one commit, as far as a push has to know it.

    Attributes:
        tree: Its files.
        before: Its README and what that shows.
        publication: The config as we published it, or None.
    """

    tree: HubTree
    before: Before
    publication: Publication | None

    @classmethod
    def of(cls, tree: HubTree, config: str, mode: str) -> Head:
        """Look at a repo.

        Raises:
            CardError: Its README cannot be edited safely.
            SummaryError: The config was published by us and cannot be read.
        """
        before = Before.of(tree, config, replacing=mode in (REPLACE, ANNOTATE))
        ours = config in published_configs(tree)
        return cls(tree, before, read_publication(tree, config) if ours else None)

    @property
    def unlisted(self) -> list[str]:
        """Data files that readers see because the README lists no config at all."""
        if self.before.configs or self.publication:
            return []
        return data_files(sorted(self.tree.files))


@dataclass(frozen=True)
class Intent:
    """What a push is to do, as known before any row is read.

    Attributes:
        mode: One of `MODES`.
        config: The config.
        splits: The splits that it brings.
        features: Features of its rows.
        buckets: The rule that divides its rows, or None.
        tokenizer: Name of the tokenizer behind `prov_tokens`, or None.
    """

    mode: str
    config: str
    splits: tuple[str, ...]
    features: Features
    buckets: Buckets | None
    tokenizer: str | None


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
        gone: Files of the repo that go.
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


def refuse(intent: Intent, head: Head | None) -> None:
    """Refuse what cannot be done, before anything is written.

    Args:
        intent: What the push is to do.
        head: The repo; None where there is none yet.

    Raises:
        HubError: The config is there and should not be, or the other way round.
        SchemaError: The rows do not fit those that are there.
        SplitError: The rows are divided by another rule.
    """
    if head is None:
        return
    if intent.mode == CREATE:
        _refuse_present(intent, head)
    elif intent.mode == APPEND:
        _refuse_unlike(intent, head)
    elif intent.mode == REPLACE and head.publication is None:
        _refuse_dropping(intent, _foreign(intent, head))
    elif intent.mode == ANNOTATE and head.publication is None:
        _foreign(intent, head)


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
        return _added(held, run, addition)
    if intent.mode in (REPLACE, ANNOTATE):
        return _replaced(intent, head, name, addition)
    layout = empty.with_run(name, written.shards)
    return Outcome(name, layout, written.summary, addition.sample, {name: written.ids})


def may_be_there(head: Head, fingerprint: str | None) -> bool:
    """Whether a config may hold the very rows with this fingerprint and no others."""
    held = head.publication
    return held is not None and held.summary.fingerprint == fingerprint


def _added(held: Publication, run: str, addition: Addition) -> Outcome:
    sample = held.sample
    if sample is not None and addition.sample is not None:
        sample = sample + addition.sample
    layout = held.layout.with_run(run, addition.written.shards)
    if layout.buckets is not None:
        layout.buckets.check(layout.bucket_names())
    return Outcome(
        run,
        layout,
        held.summary + addition.written.summary,
        sample,
        {run: addition.written.ids},
        others=tuple(ids_path(held.config, old) for old in held.layout.runs),
        tokenizer=held.said.get("tokenizer"),
    )


def _replaced(intent: Intent, head: Head, name: str, addition: Addition) -> Outcome:
    """The new rows in place of the old; splits that are not given stay."""
    held = head.publication
    written = addition.written
    if held is None:
        foreign = _foreign(intent, head)
        gone = foreign.files
        if intent.mode == ANNOTATE:
            _require_rows(foreign.rows(head.tree), written, head)
        layout = Layout(intent.config, intent.buckets)
        kept = Tallied(Summary(), {})
    else:
        if intent.mode == ANNOTATE:
            _require_rows(_rows_by_split(held.layout), written, head)
        layout = held.layout.without(intent.splits)
        if layout.shards and held.layout.buckets != intent.buckets:
            raise SplitError(_other_rule(intent, head, held))
        kept = tally_shards(held.tree, layout)
        gone = frozenset(_files_of(held))
    sample = None if layout.shards else addition.sample  # of all rows or of none
    run, _ = find_run(layout, name, written.shards)
    layout = layout.with_run(run, written.shards)
    ids = {**kept.ids, run: written.ids}
    stay = {shard.path for shard in layout.shards} | {
        ids_path(intent.config, each) for each in layout.runs
    }
    summary = kept.summary + written.summary
    return Outcome(run, layout, summary, sample, ids, gone=gone - stay)


def _files_of(held: Publication) -> set[str]:
    """Files of a config that are ours to remove: listed, named as we name them, and there."""
    shards = {shard.path for shard in held.layout.shards}
    return {path for path in shards | set(held.others) if path in held.tree.files}


def _refuse_present(intent: Intent, head: Head) -> None:
    if head.publication is None and not head.before.holds(intent.config):
        if head.unlisted:
            raise HubError(
                f"{head.tree.name} holds data that its README lists in no config "
                f"({head.unlisted[:5]} ...), and would be hidden by the configs written here: "
                'label it in place with mode="annotate", or give another repo.'
            )
        return
    raise HubError(
        f"{head.tree.repo.name} holds the config {intent.config!r} already "
        f"({_there(intent, head)}): "
        'mode="append" adds rows to it, mode="replace" puts these in place of its own, '
        "and another config_name stands beside it."
    )


def _there(intent: Intent, head: Head) -> str:
    held = head.publication
    if held is not None:
        return f"{_counted(_rows_by_split(held.layout))} in {len(held.layout.shards):,} shards, published by hf_provenance"
    splits = head.before.configs.get(intent.config, {})
    named = ", ".join(splits) or "its views"
    return f"{named}; not published by hf_provenance"


def _refuse_unlike(intent: Intent, head: Head) -> None:
    held = head.publication
    if held is None:
        if head.before.holds(intent.config) or head.unlisted:
            raise HubError(
                f"{head.tree.repo.name} holds the config {intent.config!r}, which hf_provenance "
                "did not publish, so its rows carry no labels and no ratio of the whole can be "
                'told: label it first, with mode="annotate".'
            )
        return
    require_intact(held)
    if held.layout.buckets != intent.buckets:
        raise SplitError(_other_rule(intent, head, held))
    stated, ours = held.info(intent.config).get("features"), yaml_features(intent.features)
    if stated != ours:
        raise SchemaError(
            f"the rows have other columns than those in {head.tree.repo.name} "
            f"({_odd(stated, ours)}): cast or remove columns, or annotate with the same fields."
        )
    tokenizer = held.said.get("tokenizer")
    if intent.tokenizer and tokenizer != intent.tokenizer and held.summary.total("tokens"):
        raise SchemaError(
            f"the tokens in {head.tree.repo.name} were counted by {tokenizer or 'no stated one'}, "
            f"and these by {intent.tokenizer}: their sum would mean nothing. Count with the same."
        )


def _other_rule(intent: Intent, head: Head, held: Publication) -> str:
    theirs = held.layout.buckets.by if held.layout.buckets else None
    ours = intent.buckets.by if intent.buckets else None
    return (
        f"{head.tree.repo.name} is divided by {theirs!r} and these rows by {ours!r}: "
        f"pass by={theirs!r}."
    )


def _odd(stated: object, ours: list[dict[str, object]]) -> str:
    theirs = stated if isinstance(stated, list) else []
    odd = [item.get("name") for item in theirs if isinstance(item, dict) and item not in ours]
    odd += [item["name"] for item in ours if item not in theirs]
    return ", ".join(map(str, dict.fromkeys(odd))) or "another order"


def require_intact(held: Publication) -> None:
    """Check, without reading data, that the repo still shows what was published.

    Raises:
        HubError: It was changed by another tool: a sum with its numbers would be wrong.
    """
    made = config_splits({"configs": make_configs(held.layout)})
    shown = config_splits(held.front)
    odd = sorted(view for view, splits in made.items() if shown.get(view) != splits)
    files = held.tree.files
    odd += sorted(
        shard.path
        for shard in held.layout.shards
        if shard.path not in files or files[shard.path].sha256 not in (None, shard.sha256)
    )
    if held.block.get("fingerprint") != held.summary.fingerprint:
        odd.append("provenance")
    if odd:
        raise HubError(
            f"{held.tree.name} was changed by another tool since it was published "
            f"({', '.join(odd[:5])}): `verify` says how. Put it right, or publish all rows anew "
            'with mode="replace".'
        )


def _foreign(intent: Intent, head: Head) -> ForeignConfig:
    return read_foreign(head.tree, intent.config, head.before)


def _refuse_dropping(intent: Intent, foreign: ForeignConfig) -> None:
    dropped = sorted(set(foreign.splits) - set(intent.splits))
    if dropped:
        raise HubError(
            f"{foreign.name} has the splits {dropped} too, which these rows lack and which carry "
            "no labels: give all splits, or another config_name."
        )


def _rows_by_split(layout: Layout) -> dict[str, int]:
    rows: dict[str, int] = {}
    for shard in layout.shards:
        rows[shard.split] = rows.get(shard.split, 0) + shard.rows
    return rows


def _require_rows(there: Mapping[str, int], written: Written, head: Head) -> None:
    """Labelling in place changes no row: each split must come with as many as it has."""
    ours = written.rows
    if ours != dict(there):
        raise HubError(
            f"{head.tree.repo.name} has {_counted(there)} and these are {_counted(ours)}: labelling in "
            'place neither adds nor drops rows. Use mode="replace" if you mean to.'
        )


def _counted(rows: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} rows of {split!r}" for split, count in rows.items()) or "no rows"
