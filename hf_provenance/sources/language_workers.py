"""langdetect in several processes at once: the same tags in the same order.

The processes are interpreters that run `seeded_langdetect.py` and hear texts over a pipe. They are
neither forked, which threads of Arrow do not survive, nor spawned by `multiprocessing`, which would
run the user's script again. Each ends when its pipe does, so none outlives the process that asks,
however that one ends.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import weakref
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace
from typing import Any

from hf_provenance.errors import UsageError
from hf_provenance.sources import seeded_langdetect
from hf_provenance.sources.language_cache import CachedLanguage
from hf_provenance.sources.languages import LANGDETECT
from hf_provenance.sources.seeded_langdetect import NAME, READ, langdetect_language

_CHUNK = 25
"""Texts that a process is asked for at once: about a tenth of a second."""

_AHEAD = 2
"""Chunks that a process has at once."""

_Chunks = deque[tuple[int, Sequence[str]]]

_log = logging.getLogger(__name__)


class LanguageWorkers:
    """`language="langdetect"` in several processes, this one among them.

    The others start when the first texts are there, and end when nobody holds this any more. A
    copy, such as one that is sent to another process, starts processes of its own.
    """

    name = NAME

    def __init__(self, processes: int) -> None:
        """Check the number; nothing is started yet.

        Raises:
            UsageError: It is no number, or below 1.
        """
        if type(processes) is not int or processes < 1:
            raise UsageError(f"num_proc={processes!r} is no number of processes.")
        self.processes = processes
        self._pool: _Pool | None = None

    def __reduce__(self) -> tuple[type[LanguageWorkers], tuple[int]]:
        return LanguageWorkers, (self.processes,)

    def __call__(self, text: str) -> str | None:
        """Name the language of one text, in this process."""
        return langdetect_language(text)

    def detect_batch(self, texts: Sequence[str]) -> list[str | None]:
        """Name the language of each text."""
        chunks = [texts[start : start + _CHUNK] for start in range(0, len(texts), _CHUNK)]
        if self.processes == 1 or len(chunks) == 1:
            return _here(texts)
        if self._pool is None or self._pool.owner != os.getpid():
            # A forked copy must not speak into the pipes of its parent.
            self._pool = _Pool(self.processes - 1)
            weakref.finalize(self, self._pool.close)
        return [tag for tags in self._pool.ask_all(chunks) for tag in tags]


def in_processes(language: Any, processes: int) -> Any:
    """What `language=` of an annotator names, with langdetect in several processes.

    Other detectors stay as they are: the fast one does not need it, and a callable may hold what
    cannot be sent.

    Raises:
        UsageError: No number of processes.
    """
    if isinstance(language, CachedLanguage):
        return replace(language, detector=in_processes(language.detector, processes))
    if language != LANGDETECT:
        return language
    workers = LanguageWorkers(processes)
    return workers if processes > 1 else language


class _Pool:
    """Processes beside this one, and a thread for each that waits for its answers."""

    def __init__(self, beside: int) -> None:
        self.owner = os.getpid()
        self._workers = [_start() for _ in range(beside)]
        self._threads = ThreadPoolExecutor(beside, thread_name_prefix="languages")

    def ask_all(self, chunks: Sequence[Sequence[str]]) -> list[list[str | None]]:
        """The answers to each chunk, in order; this process takes its share of them."""
        answers: list[list[str | None]] = [[]] * len(chunks)
        waiting: _Chunks = deque(enumerate(chunks))

        elsewhere = [
            self._threads.submit(_ask, worker, waiting, answers) for worker in self._workers
        ]
        try:
            with suppress(IndexError):  # nothing is waiting any more
                while True:
                    number, texts = waiting.popleft()
                    answers[number] = _here(texts)
        finally:
            waiting.clear()
            wait(elsewhere)
        for each in elsewhere:
            each.result()
        return answers

    def close(self) -> None:
        """End the processes; in a forked copy they are not its own."""
        if self.owner != os.getpid():
            return
        self._threads.shutdown()
        for worker in self._workers:
            worker.communicate()  # ends its input
            worker.wait()


def _here(texts: Sequence[str]) -> list[str | None]:
    return [langdetect_language(text) for text in texts]


def _start() -> subprocess.Popen[bytes]:
    # -P keeps the folder of the file out of the path: its modules have common names.
    command = [sys.executable, "-P", seeded_langdetect.__file__]
    paths = os.pathsep.join(path for path in sys.path if path)
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": paths},
    )


def _ask(
    worker: subprocess.Popen[bytes], waiting: _Chunks, answers: list[list[str | None]]
) -> None:
    """Have a process answer chunks that wait; if it ends, this one answers what it had."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    sent: _Chunks = deque()
    while worker.poll() is None or sent:
        # One more than it works on, so that it need not wait while this process is busy.
        with suppress(IndexError, BrokenPipeError):
            while len(sent) < _AHEAD:
                sent.append(waiting.popleft())
                texts = [text[:READ] for text in sent[-1][1]]
                worker.stdin.write(json.dumps(texts).encode() + b"\n")
                worker.stdin.flush()
        if not sent:
            return
        line = worker.stdout.readline()
        if not line.endswith(b"\n"):
            _log.warning("A process that detects languages has ended; its texts are read here.")
            for number, chunk in sent:
                answers[number] = _here(chunk)
            worker.wait()
            return
        answers[sent.popleft()[0]] = json.loads(line)
