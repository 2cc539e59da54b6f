"""What rows were made from, and what was made from them."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from hf_provenance import schema
from hf_provenance.audit.ancestry import Ancestry, descendants, synthetic_parents
from hf_provenance.audit.packed_ids import as_arrow, pack

NUMBERS = st.integers(0, 7)
ROWS = st.lists(
    st.tuples(NUMBERS, st.sampled_from(schema.ORIGINS), st.lists(NUMBERS, max_size=3)), max_size=12
)


def named(number):
    return f"{number:032x}"


def packed(numbers):
    return as_arrow(pack(pa.array([named(number) for number in numbers], pa.string())))


def numbers_of(ids):
    return [int(each.as_py().hex(), 16) for each in ids]


def read(rows, *, synthetic=True):
    lists = [
        None
        if parents is None
        else [named(each) if isinstance(each, int) else each for each in parents]
        for _, _, parents in rows
    ]
    table = schema.arrow_schema([*schema.CORE, "prov_parents"]).empty_table()
    columns = {name: pa.nulls(len(rows), table.schema.field(name).type) for name in schema.CORE}
    columns["prov_id"] = pa.array([named(number) for number, _, _ in rows], pa.string())
    columns["prov_origin"] = pa.array([origin for _, origin, _ in rows], pa.string())
    columns["prov_parents"] = pa.array(lists, pa.list_(pa.string()))
    table = pa.table(columns)
    ancestry = Ancestry(synthetic=synthetic)
    for start in range(0, len(rows), 4):
        ancestry.add(table.slice(start, 4))
    return ancestry


def reached(starts, steps):
    found, waiting = set(), list(starts)
    while waiting:
        for there in steps.get(waiting.pop(), ()):
            if there not in found:
                found.add(there)
                waiting.append(there)
    return found


def steps_of(rows, *, up):
    steps = {}
    for number, _, parents in rows:
        for parent in parents:
            if parent != number:
                a, b = (number, parent) if up else (parent, number)
                steps.setdefault(a, set()).add(b)
    return steps


@given(ROWS, st.sets(NUMBERS, max_size=3))
def test_descendants_are_those_that_a_walk_finds(rows, starts):
    found = descendants(packed(sorted(starts)), read(rows).edges)
    below = reached(starts, steps_of(rows, up=False)) | starts
    wanted = [
        place
        for place, (number, _, parents) in enumerate(rows)
        if any(parent in below and parent != number for parent in parents)
    ]
    assert found.rows.tolist() == wanted
    assert numbers_of(found.ids) == [rows[place][0] for place in wanted]


@given(ROWS, st.sets(NUMBERS, min_size=1, max_size=3))
def test_a_descendant_names_one_that_it_descends_from(rows, starts):
    roots = sorted(starts)
    found = descendants(packed(roots), read(rows).edges)
    for place, root in zip(found.rows.tolist(), found.roots.tolist(), strict=True):
        number, _, parents = rows[place]
        lines = {parent for parent in parents if parent != number}
        assert lines & ({roots[root]} | reached([roots[root]], steps_of(rows, up=False)))


@given(ROWS, ROWS)
def test_synthetic_parents_are_those_that_a_walk_finds(evaluation, train):
    found = synthetic_parents(read(evaluation), read(train))
    up = steps_of(evaluation + train, up=True)
    written = {n for n, origin, _ in evaluation + train if origin in ("synthetic", "mixed")}
    expected = {}
    for place, (number, _, parents) in enumerate(evaluation):
        tainted = [
            parent
            for parent in parents
            if parent != number and ({parent} | reached([parent], up)) & written
        ]
        if tainted:
            expected[place] = min(tainted)
    assert {row: int(parent, 16) for row, parent in found.items()} == expected


def test_the_shorter_way_counts():
    rows = [(1, "synthetic", [0]), (2, "synthetic", [1]), (3, "synthetic", [2, 0])]
    assert descendants(packed([0]), read(rows).edges).steps.tolist() == [1, 2, 1]


def test_a_circle_is_walked_once():
    rows = [(1, "synthetic", [0, 2]), (2, "synthetic", [1])]
    assert descendants(packed([0]), read(rows).edges).rows.tolist() == [0, 1]


def test_a_row_that_names_itself_descends_from_nothing():
    assert not len(descendants(packed([1]), read([(1, "synthetic", [1])]).edges).rows)


def test_parents_that_are_no_ids_are_counted():
    rows = [(1, "human", ["https://example.org/a", None, 2]), (2, "human", None), (3, "human", [])]
    ancestry = read(rows)
    assert (ancestry.elsewhere, ancestry.rows, len(ancestry.edges.rows)) == (2, 3, 1)


def test_rows_without_provenance_are_counted_alone():
    ancestry = Ancestry(synthetic=True)
    ancestry.add(pa.table({"text": ["a", "b"]}))
    assert (ancestry.rows, len(ancestry.edges.rows), len(ancestry.models)) == (2, 0, 0)


def test_ids_of_models_are_kept_only_where_they_are_asked_for():
    assert not len(read([(1, "synthetic", [])], synthetic=False).models)
