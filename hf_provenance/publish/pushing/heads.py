"""A repo as a push finds it, and what the push is to do there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from datasets import Features

from hf_provenance.errors import HubError, SummaryError
from hf_provenance.publish.contents.edition import SUMMARY, inside
from hf_provenance.publish.contents.listing import LISTING
from hf_provenance.publish.pushing.foreign import ForeignConfig, read_foreign
from hf_provenance.publish.reading.before import Before, data_files
from hf_provenance.publish.reading.publication import Publication, read_publication
from hf_provenance.publish.reading.resolve import STANDALONE, Readings, read_configs
from hf_provenance.publish.reading.staleness import differences, repo_differences
from hf_provenance.publish.remote.repo import HubTree
from hf_provenance.splits import Buckets

CREATE, APPEND, REPLACE, ANNOTATE = MODES = ("create", "append", "replace", "annotate")


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
        rows: Rows of those splits whose number is known.
    """

    mode: str
    config: str
    splits: tuple[str, ...]
    features: Features
    buckets: Buckets | None
    tokenizer: str | None
    rows: Mapping[str, int]

    @property
    def empty(self) -> list[str]:
        """Splits that are known to have no rows."""
        return [split for split, rows in self.rows.items() if not rows]


@dataclass(frozen=True)
class Head:
    """A repo at one commit, as far as a push has to know it.

    Attributes:
        tree: Its files.
        config: The config that the push is about.
        before: Its README and what that shows.
        publication: The config as we published it, or None.
        broken: Why what is there in place of our publication cannot be read, if it is to go.
    """

    tree: HubTree
    config: str
    before: Before
    publication: Publication | None
    broken: SummaryError | None = None

    @classmethod
    def of(cls, tree: HubTree, config: str, mode: str) -> Head:
        """Look at a repo.

        Raises:
            CardError: Its README cannot be edited safely.
            FolderError: It holds a config in another format than Parquet.
            HubError: What the README says would not be read.
            SummaryError: The config was published by us and cannot be read.
        """
        replacing = mode in (REPLACE, ANNOTATE)
        _ = tree.files  # one request in place of one for each file that is looked for
        before = Before.of(tree, config, replacing=replacing)
        if STANDALONE in tree.files:
            raise HubError(
                f"{tree.name} holds {STANDALONE}, which `datasets` reads over README.md, so "
                "nothing written there would be seen: move what it says there and delete it."
            )
        script = f"{tree.repo.repo_id.rpartition('/')[2]}.py"
        if script in tree.files:
            raise HubError(
                f"{tree.name} holds {script}, for which `datasets` refuses to load anything from "
                "the repo: delete or rename it first."
            )
        if not {inside(config, LISTING), inside(config, SUMMARY)} & tree.files.keys():
            return cls(tree, config, before, None)
        try:
            return cls(tree, config, before, read_publication(tree, config, before.front))
        except SummaryError as error:
            if replacing:
                return cls(tree, config, before, None, error)
            raise

    @property
    def unlisted(self) -> list[str]:
        """Data files that readers see because the README lists no config at all."""
        if self.before.configs or self.publication:
            return []
        return data_files(sorted(self.tree.files))

    @cached_property
    def readings(self) -> Readings:
        """What `datasets` reads for each config that the README lists.

        Raises:
            CardError: It refuses to read any of them.
        """
        return read_configs(self.before.front, self.tree.files)

    @cached_property
    def changes(self) -> tuple[str, ...]:
        """What of our publication another tool has changed, in words; empty if nothing."""
        return () if self.publication is None else changes_of(self.publication)

    @cached_property
    def foreign(self) -> ForeignConfig:
        """The config as another tool left it.

        Raises:
            HubError: There is none, or its files cannot be replaced for it alone.
        """
        return read_foreign(self.tree, self.config, self.before)

    @property
    def rows(self) -> dict[str, int]:
        """Rows of each split of the config: of ours as listed, of another tool's as they are.

        Raises:
            HubError: There is no such config, or it cannot be read.
        """
        held = self.publication
        return self.foreign.rows if held is None or self.changes else held.layout.split_rows

    @property
    def read(self) -> Mapping[str, tuple[str, ...]]:
        """Split -> files that `datasets` reads for the config, if the README lists it."""
        reading = self.readings.configs.get(self.config)
        return reading.files if reading else {}

    @property
    def read_elsewhere(self) -> set[str]:
        """Files that other configs read, our views of this one left out."""
        return set(self.readings.elsewhere({self.config, *self.before.views(self.config)}))


def changes_of(held: Publication) -> tuple[str, ...]:
    """What of a publication another tool has changed, in words, told without reading data.

    Files beside the shards are left out: every push writes them anew.

    Raises:
        CardError: `datasets` refuses to read any config.
        HubError: The Hub does not give a file whose hash it does not tell.
        FolderError: A file cannot be read.
    """
    readings = read_configs(held.front, held.tree.files)
    found = [
        *repo_differences(held.tree, readings, held.config),
        *differences(held, readings),
    ]
    words = [change.what for change in found if change.where not in held.others]
    if held.block and held.block.get("fingerprint") != held.summary.fingerprint:
        words.append("README.md and provenance.json state different fingerprints")
    listed = held.layout.split_rows
    counted = {split: held.summary.total("rows", split=split) for split in listed}
    if counted != listed or held.summary.rows != held.layout.rows:
        words.append("provenance.json counts other rows than provenance/files.json lists")
    return tuple(words)
