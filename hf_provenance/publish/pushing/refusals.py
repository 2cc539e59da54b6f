"""What a push cannot do to a repo, found out before anything is written.

It is looked at again for every newer head, since another writer may have changed the repo.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hf_provenance.errors import HubError, SchemaError, SplitError
from hf_provenance.publish.contents.views import yaml_features
from hf_provenance.publish.pushing.heads import (
    ANNOTATE,
    APPEND,
    CREATE,
    REPLACE,
    Head,
    Intent,
    changes_of,
)
from hf_provenance.publish.reading.publication import Publication

_NAMED = 3
"""Files or differences that a message names."""


def refuse(intent: Intent, head: Head | None) -> None:
    """Refuse what cannot be done.

    Args:
        intent: What the push is to do.
        head: The repo; None where there is none yet.

    Raises:
        HubError: The config is there and should not be, or the other way round.
        SchemaError: The rows do not fit those that are there.
        SplitError: The rows are divided by another rule, or a split has none.
    """
    _refuse_empty(intent, head)
    if head is None:
        return
    if intent.mode == CREATE:
        _refuse_present(intent, head)
    elif intent.mode == APPEND:
        _refuse_unlike(intent, head)
    elif intent.mode == REPLACE and head.publication is not None:
        _refuse_hiding(intent, head, head.publication)
    elif intent.mode == REPLACE:
        _refuse_dropping(intent, head)
    elif intent.mode == ANNOTATE:
        _refuse_other_rows(intent, head)


def require_intact(held: Publication) -> None:
    """Check, without reading data, that a repo still shows what we published.

    Raises:
        HubError: It was changed by another tool: a sum with its numbers would be wrong.
    """
    _refuse_changed(held.tree.name, changes_of(held))


def _refuse_changed(name: str, changes: Sequence[str]) -> None:
    if changes:
        named = "; ".join(changes[:_NAMED])
        more = len(changes) - _NAMED
        raise HubError(
            f"{name} was changed by another tool since it was published: {named}"
            f"{f'; and {more:,} more' if more > 0 else ''}. Put it right (`verify` tells all), or "
            'publish all rows anew with mode="replace".'
        )


def require_rows(head: Head, rows: Mapping[str, int]) -> None:
    """Check that labelling in place neither adds nor drops a row of any split.

    Raises:
        HubError: It does.
    """
    if dict(rows) != head.rows:
        raise HubError(
            f"{head.tree.repo.name} has {_counted(head.rows)} and these are {_counted(rows)}: "
            'labelling in place neither adds nor drops rows. Use mode="replace" if you mean to.'
        )


def _refuse_other_rows(intent: Intent, head: Head) -> None:
    """What is known of a stream before it is read are the names of its splits."""
    require_rows(
        head, {split: intent.rows.get(split, head.rows.get(split, 0)) for split in intent.splits}
    )


def _counted(rows: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} rows of {split!r}" for split, count in rows.items()) or "no rows"


def other_rule(intent: Intent, head: Head, held: Publication) -> SplitError:
    """The error for rows that are divided otherwise than those that are there."""
    theirs = held.layout.buckets.by if held.layout.buckets else None
    ours = intent.buckets.by if intent.buckets else None
    return SplitError(
        f"{head.tree.repo.name} is divided by {theirs!r} and these rows by {ours!r}: "
        f"pass by={theirs!r}."
    )


def _refuse_empty(intent: Intent, head: Head | None) -> None:
    adds = intent.mode == APPEND and head is not None and head.publication is not None
    if set(intent.splits) <= set(intent.empty) and not adds:
        raise SplitError("the dataset has no rows, so there is nothing to publish.")
    if intent.empty and intent.mode != APPEND:
        raise SplitError(
            f"the splits {intent.empty} have no rows, and a split without rows cannot be "
            "loaded: leave them out."
        )


def _refuse_present(intent: Intent, head: Head) -> None:
    if head.publication is None and not head.before.holds(intent.config):
        if head.unlisted:
            raise _hides(head)
        return
    raise HubError(
        f"{head.tree.repo.name} holds the config {intent.config!r} already "
        f'({_there(intent, head)}): mode="append" adds rows to it, mode="replace" puts these in '
        "place of its own, and another config_name stands beside it."
    )


def _there(intent: Intent, head: Head) -> str:
    held = head.publication
    if held is None:
        splits = head.before.configs.get(intent.config, {})
        return f"{', '.join(splits) or 'its views'}; not published by hf_provenance"
    rows = _counted(held.layout.split_rows)
    return f"{rows} in {len(held.layout.shards):,} shards, published by hf_provenance"


def _hides(head: Head) -> HubError:
    return HubError(
        f"{head.tree.name} holds data that its README lists in no config "
        f"({', '.join(head.unlisted[:_NAMED])} ...), and would be hidden by the configs written "
        'here: label it in place with mode="annotate", or give another repo.'
    )


def _refuse_unlike(intent: Intent, head: Head) -> None:
    held = head.publication
    if held is None:
        if head.before.holds(intent.config):
            raise HubError(
                f"{head.tree.repo.name} holds the config {intent.config!r}, which hf_provenance "
                "did not publish, so its rows carry no labels and no ratio of the whole can be "
                'told: label it first, with mode="annotate".'
            )
        if head.unlisted:
            raise _hides(head)
        return
    _refuse_changed(head.tree.name, head.changes)
    if not same_rule(intent, held):
        raise other_rule(intent, head, held)
    stated, ours = held.info(intent.config).get("features"), yaml_features(intent.features)
    if stated != ours:
        raise SchemaError(
            f"the rows have other columns than those in {head.tree.repo.name} "
            f"({_odd(stated, ours)}): cast or remove columns, or annotate with the same fields."
        )
    if intent.tokenizer and held.tokenizer != intent.tokenizer and held.summary.total("tokens"):
        raise SchemaError(
            f"the tokens in {head.tree.repo.name} were counted by "
            f"{held.tokenizer or 'no stated one'}, and these by {intent.tokenizer}: their sum "
            "would mean nothing. Count with the same."
        )


def same_rule(intent: Intent, held: Publication) -> bool:
    """Whether the rows are divided as those that are there; how many buckets may be is no part."""
    theirs, ours = held.layout.buckets, intent.buckets
    return (theirs and theirs.by) == (ours and ours.by)


def _odd(stated: object, ours: list[dict[str, object]]) -> str:
    theirs = stated if isinstance(stated, list) else []
    odd = [item.get("name") for item in theirs if isinstance(item, dict) and item not in ours]
    odd += [item["name"] for item in ours if item not in theirs]
    return ", ".join(map(str, dict.fromkeys(odd))) or "another order"


def _refuse_hiding(intent: Intent, head: Head, held: Publication) -> None:
    """Replacing some splits keeps the others: all that is read of those must be ours."""
    kept = held.layout.without(intent.splits)
    if kept.shards and not same_rule(intent, held):
        raise other_rule(intent, head, held)
    listed = {shard.path for shard in held.layout.shards}
    for split, paths in head.read.items():
        odd = [path for path in paths if path not in listed]
        if odd and split not in intent.splits:
            raise HubError(
                f"the split {split!r} in {head.tree.name} reads files that hf_provenance did not "
                f"publish ({', '.join(odd[:_NAMED])}), so it carries no labels: give all splits."
            )
    for shard in kept.shards:
        entry = head.tree.files.get(shard.path)
        if entry is None or entry.size != shard.size or entry.sha256 not in (None, shard.sha256):
            raise HubError(
                f"{shard.path} of the split {shard.split!r} is gone from {head.tree.name}, or "
                "another file: give all splits."
            )


def _refuse_dropping(intent: Intent, head: Head) -> None:
    """What another tool published goes as a whole: none of it carries labels."""
    there = head.foreign
    dropped = sorted(set(there.splits) - set(intent.splits))
    if dropped:
        raise HubError(
            f"{there.name} has the splits {dropped} too, which these rows lack and which carry "
            "no labels: give all splits, or another config_name."
        )
