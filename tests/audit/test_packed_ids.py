"""Ids as bytes."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_provenance.audit.packed_ids import as_arrow, as_numbers, pack, unpack
from hf_provenance.errors import SchemaError

IDS = st.lists(st.integers(0, 2**128 - 1).map("{:032x}".format))


@given(IDS)
def test_ids_come_back_as_they_were(ids):
    assert unpack(pack(pa.array(ids, pa.string()))) == ids


@given(IDS)
def test_halves_sort_as_the_text_does(ids):
    upper, lower = as_numbers(pack(pa.array(ids, pa.string())))
    pairs = zip(upper.tolist(), lower.tolist(), strict=True)
    assert ["{:016x}{:016x}".format(*pair) for pair in sorted(pairs)] == sorted(ids)


@given(IDS, st.integers(0, 5))
def test_a_slice_is_read_where_it_starts(ids, start):
    sliced = pa.array(ids, pa.large_string()).slice(start)
    assert unpack(pack(pa.chunked_array([sliced, sliced]))) == ids[start:] * 2


def test_arrow_holds_the_same_bytes():
    id_ = "00ff" * 8
    assert as_arrow(pack(pa.array([id_])))[0].as_py().hex() == id_


@pytest.mark.parametrize("odd", ["", "ab", "z" * 32, "A" * 32, "é" * 16])
def test_what_is_no_id_is_named(odd):
    with pytest.raises(SchemaError, match="no 32 hex digits"):
        pack(pa.array(["0" * 32, odd]))
