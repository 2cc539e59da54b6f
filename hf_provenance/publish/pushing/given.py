"""The rows that a push is given, and a dataset whose shards are yet to be written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
from datasets import Dataset, Features, IterableDataset

from hf_provenance.publish.contents.rows import (
    Each,
    Written,
    common_features,
    language_sampler,
    write_splits,
)
from hf_provenance.publish.contents.shards import Shard
from hf_provenance.sources.languages import LanguageSample
from hf_provenance.splits import Buckets, require_split_name
from hf_provenance.summary import merge
from hf_provenance.tables import named_splits, provenance_tables
from hf_provenance.tally import summarize

Done = Callable[[Shard], None]


class Given(Protocol):
    """Rows that are to be published."""

    features: Features
    """Their features."""

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of their splits."""

    @property
    def divided(self) -> bool:
        """Whether they are divided by crawl date already, by the rule `buckets`."""

    @property
    def buckets(self) -> Buckets | None:
        """The rule that divides them."""

    @property
    def origins(self) -> Mapping[str, Dataset | IterableDataset]:
        """The datasets that they come from, by split."""

    @property
    def rows(self) -> Mapping[str, int]:
        """Rows of those splits whose number is known before they are read."""

    @property
    def tokenizer(self) -> str | None:
        """The tokenizer behind `prov_tokens`, where it is known."""

    @property
    def readme(self) -> bytes | None:
        """A README that goes with them to a repo that has none."""

    @property
    def stays(self) -> bool:
        """Whether the shards are the caller's own files, not to be removed."""

    def labels(self) -> Iterator[tuple[str, int, pa.Table]]:
        """Split, number of the first row, and provenance columns of all rows at hand.

        Rows that come from a stream are not at hand: they are seen once, when they are written.
        """

    def fingerprint(self) -> str | None:
        """Fingerprint of all rows; None if that takes reading a stream."""

    def write(
        self,
        folder: Path,
        buckets: Buckets | None,
        sample: int | None,
        each: Each,
        done: Done,
        *,
        may_be_empty: bool,
    ) -> tuple[Written, LanguageSample | None]:
        """Write the shards, or name those that are there.

        Args:
            folder: For shards under temporary names.
            buckets: The rule that divides the rows.
            sample: Size of the language sample; None for the given one, 0 for none.
            each: Called with the rows of each table; gives those to write.
            done: Called with every shard that is complete.
            may_be_empty: Leave out a split without rows.
        """


@dataclass
class GivenDataset:
    """A dataset that `annotate` has labelled.

    Attributes:
        dataset: By split.
        features: Features of all splits.
        text: Text column for the language sample, or None.
        language_sample: Size of the language sample.
        shard_bytes: Most bytes of Arrow data in a shard.
        progress: Show a progress bar.
    """

    dataset: Mapping[str, Dataset | IterableDataset]
    features: Features
    text: str | None
    language_sample: int
    shard_bytes: int
    progress: bool

    readme = None
    tokenizer = None
    stays = False
    divided = False
    buckets = None

    @classmethod
    def of(
        cls,
        dataset: Any,
        *,
        text: str | None,
        language_sample: int,
        shard_bytes: int,
        progress: bool,
    ) -> GivenDataset:
        """Take a dataset of any class.

        Raises:
            SchemaError: It is not annotated, or its splits have different columns.
            SplitError: A split name that cannot be loaded.
            UsageError: It is no dataset.
        """
        splits = named_splits(dataset)
        for name in splits:
            require_split_name(name)
        features = common_features(splits)
        language_sampler(features, text, language_sample)  # says early what is wrong with them
        return cls(splits, features, text, language_sample, shard_bytes, progress)

    @property
    def origins(self) -> Mapping[str, Dataset | IterableDataset]:
        """The datasets themselves."""
        return self.dataset

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits."""
        return tuple(self.dataset)

    @property
    def rows(self) -> Mapping[str, int]:
        """Rows of the splits that are no streams."""
        return {
            name: split.num_rows
            for name, split in self.dataset.items()
            if isinstance(split, Dataset)
        }

    def labels(self) -> Iterator[tuple[str, int, pa.Table]]:
        """See `Given.labels`."""
        for name, split in self.dataset.items():
            if isinstance(split, Dataset):
                start = 0
                for table in provenance_tables(split, where=f"split {name!r}"):
                    yield name, start, table
                    start += table.num_rows

    def fingerprint(self) -> str | None:
        """See `Given.fingerprint`."""
        if not all(isinstance(split, Dataset) for split in self.dataset.values()):
            return None
        return merge([summarize(split) for split in self.dataset.values()]).fingerprint

    def write(
        self,
        folder: Path,
        buckets: Buckets | None,
        sample: int | None,
        each: Each,
        done: Done,
        *,
        may_be_empty: bool,
    ) -> tuple[Written, LanguageSample | None]:
        """See `Given.write`."""
        size = self.language_sample if sample is None else sample
        sampler = language_sampler(self.features, self.text, size)
        written = write_splits(
            self.dataset,
            self.features,
            buckets,
            folder,
            sampler,
            self.shard_bytes,
            self.progress,
            each=each,
            done=done,
            may_be_empty=may_be_empty,
        )
        return written, sampler.sample if sampler else None
