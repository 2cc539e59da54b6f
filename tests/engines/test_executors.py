"""Executors: results in order, errors as they were, and no worker left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from hf_provenance.engines.executors import InThisProcess, Processes, choose, do_all
from hf_provenance.errors import EngineError, LabelError, UsageError

from . import DiesOnce, dies, double, refuses


def test_results_come_in_the_order_of_the_items() -> None:
    assert list(do_all(Processes(2), double, range(20))) == [2 * n for n in range(20)]


def test_an_executor_of_the_standard_library_will_do() -> None:
    with ThreadPoolExecutor(2) as pool:
        assert list(do_all(pool, double, [1, 2, 3])) == [2, 4, 6]


@pytest.mark.parametrize("executor", [InThisProcess(), Processes(2)], ids=["here", "processes"])
def test_an_error_of_ours_comes_back_as_it_was(executor) -> None:
    with pytest.raises(LabelError, match=r"^row 3 of three.parquet: 'x' is no label$"):
        list(do_all(executor, refuses, [1, 2, 3, 4]))


def test_what_was_done_before_an_error_is_given() -> None:
    done = do_all(InThisProcess(), refuses, [1, 2, 3, 4])
    assert [next(done), next(done)] == [1, 2]
    with pytest.raises(LabelError):
        next(done)


def test_a_task_whose_worker_was_killed_is_done_by_another(tmp_path: Path) -> None:
    work = DiesOnce(double, tmp_path / "mark")
    assert list(do_all(Processes(2), work, [1, 2, 3, 4])) == [2, 4, 6, 8]


def test_workers_that_die_again_and_again_are_an_error_that_says_how_to_go_on() -> None:
    with pytest.raises(EngineError, match=r"died 3 times at task 1 of 2.*memory.*resume=True"):
        list(do_all(Processes(1), dies, [1, 2]))


def test_an_engine_that_loses_tasks_is_found_out() -> None:
    class Loses:
        def map(self, function, items, /):
            return [function(item) for item in items][:-1]

    with pytest.raises(EngineError, match="1 results of 2 tasks"):
        list(do_all(Loses(), double, [1, 2]))


def test_workers_end_when_the_results_are_not_wanted_any_more() -> None:
    before = set(psutil.Process().children())
    results = do_all(Processes(2), double, range(100))
    next(results)
    results.close()
    left = set(psutil.Process().children()) - before
    assert [process for process in left if "spawn_main" in " ".join(process.cmdline())] == []


SESSION = """
import sys
from hf_provenance.engines.executors import Processes
from engines import tells_and_sleeps

if __name__ == "__main__":
    list(Processes(2).map(tells_and_sleeps, [sys.argv[1]] * 2))
"""


def started(place: Path) -> subprocess.Popen[bytes]:
    """A session with two workers at work."""
    script = place.with_name("session.py")
    script.write_text(SESSION)
    tests = Path(__file__).parent.parent
    path = os.pathsep.join([str(tests.parent), str(tests)])
    session = subprocess.Popen(
        [sys.executable, str(script), str(place)],
        env=os.environ | {"PYTHONPATH": path},
        stderr=subprocess.PIPE,
    )
    while len(list(place.iterdir())) < 2:
        assert session.poll() is None
        time.sleep(0.05)
    return session


def alive(worker: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent does not."""
    try:
        return psutil.Process(worker).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def gone(workers: list[int]) -> bool:
    """Whether these processes end within some seconds."""
    for _ in range(200):
        if not any(map(alive, workers)):
            return True
        time.sleep(0.05)
    return False


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    session = started(tmp_path / "place")
    session.kill()
    session.communicate()
    assert gone([int(file.name) for file in (tmp_path / "place").iterdir()])


def test_workers_end_at_a_ctrl_c_without_a_word_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    session = started(tmp_path / "place")
    session.send_signal(2)
    _, said = session.communicate(timeout=60)
    assert gone([int(file.name) for file in (tmp_path / "place").iterdir()])
    assert said.decode().count("KeyboardInterrupt") == 1


def test_an_executor_and_a_number_of_processes_are_one_too_many() -> None:
    with pytest.raises(UsageError, match="not both"):
        choose(InThisProcess(), 2)


def test_no_processes_are_too_few() -> None:
    with pytest.raises(UsageError, match="num_proc=0: give 1 or more"):
        choose(None, 0)
