"""Small shards become large ones: the same rows in the same order, and nothing else changes."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Iterator
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
    get_dataset_config_names,
    load_dataset,
)
from hub import Hub
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hf_provenance as hfp
from hf_provenance.card.readme import read_front_matter
from hf_provenance.errors import (
    AccessError,
    FolderError,
    HubError,
    SummaryError,
    UsageError,
)
from hf_provenance.publish.contents.layout import Layout, Placed, shard_path
from hf_provenance.publish.contents.merges import find_merges, merged_layout
from hf_provenance.publish.pushing import rewriting
from hf_provenance.publish.reading.before import PARTIAL
from hf_provenance.publish.reading.columns import tally_shards
from hf_provenance.tables import arrow_size

from . import POST, PRE, UNDATED, contents, labelled, save, trouble
from .pushes import REPO, append, commits, data, front, is_true, push, replace, rows_of
from .trouble import hurry

DAYS = 30
ONE_EACH = {"max_shard_size": 1}
"""A shard for each row."""


def compact(place: Any = REPO, **options: Any) -> hfp.Compacted:
    """`hfp.compact` without a progress bar."""
    return hfp.compact(place, progress=False, **options)


def in_view(place: Any, column: str = "n") -> dict[str, dict[str, list[Any]]]:
    """A column of the rows in each split of every view, in the order in which they are read."""
    return {
        view: {
            str(name): split[column][:] for name, split in load_dataset(str(place), view).items()
        }
        for view in get_dataset_config_names(str(place))
    }


def day(number: int) -> Dataset:
    """Rows of three buckets, in another order and number each day."""
    buckets = [PRE, POST, UNDATED, POST, PRE][: 3 + number % 3]
    return labelled(buckets[number % 3 :] + buckets[: number % 3], start=10 * number)


def days(hub: Hub, count: int = 5, repo_id: str = REPO) -> None:
    """Append day after day."""
    for number in range(count):
        append(day(number), repo_id)


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
    days(hub)
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
    days(hub, 3)
    compact()
    before = hub.repo(REPO).head()
    done = compact()

    assert hub.repo(REPO).head() == done.commit_oid == before
    assert (done.files, done.removed, done.bytes_read) == ((), (), 0)


def test_an_append_goes_on_after_it_and_the_next_compact_takes_that_in(hub: Hub) -> None:
    days(hub, 3)
    compact()
    append(day(7))
    before = in_view(REPO)
    done = compact()

    assert done.runs_before == 2
    assert done.runs_after == 1
    assert in_view(REPO) == before
    assert is_true()


def test_skip_still_finds_the_rows_of_before(hub: Hub) -> None:
    days(hub, 3)
    compact()
    published = append(labelled([PRE, POST, UNDATED, PRE, PRE], start=10), duplicates="skip")

    assert published.skipped == 4
    assert published.summary.rows == 13
    assert is_true()


def test_a_day_that_is_sent_again_after_it_is_still_known(hub: Hub) -> None:
    days(hub, 3)
    append(day(0).add_column("m", [0] * 3).remove_columns("m").select([2, 1, 0]))
    compact()
    before = hub.repo(REPO).head()
    days(hub, 3)
    append(day(0).select([2, 1, 0]))

    assert hub.repo(REPO).head() == before
    compact()
    append(day(3))
    compact()
    after = hub.repo(REPO).head()
    days(hub, 4)
    assert hub.repo(REPO).head() == after


def test_after_a_replace_a_day_may_be_sent_again(hub: Hub) -> None:
    days(hub, 2)
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
    days(hub, 2)
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
    size = hfp_size(9)
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


def hfp_size(rows: int) -> int:
    """Bytes of some rows in Arrow's layout."""
    return arrow_size(rows_of(range(10, 10 + rows)).data.table)


def rows_in(hub: Hub, path: str) -> int:
    content = hub.repo(REPO).files()[path]
    return int(pq.read_metadata(io.BytesIO(content)).num_rows)


def test_a_run_that_is_large_in_one_bucket_and_small_in_another_keeps_its_ids_right(
    hub: Hub,
) -> None:
    push(labelled([PRE] * 30 + [POST]))
    append(labelled([POST, PRE], start=50))
    done = compact(max_shard_size=2 * hfp_size(20))

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
    days(hub)
    monkeypatch.setattr("hf_provenance.publish.remote.commit.MOST_FILES", 4)
    before = in_view(REPO), commits(hub)
    compact()

    assert (in_view(REPO), commits(hub)) == (before[0], before[1] + 1)
    assert [request.status for request in hub.repo(REPO).pull_requests] == ["merged"]
    assert is_true()


def test_a_pull_request_leaves_main_as_it_is(hub: Hub) -> None:
    days(hub, 3)
    before = hub.repo(REPO).head()
    done = compact(create_pr=True, commit_message="Tidy up")

    request = hub.repo(REPO).pull_requests[0]
    assert hub.repo(REPO).head() == before
    assert (request.number, request.title) == (done.pull_request, "Tidy up")
    assert len(data(hub, revision=request.reference)) == 3
    assert is_true(revision=request.reference)


def test_another_branch_is_merged_and_main_stays(hub: Hub) -> None:
    days(hub, 2)
    append(day(2), revision="next")
    before = hub.repo(REPO).head()
    compact(revision="next")

    assert hub.repo(REPO).head() == before
    assert len(data(hub, revision="next")) == 3
    assert is_true(revision="next")


def layout_of(sizes: list[list[int]]) -> Layout:
    """A layout of runs with shards of these sizes."""
    shards = [
        Placed(
            shard_path("default", "train", None, f"{run:010x}", number),
            "train",
            None,
            f"{run:010x}",
            size,
            size,
            size,
            hashlib.sha256(f"{run} {number} {size}".encode()).hexdigest(),
        )
        for run, each in enumerate(sizes)
        for number, size in enumerate(each)
    ]
    return Layout("default", None, tuple(shards))


SIZES = st.lists(st.lists(st.integers(1, 20), min_size=1, max_size=4), min_size=1, max_size=8)


@given(SIZES)
def test_a_plan_merges_each_run_whole_keeps_the_order_and_has_nothing_left_to_do(
    sizes: list[list[int]],
) -> None:
    layout = layout_of(sizes)
    merges = find_merges(layout, 10, ())
    made = {merge: tuple(_packed(layout, merge, 10)) for merge in merges}
    after = merged_layout(layout, made)

    where = {shard: f"{merge.run}" for merge in merges for shard in merge.shards}
    read = [where.get(shard, shard.path) for shard in layout.shards]
    wanted = list(dict.fromkeys(read))
    runs = {merge.run for merge in merges}
    shown = [
        shard.run if shard.run in runs else shard.path
        for pattern in after.patterns("train", None)
        for shard in after.shards
        if shard.path.startswith(pattern.removesuffix("*.parquet"))
    ]
    assert list(dict.fromkeys(shown)) == wanted
    assert after.rows == layout.rows
    assert len(after.runs) <= len(layout.runs)
    assert find_merges(after, 10, ()) == []


def _packed(layout: Layout, merge: Any, most: int) -> Iterator[Placed]:
    """What a writer makes of a merge whose rows are of one byte, one row group each at most."""
    left, number = merge.rows, 0
    while left:
        size = min(left, most)
        path = shard_path("default", "train", None, merge.run, number)
        sha256 = hashlib.sha256(path.encode()).hexdigest()
        yield Placed(path, "train", None, merge.run, size, size, size, sha256)
        left, number = left - size, number + 1


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
    compact(repo_id, max_shard_size=hfp_size(most))

    assert in_view(repo_id) == before
    assert hub.repo(repo_id).files()["provenance.json"] == summary
    assert is_true(repo_id)
    head = hub.repo(repo_id).head()
    assert compact(repo_id, max_shard_size=hfp_size(most)).commit_oid == head


# what it costs


def test_a_dry_run_reads_no_data_and_changes_nothing(hub: Hub) -> None:
    days(hub)
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


# refusals


def unchanged(hub: Hub, kind: type[Exception], words: str, **options: Any) -> None:
    """It is refused, and nothing is sent."""
    before = hub.repo(REPO).head()
    hub.forget()
    with pytest.raises(kind, match=words):
        compact(**options)
    assert hub.repo(REPO).head() == before
    assert hub.count("PUT") + hub.count("POST", "/commit/") == 0


def test_a_repo_that_another_tool_has_changed_is_refused_as_stale(hub: Hub) -> None:
    days(hub, 2)
    Dataset.from_dict({"text": ["Mine."]}).push_to_hub(REPO)
    unchanged(hub, HubError, "is stale, so nothing was merged.*no longer reads.*verify")


def test_a_shard_that_is_another_file_is_refused(hub: Hub) -> None:
    days(hub, 2)
    path = data(hub)[0]
    hub.repo(REPO).commit({path: hub.repo(REPO).files()[path][:-1] + b"x"})
    unchanged(hub, HubError, "stale.*another file: its sha256")


def test_a_file_beside_the_shards_that_is_gone_is_refused(hub: Hub) -> None:
    days(hub, 2)
    hub.repo(REPO).commit({}, delete=["provenance/badge.svg"])
    unchanged(hub, HubError, r"stale.*badge\.svg is not there")


def test_bytes_that_are_not_those_of_the_hash_are_refused(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    days(hub, 2)
    part = rewriting.RangedFile.part
    monkeypatch.setattr(
        rewriting.RangedFile,
        "part",
        lambda self, start, end: (
            part(self, start, end)[:-9] + b"x" + part(self, end - 8, end)
            if start == 0
            else part(self, start, end)
        ),
    )
    unchanged(hub, HubError, "its sha256 is not the one that is listed, so nothing was merged")


def test_a_card_that_does_not_say_what_the_rows_say_is_refused_as_false(hub: Hub) -> None:
    days(hub, 2)
    repo = hub.repo(REPO)
    said = json.loads(repo.files()["provenance.json"])
    other = json.loads(_other(hub)["provenance.json"])
    old, new = said["fingerprint"], other["fingerprint"]
    assert old != new
    repo.commit(
        {
            path: repo.files()[path].replace(old.encode(), new.encode())
            for path in ("README.md", "provenance.json")
        }
    )
    with pytest.raises((HubError, SummaryError), match=r"false.*fingerprint.*nothing was merged"):
        compact()


def _other(hub: Hub) -> dict[str, bytes]:
    days(hub, 3, "alice/other")
    return hub.repo("alice/other").files()


def test_what_we_did_not_publish_is_refused(hub: Hub) -> None:
    Dataset.from_dict({"text": ["Mine."]}).push_to_hub(REPO)
    unchanged(hub, SummaryError, "not published by hf_provenance")


def test_shards_that_somebody_elses_config_reads_are_refused(hub: Hub) -> None:
    days(hub, 2)
    repo, path = hub.repo(REPO), data(hub)[0]
    entry = f"configs:\n- config_name: mine\n  data_files: {path}\n".encode()
    repo.commit({"README.md": repo.files()["README.md"].replace(b"configs:\n", entry, 1)})
    unchanged(hub, HubError, "'mine' reads data/.* too")


def test_a_repo_that_is_not_there_is_an_access_error(hub: Hub) -> None:
    with pytest.raises(AccessError, match="alice/missing"):
        compact("alice/missing")


def test_a_branch_that_is_not_there_is_an_access_error(hub: Hub) -> None:
    days(hub, 2)
    unchanged(hub, AccessError, "no such dataset or branch", revision="nowhere")


def test_a_token_that_may_only_read_is_refused(hub: Hub) -> None:
    days(hub, 2)
    hub.add_user("bob", token="hf_bob")
    unchanged(hub, AccessError, "belongs to alice", token="hf_bob")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_shard_size": 0}, "max_shard_size=0"),
        ({"create_pr": True, "revision": "next"}, "leave revision out"),
    ],
)
def test_options_that_mean_nothing_are_refused(
    hub: Hub, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        compact(**options)


# beside others


@pytest.fixture
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch, longest=0.05)


@pytest.mark.usefixtures("_hurried")
def test_an_append_that_is_faster_stays_as_it_is(hub: Hub) -> None:
    days(hub, 3)
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
    days(hub, 3)
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
    days(hub, 3)
    trouble.lose(hub, "commit")
    hub.before(r"/revision/main", compact, "GET", skip=2)
    append(day(7))

    assert len(in_view(REPO)["default"]["train"]) == 16
    assert is_true()


@pytest.mark.usefixtures("_hurried")
def test_a_lost_answer_is_no_failure_though_an_append_comes_after(hub: Hub) -> None:
    days(hub, 3)
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
    days(hub, 3)

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
    days(hub, 3)
    before = in_view(REPO), commits(hub)
    trouble.before(hub, "commit", compact)
    done = compact()

    assert (in_view(REPO), commits(hub)) == (before[0], before[1] + 1)
    assert done.files == ()
    assert is_true()


@pytest.mark.usefixtures("_hurried")
def test_a_repo_that_becomes_stale_meanwhile_is_left_alone(hub: Hub) -> None:
    days(hub, 3)
    other = Dataset.from_dict({"text": ["Mine."]})
    trouble.before(hub, "commit", lambda: other.push_to_hub(REPO))
    before = commits(hub)
    with pytest.raises(HubError, match="is stale"):
        compact()
    assert commits(hub) == before + 1


# folders


def folder_of(hub: Hub, place: Path, count: int = 4) -> Path:
    """A repo of some days as a folder, as a snapshot of it is."""
    days(hub, count)
    for path, content in hub.repo(REPO).files().items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(content)
    return place


def test_a_folder_is_merged_as_the_repo_is(hub: Hub, tmp_path: Path) -> None:
    folder = folder_of(hub, tmp_path / "repo")
    (folder / "data/mine.txt").write_text("mine")
    before = in_view(folder)
    done, there = compact(folder), compact()

    assert in_view(folder) == before
    assert done.files == there.files
    assert done.removed == there.removed
    assert done.to_dict()["path"] == str(folder)
    assert contents(folder) == hub.repo(REPO).files() | {"data/mine.txt": b"mine"}
    assert hfp.verify(folder).state == "true"
    assert compact(folder).files == ()


def test_a_dry_run_leaves_a_folder_as_it_is(tmp_path: Path) -> None:
    save(labelled([PRE, POST] * 3), tmp_path, **ONE_EACH)
    before = contents(tmp_path)
    plan = compact(tmp_path, dry_run=True)

    assert (plan.shards_before, plan.shards_after) == (6, 2)
    assert contents(tmp_path) == before


def test_a_folder_that_is_not_as_it_was_written_is_refused(tmp_path: Path) -> None:
    save(labelled([PRE] * 3), tmp_path, **ONE_EACH)
    path = next(tmp_path.glob("data/*/*.parquet"))
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    before = contents(tmp_path)
    with pytest.raises(FolderError, match=r"is stale, so nothing was merged.*another file"):
        compact(tmp_path)
    assert contents(tmp_path) == before


def test_a_readme_that_is_edited_after_a_kill_is_not_overwritten(tmp_path: Path) -> None:
    save(labelled([PRE] * 3), tmp_path / "old", **ONE_EACH)
    shutil.copytree(tmp_path / "old", tmp_path / "new")
    compact(tmp_path / "new")
    folder, waiting = tmp_path / "old", tmp_path / "old" / PARTIAL / "repo/README.md"
    waiting.parent.mkdir(parents=True)
    waiting.write_bytes((tmp_path / "new/README.md").read_bytes())
    old = (folder / "README.md").read_bytes()
    (waiting.parents[1] / "replaces").write_text(hashlib.sha256(old).hexdigest())
    (folder / "provenance/files.json").write_bytes(
        (tmp_path / "new/provenance/files.json").read_bytes()
    )
    (folder / "README.md").write_bytes(old + b"\nMine.\n")
    with pytest.raises(FolderError, match="is stale"):
        compact(folder)
    assert (folder / "README.md").read_bytes() == old + b"\nMine.\n"


def test_a_readme_that_is_edited_while_shards_are_merged_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(labelled([PRE] * 3), tmp_path, **ONE_EACH)
    readme = tmp_path / "README.md"
    edited = readme.read_bytes() + b"\nMine.\n"

    def tally(*arguments: Any, **options: Any) -> Any:
        readme.write_bytes(edited)
        return tally_shards(*arguments, **options)

    monkeypatch.setattr(rewriting, "tally_shards", tally)
    with pytest.raises(FolderError, match="changed meanwhile"):
        compact(tmp_path)
    assert readme.read_bytes() == edited
    assert len(list(tmp_path.glob("data/*/*.parquet"))) == 3


def test_options_of_the_hub_are_refused_for_a_folder(tmp_path: Path) -> None:
    save(labelled([PRE]), tmp_path)
    with pytest.raises(UsageError, match="for datasets on the Hub"):
        compact(tmp_path, create_pr=True)


def test_neither_a_folder_nor_a_hub_id_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="no such folder"):
        compact(tmp_path / "missing")
