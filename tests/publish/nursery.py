"""Real processes that push: forks of a process that has imported all and pushed once.

`python -m publish.nursery` reads names of operations, one on each line. For each it forks a child
that does it, and tells the child's process id; then, when the child has ended, its exit status.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from hub import Hub
from huggingface_hub import constants

HERE = Path(__file__).parents[1]


class Nursery:
    """The process that forks, as its tests see it.

    Args:
        hub: A Hub whose address all later ones have too.
        home: A folder for its caches, and for what killed children leave behind.
    """

    def __init__(self, hub: Hub, home: Path) -> None:
        paths = os.pathsep.join([str(HERE), str(HERE.parent)])
        names = {"HF_HOME": str(home), "TMPDIR": str(home)}
        names |= {"PYTHONPATH": paths, "PYTHONWARNINGS": "ignore"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "publish.nursery"],
            env=hub.environment() | names,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._told() == "ready"

    def fork(self, name: str, count: int = 1) -> list[int]:
        """Let children do an operation, each at the same time; their process ids."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{count} {name}\n")
        self._process.stdin.flush()
        return [int(self._told()) for _ in range(count)]

    def ended(self, count: int = 1) -> list[int]:
        """Wait for the children to end; minus a signal's number, or the exit status."""
        return [int(self._told()) for _ in range(count)]

    def close(self) -> None:
        """Let it end."""
        self._process.communicate(timeout=30)

    def _told(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def _serve() -> None:
    from . import trouble  # only here: the tests import this module without its environment

    trouble.hurry(pytest.MonkeyPatch(), longest=0.05)
    trouble.push(trouble.labelled([trouble.PRE]), "alice/warm")
    _tell("ready")
    for line in sys.stdin:
        count, name = line.strip().split(" ", 1)
        children = [_fork(trouble.do, name, number) for number in range(int(count))]
        for child in children:
            _tell(child)
        for child in children:
            _tell(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _fork(do: Callable[[str, int], object], name: str, number: int) -> int:
    child = os.fork()
    if child:
        return child
    try:
        constants.HF_HUB_CACHE = tempfile.mkdtemp()
        do(name, number)
        os._exit(0)
    except BaseException:  # noqa: BLE001 - whatever it is, the child must not go on as a parent
        traceback.print_exc()
        os._exit(1)


def _tell(what: object) -> None:
    print(what, flush=True)  # noqa: T201


if __name__ == "__main__":
    _serve()
