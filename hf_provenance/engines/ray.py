"""Ray: file tasks as remote functions, and the kernel within a pipeline of Ray Data.

Clusters are the caller's: nothing here starts or stops one. Workers need this package, and the
folder that is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hf_provenance.annotator import Annotator
from hf_provenance.engines.executors import TRIES
from hf_provenance.errors import EngineError, MissingExtraError, UsageError

_BATCH = 10_000


@dataclass(frozen=True)
class RayExecutor:
    """Does tasks on the Ray cluster that the program is connected to.

    Attributes:
        num_cpus: Cores that a task takes. It works on one; more leave room for its memory.
    """

    num_cpus: float = 1

    def map(self, function: Callable[[Any], Any], items: Sequence[Any], /) -> Iterator[Any]:
        """The results, in the order of the items.

        A task whose worker dies, or that meets an error of the operating system, is given to
        another.

        Raises:
            MissingExtraError: Ray is not installed.
            UsageError: The program is not connected to a cluster.
            EngineError: Workers died at the same task again and again.
        """
        ray = _ray()
        if not ray.is_initialized():
            raise UsageError("there is no Ray cluster: call ray.init() first.")
        work = ray.remote(num_cpus=self.num_cpus, max_retries=TRIES, retry_exceptions=[OSError])(
            _apply
        )
        shared = ray.put(function)
        waiting = [work.remote(shared, item) for item in items]
        try:
            while waiting:
                result = ray.get(waiting[0])
                del waiting[0]
                yield result
        except (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError) as error:
            number = len(items) - len(waiting) + 1
            raise EngineError(
                f"workers of Ray died {TRIES + 1} times at task {number:,} of {len(items):,}: they "
                "may have run out of memory (a larger num_cpus runs fewer at once). What is "
                "finished is kept; go on with resume=True."
            ) from error
        finally:
            for each in waiting:
                ray.cancel(each)


def annotate(dataset: Any, annotator: Annotator) -> Any:
    """Label the rows of a Ray dataset, within a pipeline.

    Ray drops what Parquet says of `datasets` features, such as the names of a `ClassLabel`: give
    them back with `write_parquet(folder, schema=annotator.features(features).arrow_schema)`.

    Args:
        dataset: A `ray.data.Dataset` of rows without labels.
        annotator: What to state and where to look.

    Returns:
        A `ray.data.Dataset` with the provenance columns behind its own.
    """
    return dataset.map_batches(
        annotator.annotate_table, batch_format="pyarrow", batch_size=_BATCH, zero_copy_batch=True
    )


def _apply(function: Callable[[Any], Any], item: Any) -> Any:
    return function(item)


def _ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise MissingExtraError(
            'Ray is not installed: pip install "hf-provenance[ray]".'
        ) from error
    return ray
