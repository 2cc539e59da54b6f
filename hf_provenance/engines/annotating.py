"""Many files annotated by many workers, as the same repo folder that one machine writes.

The unit of work is a file task: a worker reads some files, labels their rows, writes their shards
and says what is in them. Whoever started it adds that up and brings all of it into view at once.
Workers share a folder, and nothing else. A task that is done stays done: a run that was stopped
goes on from there.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from datasets import Features
from datasets.fingerprint import Hasher
from tqdm.auto import tqdm

from hf_provenance.annotate import annotator_of, offenders_in, unlabelled_features
from hf_provenance.annotator import Annotator
from hf_provenance.card.facts import DEFAULT
from hf_provenance.engines.executors import Executor, choose, do_all
from hf_provenance.engines.files import Files, Reader, Task, find_files
from hf_provenance.engines.outcomes import Outcome, writing
from hf_provenance.errors import EngineError, ProvenanceError, VocabularyError
from hf_provenance.language_time import is_told, tell_of_rows
from hf_provenance.publish.contents.edition import Description
from hf_provenance.publish.contents.layout import Layout
from hf_provenance.publish.contents.published import Published
from hf_provenance.publish.contents.rows import (
    Sampler,
    Written,
    language_sampler,
    no_rows,
    write_tables,
)
from hf_provenance.publish.contents.shards import SHARD_BYTES, Shard
from hf_provenance.publish.folder import bring_into_view, partial_folder, require_config_name
from hf_provenance.publish.reading.before import TASKS, look_into
from hf_provenance.sources.languages import detector_of
from hf_provenance.splits import DEFAULT_BY, MAX_BUCKETS, Buckets, require_split_name
from hf_provenance.summary import Summary, merge
from hf_provenance.version import __version__

_FEW_ROWS = 48
TASK_MEMORY = 128_000_000
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


@dataclass(frozen=True)
class AnnotateJob:
    """Files to be annotated as a repo folder, task by task.

    For machines that do one task each and speak with nobody, such as a Slurm array: each makes
    the job as the others do, which reads no rows, and does `job.run(job.tasks[number])`; a last
    one calls `job.finish()`.

    Attributes:
        files: The files.
        tasks: What there is to do; the same files give the same tasks.
        run: Does a task, and says what its rows are.
        folder: The repo folder.
        config: Its config.
        replacing: The config is replaced if the folder holds it already.
        description: What no row carries.
    """

    files: Files
    tasks: tuple[Task, ...]
    run: FileTask
    folder: Path
    config: str
    replacing: bool
    description: Description

    def tell_expected_time(self, num_proc: int | None) -> None:
        """Log how long it will take to detect languages, as the first rows have it."""
        work = self.run
        if not is_told(work.annotator) or not self.tasks:
            return
        for _, table in work.reader.tables(self.tasks[0].parts[0], list(work.given)):
            plan = work.annotator.plan(work.given.arrow_schema)
            some, rows = table.slice(0, _FEW_ROWS), self.files.guess_rows(table)
            tell_of_rows(some, rows, work.annotator, plan, num_proc)
            break

    def waiting(self) -> list[Task]:
        """The tasks that are not done."""
        return [task for task in self.tasks if Outcome.read(self.run.outcome(task)) is None]

    def finish(self) -> Published:
        """Bring into view what the tasks gave, and clear away what they left.

        Raises:
            EngineError: Tasks are not done.
            SplitError: A split without rows, or too many buckets.
        """
        outcomes = [Outcome.read(self.run.outcome(task)) for task in self.tasks]
        there = [outcome for outcome in outcomes if outcome is not None]
        if len(there) != len(outcomes):
            raise EngineError(
                f"{len(outcomes) - len(there):,} of {len(outcomes):,} tasks are not done: do "
                "`job.run(task)` for each of `job.waiting()`, with a folder that all workers see."
            )
        written = self._added_up(there)
        samples = [outcome.sample for outcome in there if outcome.sample is not None]
        sample = samples[0] if samples else None
        for another in samples[1:]:
            sample = sample + another if sample else another
        before = look_into(self.folder, self.config, self.replacing)
        with partial_folder(self.folder) as staging:
            published = bring_into_view(
                self.folder,
                before,
                staging,
                written,
                sample,
                self.run.features,
                Layout(self.config, self.run.buckets),
                self.description,
            )
        shutil.rmtree(self.run.place, ignore_errors=True)
        with suppress(OSError):  # tasks of another config are there
            self.run.place.parent.rmdir()
        return published

    def _added_up(self, outcomes: list[Outcome]) -> Written:
        """All outcomes as one; shards are numbered in the order of the files."""
        numbers: dict[tuple[str, str | None], int] = {}
        shards: list[Shard] = []
        for shard in (shard for outcome in outcomes for shard in outcome.shards):
            at = shard.split, shard.bucket
            numbers[at] = numbers.get(at, -1) + 1
            shards.append(replace(shard, number=numbers[at]))
        parts: dict[str, Summary] = {}
        for split in self.files.parts:
            parts[split] = merge(each.summary for each in outcomes if each.split == split)
            if not parts[split].rows:
                raise no_rows(split)
        if self.run.buckets is not None:
            self.run.buckets.check({shard.bucket for shard in shards if shard.bucket})
        ids = np.concatenate([outcome.ids for outcome in outcomes])
        rows = sum(shard.rows for shard in shards)
        if not rows == len(ids) == sum(part.rows for part in parts.values()):
            raise EngineError(
                f"{rows:,} rows are in the shards, {len(ids):,} ids beside them: this is a bug."
            )
        return Written(shards, parts, ids)


def plan_files(
    files: str | Path,
    output: str | Path,
    annotator: Annotator | None = None,
    *,
    config: str | None = None,
    revision: str | None = None,
    by: str | date | None = DEFAULT_BY,
    config_name: str = DEFAULT,
    overwrite: bool = False,
    resume: bool = False,
    repo_id: str | None = None,
    template: str | Path | None = None,
    tokenizer: str | None = None,
    language_sample: int = 500,
    figures: bool | None = None,
    max_shard_size: int = SHARD_BYTES,
    max_buckets: int = MAX_BUCKETS,
    task_bytes: int | None = None,
    card: Mapping[str, Any] | None = None,
    **fields: Any,
) -> AnnotateJob:
    """Cut the annotation of many files into tasks; arguments as for `annotate_files`.

    Raises:
        InputError: There are no such files.
        SchemaError: Their columns do not fit.
        FolderError: The folder holds something else.
    """
    annotator = annotator_of(annotator, fields)
    require_config_name(config_name)
    found = find_files(str(files), config=config, revision=revision)
    for name in found.parts:
        require_split_name(name)
    buckets = None if by is None else Buckets.of(by, max_buckets)
    folder = Path(output)
    look_into(folder, config_name, overwrite)
    task = FileTask(
        annotator,
        found.reader,
        overwrite,
        buckets,
        language_sample,
        max_shard_size,
        folder.resolve() / TASKS / config_name,
    )
    task.sampler()  # says early what is wrong with the columns
    if not resume:
        shutil.rmtree(task.place, ignore_errors=True)
    description = Description(repo_id, template, tokenizer, figures, card or {})
    slow = detector_of(annotator.language) is not None
    tasks = tuple(found.tasks(buckets, task_bytes, slow=slow))
    return AnnotateJob(found, tasks, task, folder, config_name, overwrite, description)


def annotate_files(
    files: str | Path,
    output: str | Path,
    annotator: Annotator | None = None,
    *,
    executor: Executor | None = None,
    num_proc: int | None = None,
    progress: bool = True,
    **options: Any,
) -> Published:
    """Annotate files of any size and number, and write them as a repo folder.

    What is written is what `save_to_folder(annotate(...))` writes, in other shards: the same
    rows, views and summary, whoever did the tasks. Files are read piece by piece, those on the Hub
    by ranges; memory stays the same whatever their size. The folder can be pushed as it is.

    Args:
        files: A file, a glob, a folder of files or a Hub id.
        output: The folder, which all workers see.
        annotator: What to state and where to look; or give its fields directly.
        executor: Who does the tasks: anything with the `map` of `concurrent.futures`, such as a
            process pool, the executor of a Dask client, `engines.ray.RayExecutor()` or
            `engines.spark.SparkExecutor(spark)`.
        num_proc: Processes on this machine, in place of an executor.
        progress: Show a progress bar.
        **options: `resume=True` goes on with a run that was stopped, where nothing else has
            changed; `config` and `revision` say what to read of them; `task_bytes` is how
            many bytes of files a task has at least; `card` are standard YAML keys; `overwrite`,
            `by`, `config_name`, `repo_id`, `template`, `tokenizer`, `language_sample`,
            `figures`, `max_shard_size` and `max_buckets` are those of `save_to_folder`; others
            are fields of `Annotator`.

    Returns:
        What was written.

    Raises:
        InputError: There are no such files, or one cannot be read.
        SchemaError: Their columns do not fit.
        LabelError: A row cannot be labelled; the message names its file and number. Nothing comes
            into view, and the tasks that are done are kept for `resume=True`.
        EngineError: Workers died.
        FolderError: The folder holds something else, or cannot be written.

    Example:
        >>> annotate_files("crawl/*.parquet", "labelled", method="web_crawl", num_proc=8)
        ... # doctest: +SKIP
    """
    job = plan_files(files, output, annotator, **options)
    chosen = choose(executor, num_proc)
    if progress:
        job.tell_expected_time(num_proc)
    with _kept_when_stopped(job):
        _do(job, chosen, progress)
    return job.finish()


def _do(job: AnnotateJob, executor: Executor, progress: bool) -> None:
    """Do the tasks that are not done."""
    waiting = job.waiting()
    total = sum(task.size for task in job.tasks)
    with tqdm(
        total=total, unit="B", unit_scale=True, desc="Annotating", disable=not progress
    ) as bar:
        bar.update(total - sum(task.size for task in waiting))
        rows = 0
        for number, summary in enumerate(do_all(executor, job.run, waiting)):
            rows += summary.rows
            spent = bar.format_dict["elapsed"] or 1.0
            bar.set_postfix_str(f"{rows:,} rows, {rows / spent:,.0f} rows/s", refresh=False)
            bar.update(waiting[number].size)


@contextmanager
def _kept_when_stopped(job: AnnotateJob) -> Iterator[None]:
    """Say at a Ctrl-C what is kept."""
    try:
        yield
    except KeyboardInterrupt:
        done = len(job.tasks) - len(job.waiting())
        raise KeyboardInterrupt(
            f"nothing in view has changed. {done:,} of {len(job.tasks):,} tasks are done and kept: "
            "the same call with resume=True (--resume) goes on."
        ) from None
