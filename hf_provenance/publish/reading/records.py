"""What is known of a whole dataset on the Hub: from our list, or from what its card says."""

from __future__ import annotations

from pathlib import Path

from hf_provenance.card.readme import read_front_matter
from hf_provenance.errors import CardError, SummaryError
from hf_provenance.publish.contents.edition import README
from hf_provenance.publish.contents.tree import small_file
from hf_provenance.publish.reading.publication import open_tree
from hf_provenance.sources.registry import Record, known, record_of_card


def look_up(
    repo_id_or_folder: str | Path,
    *,
    revision: str | None = None,
    token: str | bool | None = None,
) -> Record:
    """What is known of all rows of a dataset, for `Annotator(registry=...)`.

    Args:
        repo_id_or_folder: Hub id, or a folder with a README.
        revision: Branch, tag or commit of a Hub id.
        token: Of the Hub; None for the one that is stored.

    Returns:
        The record of our list, which needs no request; else what the standard fields of the card
        say (`tags`, `language_creators`, `source_datasets`, `library_name`), which may be nothing.

    Raises:
        AccessError: The dataset is not there for this token.
        FolderError: Neither a folder nor a Hub id.
        SummaryError: The card is too large to be read, or its YAML is broken.
    """
    name = str(repo_id_or_folder)
    record = None if Path(name).is_dir() else known(name)
    if record is not None:
        return record
    content = small_file(open_tree(repo_id_or_folder, revision, token), README)
    if content is None:
        return Record(dataset=name)
    try:
        front = read_front_matter(content)
    except CardError as error:
        raise SummaryError(f"the {README} of {name} cannot be read: {error}") from error
    return record_of_card(front, name)
