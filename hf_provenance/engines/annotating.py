"""Many files annotated by many workers, as the same repo folder that one machine writes.

Workers do file tasks and share a folder, and nothing else. Whoever started them adds up what they
wrote and brings all of it into view at once. A task that is done stays done: a run that was stopped
goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from hf_provenance.annotator import Annotator
from hf_provenance.engines.executors import Executor, choose, do_all
from hf_provenance.engines.jobs import AnnotateJob, plan_files
from hf_provenance.publish.contents.published import Published


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
