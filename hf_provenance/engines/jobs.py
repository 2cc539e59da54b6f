"""Files to be annotated as one repo folder: what there is to do, and what comes of it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from hf_provenance.annotate import annotator_of
from hf_provenance.annotator import Annotator
from hf_provenance.card.facts import DEFAULT
from hf_provenance.engines.file_task import FileTask
from hf_provenance.engines.files import Files, Task, find_files
from hf_provenance.engines.outcomes import Outcome
from hf_provenance.errors import EngineError
from hf_provenance.language_time import is_told, tell_of_rows
from hf_provenance.publish.contents.edition import Description
from hf_provenance.publish.contents.layout import Layout
from hf_provenance.publish.contents.published import Published
from hf_provenance.publish.contents.rows import Written, no_rows
from hf_provenance.publish.contents.shards import SHARD_BYTES, Shard
from hf_provenance.publish.folder import bring_into_view, partial_folder, require_config_name
from hf_provenance.publish.reading.before import TASKS, look_into
from hf_provenance.sources.languages import detector_of
from hf_provenance.splits import DEFAULT_BY, MAX_BUCKETS, Buckets, require_split_name
from hf_provenance.summary import Summary, merge

_FEW_ROWS = 48
"""Rows on which a detector of languages is timed."""


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
