"""Small shards become large ones: the same rows in the same order, and nothing else changes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import PIL.Image
import pyarrow.parquet as pq
import pytest
from datasets import (
    Array2D,
    ClassLabel,
    Dataset,
    DatasetDict,
    Features,
    Image,
    List,
    Value,
    load_dataset,
)
from hub import Hub
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hf_provenance as hfp
from hf_provenance.card.readme import read_front_matter
from hf_provenance.publish.pushing import rewriting

from . import POST, PRE, UNDATED, labelled
from .daily import compact, day, days, in_view, size_of
from .pushes import REPO, append, commits, data, front, is_true, push, replace, rows_of

DAYS = 30
ONE_EACH = {"max_shard_size": 1}
"""A shard for each row."""


# what stays and what changes


@pytest.mark.slow
def test_after_thirty_appends_every_view_reads_the_same_rows_in_the_same_order(hub: Hub) -> None:
    for number in range(DAYS):
        append(DatasetDict(train=day(number), test=labelled([UNDATED, PRE], start=1000 + number)))
    before, old = in_view(REPO), hub.repo(REPO).files()
    done = compact()

    new = hub.repo(REPO).files()
    assert in_view(REPO) == before
    assert len(data(hub)) == done.shards_after == 5
    assert (done.shards_before, done.runs_before, done.runs_after) == (150, DAYS, 1)
    assert [path for path in new if "/ids/" in path] == [
        path for path in done.files if "/ids/" in path
    ]
    assert sum("/ids/" in path for path in new) == 1
    assert new["provenance.json"] == old["provenance.json"]
    assert len(new["README.md"]) < len(old["README.md"]) / 4
    assert len(new["provenance/files.json"]) < len(old["provenance/files.json"]) / 8
    assert is_true(deep=True)


def test_it_is_one_commit_that_says_what_it_did(hub: Hub) -> None:
    days()
    before = commits(hub)
    done = compact()

    assert commits(hub) == before + 1
    assert hub.repo(REPO).head() == done.commit_oid
    assert hub.repo(REPO).commits()[0].title == "Merge 15 shards into 3"
    assert done.rows == 19


def test_all_but_views_listing_and_ids_stay_byte_for_byte(hub: Hub) -> None:
    push(day(0), figures=True, license="mit", template="By hand: {{ summary.rows }} rows")
    append(day(1), figures=True, template="By hand: {{ summary.rows }} rows")
    hub.repo(REPO).commit({"notes.txt": b"a note", "data/notes.parquet": b"mine"})
    old = hub.repo(REPO).files()
    compact()

    new = hub.repo(REPO).files()
    same = {path for path in old if new.get(path) == old[path]}
    changed = {path for path in old if not path.startswith(("data/pre", "data/post", "data/und"))}
    assert {path for path in changed - same if "/ids/" not in path} == {
        "README.md",
        "provenance/files.json",
    }
    assert {"notes.txt", "data/notes.parquet", "provenance/badge.svg"} <= same
    assert is_true()


def test_of_the_readme_only_our_views_change(hub: Hub) -> None:
    push(day(0), license="mit")
    repo = hub.repo(REPO)
    readme = repo.files()["README.md"].replace(b"license:", b"# mine\nlicense:", 1)
    repo.commit({"README.md": readme + b"\nTold by hand.\n"})
    append(day(1))
    before = repo.files()["README.md"].decode()
    compact()
    after = repo.files()["README.md"].decode()

    assert after.partition("\n---\n")[2] == before.partition("\n---\n")[2]
    assert "# mine\nlicense:" in after
    old, new = (read_front_matter(readme.encode()) for readme in (before, after))
    assert list(old) == list(new)
    assert {key for key in old if old[key] != new[key]} == {"configs", "dataset_info"}


def test_a_second_compact_makes_no_commit(hub: Hub) -> None:
    days(3)
    compact()
    before = hub.repo(REPO).head()
    done = compact()

    assert hub.repo(REPO).head() == done.commit_oid == before
    assert (done.files, done.removed, done.bytes_read) == ((), (), 0)


def test_an_append_goes_on_after_it_and_the_next_compact_takes_that_in(hub: Hub) -> None:
    days(3)
    compact()
    append(day(7))
    before = in_view(REPO)
    done = compact()

    assert done.runs_before == 2
    assert done.runs_after == 1
    assert in_view(REPO) == before
    assert is_true()


def test_skip_still_finds_the_rows_of_before(hub: Hub) -> None:
    days(3)
    compact()
    published = append(labelled([PRE, POST, UNDATED, PRE, PRE], start=10), duplicates="skip")

    assert published.skipped == 4
    assert published.summary.rows == 13
    assert is_true()


def test_a_day_that_is_sent_again_after_it_is_still_known(hub: Hub) -> None:
    days(3)
    append(day(0).add_column("m", [0] * 3).remove_columns("m").select([2, 1, 0]))
    compact()
    before = hub.repo(REPO).head()
    days(3)
    append(day(0).select([2, 1, 0]))

    assert hub.repo(REPO).head() == before
    compact()
    append(day(3))
    compact()
    after = hub.repo(REPO).head()
    days(4)
    assert hub.repo(REPO).head() == after


def test_after_a_replace_a_day_may_be_sent_again(hub: Hub) -> None:
    days(2)
    compact()
    replace(rows_of([99]))
    append(day(0))

    assert in_view(REPO)["default"] == {"train": [99, 0, 1, 2]}


def test_features_and_values_of_every_kind_stay(hub: Hub) -> None:
    def picture(number: int) -> dict[str, Any]:
        sink = io.BytesIO()
        PIL.Image.new("RGB", (3, 2), (number, 0, 0)).save(sink, "PNG")
        return {"bytes": sink.getvalue(), "path": f"{number}.png"}

    features = Features(
        {
            "text": Value("string"),
            "label": ClassLabel(names=["cat", "dog"]),
            "nested": [{"a": Value("int16"), "b": List(Value("large_string"))}],
            "fixed": List(Value("float32"), length=2),
            "grid": Array2D((2, 2), "int8"),
            "picture": Image(),
            "nothing": Value("null"),
            "when": Value("timestamp[ms, tz=UTC]"),
        }
    )
    parts = []
    for number in range(3):
        rows = {
            "text": [f"Text {number}", f"Other {number}"],
            "label": [number % 2, None],
            "nested": [[{"a": number, "b": ["x", None]}], []],
            "fixed": [[0.5, float("nan")], None],
            "grid": [[[number, 1], [2, 3]], [[0, 0], [0, 0]]],
            "picture": [picture(number), None],
            "nothing": [None, None],
            "when": [1_700_000_000_000 + number, None],
        }
        parts.append(hfp.annotate(Dataset.from_dict(rows, features=features), origin="human"))
        append(parts[-1], text="text")
    compact()
    loaded = load_dataset(REPO, split="train")

    assert loaded.features == parts[0].features
    raw = loaded.cast_column("picture", Image(decode=False)).with_format("arrow")[:]
    given = [
        part.cast_column("picture", Image(decode=False)).with_format("arrow")[:] for part in parts
    ]
    for name in raw.column_names:
        assert str(raw[name].to_pylist()) == str(
            [value for part in given for value in part[name].to_pylist()]
        )
    assert is_true(deep=True)


def test_rows_that_are_not_divided_are_merged_too(hub: Hub) -> None:
    for number in range(3):
        append(day(number), by=None)
    before = in_view(REPO)
    done = compact()

    assert in_view(REPO) == before
    assert done.shards_after == 1
    assert is_true()


def test_other_configs_stay_and_are_merged_by_their_name(hub: Hub) -> None:
    days(2)
    for number in range(2, 5):
        append(day(number), config_name="other")
    before, old = in_view(REPO), hub.repo(REPO).files()
    done = compact(config_name="other")

    new = hub.repo(REPO).files()
    assert in_view(REPO) == before
    assert done.config_name == "other"
    assert {path: new[path] for path in old if path.startswith("data/")} == {
        path: old[path] for path in old if path.startswith("data/")
    }
    compact()
    assert in_view(REPO) == before
    assert is_true()


def test_a_config_that_is_the_default_by_its_flag_stays_so(hub: Hub) -> None:
    append(day(0), config_name="mine")
    repo = hub.repo(REPO)
    readme = repo.files()["README.md"].replace(
        b"- config_name: mine\n", b"- config_name: mine\n  default: true\n", 1
    )
    repo.commit({"README.md": readme})
    append(day(1), config_name="mine")
    compact(config_name="mine")

    assert front(hub)["configs"][0]["default"] is True
    assert is_true()


# which shards are merged


def test_large_shards_stay_and_order_is_kept_around_them(hub: Hub) -> None:
    size = size_of(9)
    sizes = [1, 2, 10, 3, 1, 12, 1]
    start = 0
    for count in sizes:
        append(rows_of(range(start, start + count)))
        start += count
    large = {path for path in data(hub) if rows_in(hub, path) >= 10}
    before = in_view(REPO)
    done = compact(max_shard_size=2 * size)

    assert (
        in_view(REPO)
        == before
        == {
            "default": {"train": list(range(start))},
            **{view: splits for view, splits in before.items() if view != "default"},
        }
    )
    assert large <= set(data(hub))
    assert sorted(rows_in(hub, path) for path in data(hub)) == [1, 3, 4, 10, 12]
    assert done.runs_after == 5
    assert is_true()
    assert compact(max_shard_size=2 * size).files == ()


def rows_in(hub: Hub, path: str) -> int:
    content = hub.repo(REPO).files()[path]
    return int(pq.read_metadata(io.BytesIO(content)).num_rows)


def test_a_run_that_is_large_in_one_bucket_and_small_in_another_keeps_its_ids_right(
    hub: Hub,
) -> None:
    push(labelled([PRE] * 30 + [POST]))
    append(labelled([POST, PRE], start=50))
    done = compact(max_shard_size=2 * size_of(20))

    assert done.runs_after == 3
    assert is_true()
    assert append(labelled([PRE] * 31, start=0), duplicates="skip").skipped == 31


def test_many_shards_of_one_run_are_merged(hub: Hub) -> None:
    push(labelled([PRE, POST] * 6), **ONE_EACH)
    before = in_view(REPO)
    done = compact()

    assert (done.shards_before, done.shards_after) == (12, 2)
    assert in_view(REPO) == before


def test_more_files_than_go_into_one_commit_change_main_once(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    days()
    monkeypatch.setattr("hf_provenance.publish.remote.commit.MOST_FILES", 4)
    before = in_view(REPO), commits(hub)
    compact()

    assert (in_view(REPO), commits(hub)) == (before[0], before[1] + 1)
    assert [request.status for request in hub.repo(REPO).pull_requests] == ["merged"]
    assert is_true()


def test_a_pull_request_leaves_main_as_it_is(hub: Hub) -> None:
    days(3)
    before = hub.repo(REPO).head()
    done = compact(create_pr=True, commit_message="Tidy up")

    request = hub.repo(REPO).pull_requests[0]
    assert hub.repo(REPO).head() == before
    assert (request.number, request.title) == (done.pull_request, "Tidy up")
    assert len(data(hub, revision=request.reference)) == 3
    assert is_true(revision=request.reference)


def test_another_branch_is_merged_and_main_stays(hub: Hub) -> None:
    days(2)
    append(day(2), revision="next")
    before = hub.repo(REPO).head()
    compact(revision="next")

    assert hub.repo(REPO).head() == before
    assert len(data(hub, revision="next")) == 3
    assert is_true(revision="next")


@pytest.mark.slow
@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.lists(st.sampled_from([PRE, POST, UNDATED]), min_size=1, max_size=12),
        min_size=1,
        max_size=5,
    ),
    st.integers(1, 30),
)
def test_whatever_was_appended_is_read_as_before(
    hub: Hub, runs: list[list[str]], most: int
) -> None:
    repo_id = f"alice/r{len(hub.repos)}"
    start = 0
    for buckets in runs:
        append(labelled(buckets, start=start), repo_id)
        start += len(buckets)
    before = in_view(repo_id)
    summary = hub.repo(repo_id).files()["provenance.json"]
    compact(repo_id, max_shard_size=size_of(most))

    assert in_view(repo_id) == before
    assert hub.repo(repo_id).files()["provenance.json"] == summary
    assert is_true(repo_id)
    head = hub.repo(repo_id).head()
    assert compact(repo_id, max_shard_size=size_of(most)).commit_oid == head


# what it costs


def test_a_dry_run_reads_no_data_and_changes_nothing(hub: Hub) -> None:
    days()
    hub.forget()
    before = hub.repo(REPO).head()
    plan = compact(dry_run=True)

    assert plan.planned
    assert hub.repo(REPO).head() == before
    assert hub.count("GET", r"/resolve/.*\.parquet") == 0
    assert hub.bytes_in() < 2_000
    done = compact()
    assert (plan.shards_after, plan.runs_after) == (done.shards_after, done.runs_after)
    assert set(plan.removed) == {path for path in done.removed if path.startswith("data/")}
    assert plan.bytes_read <= done.bytes_read < plan.bytes_read * 1.5 + 20_000


def test_no_more_than_a_few_shards_are_on_disk_at_any_time(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(labelled([PRE] * 40), by=None, **ONE_EACH)
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    seen: list[int] = []
    hub.before(
        r"/resolve/.*\.parquet",
        lambda: seen.append(sum(path.is_file() for path in place.rglob("*"))),
        times=None,
    )
    compact()

    assert len(seen) >= 40
    assert max(seen) <= 2 * rewriting._AHEAD + 1
    assert list(place.iterdir()) == []
