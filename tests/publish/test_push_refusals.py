"""What a push refuses, and what it cannot be talked into: the repo stays as it was."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import DatasetDict
from hub import Hub
from hub.files import File
from hub.repos import Change

import hf_provenance as hfp
from hf_provenance.errors import (
    AccessError,
    CardError,
    DeadlineError,
    HubError,
    ProvenanceError,
    SplitError,
    SummaryError,
    UsageError,
)
from hf_provenance.publish.verify import verify

from . import POST, PRE, labelled
from .pushes import (
    REPO,
    append,
    commits,
    data,
    is_true,
    push,
    pushed,
    relabel,
    replace,
    rows_of,
    shown,
    splits,
)

MODES = ("create", "append", "replace", "annotate")
SMALL = ("README.md", "provenance.json", "provenance/files.json")
RUN = "0a1b2c3d4e"


class Huge(File):
    """A file of which the Hub says that it has 1 GB."""

    size = 1_000_000_000  # type: ignore[assignment]


def enlarge(hub: Hub, path: str) -> None:
    """Let the Hub say that a file has 1 GB."""
    repo = hub.repo(REPO)
    file = repo.at("main").tree[path]
    repo.write("main", [Change(path, Huge(file.content, file.lfs))], title="A huge file")


def edit(hub: Hub, path: str, change: Callable[[Any], Any]) -> None:
    """Change the JSON in a file of the repo."""
    plain = json.loads(hub.repo(REPO).files()[path])
    changed = change(plain)
    content = json.dumps(plain if changed is None else changed)
    hub.repo(REPO).commit({path: content.encode()})


def write_on(hub: Hub) -> None:
    """Change the card by a word, so that no client has it in its cache."""
    repo = hub.repo(REPO)
    repo.commit({"README.md": repo.files()["README.md"] + b"\nThanks.\n"})


class Untouched:
    """Checks that a push has changed nothing and sent nothing."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def __enter__(self) -> None:
        hub = self._hub
        self._before = hub.repo(REPO).head(), list(hub.uploads), list(hub.repo(REPO).refs)

    def __exit__(self, *error: object) -> None:
        hub = self._hub
        assert (hub.repo(REPO).head(), hub.uploads, list(hub.repo(REPO).refs)) == self._before


@pytest.fixture
def ours(hub: Hub) -> Hub:
    """A Hub with a repo of ours."""
    pushed(hub, "two splits", lambda: push(splits(train=[0, 1], test=[2])))
    return hub


class TestHostileFiles:
    @pytest.mark.parametrize("path", SMALL)
    def test_a_file_of_a_gigabyte_is_refused_by_its_size(self, ours, path):
        enlarge(ours, path)
        ours.forget()
        with Untouched(ours), pytest.raises(SummaryError, match=rf"{path}.*1,000,000,000 bytes"):
            append(rows_of([3]))

        assert ours.count(path=rf"/resolve/.*{path}") == 0

    def test_a_summary_of_a_gigabyte_is_not_loaded(self, ours):
        enlarge(ours, "provenance.json")
        ours.forget()
        with pytest.raises(SummaryError, match="1,000,000,000 bytes"):
            hfp.load_summary(REPO)

        assert ours.count(path=r"/resolve/.*provenance\.json") == 0

    def test_ids_of_a_gigabyte_are_refused_by_their_size(self, ours):
        path = next(path for path in ours.repo(REPO).files() if "/ids/" in path)
        enlarge(ours, path)
        ours.forget()
        with Untouched(ours), pytest.raises(SummaryError, match=r'/ids/.*duplicates="keep"'):
            append(rows_of([3]), duplicates="skip")

        assert ours.count(path=r"/resolve/.*/ids/") == 0

    @pytest.mark.parametrize(
        "content",
        [
            b"[]",
            b"null",
            b'"x"',
            b"{}",
            b"\xff\xfe",
            b'{"schema": "hf-provenance/1"}',
            b'{"schema": "hf-provenance/9"}',
            b"[" * 100_000,
            b'{"a": NaN}',
            b'{"a": 1, "a": 2}',
            b'{"a": ' + b"9" * 5000 + b"}",
        ],
        ids=[
            *("list", "null", "text", "empty", "binary", "bare", "later", "deep", "nan"),
            *("twice", "long number"),
        ],
    )
    def test_what_is_no_summary_is_refused(self, ours, content):
        ours.repo(REPO).commit({"provenance.json": content})
        with Untouched(ours), pytest.raises(SummaryError, match=r"provenance\.json"):
            append(rows_of([3]))
        with pytest.raises(SummaryError, match=r"provenance\.json"):
            hfp.load_summary(REPO)

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("by", ["2022-11-30"]),
            ("by", 5),
            ("by", "banana"),
            ("by", "year"),
            ("by", None),
            ("language_sample", 7),
            ("language_sample", {"size": 10**9, "rows": {}}),
            ("tables", []),
        ],
    )
    def test_a_value_of_another_kind_in_the_summary_is_refused(self, ours, key, value):
        edit(ours, "provenance.json", lambda plain: plain | {key: value})
        with Untouched(ours), pytest.raises((SummaryError, HubError)):
            append(rows_of([3]))

    @pytest.mark.parametrize("value", [{"a": 1}, ["gpt2"], 7], ids=["object", "list", "number"])
    def test_a_tokenizer_that_is_no_name_is_none(self, ours, value):
        edit(ours, "provenance.json", lambda plain: plain | {"tokenizer": value})
        append(rows_of([3]))

        assert json.loads(ours.repo(REPO).files()["provenance.json"])["tokenizer"] is None

    @pytest.mark.parametrize(
        "change",
        [
            lambda shard: shard | {"path": f"../{shard['path']}"},
            lambda shard: shard | {"path": f"/{shard['path']}"},
            lambda shard: shard | {"path": f"data/../../x/train-{RUN}-00000.parquet"},
            lambda shard: shard | {"path": f"de/{PRE}/train-{RUN}-00000.parquet"},
            lambda shard: shard | {"path": "README.md"},
            lambda shard: shard | {"path": 7},
            lambda shard: shard | {"split": "../train"},
            lambda shard: shard | {"split": "a..b"},
            lambda shard: shard | {"split": None},
            lambda shard: shard | {"bucket": ".."},
            lambda shard: shard | {"bucket": 0, "path": f"data/0/train-{RUN}-00000.parquet"},
            lambda shard: shard | {"bucket": "", "path": f"data//train-{RUN}-00000.parquet"},
            lambda shard: shard | {"bucket": None, "path": f"data/train-{RUN}-00000.parquet"},
            lambda shard: shard | {"bucket": ["x"]},
            lambda shard: shard | {"run": "x" * 10},
            lambda shard: shard | {"rows": -1},
            lambda shard: shard | {"rows": True},
            lambda shard: shard | {"rows": 1e3},
            lambda shard: shard | {"rows": 10**30},
            lambda shard: shard | {"sha256": "0"},
            lambda shard: shard | {"sha256": "0" * 64},
            lambda shard: shard | {"rows": shard["rows"] + 1},
            lambda shard: shard | {"bytes": shard["bytes"] + 1},
            lambda shard: shard | {"more": 1},
            lambda shard: {},
            lambda shard: [],
            lambda shard: None,
        ],
    )
    def test_a_listing_of_other_shards_is_refused(self, ours, change):
        def forge(plain):
            plain["shards"][0] = change(plain["shards"][0])

        edit(ours, "provenance/files.json", forge)
        with Untouched(ours), pytest.raises((SummaryError, HubError)):
            append(rows_of([3]))

    @pytest.mark.parametrize(
        "change",
        [
            lambda plain: [],
            lambda plain: plain | {"shards": {}},
            lambda plain: plain | {"shards": [*plain["shards"], plain["shards"][0]]},
            lambda plain: plain | {"shards": []},
            lambda plain: plain | {"shards": plain["shards"][1:]},
            lambda plain: plain | {"views": {}},
            lambda plain: plain | {"views": None},
            lambda plain: plain | {"others": [1]},
            lambda plain: plain | {"others": None},
        ],
    )
    def test_a_listing_of_another_form_is_refused(self, ours, change):
        edit(ours, "provenance/files.json", change)
        with Untouched(ours), pytest.raises((SummaryError, HubError)):
            append(rows_of([3]))

    @pytest.mark.parametrize("path", ["provenance.json", "provenance/files.json"])
    def test_replace_puts_right_what_cannot_be_read(self, ours, path):
        ours.repo(REPO).commit({path: b"[]", "provenance/letter.txt": b"Dear all"})
        with Untouched(ours), pytest.raises(HubError, match=r"\['test'\]"):
            replace(splits(train=[5]))
        replace(splits(train=[5], test=[6]))

        assert shown() == {"train": [5], "test": [6]}
        assert len(data(ours)) == 2
        assert len([path for path in ours.repo(REPO).files() if "/ids/" in path]) == 1
        assert "provenance/letter.txt" in ours.repo(REPO).files()
        assert is_true()

    def test_a_summary_of_other_rows_than_are_listed_is_refused(self, ours):
        push(splits(train=[0, 1], test=[2, 3]), "alice/more")
        more, mine = hfp.load_summary("alice/more").fingerprint, hfp.load_summary(REPO).fingerprint
        files = ours.repo(REPO).files()
        forged = {
            "provenance.json": ours.repo("alice/more").files()["provenance.json"],
            "README.md": files["README.md"].replace(mine.encode(), more.encode()),
        }
        ours.repo(REPO).commit(forged)
        with Untouched(ours), pytest.raises(HubError, match=r"counts other rows"):
            append(rows_of([3]))

    @pytest.mark.parametrize("gone", [SMALL[:1], SMALL[1:2], SMALL[2:], SMALL])
    def test_documents_that_somebody_deleted_are_missed_and_replaced(self, ours, gone):
        ours.repo(REPO).commit(delete=gone)
        for mode in ("create", "append"):
            with Untouched(ours), pytest.raises((SummaryError, HubError)):
                push(rows_of([3]), mode=mode)
        replace(splits(train=[5], test=[6]))

        assert shown() == {"train": [5], "test": [6]}
        assert len(data(ours)) == 2
        assert is_true()

    def test_a_file_of_somebody_else_that_is_called_like_ours_is_not_overwritten(self, hub):
        hub.create(REPO, files={"provenance.json": b'{"painter": "Vermeer"}'})
        with Untouched(hub), pytest.raises(SummaryError, match=r"provenance\.json"):
            push(rows_of([3]))

    @pytest.mark.parametrize(
        "ids",
        [
            pa.array([1, 2, 3, 4]),
            pa.array([3, 2, 1]),
            pa.array([1.0, 2.0, 3.0]),
            pa.array(["a", "b", "c"]),
            pa.array([1, None, 3]),
        ],
        ids=["more", "unsorted", "floats", "texts", "nulls"],
    )
    def test_ids_that_are_not_those_of_the_run_are_refused(self, ours, ids):
        sink = io.BytesIO()
        pq.write_table(pa.table({"id48": ids}), sink)
        path = next(path for path in ours.repo(REPO).files() if "/ids/" in path)
        ours.repo(REPO).commit({path: sink.getvalue()})
        with Untouched(ours), pytest.raises(SummaryError, match=r'/ids/.*duplicates="keep"'):
            append(rows_of([3]), duplicates="skip")

    def test_ids_that_unfold_to_gigabytes_are_not_unfolded(self, ours):
        sink = io.BytesIO()
        many = pa.table({"id48": np.zeros(1_000_000, np.int64)})
        with pq.ParquetWriter(sink, many.schema, compression="zstd") as writer:
            for _ in range(20):
                writer.write_table(many)
        path = next(path for path in ours.repo(REPO).files() if "/ids/" in path)
        ours.repo(REPO).commit({path: sink.getvalue()})
        before = pa.total_allocated_bytes()
        with pytest.raises(SummaryError, match="/ids/"):
            append(rows_of([3]), duplicates="skip")

        assert pa.total_allocated_bytes() - before < 1_000_000

    @pytest.mark.parametrize(
        ("readme", "named"),
        [
            (b"---\nconfigs: &a\n- config_name: default\n  data_files: x\ny: *a\n---\n", "line"),
            (b"---\nlicense: mit\nlicense: cc0-1.0\n---\n", "license"),
            (b"---\nlicense:\tmit\n\tx: 1\n---\n", "line"),
            (b"---\n- a\n- b\n---\n", "mapping"),
            (b"---\na: 1\n---\n---\nb: 2\n---\n", "second YAML block"),
            (b"---\nlicense: mit\n", "not closed"),
            (b"\xef\xbb\xbf---\nlicense: mit\n---\n", "byte order mark"),
            (b"---\nlicense: \xff\n---\n", "line"),
            (b"---\nx: !!python/object:os.system {}\n---\n", "line"),
        ],
    )
    def test_yaml_that_cannot_be_edited_safely_stops_every_mode(self, hub, readme, named):
        hub.create(REPO, files={"README.md": readme})
        for mode in MODES:
            with Untouched(hub), pytest.raises(CardError, match=rf"README.md of {REPO}.*{named}"):
                push(rows_of([3]), mode=mode)

    def test_a_file_that_datasets_reads_over_the_card_stops_every_mode(self, ours):
        ours.repo(REPO).commit({".huggingface.yaml": b"configs: []\n"})
        for mode in MODES:
            with Untouched(ours), pytest.raises(HubError, match=r"\.huggingface\.yaml"):
                push(splits(train=[0, 1], test=[2]), mode=mode)

    def test_a_script_for_which_nothing_could_be_loaded_stops_every_mode(self, ours):
        ours.repo(REPO).commit({"x.py": b"import datasets\n"})
        for mode in MODES:
            with Untouched(ours), pytest.raises(HubError, match=r"holds x\.py"):
                push(splits(train=[0, 1], test=[2]), mode=mode)

    def test_a_config_in_another_format_stops_a_first_push(self, hub):
        for files in ("rows.csv", "rows/*"):
            name = "alice/" + re.sub(r"\W", "", files)
            readme = f"---\nconfigs:\n- config_name: old\n  data_files: {files}\n---\n"
            hub.create(
                name,
                files={
                    "README.md": readme.encode(),
                    "rows.csv": b"a\n1\n",
                    "rows/1.csv": b"a\n1\n",
                },
            )
            with pytest.raises(ProvenanceError, match="as one format"):
                push(rows_of([0]), name)

        assert hub.uploads == []


class TestAccess:
    @pytest.mark.parametrize("mode", MODES)
    def test_a_card_that_cannot_be_fetched_is_not_taken_for_none(self, ours, mode):
        write_on(ours)
        ours.fail(r"/resolve/.*/README\.md", times=None)
        with Untouched(ours), pytest.raises(HubError, match=r"README\.md"):
            push(splits(train=[0, 1], test=[2]), mode=mode, patience=0.2)

    @pytest.mark.parametrize("call", ["/tree/", "/revision/"])
    def test_a_listing_that_cannot_be_fetched_is_not_taken_for_empty(self, ours, call):
        ours.fail(call, times=None)
        with Untouched(ours), pytest.raises((DeadlineError, HubError)):
            append(rows_of([3]), patience=0.2)

    def test_a_private_repo_of_ones_own_stays_private(self, hub):
        hub.create(REPO, private=True)
        push(rows_of([0]))
        append(rows_of([1]))

        assert hub.repo(REPO).private
        assert shown() == {"train": [0, 1]}
        assert is_true()

    def test_a_repo_is_made_private_if_asked(self, hub):
        push(rows_of([0]), private=True)
        push(rows_of([0]), "alice/seen")

        assert hub.repo(REPO).private
        assert not hub.repo("alice/seen").private

    def test_a_gated_repo_of_ones_own_stays_gated(self, hub):
        hub.create(REPO, gated="manual")
        push(rows_of([0]))
        append(rows_of([1]))

        assert hub.repo(REPO).gated == "manual"
        assert is_true()

    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("private", [False, True], ids=["public", "private"])
    def test_the_repo_of_somebody_else_is_refused_before_anything_is_sent(
        self, ours, mode, private
    ):
        ours.add_user("bob")
        ours.repo(REPO).private = private
        with Untouched(ours), pytest.raises(AccessError, match="bob"):
            push(splits(train=[0, 1], test=[2]), mode=mode, token="hf_bob")

    @pytest.mark.parametrize(
        ("token", "named"),
        [("hf_nobody", "hf auth login"), ("hf_reader", "read"), (False, "token=False")],
        ids=["wrong", "for reading", "none"],
    )
    def test_a_token_that_may_not_write_is_refused(self, ours, token, named):
        ours.add_user("alice", token="hf_reader", role="read")
        with Untouched(ours), pytest.raises(AccessError, match=named):
            append(rows_of([3]), token=token)

    def test_somebody_else_may_open_a_pull_request(self, ours):
        ours.add_user("bob")
        before = ours.repo(REPO).head()
        published = append(rows_of([3]), token="hf_bob", create_pr=True)

        assert ours.repo(REPO).head() == before
        assert ours.repo(REPO).pull_requests[0].author == "bob"
        assert shown(revision=f"refs/pr/{published.pull_request}")["train"] == [0, 1, 3]

    def test_a_gated_repo_that_one_was_not_let_into_is_refused(self, ours):
        ours.add_user("bob")
        ours.repo(REPO).gated = "auto"
        write_on(ours)
        with Untouched(ours), pytest.raises(AccessError, match="gated"):
            append(rows_of([3]), token="hf_bob", create_pr=True)

    @pytest.mark.parametrize("mode", ["replace", "annotate"])
    def test_a_repo_that_is_not_there_has_nothing_to_change(self, hub, mode):
        with pytest.raises(AccessError, match=rf'nothing to {mode}.*mode="create"'):
            push(rows_of([0]), mode=mode)

        assert hub.repos == {}

    def test_a_name_without_an_owner_is_ones_own(self, hub):
        published = push(rows_of([0]), "mine")
        append(rows_of([1]), "mine")

        assert published.repo_id == "alice/mine"
        assert shown("alice/mine") == {"train": [0, 1]}

    def test_an_organisation_that_one_may_write_in_gets_its_repo(self, hub):
        hub.add_user("carol", orgs={"lab": "write", "club": "read"})
        push(rows_of([0]), "lab/x", token="hf_carol")
        for name in ("club/x", "other/x"):
            with pytest.raises(AccessError, match="carol"):
                push(rows_of([0]), name, token="hf_carol")

        assert [name for _, name in hub.repos] == ["lab/x"]


class TestRevisions:
    def test_a_branch_that_is_not_there_is_made_from_main(self, ours):
        before = ours.repo(REPO).head()
        append(rows_of([3]), revision="next")

        assert ours.repo(REPO).head() == before
        assert shown(revision="next") == {"train": [0, 1, 3], "test": [2]}
        assert verify(REPO, revision="next").state == "true"

    def test_a_branch_is_not_made_for_what_is_refused(self, ours):
        with Untouched(ours), pytest.raises(HubError, match="already"):
            push(rows_of([3]), revision="next")

    def test_a_branch_that_is_there_goes_on_by_itself(self, ours):
        append(rows_of([3]), revision="next")
        append(rows_of([4]), revision="next")
        append(rows_of([5]))

        assert shown(revision="next")["train"] == [0, 1, 3, 4]
        assert shown()["train"] == [0, 1, 5]
        assert is_true()

    def test_a_pull_request_can_be_pushed_to(self, ours):
        number = append(rows_of([3]), create_pr=True).pull_request
        append(rows_of([4]), revision=f"refs/pr/{number}")

        assert shown(revision=f"refs/pr/{number}")["train"] == [0, 1, 3, 4]
        assert shown()["train"] == [0, 1]

    @pytest.mark.parametrize(
        ("revision", "error"),
        [(lambda repo: "refs/pr/7", AccessError), (lambda repo: repo.head(), UsageError)],
        ids=["no pull request", "a commit"],
    )
    def test_what_cannot_be_pushed_to_is_refused(self, ours, revision, error):
        with Untouched(ours), pytest.raises(error):
            append(rows_of([3]), revision=revision(ours.repo(REPO)))

    def test_a_pull_request_holds_all_and_main_nothing(self, hub):
        hub.create(REPO, files={"README.md": b"# Mine\n"})
        published = push(labelled([PRE, POST]), create_pr=True)
        request = hub.repo(REPO).pull_requests[0]

        assert published.pull_request == request.number
        assert hub.repo(REPO).files().keys() == {".gitattributes", "README.md"}
        assert verify(REPO, revision=request.reference).state == "true"
        request.merge("alice")
        assert shown() == {"train": [0, 1]}
        assert is_true()


class TestNames:
    @pytest.mark.parametrize("name", ["", "a b", "a/b", "..", "data", "crawl_date", "x.crawl_date"])
    def test_a_config_that_could_not_be_loaded_is_refused(self, hub, name):
        with pytest.raises(SplitError, match="config name"):
            push(rows_of([0]), config_name=name)

        assert hub.requests == []

    @pytest.mark.parametrize("name", ["a//b", "a/b/c", "alice/", "/x", "alice/x y", "alice/-x"])
    def test_a_repo_that_could_not_be_named_so_is_refused(self, hub, name):
        with pytest.raises(ProvenanceError):
            push(rows_of([0]), name)

        assert hub.repos == {}

    def test_options_that_contradict_each_other_are_refused(self, hub):
        for options in (
            {"mode": "overwrite"},
            {"duplicates": "drop"},
            {"duplicates": "skip"},
            {"create_pr": True, "revision": "next"},
        ):
            with pytest.raises(UsageError):
                push(rows_of([0]), **options)

        assert hub.requests == []


def test_what_is_refused_early_is_refused_again_if_the_repo_changes_meanwhile(ours):
    features = rows_of([9]).features

    def intrude() -> None:
        rows_of([9]).cast(features).push_to_hub(REPO, split="train")

    ours.before("/commit/main", intrude, "POST")
    with pytest.raises(HubError, match="changed by another tool"):
        append(rows_of([3]))

    assert shown()["train"] == [9]


def test_a_listing_that_nobody_would_read_is_not_published(hub, monkeypatch):
    push(rows_of([0]))
    before = commits(hub)
    monkeypatch.setattr("hf_provenance.publish.contents.edition.MOST_READ", 8_000)
    with pytest.raises(SummaryError, match=r"would have .* larger shards"):
        append(labelled([PRE, POST] * 10), max_shard_size=1)

    assert commits(hub) == before


def test_a_relabelling_that_lost_the_race_against_an_append_drops_no_row(ours):
    machine = {"origin": "synthetic"}
    ours.before("/commit/main", lambda: append(rows_of([3])), "POST")
    before = commits(ours)
    with pytest.raises(HubError, match="neither adds nor drops"):
        relabel(DatasetDict(train=rows_of([0, 1], **machine), test=rows_of([2], **machine)))

    assert commits(ours) == before + 1
    assert shown()["train"] == [0, 1, 3]
