"""Shards are merged while others write: no row is lost, none is there twice."""

from __future__ import annotations

import pytest
from datasets import Dataset
from hub import Hub

from hf_provenance.errors import HubError

from . import trouble
from .daily import compact, day, days, in_view
from .pushes import REPO, append, commits, data, is_true, replace, rows_of


@pytest.fixture
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    trouble.hurry(monkeypatch, longest=0.05)


@pytest.mark.usefixtures("_hurried")
def test_an_append_that_is_faster_stays_as_it_is(hub: Hub) -> None:
    days(3)
    before = in_view(REPO)
    new: set[str] = set()

    def faster() -> None:
        new.update(path for path in append(day(7)).files if path.startswith("data/"))

    trouble.before(hub, "commit", faster)
    done = compact()

    assert new <= set(data(hub))
    assert len(data(hub)) == 3 + len(new)
    assert done.rows == 16
    for view, splits in in_view(REPO).items():
        for split, numbers in splits.items():
            assert [n for n in numbers if n < 70] == before[view][split]
    assert len(in_view(REPO)["default"]["train"]) == 16
    assert is_true()


@pytest.mark.usefixtures("_hurried")
def test_an_append_that_is_slower_comes_after_it(hub: Hub) -> None:
    days(3)
    trouble.before(hub, "commit", compact)
    append(day(7))

    assert len(data(hub)) == 6
    assert sorted(in_view(REPO)["default"]["train"]) == [
        *(0, 1, 2, 10, 11, 12, 13, 20, 21, 22, 23, 24),
        *(70, 71, 72, 73),
    ]
    assert is_true()


@pytest.mark.usefixtures("_hurried")
def test_an_append_whose_answer_is_lost_and_whose_shards_are_merged_meanwhile_is_there_once(
    hub: Hub,
) -> None:
    days(3)
    trouble.lose(hub, "commit")
    hub.before(r"/revision/main", compact, "GET", skip=2)
    append(day(7))

    assert len(in_view(REPO)["default"]["train"]) == 16
    assert is_true()


@pytest.mark.usefixtures("_hurried")
def test_a_lost_answer_is_no_failure_though_an_append_comes_after(hub: Hub) -> None:
    days(3)
    trouble.lose(hub, "commit")
    hub.before("/revision/main", lambda: append(day(7)), "GET", skip=3)
    before = commits(hub)
    done = compact()

    assert commits(hub) == before + 2
    assert set(done.files) <= hub.repo(REPO).files().keys()
    assert len(in_view(REPO)["default"]["train"]) == 16
    assert is_true()


@pytest.mark.usefixtures("_hurried")
def test_shards_that_are_replaced_meanwhile_are_not_brought_back(hub: Hub) -> None:
    days(3)

    def faster() -> None:
        replace(rows_of([99]))
        append(rows_of([100]))

    trouble.before(hub, "commit", faster)
    compact()

    assert in_view(REPO)["default"] == {"train": [99, 100]}
    assert len(data(hub)) == 1
    assert is_true()


@pytest.mark.usefixtures("_hurried")
def test_two_at_once_merge_once(hub: Hub) -> None:
    days(3)
    before = in_view(REPO), commits(hub)
    trouble.before(hub, "commit", compact)
    done = compact()

    assert (in_view(REPO), commits(hub)) == (before[0], before[1] + 1)
    assert done.files == ()
    assert is_true()


@pytest.mark.usefixtures("_hurried")
def test_a_repo_that_becomes_stale_meanwhile_is_left_alone(hub: Hub) -> None:
    days(3)
    other = Dataset.from_dict({"text": ["Mine."]})
    trouble.before(hub, "commit", lambda: other.push_to_hub(REPO))
    before = commits(hub)
    with pytest.raises(HubError, match="is stale"):
        compact()
    assert commits(hub) == before + 1
