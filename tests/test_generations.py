"""`count_generations`: parents' highest plus one where all is known, and unknown else."""

import random
import re
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from datasets import (
    Dataset,
    DatasetDict,
    IterableDataset,
    IterableDatasetDict,
    NamedSplit,
    Value,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_provenance import annotate, build_card, col, summarize
from hf_provenance.descent import HUMAN, NONE, SYNTHETIC, Descent, find_circle, settle
from hf_provenance.errors import ConflictError, LineageError, SchemaError, UsageError
from hf_provenance.generations import count_generations
from hf_provenance.lineage import link_parents
from hf_provenance.schema import BY_NAME, CORE

URL = "https://a.example/1"


def row_id(name):
    """A `prov_id` that starts with a short name, such as "a1"."""
    return name.encode().hex().ljust(32, "0")


def table_of(rows):
    """Rows (name, origin, parents, and maybe generation and url) as provenance columns."""
    size = len(rows)
    columns = {
        "prov_id": [row_id(row[0]) for row in rows],
        "prov_origin": [row[1] for row in rows],
        "prov_origin_basis": ["declared"] * size,
        "prov_method": ["unknown"] * size,
        "prov_bytes": [1] * size,
        "prov_parents": [_parents(row[2]) for row in rows],
    }
    optional = {3: "prov_generation", 4: "prov_url"}
    for place, name in optional.items():
        if any(len(row) > place for row in rows):
            columns[name] = [row[place] if len(row) > place else None for row in rows]
    names = [*CORE, *(name for name in columns if name not in CORE)]
    return pa.table({
        name: pa.array(columns.get(name, [None] * size), BY_NAME[name].type) for name in names
    })  # fmt: skip


def _parents(names):
    if names is None:
        return None
    return [name and (name if "/" in name else row_id(name)) for name in names]


def rows_of(*rows):
    return Dataset(table_of(rows))


def generations(*rows, **options):
    return count_generations(rows_of(*rows), **options)["prov_generation"][:]


# What is counted


def test_a_human_row_is_generation_0():
    assert generations(("a", "human", None)) == [0]


@pytest.mark.parametrize("origin", ["synthetic", "mixed"])
def test_a_row_that_a_model_wrote_is_one_more_than_its_parent(origin):
    assert generations(
        ("a", "human", None), ("b", origin, ["a"]), ("c", origin, ["b"])
    ) == [0, 1, 2]  # fmt: skip


def test_the_highest_parent_counts():
    assert generations(
        ("a", "human", None), ("b", "synthetic", ["a"]), ("c", "synthetic", ["a", "b", "a"])
    ) == [0, 1, 2]  # fmt: skip


def test_a_human_row_is_generation_0_whatever_its_parents():
    assert generations(
        ("a", "human", ["b", "nobody"]), ("b", "synthetic", None)
    ) == [0, None]  # fmt: skip


@pytest.mark.parametrize("parents", [None, []], ids=["null", "empty"])
def test_a_model_row_without_parents_is_unknown(parents):
    assert generations(("a", "synthetic", parents)) == [None]


@pytest.mark.parametrize("parents", [["a", None], ["a", "nobody"], ["a", "u"]])
def test_one_parent_that_is_not_known_makes_the_row_unknown(parents):
    assert generations(
        ("a", "human", None), ("u", "unknown", ["a"]), ("b", "synthetic", parents)
    ) == [0, None, None]  # fmt: skip


def test_a_row_of_unknown_origin_is_unknown_and_so_are_its_descendants():
    assert generations(
        ("a", "human", None), ("u", "unknown", ["a"]), ("b", "mixed", ["u"]), ("c", "mixed", ["b"])
    ) == [0, None, None, None]  # fmt: skip


# Several rows with one name


def test_copies_of_a_parent_count_as_the_highest_of_them():
    assert generations(
        ("a", "human", None), ("b", "synthetic", ["a"]),
        ("x", "human", None), ("x", "synthetic", ["b"]), ("c", "synthetic", ["x"]),
    ) == [0, 1, 0, 2, 3]  # fmt: skip


def test_a_copy_of_a_parent_that_is_unknown_makes_the_row_unknown():
    assert generations(
        ("x", "human", None), ("x", "unknown", None), ("c", "synthetic", ["x"])
    ) == [0, None, None]  # fmt: skip


# URLs


def test_a_parent_can_be_a_url():
    assert generations(
        ("a", "human", None, None, URL), ("b", "synthetic", [URL])
    ) == [0, 1]  # fmt: skip


def test_several_rows_of_one_url_count_as_the_highest_of_them():
    assert generations(
        ("a", "human", None, None, URL), ("b", "synthetic", ["a"], None, URL),
        ("c", "synthetic", [URL]),
    ) == [0, 1, 2]  # fmt: skip


def test_rows_that_list_their_own_url_are_not_what_it_means():
    siblings = [("b", "synthetic", [URL], None, URL), ("c", "synthetic", [URL], None, URL)]
    assert generations(*siblings) == [None, None]
    assert generations(("a", "human", None, None, URL), *siblings) == [0, 1, 1]


# Where parents are looked for


def test_parents_are_looked_for_in_all_splits():
    splits = DatasetDict({
        "test": rows_of(("b", "synthetic", ["a"])), "train": rows_of(("a", "human", None)),
    })  # fmt: skip
    counted = count_generations(splits)
    assert type(counted) is DatasetDict
    assert {name: split["prov_generation"][:] for name, split in counted.items()} == {
        "test": [1], "train": [0],
    }  # fmt: skip


def test_parents_are_looked_for_in_ancestors():
    ancestor = annotate(Dataset.from_dict({"text": ["a"]}), origin="human")
    derived = Dataset.from_dict({"text": ["b"], "from": [ancestor["prov_id"][:]]})
    derived = annotate(derived, origin="synthetic", parents=col("from"))
    assert count_generations(derived)["prov_generation"][:] == [None]
    assert count_generations(derived, ancestors=[ancestor])["prov_generation"][:] == [1]


def test_one_ancestor_needs_no_list():
    assert generations(("b", "mixed", ["a"]), ancestors=rows_of(("a", "human", None))) == [1]


def test_ancestors_are_counted_with_the_rest():
    older, old = rows_of(("a", "human", None)), rows_of(("b", "synthetic", ["a"]))
    assert generations(("c", "synthetic", ["b"]), ancestors=[old, DatasetDict(x=older)]) == [2]


def test_a_generation_that_an_ancestor_states_is_taken_as_it_is():
    ancestor = rows_of(("a", "human", None), ("b", "synthetic", ["a"], 5))
    assert generations(("c", "synthetic", ["b"]), ancestors=[ancestor]) == [6]


# Generations that are stated


def test_a_stated_generation_is_kept_where_nothing_is_counted():
    assert generations(
        ("a", "synthetic", None, 3), ("u", "unknown", None, 2), ("b", "synthetic", ["a", "u"])
    ) == [3, 2, 4]  # fmt: skip


def test_a_stated_generation_that_parents_confirm_is_kept():
    assert generations(("a", "human", None, 0), ("b", "synthetic", ["a"], 1)) == [0, 1]


def test_counting_twice_changes_nothing():
    rows = rows_of(("a", "human", None), ("b", "synthetic", ["a"]), ("c", "synthetic", None, 4))
    once = count_generations(rows)
    assert count_generations(once).to_list() == once.to_list()


CLASHES = {
    "parents": (
        [("a", "human", None), ("b", "synthetic", ["a"], 3)],
        r"row 1 \(prov_id 62.*states generation 3, and its parents make it 1; 1 of 2 rows",
        [0, 1],
    ),
    "a person": (
        [("a", "human", None, 2)],
        r"row 0 .*states generation 2, and a person wrote it, which is generation 0",
        [0],
    ),
    "a model": (
        [("a", "synthetic", None, 0)],
        r"row 0 .*states generation 0, and a model wrote it, which is at least generation 1",
        [None],
    ),
    "no number": (
        [("a", "unknown", None, -4)],
        r"row 0 .*states generation -4, and origin and parents do not allow that",
        [None],
    ),
}


@pytest.mark.parametrize(("rows", "message", "_"), CLASHES.values(), ids=CLASHES.keys())
def test_a_stated_generation_that_cannot_be_is_an_error_that_names_the_row(rows, message, _):
    with pytest.raises(ConflictError, match=message + r".*overwrite=True"):
        generations(*rows)


@pytest.mark.parametrize(("rows", "_", "counted"), CLASHES.values(), ids=CLASHES.keys())
def test_overwrite_writes_what_origin_and_parents_say(rows, _, counted):
    assert generations(*rows, overwrite=True) == counted


def test_overwrite_keeps_what_nothing_contradicts():
    assert generations(("a", "synthetic", None, 3), overwrite=True) == [3]


def test_the_split_of_a_contradiction_is_named():
    splits = DatasetDict({
        "train": rows_of(("a", "human", None, 0)), "test": rows_of(("b", "human", None, 1)),
    })  # fmt: skip
    with pytest.raises(ConflictError, match=r"^split 'test', row 0 \(prov_id 62"):
        count_generations(splits)


# Circles, and lines that are too long


def test_a_row_that_is_its_own_parent_is_an_error_that_says_how_that_comes():
    same = row_id("a")
    with pytest.raises(LineageError, match=rf"{same} \(row 0\) -> {same},.*what it was given"):
        generations(("a", "synthetic", ["a"]))


def test_a_circle_is_named_with_its_splits_and_rows():
    splits = DatasetDict({
        "train": rows_of(("z", "human", None), ("a", "synthetic", ["b"])),
        "test": rows_of(("b", "mixed", ["z", "a"]), ("c", "synthetic", ["a"])),
    })  # fmt: skip
    a, b = row_id("a"), row_id("b")
    with pytest.raises(LineageError) as error:
        count_generations(splits)
    message = str(error.value)
    assert f"{a} (split 'train', row 1) -> {b} (split 'test', row 0) -> {a}," in message
    assert "3 rows are in a circle or descend from one" in message
    assert "link_parents(..., overwrite=True)" in message


def test_a_circle_through_an_ancestor_names_it():
    ancestor = rows_of(("a", "human", ["b"]))
    with pytest.raises(LineageError, match=r"\(row 0\) -> .* \(ancestors\[0\], row 0\) -> "):
        generations(("b", "human", ["a"]), ancestors=[ancestor])


def test_a_stated_generation_does_not_undo_a_circle():
    with pytest.raises(LineageError, match="in a circle"):
        generations(("a", "synthetic", ["b"], 2), ("b", "synthetic", ["a"], 2))


def test_a_circle_that_goes_through_a_url_is_found():
    rows = ("a", "synthetic", ["b"], None, URL), ("b", "synthetic", [URL])
    with pytest.raises(LineageError, match="2 rows are parents of each other"):
        generations(*rows)


@settings(deadline=None, max_examples=60)
@given(
    length=st.integers(1, 30), tail=st.integers(0, 5), below=st.integers(0, 5), seed=st.integers()
)
def test_every_step_of_a_circle_that_is_named_is_real(length, tail, below, seed):
    rows = [(f"c{i}", "synthetic", [f"c{(i + 1) % length}"]) for i in range(length)]
    rows += [(f"t{i}", "synthetic", [f"t{i + 1}"]) for i in range(tail)]
    rows += [(f"t{tail}", "human", None)]
    rows[0][2].insert(0, "t0")
    rows += [(f"b{i}", "mixed", [f"b{i - 1}" if i else "c0"]) for i in range(below)]
    random.Random(seed).shuffle(rows)
    with pytest.raises(LineageError) as error:
        count_generations(rows_of(*rows))
    path = re.search(r"itself: (.*), where each", str(error.value))[1].split(" -> ")
    parents = {row_id(name): _parents(listed) or [] for name, _, listed in rows}
    number = {row_id(row[0]): i for i, row in enumerate(rows)}
    named = [re.fullmatch(r"([0-9a-f]{32})(?: \(row (\d+)\))?", step) for step in path]
    steps = [(a[1], b[1]) for a, b in pairwise(named) if a and b]
    assert all(after in parents[before] for before, after in steps)
    assert all(number[step[1]] == int(step[2]) for step in named[:-1] if step)
    assert path[-1] == named[0][1]
    if length > 10:
        assert path[10] == f"({length - 10} more)"
        assert len(steps) == 9
    else:
        assert len(steps) == length


def chain(depth, *, root="human"):
    return [("r0", root, None), *((f"r{i}", "mixed", [f"r{i - 1}"]) for i in range(1, depth + 1))]


def test_generation_127_is_counted():
    assert generations(*chain(127))[-1] == 127


def test_generation_128_is_an_error_that_names_the_limit_and_the_row():
    with pytest.raises(LineageError, match=r"^row 128 \(prov_id .*128, and .*int8, holds at most"):
        generations(*chain(140))


def test_a_line_of_a_thousand_rows_without_a_known_beginning_is_unknown():
    assert generations(*chain(1_000, root="unknown")) == [None] * 1_001


def test_people_among_the_rows_start_anew():
    rows = [(name, "human" if i % 100 == 0 else origin, parents)
            for i, (name, origin, parents) in enumerate(chain(1_000))]  # fmt: skip
    assert generations(*rows) == [i % 100 for i in range(1_001)]


# Any descent


ORIGINS = st.sampled_from(["human", "synthetic", "synthetic", "mixed", "unknown"])


@st.composite
def descents(draw):
    """Rows without circles: each lists rows before it, some of which are not there."""
    size = draw(st.integers(1, 14))
    rows = []
    for i in range(size):
        known = st.sampled_from([f"r{j}" for j in range(max(0, i - 6), i)] + ["nobody"])
        parents = draw(st.none() | st.lists(known | st.just(None), max_size=3))
        stated = draw(st.none() | st.none() | st.integers(1, 4))
        rows.append((f"r{i}", draw(ORIGINS), parents, stated))
    copies = draw(st.lists(st.sampled_from(rows), max_size=3))
    rows += [(name, draw(ORIGINS), parents, None) for name, _, parents, _ in copies]
    return draw(st.permutations(rows))


def reference(rows):
    """Generations by plain recursion."""

    def of_name(name):
        found = [of_row(row) for row in rows if name is not None and row[0] == name]
        return None if not found or None in found else max(found)

    def of_row(row):
        _, origin, parents, stated = row
        if origin == "human":
            return 0
        above = [of_name(name) for name in parents or []]
        if origin in ("synthetic", "mixed") and above and None not in above:
            return max(above) + 1
        return stated

    return [of_row(row) for row in rows]


@settings(deadline=None, max_examples=60)
@given(descents())
def test_generations_are_those_of_plain_recursion(rows):
    assert generations(*rows, overwrite=True) == reference(rows)


@settings(deadline=None, max_examples=25)
@given(descents(), st.randoms())
def test_the_order_of_rows_changes_nothing(rows, chance):
    order = chance.sample(range(len(rows)), len(rows))
    counted = generations(*rows, overwrite=True)
    shuffled = generations(*(rows[i] for i in order), overwrite=True)
    assert shuffled == [counted[i] for i in order]


@settings(deadline=None, max_examples=25)
@given(descents(), st.data())
def test_splits_change_nothing(rows, data):
    whole = Dataset(table_of(rows))
    where = data.draw(st.lists(st.integers(0, 2), min_size=len(rows), max_size=len(rows)))
    parts = {f"s{n}": [i for i, at in enumerate(where) if at == n] for n in range(3)}
    splits = DatasetDict({name: whole.select(some) for name, some in parts.items()})
    counted = count_generations(whole, overwrite=True)["prov_generation"]
    divided = count_generations(splits, overwrite=True)
    assert {name: split["prov_generation"][:] for name, split in divided.items()} == {
        name: [counted[i] for i in some] for name, some in parts.items()
    }


@settings(deadline=None, max_examples=15)
@given(descents())
def test_a_stream_gives_what_a_dataset_gives(rows):
    whole = Dataset(table_of(rows))
    stream = count_generations(whole.to_iterable_dataset(num_shards=len(rows)), overwrite=True)
    assert list(stream) == count_generations(whole, overwrite=True).to_list()


def test_each_row_of_a_long_line_is_looked_at_once():
    def looked_at(depth):
        seen = []

        class Watched(np.ndarray):
            def __getitem__(self, key):
                seen.append(np.size(key))
                return super().__getitem__(key)

        rows = np.arange(depth)
        descent = Descent(
            kind=np.full(depth, NONE).view(Watched), stated=np.full(depth, NONE, np.int16),
            fixed=rows < 0, listed=rows > 0, names=depth, child=rows[1:], parent=rows[:-1],
            bearer=rows, borne=rows,
        )  # fmt: skip
        assert (settle(descent).counted == NONE).all()
        return sum(seen)

    assert looked_at(1_000) == 1_000


def test_a_circle_is_sought_only_where_there_is_one():
    one = np.arange(1)
    descent = Descent(one, one.astype(np.int16), one < 0, one < 0, 0, one[:0], one[:0], one[:0],
                      one[:0])  # fmt: skip
    with pytest.raises(ValueError, match="no circle"):
        find_circle(descent, settle(descent))
    assert (HUMAN, SYNTHETIC) == (0, 1)


# What a dataset keeps


def both():
    return rows_of(("a", "human", None), ("b", "synthetic", ["a"])).add_column("text", ["x", "y"])


def test_the_column_is_put_behind_the_others():
    ds = both()
    counted = count_generations(ds)
    assert counted.column_names == [*ds.column_names, "prov_generation"]
    assert counted.features == {**ds.features, "prov_generation": Value("int8")}
    assert counted.remove_columns("prov_generation").to_list() == ds.to_list()


def test_split_and_format_are_kept():
    ds = Dataset(both().data.table, split=NamedSplit("validation")).with_format(
        "numpy", columns=["text"]
    )
    counted = count_generations(ds)
    assert counted.split == "validation"
    assert (counted.format["type"], counted.format["columns"]) == (
        "numpy", ["text", "prov_generation"],
    )  # fmt: skip


def test_an_empty_dataset_gets_the_column():
    counted = count_generations(both().select([]))
    assert len(counted) == 0
    assert counted.features["prov_generation"] == Value("int8")


def test_a_selection_is_counted_in_its_order():
    assert count_generations(both().select([1, 0, 1]))["prov_generation"][:] == [1, 0, 1]


def test_a_dictionary_of_streams_is_counted_across_splits():
    ds = both()
    streams = IterableDatasetDict({
        "test": ds.select([1]).to_iterable_dataset(),
        "train": ds.select([0]).to_iterable_dataset(),
    })  # fmt: skip
    counted = count_generations(streams)
    assert type(counted) is IterableDatasetDict
    assert [row["prov_generation"] for row in counted["test"]] == [1]


def test_a_stream_of_python_rows_is_counted():
    listed, features = both().to_list(), both().features
    stream = IterableDataset.from_generator(lambda: iter(listed), features=features)
    counted = count_generations(stream)
    assert list(counted) == count_generations(both()).to_list()
    assert counted.features["prov_generation"] == Value("int8")


def test_a_stream_that_is_shuffled_afterwards_keeps_generations_beside_their_rows():
    rows = rows_of(*chain(40)).to_iterable_dataset(num_shards=4)
    shuffled = list(count_generations(rows).shuffle(seed=3, buffer_size=20))
    number = {row_id(f"r{i}"): i for i in range(41)}
    assert [row["prov_generation"] for row in shuffled] == [
        number[row["prov_id"]] for row in shuffled
    ]


# Calls that cannot mean anything


def test_a_dataset_whose_rows_list_no_parents_is_an_error_that_names_the_calls():
    ds = annotate(Dataset.from_dict({"text": ["a"]}), origin="human")
    with pytest.raises(SchemaError, match=r"no column 'prov_parents'.*link_parents.*parents=col"):
        count_generations(ds)


def test_a_split_without_parents_beside_one_with_them_is_counted():
    people = annotate(Dataset.from_dict({"text": ["a"]}), origin="human")
    models = annotate(Dataset.from_dict({"text": ["b"]}), origin="synthetic")
    models = models.add_column("n", [1])
    models = link_parents(models, people.add_column("n", [1]), on="n")
    counted = count_generations(DatasetDict({"people": people, "models": models}))
    assert counted["people"]["prov_generation"][:] == [0]
    assert counted["models"]["prov_generation"][:] == [1]


@pytest.mark.parametrize(
    ("ancestors", "message"),
    [
        ([Dataset.from_dict({"text": ["a"]})], r"^ancestors\[0\] has no provenance column"),
        ([DatasetDict(x=Dataset.from_dict({"text": ["a"]}))], r"^ancestors\[0\], split 'x' has no"),
    ],
)
def test_an_ancestor_that_is_not_annotated_is_an_error_that_names_it(ancestors, message):
    with pytest.raises(SchemaError, match=message):
        count_generations(both(), ancestors=ancestors)


def test_a_dataset_that_is_not_annotated_is_an_error():
    with pytest.raises(SchemaError, match=r"^the dataset has no provenance column"):
        count_generations(Dataset.from_dict({"text": ["a"]}))


def test_an_ancestor_that_is_no_dataset_is_an_error():
    with pytest.raises(UsageError, match="not str"):
        count_generations(both(), ancestors=["books"])


# What others see


def test_the_summary_and_the_card_state_the_highest_generation():
    book = annotate(Dataset.from_dict({"text": ["a tale"], "n": [0]}), origin="human")
    told = annotate(Dataset.from_dict({"text": ["retold"], "n": [0]}), generator="org/model")
    told = link_parents(told, book, on="n")
    summary = summarize(count_generations(told, ancestors=[book]))
    assert summary.max_generation() == 1
    card = build_card(summary, pretty_name="Lines")
    assert card.data.to_dict()["provenance"]["max_generation"] == 1
    assert "At most 1 model between a row and a person" in card.text
