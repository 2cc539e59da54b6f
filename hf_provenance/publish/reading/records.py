"""What is known of a whole dataset on the Hub: from our list, or from what its card says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hf_provenance.card.edits import OUR_KEY
from hf_provenance.card.readme import read_front_matter
from hf_provenance.errors import CardError, SummaryError
from hf_provenance.publish.contents.edition import README
from hf_provenance.publish.contents.tree import Tree, small_file
from hf_provenance.publish.reading.publication import open_tree
from hf_provenance.sources.records import Record
from hf_provenance.sources.registry import known, record_of_card

_LABELLED = (
    "its rows are labelled one by one: the standard fields of its card sum these labels up, and "
    "tell of no row"
)
"""One row by a model makes a card of ours say `machine-generated`, whoever wrote the others."""


def look_up(
    repo_id_or_folder: str | Path,
    *,
    revision: str | None = None,
    token: str | bool | None = None,
) -> Record:
    """What is known of all rows of a dataset, for `Annotator(registry=...)`.

    Args:
        repo_id_or_folder: Hub id, with or without `@revision`, or a folder with a README.
        revision: Branch, tag or commit of a Hub id, if it does not name one.
        token: Of the Hub; None for the one that is stored.

    Returns:
        The record of our list, which needs no request; else what the standard fields of the card
        say (`tags`, `language_creators`, `source_datasets`, `library_name`), which may be nothing.
        A card that this package wrote says nothing of a row: its fields sum up labels of rows.
        It is of the id with the revision that was asked for, or of the folder's name.

    Raises:
        AccessError: The dataset is not there for this token.
        FolderError: Neither a folder nor a Hub id.
        SummaryError: The card is too large to be read, or its YAML is broken.
    """
    folder = Path(repo_id_or_folder)
    if isinstance(repo_id_or_folder, Path) or folder.is_dir():
        # Its name alone: where it lies on this machine is nobody's business.
        return _of_card(open_tree(folder), folder.resolve().name)
    repo_id, _, named = str(repo_id_or_folder).partition("@")
    revision = revision or named or None
    at = f"@{revision}" if revision else ""
    record = known(repo_id)
    if record is not None:
        return replace(record, dataset=record.dataset + at)
    return _of_card(open_tree(repo_id, revision, token), repo_id + at)


def _of_card(tree: Tree, name: str) -> Record:
    content = small_file(tree, README)
    if content is None:
        return Record(dataset=name)
    try:
        front = read_front_matter(content)
    except CardError as error:
        raise SummaryError(f"the {README} of {name} cannot be read: {error}") from error
    record = record_of_card(front, name)
    return replace(record, origin=None, method=None, note=_LABELLED) if OUR_KEY in front else record
