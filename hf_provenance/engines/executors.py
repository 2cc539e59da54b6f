"""Who does the tasks: this process, processes beside it, or an engine.

An executor is anything whose `map(function, items)` gives results in the order of the items, as
`concurrent.futures` has it: a process pool, a Dask client's executor, `engines.ray.RayExecutor`,
`engines.spark.SparkExecutor`.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from hf_provenance.errors import EngineError, ProvenanceError, UsageError

Item = TypeVar("Item")
Result = TypeVar("Result")

TRIES = 3
"""Times that a task is given to a worker: one that dies may have been killed for no fault of it."""


class Executor(Protocol):
    """Applies a function to items, elsewhere or here."""

    def map(self, function: Callable[[Any], Any], items: Any, /) -> Iterable[Any]:
        """The results, in the order of the items."""


class InThisProcess:
    """Does one task after the other, here."""

    def map(self, function: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]:
        """The results, in the order of the items."""
        return map(function, items)


@dataclass(frozen=True)
class Processes:
    """Processes beside this one, which last as long as a call of `map`.

    They are started afresh, not forked, since a fork does not take Arrow's threads along: a script
    that uses them needs `if __name__ == "__main__":` around its calls. Where one dies its task is
    given to another.

    Attributes:
        count: How many.
    """

    count: int

    def __post_init__(self) -> None:
        """Check the count.

        Raises:
            UsageError: It is less than 1.
        """
        if self.count < 1:
            raise UsageError(f"num_proc={self.count}: give 1 or more.")

    def map(self, function: Callable[[Any], Any], items: Sequence[Any], /) -> Iterator[Any]:
        """The results, in the order of the items.

        Raises:
            EngineError: A worker died at the same task again and again.
        """
        done = tries = 0
        while done < len(items):
            tries += 1
            try:
                with _workers(self.count) as pool:
                    for future in [pool.submit(function, item) for item in items[done:]]:
                        result = future.result()
                        done, tries = done + 1, 0
                        yield result
            except BrokenProcessPool as error:
                if tries >= TRIES:
                    raise EngineError(
                        f"a worker process died {TRIES} times at task {done + 1:,} of "
                        f"{len(items):,}: it may have run out of memory (use fewer processes), or "
                        'the calling script has no `if __name__ == "__main__":`. What is '
                        "finished is kept; go on with resume=True."
                    ) from error


@contextmanager
def _workers(count: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of processes; whatever ends it early ends them, too."""
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(
        count, multiprocessing.get_context("spawn"), initializer=_depend_on_parent
    )
    finished = False
    try:
        yield pool
        finished = True
    finally:
        for worker in set(multiprocessing.active_children()) - others:
            if not finished:
                worker.terminate()
        pool.shutdown(wait=True, cancel_futures=True)


def _depend_on_parent() -> None:
    """End this worker with its parent, and without a word at Ctrl-C, which the parent answers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def choose(executor: Executor | None, num_proc: int | None) -> Executor:
    """The executor that a caller asks for.

    Raises:
        UsageError: Both are given, or the number of processes is less than 1.
    """
    if executor is not None and num_proc is not None:
        raise UsageError("give an executor or num_proc, not both.")
    if executor is not None:
        return executor
    return InThisProcess() if num_proc in (None, 1) else Processes(num_proc or 0)


def do_all(
    executor: Executor, function: Callable[[Item], Result], items: Sequence[Item]
) -> Iterator[Result]:
    """Apply a function to all items, and stop at the first error of this package.

    Engines wrap errors, retry after them and cut their texts; so an error of ours travels as a
    result, and is raised here as it was.

    Args:
        executor: Who does it.
        function: Has to be picklable.
        items: Likewise.

    Returns:
        The results, in the order of the items.

    Raises:
        ProvenanceError: What the function raised.
        EngineError: The engine lost tasks.
    """
    count = 0
    results = iter(executor.map(_Attempt(function), items))
    try:
        for answer in results:
            if isinstance(answer, ProvenanceError):
                raise answer
            count += 1
            yield answer
    finally:
        close = getattr(results, "close", None)
        if close is not None:  # a generator, which then stops its workers
            close()
    if count != len(items):
        raise EngineError(f"the engine gave {count:,} results of {len(items):,} tasks.")


@dataclass(frozen=True)
class _Attempt:
    """Gives an error of this package back as a result."""

    function: Callable[[Any], Any]

    def __call__(self, item: Any) -> Any:
        try:
            return self.function(item)
        except ProvenanceError as error:
            return error
