"""Datasets of the Hub that rows come from: what they allow, and what their rows take along.

Where rows come from is known from the files behind a dataset that `load_dataset` read, streamed
or not, and from `prov_source` where it names a dataset. A dataset that was saved elsewhere in
between, or read by path, is only known by the latter.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path, PurePath
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from datasets import Dataset, IterableDataset
from datasets.naming import camelcase_to_snakecase
from huggingface_hub import DatasetCardData, constants
from huggingface_hub.errors import GatedRepoError, HFValidationError

from hf_provenance.errors import AccessError, DisclosureError, HubError
from hf_provenance.publish.remote.repo import MAIN, HubRepo

MOST_LOOKED_UP = 50
"""Datasets that one push asks the Hub about."""

Gate = Literal[False, "auto", "manual"]

GATES: tuple[Gate, ...] = (False, "auto", "manual")
"""Kinds of gating, from none to the strictest."""

License = str | tuple[str, ...] | None

_MOST_FILES = 10_000
_TERMS = ("license_name", "license_link")

_ID = "[A-Za-z0-9][\\w.-]*/[A-Za-z0-9][\\w.-]*"
_NAMED = f"^({_ID})(@[\\w./-]+)?$"
_ADDRESS = re.compile(
    f"hf://datasets/({_ID})(?:[@/]|$)|https?://[^/]+/datasets/({_ID})/(?:resolve|raw|blob|tree)/"
)
_VERSION = re.compile("\\d+\\.\\d+\\.\\d+")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """A dataset that rows come from.

    Attributes:
        repo_id: `owner/name`.
        private: Whether only its owner and members see it.
        gated: Whether one has to ask for its files: False, "auto" or "manual".
        license: The licence that its card states, several as a tuple, or None.
        known: Whether the Hub knows it, as far as this token sees; else nothing else is known.
        terms: Name and link of a licence that is no usual one.
    """

    repo_id: str
    private: bool = False
    gated: Gate = False
    license: License = None
    known: bool = True
    terms: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Carried:
    """What a new repo takes over from the sources of its rows.

    Attributes:
        license: The licence that all of them state, several as a list, or None.
        private: Whether one of them is private.
        gated: The strictest gating among them: False, "auto" or "manual".
        terms: Name and link of the licence, where it is no usual one.
    """

    license: str | list[str] | None = None
    private: bool = False
    gated: Gate = False
    terms: tuple[tuple[str, str], ...] = ()

    @property
    def card_data(self) -> dict[str, Any]:
        """The licence as YAML keys of a card; none if none is carried."""
        return {"license": self.license, **dict(self.terms)} if self.license else {}


def hub_sources(splits: Mapping[str, Dataset | IterableDataset], *more_ids: str) -> set[str]:
    """Datasets of the Hub that the files behind some splits belong to.

    `datasets` keeps the names of its caches in lower case; the case is told by the files that
    `huggingface_hub` keeps, where they are still there.

    Args:
        splits: Splits by name.
        *more_ids: Other ids, with or without a revision.

    Returns:
        Their ids, without revisions.
    """
    found = {repo_id.partition("@")[0] for repo_id in more_ids}
    for split in splits.values():
        found.update(_behind(split))
    return found


def named_sources(rows: pa.Table) -> set[str]:
    """Datasets of the Hub that `prov_source` names, as `owner/name` or `owner/name@revision`.

    Args:
        rows: Provenance columns.

    Returns:
        Their ids, without revisions; no more than are looked up, and one.
    """
    if "prov_source" not in rows.column_names:
        return set()
    values = pc.unique(rows["prov_source"].cast(pa.large_string()))
    named = values.filter(pc.match_substring_regex(values, _NAMED))
    ids: dict[str, None] = {}
    for value in named:
        ids[value.as_py().partition("@")[0]] = None
        if len(ids) > MOST_LOOKED_UP:
            break
    return set(ids)


def _behind(split: Dataset | IterableDataset) -> Iterator[str]:
    """Ids of the datasets that a split was read from."""
    yield from _in_addresses(split.info.download_checksums or ())
    if isinstance(split, Dataset):
        for file in split.cache_files:
            yield from _of_cache(PurePath(file["filename"]))
        return
    yield from (repo_id for repo_id in split._token_per_repo_id if "/" in repo_id)
    nodes = [split._ex_iterable]
    while nodes:
        node = nodes.pop()
        nodes += [node.ex_iterable] if hasattr(node, "ex_iterable") else []
        nodes += getattr(node, "ex_iterables", [])
        yield from _in_arguments(getattr(node, "kwargs", None))


def _in_arguments(value: object) -> Iterator[str]:
    """Ids in what a stream hands to its reader: lists of files, or datasets."""
    if isinstance(value, str):
        yield from _in_addresses([value])
    elif isinstance(value, Dataset | IterableDataset):
        yield from _behind(value)
    elif isinstance(value, dict | list | tuple):
        parts = value.values() if isinstance(value, dict) else value
        for part in islice(parts, _MOST_FILES):
            yield from _in_arguments(part)


def _in_addresses(addresses: Iterable[str]) -> Iterator[str]:
    for address in addresses:
        if match := _ADDRESS.match(address):
            yield match[1] or match[2]


def _of_cache(file: PurePath) -> Iterator[str]:
    """Id in the path of a cached file: `owner___name/config/version/commit/file.arrow`."""
    parts = file.parts[-5:]
    owner, mark, name = parts[0].partition("___")
    if mark and len(parts) == 5 and _VERSION.fullmatch(parts[2]):
        folders = Path(constants.HF_HUB_CACHE).glob(f"datasets--{owner}--*")
        names = {folder.name.split("--", 2)[2] for folder in folders}
        spelled = [spelled for spelled in names if camelcase_to_snakecase(spelled) == name]
        yield from (f"{owner}/{spelled}" for spelled in spelled or [name])


def look_up(repo: HubRepo, ids: Iterable[str], *, before: int = 0) -> list[Source]:
    """Ask the Hub about datasets.

    Args:
        repo: Whose client is used.
        ids: Their ids, the most important first; a set is sorted.
        before: Datasets that this push has given to this function already.

    Returns:
        What the Hub says of each, by the id that was given. Nothing is known of those beyond the
        50th of a push, which a warning in the log says once.
    """
    given = sorted(ids) if isinstance(ids, Set) else list(dict.fromkeys(ids))
    number = max(0, MOST_LOOKED_UP - before)
    rest = given[number:]
    if rest and before <= MOST_LOOKED_UP:
        _log.warning(
            "The rows come from more than %s datasets of the Hub, as their prov_source has it. "
            "Whether %s and others are private or gated was not checked.",
            MOST_LOOKED_UP,
            rest[0],
        )
    return [
        *(_look_up(repo, repo_id) for repo_id in given[:number]),
        *(Source(repo_id, known=False) for repo_id in rest),
    ]


def _look_up(repo: HubRepo, repo_id: str) -> Source:
    source = replace(repo, repo_id=repo_id, revision=MAIN)
    try:
        info = source.ask("a look", lambda: source.api.dataset_info(repo_id))
    except AccessError as error:
        gated = isinstance(error.__cause__, GatedRepoError)
        return Source(repo_id, gated=gated and GATES[-1], known=gated)
    except HubError as error:
        if isinstance(error.__cause__, HFValidationError):
            return Source(repo_id, known=False)
        raise
    card = info.card_data or DatasetCardData()
    gate = info.gated or False
    return Source(
        repo_id,
        bool(info.private),
        gate if gate in GATES else GATES[-1],
        _license(card.get("license")),
        terms=tuple((key, str(card.get(key))) for key in _TERMS if card.get(key)),
    )


def _license(stated: object) -> License:
    if not isinstance(stated, list):
        return str(stated) if stated else None
    several = tuple(str(each) for each in stated)
    return several if len(several) > 1 else several[0] if several else None


def check_public(
    sources: Iterable[Source],
    target_is_public: bool,
    allow_public: bool,
    *,
    target_gated: Gate = False,
) -> None:
    """Refuse to make public what is not.

    Args:
        sources: Where the rows come from.
        target_is_public: Whether the repo they go to is not private.
        allow_public: Whether the caller has said that it is fine.
        target_gated: How the repo they go to is gated.

    Raises:
        DisclosureError: A source is private, or gated more strictly than where its rows go.
    """
    if not target_is_public or allow_public:
        return
    closed = [
        f"{source.repo_id} ({'private' if source.private else 'gated'})"
        for source in sources
        if source.private or GATES.index(source.gated) > GATES.index(target_gated)
    ]
    if closed:
        raise DisclosureError(
            f"rows come from {', '.join(closed)} and would be public: publish them in a private "
            "repo (private=True makes one), or pass allow_public=True if they may be public."
        )


def carried(sources: Iterable[Source]) -> Carried:
    """What a new repo takes over: visibility, gating, and a licence that all sources state."""
    found = list(sources)
    gate = max((GATES.index(source.gated) for source in found), default=0)
    stated = {(source.license, source.terms) for source in found}
    license_, terms = stated.pop() if len(stated) == 1 else (None, ())
    return Carried(
        list(license_) if isinstance(license_, tuple) else license_,
        any(source.private for source in found),
        GATES[gate],
        terms,
    )
