"""Kills, interrupts and full disks, for real, at every step that a run takes on the file system.

A child process overwrites a folder. Python reports each step it takes there (open, rename,
remove, ...) to an audit hook, which kills the process at step k; forks do that for every k.
Where the same rows come in another order, only the steps that can mix the two are tried.
"""

from __future__ import annotations

import errno
import gc
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from datasets import Dataset

import hf_provenance as hfp
from hf_provenance.publish.contents.listing import LISTING
from hf_provenance.publish.reading.before import PARTIAL

from . import POST, PRE, UNDATED, contents, labelled, save, shown, told

HERE = Path(__file__).parents[1]

OLD = [PRE, UNDATED] * 3
NEW = [POST, UNDATED, PRE] * 4

PROGRAM = """
import os, shutil, signal, sys
from pathlib import Path
place = Path(sys.argv[1])
sys.path[:0] = sys.argv[3:]
from publish.test_kills import change
from datasets import disable_progress_bars

disable_progress_bars()
changed = change(sys.argv[2])
STEPS = {"os.rename", "os.remove"}
if sys.argv[2] != "other order":
    STEPS |= {"open", "os.mkdir", "os.rmdir", "shutil.rmtree"}


def run(folder, last):
    taken = 0

    def watch(event, arguments):
        nonlocal taken
        if event not in STEPS or not str(arguments[0]).startswith(str(folder)):
            return
        if event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR):
            return
        if taken == last:
            os.kill(os.getpid(), signal.SIGKILL)
        taken += 1

    sys.addaudithook(watch)
    changed(folder)


def fork_at(step):
    folder = place / f"{step:03}"
    if (place / "old").exists():
        shutil.copytree(place / "old", folder)
    child = os.fork()
    if child == 0:
        run(folder, step)
        os._exit(0)
    return child


step, undisturbed, running = 0, False, []
while running or not undisturbed:
    while len(running) < 2 and not undisturbed:
        running.append(fork_at(step))
        step += 1
    status = os.waitpid(running.pop(0), 0)[1]
    assert status in (0, signal.SIGKILL), status
    undisturbed |= status == 0
"""


def new_rows(name: str) -> tuple[Dataset, dict[str, object]]:
    """What the children write over the old rows."""
    return {
        "other rows": (labelled(NEW, start=100), {"by": "year"}),
        "other order": (labelled(OLD).select(range(len(OLD) - 1, -1, -1)), {}),
    }[name]


def change(name: str) -> Callable[[Path], object]:
    """What the children do to a folder."""
    if name == "merged shards":
        return partial(hfp.compact, progress=False)
    rows, options = new_rows(name)
    return partial(save, rows, overwrite=True, **options)


def kill_at_every_step(place: Path, name: str) -> list[Path]:
    """Let children be killed at every step; the folders they leave, the last one undisturbed."""
    command = [sys.executable, "-c", PROGRAM, str(place), name, str(HERE), str(HERE.parent)]
    subprocess.run(command, check=True, timeout=120, env=os.environ | {"PYTHONWARNINGS": "ignore"})
    return sorted(path for path in place.iterdir() if path.name != "old")


def distinct(folders: list[Path]) -> list[Path]:
    """One folder of each set of files and README."""
    states: dict[object, Path] = {}
    for folder in folders:
        files = contents(folder)
        states.setdefault((frozenset(files), files.get("README.md")), folder)
    return list(states.values())


def in_view(folder: Path) -> tuple[object, object]:
    return shown(folder), shown(folder, "crawl_date")


@pytest.fixture(scope="module", params=["other rows", "other order"])
def killed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path, list[Path]]:
    place = tmp_path_factory.mktemp("kills")
    save(labelled(OLD), place / "old")
    return request.param, place / "old", kill_at_every_step(place, request.param)


def test_a_kill_at_any_step_leaves_the_old_view_or_the_new_one(
    killed: tuple[str, Path, list[Path]],
) -> None:
    _, old, folders = killed
    done = folders[-1]
    views = {True: in_view(old), False: in_view(done)}
    assert len(folders) > 14
    seen: dict[frozenset[tuple[str, bytes]], bool] = {}
    for folder in folders:
        visible = {path: data for path, data in contents(folder).items() if "partial" not in path}
        is_old = visible["README.md"] == (old / "README.md").read_bytes()
        state = frozenset(visible.items())
        if state not in seen:
            assert in_view(folder) == views[is_old], folder.name
            seen[state] = is_old
    assert set(seen.values()) == {True, False}
    assert len(seen) > 6  # half-way states between the old folder and the new one were among them


def test_the_next_run_sweeps_all_that_a_kill_at_any_step_left(
    killed: tuple[str, Path, list[Path]], tmp_path: Path
) -> None:
    for folder in distinct(killed[2]):
        again = tmp_path / folder.name
        shutil.copytree(folder, again)
        published = save(labelled([PRE], start=500), again, by="month", overwrite=True)
        assert set(contents(again)) == set(published.files), folder.name
        assert [path.name for path in again.iterdir() if path.name.startswith(".")] == []
        # Three views, two of them described; none of a run that never came into view.
        assert (again / "README.md").read_text().count("config_name: ") == 5, folder.name
    assert shown(again) == {"train": [500]}


def test_a_first_run_that_was_killed_can_simply_be_run_again(tmp_path: Path) -> None:
    folders = kill_at_every_step(tmp_path, "other rows")
    rows, options = new_rows("other rows")
    done = contents(folders[-1])
    unfinished = [folder for folder in folders if not (folder / "README.md").exists()]
    complete = [folder for folder in unfinished if (folder / "provenance/files.json").exists()]
    assert len(distinct(complete)) == 1
    assert len(unfinished) > 20
    for folder in distinct(unfinished):
        # With all but the README there, it may as well be that somebody deleted the README.
        save(rows, folder, overwrite=folder in complete, **options)
        assert contents(folder) == done, folder.name


# merges


@pytest.fixture(scope="module")
def killed_merges(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    place = tmp_path_factory.mktemp("merges")
    save(labelled(OLD), place / "old", max_shard_size=1)
    (place / "old/data/mine.parquet").write_bytes(b"mine")
    return place / "old", kill_at_every_step(place, "merged shards")


def test_a_merge_that_is_killed_at_any_step_leaves_the_old_view_or_the_new_one(
    killed_merges: tuple[Path, list[Path]],
) -> None:
    old, folders = killed_merges
    readmes = {(folder / "README.md").read_bytes() for folder in folders}
    states = distinct(folders)
    assert len(readmes) == 2
    assert len(states) > 10
    for folder in states:
        assert in_view(folder) == in_view(old), folder.name


def test_a_merge_that_was_killed_at_any_step_is_completed_by_the_next(
    killed_merges: tuple[Path, list[Path]], tmp_path: Path
) -> None:
    old, folders = killed_merges
    done = contents(folders[-1])
    before_readme = 0
    for folder in folders:
        readme, listing = ((folder / name).read_bytes() for name in ("README.md", LISTING))
        before_readme += readme != done["README.md"] and listing == done[LISTING]
        again = tmp_path / folder.name
        shutil.copytree(folder, again)
        hfp.compact(again, progress=False)
        assert contents(again) == done, folder.name
        assert not (again / PARTIAL).exists()
    assert before_readme
    assert len([path for path in done if path.startswith("data/")]) == 2 + 1
    assert hfp.verify(folders[-1]).state == "true"
    assert in_view(old) == in_view(folders[-1])


# interrupts


def test_ctrl_c_on_the_command_line_exits_130_and_leaves_the_folder_as_it_was(
    tmp_path: Path,
) -> None:
    folder, rows = tmp_path / "repo", tmp_path / "rows.jsonl"
    save(labelled(OLD), folder)
    before = contents(folder)
    rows.write_text('{"text": "Some words, again and again."}\n' * 400_000)
    command = [sys.executable, "-m", "hf_provenance", "annotate", str(rows)]
    running = subprocess.Popen(
        [*command, "-o", str(folder), "--overwrite"],
        env=os.environ | {"HF_HOME": str(tmp_path / "home"), "PYTHONPATH": str(HERE.parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not list(folder.glob(f"{PARTIAL}/*.parquet")) and running.poll() is None:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, "")
    assert err.endswith("Stopped; nothing in view has changed.\n")
    assert "Traceback" not in err
    assert contents(folder) == before
    assert not (folder / PARTIAL).exists()


def interrupt(folder: Path) -> None:
    assert (folder / PARTIAL).exists()
    signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("there", [True, False], ids=["old folder", "no folder"])
def test_an_interrupt_leaves_the_folder_as_it_was(tmp_path: Path, there: bool) -> None:
    folder = tmp_path / "repo"
    if there:
        save(labelled(OLD), folder)
    before = contents(folder)
    with pytest.raises(KeyboardInterrupt):
        save(told(labelled(NEW), then=partial(interrupt, folder)), folder, overwrite=True)
    assert folder.exists() == there
    assert contents(folder) == before
    assert not (folder / PARTIAL).exists()


# disks


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a file system is not allowed here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_is_full_at_any_moment_leaves_the_folder_as_it_was(small_disk: Path) -> None:
    folder = small_disk / "repo"
    save(labelled(OLD), folder)
    before = contents(folder)
    page = os.statvfs(small_disk).f_frsize
    free = failed = 0
    while True:
        room = shutil.disk_usage(small_disk).free - free * page
        (small_disk / "filler").write_bytes(b"." * room)
        try:
            published = save(labelled(NEW, start=100), folder, overwrite=True)
        except hfp.ProvenanceError as error:
            assert "is full" in str(error)  # noqa: PT017
            assert contents(folder) == before
            assert not (folder / PARTIAL).exists()
        else:
            break
        failed, free = failed + 1, free + 1
        (small_disk / "filler").unlink()
    assert failed > 5
    assert set(contents(folder)) == set(published.files)
    assert sorted(shown(folder)["train"]) == list(range(100, 100 + len(NEW)))


def test_a_merge_on_a_disk_that_is_full_at_any_moment_leaves_the_folder_as_it_was(
    small_disk: Path,
) -> None:
    folder = small_disk / "repo"
    save(labelled(OLD * 3), folder, max_shard_size=1)
    before, view = contents(folder), in_view(folder)
    page = os.statvfs(small_disk).f_frsize
    free = failed = 0
    while True:
        room = shutil.disk_usage(small_disk).free - free * page
        (small_disk / "filler").write_bytes(b"." * room)
        try:
            hfp.compact(folder, progress=False)
        except hfp.ProvenanceError as error:
            assert "is full" in str(error)  # noqa: PT017
            assert contents(folder) == before
            assert not (folder / PARTIAL).exists()
        else:
            break
        failed, free = failed + 1, free + 1
        (small_disk / "filler").unlink()
    assert failed > 5
    assert in_view(folder) == view


def test_a_file_that_may_not_grow_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "repo"
    save(labelled(OLD), folder)
    before = contents(folder)
    many = labelled([PRE, POST] * 5_000)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(hfp.ProvenanceError, match=r"cannot be written.*large"):
            save(many, folder, overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    gc.collect()
    assert contents(folder) == before
    assert not (folder / PARTIAL).exists()


def lose_connection() -> None:
    raise ConnectionResetError(errno.ECONNRESET, "the source has gone")


def test_an_error_of_the_source_is_not_laid_on_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ConnectionResetError, match="the source has gone"):
        save(told(labelled(NEW), then=lose_connection), tmp_path / "repo")
    assert not (tmp_path / "repo").exists()
