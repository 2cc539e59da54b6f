"""The unit of work: a worker reads some files, labels their rows, and writes their shards."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

import pyarrow as pa
from datasets import Features
from datasets.fingerprint import Hasher

from hf_provenance.annotate import unlabelled_features
from hf_provenance.annotator import Annotator
from hf_provenance.engines.files import Reader, Task
from hf_provenance.engines.outcomes import Outcome, writing
from hf_provenance.errors import ProvenanceError, VocabularyError
from hf_provenance.offenders import offenders_in
from hf_provenance.publish.contents.rows import Sampler, language_sampler, write_tables
from hf_provenance.splits import Buckets
from hf_provenance.summary import Summary
from hf_provenance.version import __version__

TASK_MEMORY = 96_000_000
"""Bytes of rows that a worker holds back until there are enough of them for a row group."""


@dataclass(frozen=True)
class FileTask:
    """Labels the rows of a task and writes their shards: what a worker does; it can be pickled.

    Attributes:
        annotator: Labels the rows.
        reader: Reads them.
        overwrite: Labels that the rows have are left out.
        buckets: The crawl-date rule, or None.
        language_sample: Size of the language sample.
        shard_bytes: Most bytes of Arrow data in a shard.
        place: Folder for outcomes, which all workers see.
    """

    annotator: Annotator
    reader: Reader
    overwrite: bool
    buckets: Buckets | None
    language_sample: int
    shard_bytes: int
    place: Path

    @cached_property
    def given(self) -> Features:
        """Features of the rows without labels."""
        return unlabelled_features(self.reader.features, self.overwrite)

    @cached_property
    def features(self) -> Features:
        """Features of the labelled rows."""
        return self.annotator.features(self.given)

    def __call__(self, task: Task) -> Summary:
        """Do a task, unless it is done already.

        Raises:
            InputError: A file cannot be read.
            LabelError: A row cannot be labelled; the message names its file and number.
        """
        folder = self.outcome(task)
        done = Outcome.read(folder)
        if done is not None:
            return done.summary
        shutil.rmtree(folder, ignore_errors=True)
        sampler = self.sampler()
        with writing(folder) as place:
            written = write_tables(
                {task.split: self._labelled(task)},
                self.features,
                self.buckets,
                place,
                sampler,
                may_be_empty=True,
                shard_bytes=self.shard_bytes,
                budget=TASK_MEMORY,
                threads=0,
            )
            sample = sampler.sample if sampler else None
            Outcome.of(task.split, written, sample).write(place)
        return written.summary

    def sampler(self) -> Sampler | None:
        """A language sample of the annotator's text.

        Raises:
            SchemaError: The columns do not fit.
            UsageError: The sample is too large.
        """
        text = self.annotator.text
        named = text if isinstance(text, str) else None
        return language_sampler(self.features, named, self.language_sample)

    def outcome(self, task: Task) -> Path:
        """Folder of what a task gives; named by all that it depends on."""
        told = replace(self, place=Path())
        stamps = [part.stamp for part in task.parts]
        return self.place / str(Hasher.hash((__version__, told, task.split, stamps)))

    def _labelled(self, task: Task) -> Iterator[pa.Table]:
        columns, arrow_schema = list(self.given), self.features.arrow_schema
        for part in task.parts:
            for first, table in self.reader.tables(part):
                try:
                    rows = self.annotator.annotate_table(table.select(columns), first_row=first)
                except VocabularyError as error:
                    whole = offenders_in(
                        partial(self.reader.tables, part), self.given, self.annotator
                    )
                    raise VocabularyError(f"{part.file}: {whole or error}") from error
                except ProvenanceError as error:
                    raise type(error)(f"{part.file}: {error}") from error
                yield rows.cast(arrow_schema)
