"""A repo folder that a push is given: its shards go to the Hub as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Dataset, Features, IterableDataset

from hf_provenance.errors import FolderError, SplitError
from hf_provenance.publish.contents.rows import Each, Written
from hf_provenance.publish.contents.shards import Shard
from hf_provenance.publish.contents.tree import FolderTree, sha256_of
from hf_provenance.publish.pushing.given import Done
from hf_provenance.publish.reading.columns import label_tables, tally_shards
from hf_provenance.publish.reading.publication import (
    Publication,
    published_configs,
    read_publication,
)
from hf_provenance.sources.languages import LanguageSample
from hf_provenance.splits import Buckets


@dataclass
class GivenFolder:
    """A folder that `save_to_folder` wrote: its shards go to the Hub as they are.

    Attributes:
        publication: What the folder says of the config.
        features: Features of its rows.
    """

    publication: Publication
    features: Features

    stays = True
    divided = True
    origins: ClassVar[Mapping[str, Dataset | IterableDataset]] = {}

    @classmethod
    def of(cls, folder: Path, config: str) -> GivenFolder:
        """Take a folder, and hold its shards against its listing.

        Raises:
            FolderError: It is none, or its shards are not the ones that it lists.
            SummaryError: It states no summary, or one that cannot be read.
        """
        if not folder.is_dir():
            raise FolderError(f"{folder}: no such folder.")
        publication = read_publication(FolderTree(folder), config)
        tree, layout = publication.tree, publication.layout
        for shard in layout.shards:
            if shard.path not in tree.files or sha256_of(tree, shard.path) != shard.sha256:
                raise FolderError(
                    f"{folder / shard.path} is not the file that the folder lists: write the "
                    "folder anew with `save_to_folder(..., overwrite=True)`."
                )
        if not layout.shards:
            raise SplitError(f"{folder} lists no shards.")
        first = pq.read_schema(folder / layout.shards[0].path)
        return cls(publication, Features.from_arrow_schema(first))

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits."""
        return tuple(self.publication.layout.splits)

    @property
    def rows(self) -> Mapping[str, int]:
        """Rows of all splits, as they are listed."""
        return self.publication.layout.split_rows

    @property
    def buckets(self) -> Buckets | None:
        """The rule that divides the rows."""
        return self.publication.layout.buckets

    @property
    def tokenizer(self) -> str | None:
        """The tokenizer that the folder names."""
        return self.publication.tokenizer

    @property
    def readme(self) -> bytes | None:
        """The folder's README, if the config is all that it describes."""
        alone = published_configs(self.publication.tree) == [self.publication.config]
        return self.publication.readme if alone else None

    def labels(self) -> Iterator[tuple[str, int, pa.Table]]:
        """See `Given.labels`."""
        starts = dict.fromkeys(self.splits, 0)
        for shard in self.publication.layout.shards:
            for table in label_tables(self.publication.tree, shard):
                yield shard.split, starts[shard.split], table
                starts[shard.split] += table.num_rows

    def fingerprint(self) -> str | None:
        """See `Given.fingerprint`."""
        return self.publication.summary.fingerprint

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
        """See `Given.write`; nothing is written, and `each` sees no rows."""
        held = self.publication
        place = Path(held.tree.name)
        shards = [
            Shard(
                shard.split,
                shard.bucket,
                number,
                shard.rows,
                shard.arrow_bytes,
                shard.size,
                shard.sha256,
                place / shard.path,
            )
            for parts in held.layout.parts.values()
            for number, shard in enumerate(parts)
        ]
        for shard in shards:
            done(shard)
        tallied = {
            split: tally_shards(
                held.tree, held.layout.without(name for name in self.splits if name != split)
            )
            for split in self.splits
        }
        ids = [found for part in tallied.values() for found in part.ids.values()]
        parts = {split: part.summary for split, part in tallied.items()}
        written = Written(shards, parts, np.concatenate(ids))
        return written, None if sample == 0 else held.sample
