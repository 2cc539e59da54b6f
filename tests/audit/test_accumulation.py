"""What became of human rows between two revisions."""

from collections import Counter

import pyarrow as pa
import pytest
from datasets import DatasetDict
from hypothesis import given
from hypothesis import strategies as st

import hf_provenance as hfp
from audit.rows import ids, labelled, with_columns
from hf_provenance.audit.accumulation import Holdings, compare
from hf_provenance.audit.audit import audit_accumulation
from hf_provenance.audit.choice import Place
from hf_provenance.errors import SchemaError, UsageError
from hf_provenance.schema import ORIGINS

ROWS = st.lists(st.tuples(st.integers(0, 5), st.sampled_from(ORIGINS)), max_size=20)


def holdings(rows):
    table = pa.table(
        {
            "prov_id": pa.array([f"{number:032x}" for number, _ in rows], pa.string()),
            "prov_origin": pa.array([origin for _, origin in rows], pa.string()),
            "prov_bytes": pa.array([10 + number for number, _ in rows], pa.int64()),
            "prov_tokens": pa.array([number for number, _ in rows], pa.int64()),
        }
    )
    held = Holdings()
    for start in range(0, len(rows), 3):
        held.add(table.slice(start, 3))
    return held


@given(ROWS, ROWS)
def test_rows_are_counted_as_multisets(before, after):
    found = compare(holdings(before), holdings(after))
    was, now = Counter(before), Counter(after)
    for origin in ORIGINS:
        expected = {
            "kept": was & now,
            "added": now - was,
            "lost": was - now,
        }
        for change, rows in expected.items():
            numbers = [number for (number, each) in rows.elements() if each == origin]
            amount = found.changes[origin][change]
            assert (amount.rows, amount.bytes) == (len(numbers), sum(numbers) + 10 * len(numbers))
            assert amount.tokens == sum(numbers)


@given(ROWS, ROWS)
def test_a_lost_human_row_is_gone_or_labelled_otherwise(before, after):
    found = compare(holdings(before), holdings(after))
    lost = Counter(before) - Counter(after)
    added = Counter(after) - Counter(before)
    relabelled = gone = 0
    for number in range(6):
        others = sum(added[number, origin] for origin in ORIGINS if origin != "human")
        relabelled += min(lost[number, "human"], others)
        gone += max(0, lost[number, "human"] - others)
    assert (found.relabelled, found.human_gone) == (relabelled, gone)


@given(ROWS)
def test_nothing_changes_between_a_revision_and_itself(rows):
    found = compare(holdings(rows), holdings(rows[::-1]))
    assert found.state == "accumulated"
    assert all(found.changes[origin]["kept"].rows == found.before[origin] for origin in ORIGINS)


def test_losing_human_rows_is_a_state_of_its_own():
    found = audit_accumulation(
        labelled(["a", "b"], origin="human"), labelled(["a"], origin="human")
    )
    assert (found.state, found.human_gone) == ("lost", 1)


def test_losing_human_rows_while_adding_synthetic_ones_is_replacing():
    after = labelled(["a", "c"], origin=["human", "synthetic"])
    assert audit_accumulation(labelled(["a", "b"], origin="human"), after).state == "replaced"


def test_adding_synthetic_rows_beside_all_human_ones_is_accumulating():
    after = labelled(["a", "b", "c"], origin=["human", "human", "synthetic"])
    assert audit_accumulation(labelled(["a", "b"], origin="human"), after).state == "accumulated"


def test_a_duplicate_that_is_taken_out_is_a_row_lost():
    before = labelled(["a", "a", "a"], origin="human")
    found = audit_accumulation(before, labelled(["a"], origin="human"))
    assert (found.changes["human"]["kept"].rows, found.human_gone) == (1, 2)


def test_the_rows_that_are_gone_are_named():
    before = labelled(["a", "b", "c"], origin="human")
    found = audit_accumulation(before, labelled(["b"], origin="human"))
    assert set(found.gone) == {ids(before)[0], ids(before)[2]}


def test_a_text_whose_label_changed_is_not_gone():
    found = audit_accumulation(labelled(["a"], origin="human"), labelled(["a"], origin="synthetic"))
    assert (found.state, found.human_gone, found.relabelled) == ("accumulated", 0, 1)


def test_a_text_that_is_called_human_now_is_told_from_a_new_one():
    found = audit_accumulation(labelled(["a"]), labelled(["a", "b"], origin="human"))
    assert (found.changes["human"]["added"].rows, found.labelled_human) == (2, 1)


def test_tokens_are_not_given_where_a_row_has_none():
    found = audit_accumulation(labelled(["a"], origin="human"), labelled(["a"], origin="human"))
    assert found.changes["human"]["kept"].tokens is None


def test_test_rows_are_no_training_data():
    before = DatasetDict(
        train=labelled(["a"], origin="human"), test=labelled(["b"], origin="human")
    )
    found = audit_accumulation(before, DatasetDict(train=before["train"]))
    assert (found.state, found.before["human"]) == ("accumulated", 1)


def test_any_split_can_be_compared():
    before = DatasetDict(
        train=labelled(["a"], origin="human"), test=labelled(["b"], origin="human")
    )
    after = DatasetDict(train=labelled(["c"], origin="human"), test=labelled([], origin="human"))
    assert audit_accumulation(before, after, split="test").gone == (ids(before["test"])[0],)


def test_a_stream_is_compared_as_a_dataset_is():
    before = labelled(["a", "b"], origin="human")
    found = audit_accumulation(before.to_iterable_dataset(), before.select([1]))
    assert found.gone == (ids(before)[0],)


def test_of_published_folders_only_the_columns_of_provenance_are_read(tmp_path, monkeypatch):
    before = labelled(["a", "b"], origin="human", collected=["2020", "2024"])
    for name, rows in (("before", before), ("after", before.select([0]))):
        hfp.save_to_folder(rows, tmp_path / name, progress=False, figures=False)
    monkeypatch.delattr(Place, "open")
    found = audit_accumulation(tmp_path / "before", tmp_path / "after")
    assert found.gone == (ids(before)[1],)


def test_two_revisions_on_the_hub_are_compared(hub):
    before = labelled(["a", "b"], origin="human")
    options = {"progress": False, "figures": False}
    first = hfp.push_to_hub(before, "alice/tales", **options).commit_oid
    hfp.push_to_hub(before.select([0]), "alice/tales", mode="replace", **options)
    found = audit_accumulation(f"alice/tales@{first}", "alice/tales")
    assert found.gone == (ids(before)[1],)


def test_rows_without_labels_cannot_be_compared():
    bare = labelled(["a"], origin="human").select_columns(["text"])
    with pytest.raises(SchemaError, match="annotate"):
        audit_accumulation(bare, bare)


def test_an_id_that_is_none_is_refused():
    odd = with_columns(labelled(["a"], origin="human"), prov_id=["not an id"])
    with pytest.raises(SchemaError, match="32 hex digits"):
        audit_accumulation(odd, odd)


def test_a_split_that_is_not_there_is_named():
    rows = DatasetDict(train=labelled(["a"], origin="human"))
    with pytest.raises(UsageError, match="'tain'"):
        audit_accumulation(rows, rows, split="tain")


def test_revisions_without_rows_can_be_compared():
    nothing = labelled([], origin="human")
    assert audit_accumulation(nothing, nothing).state == "accumulated"
