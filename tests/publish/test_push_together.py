"""Many writers push to one repo at the same time: every row gets there, once, and the card adds up.

Commits are held until all writers have sent theirs, so all but one meet a head that has moved.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hub import Hub

import hf_provenance as hfp
from hf_provenance.errors import DuplicateError, HubError
from hf_provenance.publish.pushing.refusals import require_intact
from hf_provenance.publish.reading.publication import read_publication
from hf_provenance.publish.remote import commit
from hf_provenance.publish.remote.repo import HubRepo

from . import POST, PRE, UNDATED, labelled
from .nursery import Nursery
from .pushes import REPO, append, is_true, push, replace, shown
from .trouble import STATIONS, before, hurry, lose, once, open_requests

COMMIT = STATIONS["commit"]


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch, longest=0.05)


def at_once(*calls: Callable[[], hfp.Published]) -> list[hfp.Published | hfp.ProvenanceError]:
    """What comes of calls that run at the same time, each in a thread."""
    results: dict[int, hfp.Published | hfp.ProvenanceError] = {}

    def run(number: int, call: Callable[[], hfp.Published]) -> None:
        try:
            results[number] = call()
        except hfp.ProvenanceError as error:
            results[number] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [results[number] for number in range(len(calls))]


def holds(rows: Iterable[int]) -> None:
    """The repo shows these rows and no others, and its card tells their sum."""
    wanted = sorted(rows)
    assert shown() == {"train": wanted}
    assert sorted(n for part in shown(view="crawl_date").values() for n in part) == wanted
    held = read_publication(HubRepo.of(REPO).tree(), "default")
    require_intact(held)
    assert held.summary.rows == len(wanted) == held.layout.rows


def rows(start: int, *buckets: str) -> object:
    return labelled(buckets or (PRE, POST, UNDATED), start=start)


def test_eight_appends_at_once_are_all_there(hub: Hub) -> None:
    push(rows(0))
    hub.hold(COMMIT[1], 8, COMMIT[0])
    results = at_once(*(lambda n=n: append(rows(10 * n)) for n in range(1, 9)))

    assert all(isinstance(result, hfp.Published) for result in results), results
    assert len(hub.repo(REPO).commits()) == 1 + 1 + 8
    assert sorted(result.summary.rows for result in results) == list(range(6, 30, 3))
    assert once(hub.uploads)
    holds(10 * n + m for n in range(9) for m in range(3))
    for bucket, numbers in shown(view="crawl_date").items():
        assert shown(view=f"crawl_date.{bucket}") == {"train": numbers}
    assert is_true()


def test_appends_of_processes_at_once_are_all_there(hub: Hub, tmp_path: Path) -> None:
    push(rows(0))
    nursery = Nursery(hub, tmp_path)
    hub.hold(COMMIT[1], 3, COMMIT[0])
    nursery.fork("own rows", 3)
    assert nursery.ended(3) == [0, 0, 0]
    nursery.close()

    assert len(hub.repo(REPO).commits()) == 1 + 1 + 3
    holds([0, 1, 2, *(100 + 10 * n + m for n in range(3) for m in range(3))])


def test_first_appends_at_once_make_one_repo(hub: Hub) -> None:
    hub.hold("/api/repos/create", 4)
    hub.hold(COMMIT[1], 4, COMMIT[0])
    results = at_once(*(lambda n=n: append(rows(10 * n)) for n in range(4)))

    assert all(isinstance(result, hfp.Published) for result in results), results
    holds(10 * n + m for n in range(4) for m in range(3))


def test_of_two_first_pushes_at_once_one_is_told_of_the_other(hub: Hub) -> None:
    hub.hold("/api/repos/create", 2)
    hub.hold(COMMIT[1], 2, COMMIT[0])
    results = at_once(*(lambda n=n: push(rows(10 * n)) for n in range(2)))

    (lost,) = [number for number in range(2) if isinstance(results[number], HubError)]
    assert "3 rows of 'train'" in str(results[lost])
    won = 1 - lost
    holds(range(10 * won, 10 * won + 3))


def test_the_same_rows_at_once_are_there_once(hub: Hub) -> None:
    push(rows(0))
    hub.hold(COMMIT[1], 3, COMMIT[0])
    results = at_once(*(lambda: append(rows(10)) for _ in range(3)))

    assert [result.summary.rows for result in results] == [6, 6, 6]
    assert sorted(len(result.files) > 0 for result in results) == [False, False, True]
    holds([0, 1, 2, 10, 11, 12])


def test_rows_that_appends_at_once_share_are_there_once(hub: Hub) -> None:
    push(rows(0))
    hub.hold(COMMIT[1], 3, COMMIT[0])
    results = at_once(
        *(
            lambda start=start: append(rows(start, PRE, POST, UNDATED, PRE), duplicates="skip")
            for start in (2, 4, 6)
        )
    )

    assert sum(result.skipped for result in results) == 1 + 2 + 2
    holds(range(10))


def test_an_append_that_must_add_no_row_twice_hears_of_one_that_was_faster(hub: Hub) -> None:
    push(rows(0))
    hub.hold(COMMIT[1], 2, COMMIT[0])
    results = at_once(
        *(lambda start=start: append(rows(start), duplicates="error") for start in (5, 7))
    )

    (told,) = [result for result in results if isinstance(result, DuplicateError)]
    assert "1 of the rows" in str(told)
    assert sorted(shown()["train"]) in ([0, 1, 2, 5, 6, 7], [0, 1, 2, 7, 8, 9])


def test_a_readme_that_somebody_edits_meanwhile_keeps_the_words(hub: Hub) -> None:
    push(rows(0))
    repo = hub.repo(REPO)

    def edit() -> None:
        readme = repo.files()["README.md"]
        repo.commit({"README.md": readme + b"\nTold by hand.\n", "notes.txt": b"a note"})

    before(hub, "commit", edit)
    append(rows(10))
    assert b"Told by hand." in repo.files()["README.md"]
    assert repo.files()["notes.txt"] == b"a note"
    holds([0, 1, 2, 10, 11, 12])


def test_another_config_that_somebody_adds_meanwhile_stays(hub: Hub) -> None:
    push(rows(0))
    before(hub, "commit", lambda: push(rows(50), config_name="other"))
    append(rows(10))
    assert shown(view="other") == {"train": [50, 51, 52]}
    assert shown() == {"train": [0, 1, 2, 10, 11, 12]}


def test_an_append_and_a_replacement_at_once_leave_one_after_the_other(hub: Hub) -> None:
    push(rows(0))
    hub.hold(COMMIT[1], 2, COMMIT[0])
    at_once(lambda: append(rows(10)), lambda: replace(rows(20)))
    holds([20, 21, 22] if shown() == {"train": [20, 21, 22]} else [10, 11, 12, 20, 21, 22])


# an answer that is lost, and somebody who is faster than the second try


@pytest.mark.parametrize("status", [None, 504])
@pytest.mark.parametrize("duplicates", ["keep", "skip", "error"])
def test_a_lost_answer_is_no_failure_though_others_come_after(
    hub: Hub, duplicates: str, status: int | None
) -> None:
    push(rows(0))
    lose(hub, "commit", status=status)
    hub.before(r"/revision/main", lambda: append(rows(20)), "GET", skip=2)
    published = append(rows(10), duplicates=duplicates)

    assert len(published.files) > 3
    assert (published.skipped, published.summary.rows) == (0, 9)
    holds([0, 1, 2, 10, 11, 12, 20, 21, 22])


def test_a_first_push_whose_answer_is_lost_is_not_taken_for_somebody_elses(hub: Hub) -> None:
    lose(hub, "commit")
    hub.before(r"/revision/main", lambda: append(rows(20)), "GET", skip=3)
    published = push(rows(0))

    assert len(published.files) > 3
    holds([0, 1, 2, 20, 21, 22])


def test_a_replacement_whose_answer_is_lost_is_done_once(hub: Hub) -> None:
    push(rows(0))
    lose(hub, "commit")
    published = replace(rows(10))

    assert len(hub.repo(REPO).commits()) == 3
    assert len(published.removed) > 2
    holds([10, 11, 12])


def test_a_pull_request_whose_answer_is_lost_is_opened_once(hub: Hub) -> None:
    push(rows(0))
    lose(hub, "commit")
    published = append(rows(10), create_pr=True)

    assert published.pull_request == 1
    assert len(open_requests(hub)) == 1
    holds([0, 1, 2])


# more files than one commit takes


@pytest.mark.parametrize("starts", [(10, 20, 30), (10, 10, 10)], ids=["own rows", "the same rows"])
def test_appends_in_parts_at_once_are_all_there(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, starts: tuple[int, ...]
) -> None:
    push(rows(0))
    monkeypatch.setattr(commit, "MOST_FILES", 2)
    hub.hold("/merge$", 2)
    results = at_once(*(lambda start=start: append(rows(start)) for start in starts))

    assert all(isinstance(result, hfp.Published) for result in results), results
    assert open_requests(hub) == []
    holds([0, 1, 2, *(start + n for start in set(starts) for n in range(3))])
