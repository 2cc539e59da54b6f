"""`verify`: whether a published dataset is what its card says, checked by whoever likes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hf_provenance.card.edits import OUR_KEY
from hf_provenance.card.facts import DEFAULT
from hf_provenance.card.readme import read_front_matter
from hf_provenance.errors import CardError, ProvenanceError, SplitError, SummaryError, UsageError
from hf_provenance.plain_data import parse_json
from hf_provenance.publish.contents.edition import README, SUMMARY, TIMELINE, inside
from hf_provenance.publish.contents.listing import LISTING
from hf_provenance.publish.contents.tree import Tree, small_file
from hf_provenance.publish.reading import staleness
from hf_provenance.publish.reading.documents import Findings, check_documents
from hf_provenance.publish.reading.publication import Publication, open_tree, read_publication
from hf_provenance.publish.reading.ranges import CountedTree
from hf_provenance.publish.reading.recount import recount
from hf_provenance.publish.reading.resolve import Readings, read_configs
from hf_provenance.publish.reading.verification import FALSE, STALE, TRUE, Verification
from hf_provenance.publish.remote.repo import HubTree
from hf_provenance.schema import SCHEMA

_ALWAYS = (
    "That the labels are true: they are the publisher's word.",
    f"What {README} says outside our part, and the keys of its YAML that others write too.",
    "`num_bytes` in `dataset_info`, which is the size of the rows once they are loaded.",
)
_SHALLOW = "That `prov_id` and `prov_bytes` fit the text: `deep=True` reads it."
_SAMPLE = "The sample of languages: it takes the text."
_TOKENS = "That `prov_tokens` are counts by the tokenizer that is named."
_PICTURES = "The pictures of the timeline."
_NO_NUMBERS = "The numbers: they were not counted again."
_HUB = "That the files have the sha256 which the Hub tells."

_SCHEMA = re.compile(r"hf-provenance/\d+")


def verify(
    repo_id_or_folder: str | Path,
    *,
    revision: str | None = None,
    deep: bool = False,
    text: str | Sequence[str] | None = None,
    token: str | bool | None = None,
    progress: bool = False,
) -> Verification:
    """Check whether a published dataset is what its card and its `provenance.json` say.

    First the files of the repo and what `load_dataset` reads of them are held against the
    listing in `provenance/files.json`, without reading data: somebody may have pushed with
    another tool. Only if they are equal, the `prov_` columns alone are read, and all that is
    stated is made anew from them. All configs that hf_provenance published are checked.

    Args:
        repo_id_or_folder: A Hub id, or a folder that `save_to_folder` wrote.
        revision: Branch, tag or commit.
        deep: Read the text too, and check that `prov_id` and `prov_bytes` fit it.
        text: For `deep`: the columns that were hashed; found like `Annotator.text`.
        token: A token of the Hub; None for the one that is logged in, False for none.
        progress: Show a progress bar.

    Returns:
        Its state ("true", "stale" or "false"), what differs, and what was not checked.

    Raises:
        SummaryError: Nothing in it was published by hf_provenance, or by a later version of it.
        TextColumnError: The text column is not found.
        AccessError: The repo is not there for this token.
        HubError: The Hub does not answer.
        FolderError: There is no such folder, or a file in it cannot be read.

    Example:
        >>> import tempfile
        >>> from datasets import Dataset
        >>> from hf_provenance import annotate, save_to_folder, verify
        >>> ds = annotate(Dataset.from_dict({"text": ["Hello."]}), origin="human")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = save_to_folder(ds, folder, progress=False)
        ...     verify(folder).state
        'true'
    """
    if text is not None and not deep:
        raise UsageError("text= names what deep=True reads: pass both, or neither.")
    place = open_tree(repo_id_or_folder, revision, token)
    tree = CountedTree(place)
    card = _read_card(tree)
    configs = stated_configs(tree, card.front)
    if not configs:
        raise SummaryError(
            f"{tree.name} holds nothing that hf_provenance published: there is no {LISTING}, and "
            f'{README} has no `{OUR_KEY}`. `push_to_hub(..., mode="annotate")` labels a dataset '
            "in place."
        )
    parts = [_check(tree, config, card, deep, text, progress) for config in configs]
    states = {part.state for part in parts}
    limits = [*_ALWAYS, *([_HUB] if isinstance(place, HubTree) else [])]
    limits += [limit for part in parts for limit in part.findings.not_checked]
    return Verification(
        name=tree.name,
        state=next(state for state in (FALSE, STALE, TRUE) if state in states),
        differences=tuple(each for part in parts for each in part.findings.differences),
        not_checked=tuple(dict.fromkeys(limits)),
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
        configs=tuple(configs),
        rows=sum(part.rows for part in parts),
        bytes_read=tree.bytes_read,
        revision=place.sha if isinstance(place, HubTree) else None,
    )


def stated_configs(tree: Tree, front: Mapping[str, Any]) -> list[str]:
    """Names of the configs that a repo states something about, `default` first.

    One that has lost a file is among them: taking the listing away must not hide a config.

    Args:
        tree: The repo.
        front: The YAML of its README.
    """
    names = {
        path.removesuffix(end).rstrip("/") or DEFAULT
        for path in tree.files
        for end in (LISTING, SUMMARY)
        if path == end or path.endswith(f"/{end}")
    }
    block = front.get(OUR_KEY)
    if isinstance(block, dict) and _SCHEMA.fullmatch(str(block.get("schema"))):
        more = block.get("configs")
        names |= {str(name) for name in more} if isinstance(more, dict) else set()
        names |= {DEFAULT} if "rows" in block else set()
    return sorted(
        (name for name in names if "/" not in name), key=lambda name: (name != DEFAULT, name)
    )


@dataclass(frozen=True)
class _Card:
    """The README of a repo: its YAML, and what `datasets` reads by it or why it cannot."""

    front: Mapping[str, Any] = field(default_factory=dict)
    readings: Readings | None = None
    error: str = f"{README} is not there"


def _read_card(tree: Tree) -> _Card:
    content = small_file(tree, README)
    if content is None:
        return _Card()
    front: Mapping[str, Any] = {}
    try:
        front = read_front_matter(content)
        return _Card(front, read_configs(front, tree.files))
    except CardError as error:
        return _Card(front, error=f"{README}: {error}")


@dataclass(frozen=True)
class _Part:
    """What was found of one config."""

    state: str
    findings: Findings
    notes: list[str] = field(default_factory=list)
    rows: int = 0


def _check(
    tree: Tree,
    config: str,
    card: _Card,
    deep: bool,
    text: str | Sequence[str] | None,
    progress: bool,
) -> _Part:
    findings = Findings(config)
    for path in (inside(config, SUMMARY), inside(config, LISTING)):
        if path not in tree.files:
            findings.add(path, f"{path} is not there")
    if card.readings is None:
        findings.add(README, card.error)
    if card.readings is None or findings.differences:
        return _stale(findings)
    readings = card.readings
    try:
        publication = read_publication(tree, config)
    except (SummaryError, SplitError) as error:
        _refuse_later(tree, config, error)
        listing = inside(config, LISTING)
        where = listing if str(error).startswith(listing) else inside(config, SUMMARY)
        findings.add(where, str(error))
        findings.not_checked.append(_NO_NUMBERS)
        return _Part(FALSE, findings)
    findings.differences += staleness.repo_differences(tree, readings, config)
    findings.differences += staleness.differences(publication, readings)
    notes = staleness.leftovers(publication, readings)
    if findings.differences:
        return replace(_stale(findings), notes=notes)
    findings.not_checked += _limits(publication, deep)
    found, rows = recount(publication, findings, deep=deep, text=text, progress=progress)
    if found is None:
        findings.not_checked.append(_NO_NUMBERS)
    else:
        check_documents(publication, found, findings)
    return _Part(FALSE if findings.differences else TRUE, findings, notes, rows)


def _stale(findings: Findings) -> _Part:
    findings.not_checked.append(_NO_NUMBERS)
    return _Part(STALE, findings)


def _refuse_later(tree: Tree, config: str, error: ProvenanceError) -> None:
    """Raise the error again if it is for a later schema, which is no untruth."""
    content = small_file(tree, inside(config, SUMMARY))
    data: Any = None
    with suppress(SummaryError):
        data = parse_json(content or b"", name=SUMMARY, error=SummaryError)
    named = data.get("schema") if isinstance(data, dict) else None
    if isinstance(named, str) and named != SCHEMA and _SCHEMA.fullmatch(named):
        raise error


def _limits(publication: Publication, deep: bool) -> list[str]:
    """What cannot be told of a config whose files are as they were published."""
    limits = [] if deep else [_SHALLOW]
    if publication.said.get("language_sample") is not None:
        limits.append(_SAMPLE)
    if "prov_tokens" in publication.summary.columns:
        limits.append(_TOKENS)
    if inside(publication.config, TIMELINE) in publication.others:
        limits.append(_PICTURES)
    return limits
