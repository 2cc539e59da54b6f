"""What only reads many files: summaries, tail health and audits, by many workers.

Each gives what its verb gives for the same rows, to the last digit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from hf_provenance import schema
from hf_provenance.audit.audit import audit
from hf_provenance.audit.choice import Chosen, Place
from hf_provenance.audit.reading import Columns, Seen, TrainingReader
from hf_provenance.audit.report import AuditReport
from hf_provenance.card.facts import DEFAULT
from hf_provenance.diversity.sketch import DiversitySketch
from hf_provenance.diversity.sketching import Sketcher
from hf_provenance.engines.executors import Executor, choose, do_all
from hf_provenance.engines.files import Reader, Task, find_files
from hf_provenance.inputs import is_hub_id
from hf_provenance.publish.reading.publication import (
    open_tree,
    published_configs,
    read_publication,
)
from hf_provenance.summary import Summary, merge
from hf_provenance.tally import Tally


def summarize_files(
    files: str | Path,
    *,
    executor: Executor | None = None,
    num_proc: int | None = None,
    config: str | None = None,
    revision: str | None = None,
) -> Summary:
    """Sum up annotated files; see `summarize`, and `annotate_files` for the executor.

    Raises:
        InputError: There are no such files, or one cannot be read.
        SchemaError: They are not annotated.
    """
    found = find_files(str(files), config=config, revision=revision)
    columns = schema.require_annotated(found.reader.features.arrow_schema, where=found.name)
    work = _Summing(found.reader, columns, _buckets(str(files), config or DEFAULT, revision))
    return merge(do_all(choose(executor, num_proc), work, found.tasks()))


def sketch_files(
    files: str | Path,
    *,
    text: str | Sequence[str] | None = None,
    executor: Executor | None = None,
    num_proc: int | None = None,
    config: str | None = None,
    revision: str | None = None,
) -> DiversitySketch:
    """Sketch files for `measure_diversity`; see `sketch_diversity`.

    Raises:
        InputError: There are no such files, or one cannot be read.
        TextColumnError: There is no text, or not where `text` says.
    """
    found = find_files(str(files), config=config, revision=revision)
    columns = Sketcher(text=text).columns(found.reader.features.arrow_schema, where=found.name)
    work = _Sketching(found.reader, text, columns)
    return DiversitySketch.merged(do_all(choose(executor, num_proc), work, found.tasks()))


def audit_files(
    train: str | Path,
    evaluation: Any,
    *,
    executor: Executor | None = None,
    num_proc: int | None = None,
    config: str | None = None,
    **options: Any,
) -> AuditReport:
    """Audit an evaluation set against training files; see `audit`.

    The evaluation set is indexed here, and the index sent to the workers.

    Args:
        train: A file, glob, folder or Hub id, also as `owner/name@revision`.
        evaluation: What `audit` takes.
        executor: See `annotate_files`.
        num_proc: See `annotate_files`.
        config: Config of the training data, where there are several.
        **options: As for `audit`.
    """
    chosen = choose(executor, num_proc)
    place = Place(str(train), config)

    def workers(training: TrainingReader, side: Chosen, columns: Columns) -> Iterable[Seen]:
        name, revision = place.parts
        found = find_files(name, config=config, revision=revision)
        tasks = [task for task in found.tasks() if task.split in side.splits]
        return do_all(chosen, _Scanning(found.reader, training, columns), tasks)

    return audit(place._replace(workers=workers), evaluation, **options)


def _buckets(name: str, config: str, revision: str | None) -> dict[str, str | None]:
    """Path in the repo -> crawl bucket, for the shards of a repo that this package wrote."""
    if not (Path(name).is_dir() or is_hub_id(name)):
        return {}
    tree = open_tree(name, revision)
    if config not in published_configs(tree):
        return {}
    return {shard.path: shard.bucket for shard in read_publication(tree, config).layout.shards}


@dataclass(frozen=True)
class _Summing:
    """What a worker does for `summarize_files`."""

    reader: Reader
    columns: tuple[str, ...]
    buckets: Mapping[str, str | None]

    def __call__(self, task: Task) -> Summary:
        tally = Tally()
        for part in task.parts:
            bucket = self._bucket(part.file)
            for _, table in self.reader.tables(part, self.columns):
                tally.add(table, split=task.split, bucket=bucket)
        return tally.summary()

    def _bucket(self, file: str) -> str | None:
        parents = [parent.as_posix() for parent in PurePosixPath(file).parents]
        within = (file[len(parent) :].lstrip("/") for parent in parents)
        return next((self.buckets[path] for path in within if path in self.buckets), None)


@dataclass(frozen=True)
class _Sketching:
    """What a worker does for `sketch_files`."""

    reader: Reader
    text: str | Sequence[str] | None
    columns: tuple[str, ...]

    def __call__(self, task: Task) -> DiversitySketch:
        sketcher = Sketcher(text=self.text)
        for part in task.parts:
            for _, table in self.reader.tables(part, self.columns):
                sketcher.read(table, self.columns, where=part.file)
        return sketcher.sketch()


@dataclass(frozen=True)
class _Scanning:
    """What a worker does for `audit_files`."""

    reader: Reader
    training: TrainingReader
    columns: Columns

    def __call__(self, task: Task) -> Seen:
        training = self.training.afresh()
        wanted = self.columns(self.reader.features.arrow_schema)
        for part in task.parts:
            for _, table in self.reader.tables(part, wanted):
                training.see(task.split, table, self.columns)
        return training.seen
