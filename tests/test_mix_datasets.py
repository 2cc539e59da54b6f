"""Mixes of annotated datasets: their columns, their ratio, and the human rows that stay."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from datasets import ClassLabel, Dataset, DatasetDict, IterableDataset, Value
from hypothesis import given, settings
from hypothesis import strategies as st
from publish import save

import hf_provenance as hfp
from hf_provenance.drawn import count_drawn
from hf_provenance.errors import MixError, SchemaError, UsageError
from hf_provenance.schema import CORE, ordered

BY = {"h": "human", "s": "synthetic", "m": "mixed", "?": "unknown"}


def rows(origins: str, word: str = "word", tokens: Any = None, **columns: Any) -> Dataset:
    """One annotated row for each letter; all texts differ and are nine bytes long."""
    texts = [f"{word:.4} {n:04}" for n in range(len(origins))]
    dataset = Dataset.from_dict({"text": texts, "by": list(origins), **columns})
    return hfp.annotate(dataset, origin=hfp.col("by", BY), tokens=tokens)


@pytest.fixture
def people() -> Dataset:
    return rows("hhhhhhhh", "hand")


@pytest.fixture
def model() -> Dataset:
    return rows("ss", "gpu!")


def as_stream(dataset: Dataset) -> IterableDataset:
    return dataset.to_iterable_dataset()


FORMS = pytest.mark.parametrize("form", [lambda rows: rows, as_stream], ids=["rows", "stream"])


def texts(mixed: Any) -> list[str]:
    return [row["text"] for row in mixed]


# Whole datasets


@FORMS
def test_without_weights_every_row_is_there_once_in_order(people, model, form):
    mixed = hfp.mix_datasets({"people": form(people), "model": form(model)})
    assert texts(mixed) == [*people["text"], *model["text"]]


@FORMS
def test_the_ratio_of_whole_datasets_is_that_of_their_rows(people, form):
    plan = hfp.plan_mix({"people": form(people), "other": form(rows("sm??", "else"))})
    assert plan.shares() == hfp.summarize(plan.dataset).shares("bytes")
    assert (plan.rows, plan.unit) == (12, "bytes")
    assert plan.bounds == {"human": (8 / 12, 10 / 12), "synthetic": (1 / 12, 3 / 12)}
    assert [part.weight for part in plan.parts] == [8 / 12, 4 / 12]


def test_a_plan_reads_no_text_of_the_mix(people, model):
    def stream(dataset: Dataset) -> IterableDataset:
        return dataset.to_iterable_dataset().map(lambda row: {"text": read(row["text"])})

    def read(text: str) -> str:
        reads[text] += 1
        return text

    reads: Counter[str] = Counter()
    plan = hfp.plan_mix({"people": people, "model": model}, weights={"people": 1, "model": 1})
    assert not reads
    assert plan.rows == len(plan.dataset)


def test_a_seed_without_weights_says_how_to_shuffle(people):
    with pytest.raises(UsageError, match=r"shuffle\(seed="):
        hfp.mix_datasets({"people": people}, seed=1)


# Weights


@FORMS
def test_weights_of_rows_are_the_probabilities_of_datasets(form):
    parts = {"a": form(rows("h" * 400, "aaaa")), "b": form(rows("s" * 400, "bbbb"))}
    plan = hfp.plan_mix(parts, weights={"a": 3, "b": 1}, unit="rows", seed=5)
    drawn = [row["by"] for row in plan.dataset]
    assert 0.7 < drawn.count("h") / len(drawn) < 0.8
    assert plan.unit == "bytes"
    assert plan.shares()["human"] == drawn.count("h") / len(drawn)


def test_weights_of_bytes_draw_fewer_of_the_longer_rows():
    long = hfp.annotate(Dataset.from_dict({"text": ["x" * 90 for _ in range(300)]}), origin="human")
    short = rows("s" * 300)
    plan = hfp.plan_mix(
        {"long": long, "short": short},
        weights={"long": 0.5, "short": 0.5},
        seed=1,
        stopping_strategy="first_exhausted",
    )
    origins = Counter(plan.dataset["prov_origin"][:])
    assert 7 < origins["synthetic"] / origins["human"] < 14
    assert [part.weight for part in plan.parts] == [0.5, 0.5]


def test_tokens_are_the_unit_where_every_row_has_a_count():
    counted = {"tokens": lambda texts: [len(text.split()) for text in texts]}
    parts = {"a": rows("hh", "aaaa", **counted), "b": rows("ss", "bbbb", **counted)}
    assert hfp.plan_mix(parts).unit == "tokens"
    assert hfp.plan_mix({**parts, "c": rows("h")}).unit == "bytes"


def test_tokens_that_are_not_counted_are_refused_by_name(people, model):
    with pytest.raises(UsageError, match="dataset 'people' has a token count in 0 of 8 rows"):
        hfp.mix_datasets({"people": people, "model": model}, unit="tokens")


@FORMS
def test_by_default_no_row_is_left_out(people, model, form):
    parts = {"people": form(people), "model": form(model)}
    mixed = hfp.mix_datasets(parts, weights={"people": 0.1, "model": 0.9}, seed=3)
    assert set(texts(mixed)) == {*people["text"], *model["text"]}


@FORMS
def test_without_replacement_weights_set_the_order_and_no_share(people, model, form):
    plan = hfp.plan_mix(
        {"people": form(people), "model": form(model)},
        weights={"people": 0.1, "model": 0.9},
        seed=3,
        stopping_strategy="all_exhausted_without_replacement",
    )
    assert sorted(texts(plan.dataset)) == sorted([*people["text"], *model["text"]])
    assert (plan.rows, plan.shares()["synthetic"]) == (10, 0.2)


@FORMS
def test_a_seed_gives_the_same_mix_again(people, model, form):
    parts = {"people": form(people), "model": form(model)}
    once, again, other = (
        texts(hfp.mix_datasets(parts, weights={"people": 1, "model": 1}, seed=seed))
        for seed in (1, 1, 2)
    )
    assert once == again != other


@given(
    st.lists(st.text("hsm?", min_size=1, max_size=9), min_size=1, max_size=3),
    st.integers(0, 99),
    st.sampled_from(["first_exhausted", "all_exhausted", "all_exhausted_without_replacement"]),
)
@settings(max_examples=25, deadline=None)
def test_what_a_plan_counts_is_what_the_mix_holds(origins, seed, strategy):
    parts = {str(n): rows(each, f"{n:4}") for n, each in enumerate(origins)}
    weights = {name: 1 + int(name) for name in parts}
    plan = hfp.plan_mix(parts, weights=weights, seed=seed, stopping_strategy=strategy)
    held = hfp.summarize(plan.dataset)
    assert count_drawn(plan.dataset) == held
    assert plan.rows == held.rows
    assert plan.shares() == held.shares("bytes")


def test_parts_that_are_shuffled_or_selected_from_are_counted_as_they_are(people, model):
    parts = {"people": people.shuffle(seed=1).select(range(5)), "model": model}
    plan = hfp.plan_mix(
        parts, weights={"people": 1, "model": 1}, seed=2, previous=people.select([])
    )
    assert plan.shares() == hfp.summarize(plan.dataset).shares("bytes")
    with pytest.raises(MixError, match="3 of the 8 human rows"):
        hfp.plan_mix(parts, previous=people)


# Streams and their summaries


def test_a_stream_with_a_summary_is_not_read_and_its_ratio_is_expected():
    def refuse():
        raise AssertionError("the stream was read")
        yield

    features = rows("h").features
    parts = {
        "a": IterableDataset.from_generator(refuse, features=features),
        "b": IterableDataset.from_generator(refuse, features=features),
    }
    held = {"a": hfp.summarize(rows("hh")), "b": hfp.summarize(rows("s?"))}
    plan = hfp.plan_mix(parts, weights={"a": 0.6, "b": 0.4}, summaries=held)
    assert plan.shares() == {"human": 0.6, "synthetic": 0.2, "mixed": 0.0, "unknown": 0.2}
    assert plan.rows is None
    assert "Expected, not counted" in plan.to_markdown()


def test_of_a_summary_of_several_splits_that_of_the_stream_counts(people, model):
    held = hfp.summarize(DatasetDict(train=people, test=model))
    stream = as_stream(rows("hh"))
    plan = hfp.plan_mix({"a": stream}, summaries={"a": held})
    assert plan.parts[0].rows == 8


def test_a_summary_of_what_is_no_stream_is_refused(people):
    with pytest.raises(UsageError, match="no stream of that name"):
        hfp.plan_mix({"people": people}, summaries={"people": hfp.summarize(people)})


# The ceiling


@pytest.mark.parametrize("origin", ["s", "m", "?"])
def test_all_that_is_not_known_to_be_human_counts_against_the_ceiling(people, origin):
    parts = {"people": people, "other": rows(origin * 2, "else")}
    assert hfp.plan_mix(parts, max_synthetic=0.2).most_synthetic == pytest.approx(0.2)
    with pytest.raises(MixError, match=r"up to 20\.00% of the mix may be synthetic by bytes"):
        hfp.mix_datasets(parts, max_synthetic=0.19)


def test_the_weight_that_a_refusal_names_mends_it():
    parts = {"people": rows("hhhhhhhhh?" * 60, "hand"), "model": rows("s" * 600, "gpu!")}
    drawn: Any = {"seed": 0, "max_synthetic": 0.3, "stopping_strategy": "first_exhausted"}
    with pytest.raises(MixError, match=r"It takes 22\.2% of the mix or less from 'model'"):
        hfp.mix_datasets(parts, weights={"people": 1, "model": 1}, **drawn)
    mended = hfp.plan_mix(parts, weights={"people": 0.82, "model": 0.18}, **drawn)
    assert 0.2 < mended.most_synthetic <= 0.3


def test_a_draw_that_swings_above_the_ceiling_is_refused_as_one():
    parts = {"people": rows("h" * 600, "hand"), "model": rows("s" * 600, "gpu!")}
    weights = {"people": 0.7, "model": 0.3}
    with pytest.raises(MixError, match=r"By its weights it is 30\.00%.*another `seed`"):
        hfp.mix_datasets(parts, weights=weights, max_synthetic=0.3, seed=0)


def test_where_no_weight_helps_the_refusal_says_so():
    parts = {"a": rows("?", "aaaa"), "b": rows("s", "bbbb")}
    with pytest.raises(MixError, match="No weight brings it below"):
        hfp.mix_datasets(parts, max_synthetic=0.5)


@pytest.mark.parametrize("share", [-0.1, 1.5, "0.3", True, float("nan")])
def test_a_ceiling_is_a_share(people, share):
    with pytest.raises(UsageError, match="max_synthetic"):
        hfp.mix_datasets({"people": people}, max_synthetic=share)


def test_a_ceiling_of_nothing_takes_human_rows_alone(people, model):
    assert hfp.plan_mix({"people": people}, max_synthetic=0).most_synthetic == 0
    with pytest.raises(MixError):
        hfp.mix_datasets({"people": people, "model": model}, max_synthetic=0)


# Accumulate, never replace


@FORMS
def test_a_mix_that_adds_to_the_previous_one_passes(people, model, form):
    parts = {"before": form(people), "new": form(model)}
    plan = hfp.plan_mix(parts, previous=form(people))
    assert plan.kept == 8
    assert "All 8 human rows of the previous revision are in it." in plan.to_markdown()


@FORMS
def test_a_mix_that_replaces_human_rows_names_them_and_the_mend(people, model, form):
    parts = {"before": form(people.select(range(1, 7))), "new": form(model)}
    with pytest.raises(MixError, match="2 of the 8 human rows of the previous revision") as error:
        hfp.mix_datasets(parts, previous=form(people))
    assert f"{people[0]['prov_id']} (row 0), {people[7]['prov_id']} (row 7)" in str(error.value)
    assert "'previous': previous" in str(error.value)


def test_only_human_rows_must_stay(people):
    before = rows("hs?m", "hand")
    assert hfp.plan_mix({"people": people}, previous=before).kept == 1


@FORMS
def test_rows_that_are_not_drawn_are_missing(people, model, form):
    parts = {"people": form(people), "model": form(model)}
    drawn: Any = {"weights": {"people": 1, "model": 1}, "seed": 0, "previous": people}
    assert hfp.plan_mix(parts, **drawn).kept == 8
    with pytest.raises(MixError, match=r'stopping_strategy="all_exhausted"'):
        hfp.mix_datasets(parts, **drawn, stopping_strategy="first_exhausted")


def test_the_previous_revision_may_be_a_folder(people, model, tmp_path: Path):
    save(people, tmp_path / "before")
    assert hfp.plan_mix({"p": people, "m": model}, previous=tmp_path / "before").kept == 8
    with pytest.raises(MixError, match=str(tmp_path / "before")):
        hfp.mix_datasets({"m": model}, previous=str(tmp_path / "before"))


def test_the_previous_revision_may_be_a_revision_on_the_hub(people, model, hub):
    save_first = hfp.push_to_hub(people, "alice/x", progress=False)
    hfp.push_to_hub(model, "alice/x", mode="replace", progress=False)
    with pytest.raises(MixError, match="8 of the 8 human rows of alice/x@"):
        hfp.mix_datasets({"m": model}, previous=f"alice/x@{save_first.commit_oid}")
    assert hfp.plan_mix({"m": model}, previous="alice/x").kept == 0


def test_the_previous_revision_may_be_a_folder_of_files(people, model, tmp_path: Path):
    (tmp_path / "plain").mkdir()
    people.to_parquet(tmp_path / "plain" / "rows.parquet")
    for place in (tmp_path / "plain", tmp_path / "plain" / "rows.parquet"):
        with pytest.raises(MixError, match="8 of the 8 human rows"):
            hfp.mix_datasets({"m": model}, previous=place)


def test_of_a_published_revision_no_text_is_read(hub):
    texts = [os.urandom(100_000).hex() for _ in range(3)]
    long = hfp.annotate(Dataset.from_dict({"text": texts}), origin="human")
    hfp.push_to_hub(long, "alice/x", progress=False)
    hub.forget()
    assert hfp.plan_mix({"long": long}, previous="alice/x").kept == 3
    assert 0 < hub.bytes_out(path=r"\.parquet") < 50_000


def test_of_several_splits_that_of_the_mix_is_held_against(people, model):
    before = DatasetDict(train=people, test=rows("h", "test"))
    assert hfp.plan_mix({"people": people}, previous=before).kept == 8
    with pytest.raises(UsageError, match="previous=dataset"):
        hfp.plan_mix({"people": people}, previous=DatasetDict(a=people, b=people))


# Columns


@FORMS
def test_columns_that_a_part_lacks_are_null_there(people, form):
    other = rows("s", "else", tokens=lambda texts: [7 for _ in texts], topic=["cats"])
    mixed = hfp.mix_datasets({"people": form(people), "other": form(other)})
    found = [(row["topic"], row["prov_tokens"]) for row in mixed]
    assert found == [*[(None, None)] * 8, ("cats", 7)]
    assert list(mixed.features) == ["text", "by", "topic", *ordered([*CORE, "prov_tokens"])]


def test_a_stream_without_features_takes_those_of_its_rows(people):
    stream = IterableDataset.from_generator(lambda: iter(people))
    plan = hfp.plan_mix({"plain": stream, "more": as_stream(rows("s", "else"))})
    assert (plan.rows, len(texts(plan.dataset))) == (9, 9)


@FORMS
def test_a_mix_is_written_as_it_was_planned(people, model, form, tmp_path: Path):
    parts = {"people": form(people), "model": form(model)}
    plan = hfp.plan_mix(parts, weights={"people": 1, "model": 1}, seed=4)
    save(plan.dataset, tmp_path / "mixed")
    assert hfp.summarize(tmp_path / "mixed").shares("bytes") == plan.shares()


@given(
    st.lists(
        st.dictionaries(st.sampled_from("xyz"), st.sampled_from([1, "a", True, None]), max_size=3),
        min_size=1,
        max_size=3,
    )
)
@settings(max_examples=25, deadline=None)
def test_no_value_is_lost_or_changed_when_columns_are_aligned(cells):
    parts = {
        str(n): rows("h", f"{n:4}", **{name: [value] for name, value in each.items()})
        for n, each in enumerate(cells)
    }
    kinds: dict[str, set[type]] = {}
    for each in cells:
        for name, value in each.items():
            kinds.setdefault(name, set()).update({type(value)} - {type(None)})
    if any(len(found) > 1 for found in kinds.values()):
        with pytest.raises(SchemaError, match="no type holds both"):
            hfp.mix_datasets(parts)
        return
    for form in (lambda rows: rows, as_stream):
        mixed = hfp.mix_datasets({name: form(each) for name, each in parts.items()})
        found = [{name: row[name] for name in kinds} for row in mixed]
        assert found == [{name: each.get(name) for name in kinds} for each in cells]


@FORMS
def test_labels_come_through_unchanged(form):
    one = hfp.annotate(Dataset.from_dict({"text": ["a"]}), origin="human", source="a book")
    two = hfp.annotate(Dataset.from_dict({"text": ["b"]}), generator="acme/m", source="run 7")
    mixed = hfp.mix_datasets({"one": form(one), "two": form(two)})
    for row, before in zip(mixed, [one[0], two[0]], strict=True):
        assert row == before


@FORMS
def test_types_are_widened_where_no_value_changes(form):
    narrow = rows("h", "aaaa", n=[1]).cast_column("n", Value("int32"))
    wide = rows("s", "bbbb", n=[2**40]).cast_column("text", Value("large_string"))
    mixed = hfp.mix_datasets({"narrow": form(narrow), "wide": form(wide)})
    assert mixed.features["n"] == Value("int64")
    assert mixed.features["text"] == Value("large_string")
    assert [row["n"] for row in mixed] == [1, 2**40]


@pytest.mark.parametrize("values", [["word"], [0.5]])
def test_types_without_a_common_one_name_the_column_and_the_call(values):
    parts = {"a": rows("h", n=[1]), "b": rows("s", n=values)}
    with pytest.raises(SchemaError, match=r"column 'n' is .* in 'a' .* in 'b'.*cast_column"):
        hfp.mix_datasets(parts)


def test_class_labels_of_other_names_are_not_taken_for_each_other():
    parts = {
        name: rows("h", kind=[0]).cast_column("kind", ClassLabel(names=names))
        for name, names in (("a", ["x", "y"]), ("b", ["y", "x"]))
    }
    with pytest.raises(SchemaError, match="column 'kind'"):
        hfp.mix_datasets(parts)


def test_the_split_name_stays(people, model):
    folder = DatasetDict(train=people)["train"]
    assert hfp.mix_datasets({"a": folder}).split == folder.split


# Calls that cannot be meant


def test_datasets_that_are_not_annotated_are_named(people):
    with pytest.raises(SchemaError, match="dataset 'raw' has no provenance column"):
        hfp.mix_datasets({"people": people, "raw": Dataset.from_dict({"text": ["a"]})})


def test_rows_and_streams_do_not_mix(people, model):
    with pytest.raises(UsageError, match=r"\['model'\] are streams.*to_iterable_dataset"):
        hfp.mix_datasets({"people": people, "model": as_stream(model)})


def test_splits_are_picked_by_the_caller(people):
    with pytest.raises(UsageError, match=r"dataset\['train'\]"):
        hfp.mix_datasets({"people": DatasetDict(train=people)})


@pytest.mark.parametrize("weights", [{"people": 1}, {"people": 1, "other": 1}, [1, 2]])
def test_each_dataset_has_a_weight_or_none(people, model, weights):
    with pytest.raises(UsageError, match="give each dataset a weight, or none"):
        hfp.mix_datasets({"people": people, "model": model}, weights=weights)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"unit": "words"}, "unit='words'"),
        ({"stopping_strategy": "soon"}, "stopping_strategy='soon'"),
        ({"weights": {"people": 0}}, "give a number above 0"),
    ],
)
def test_an_argument_that_means_nothing_is_named(people, arguments, words):
    with pytest.raises(UsageError, match=words):
        hfp.mix_datasets({"people": people}, **arguments)


@pytest.mark.parametrize("nothing", [{}, [], None])
def test_a_mix_has_datasets(nothing):
    with pytest.raises(UsageError, match="name the datasets"):
        hfp.mix_datasets(nothing)


def test_a_dataset_without_rows_has_no_weight(people):
    parts = {"people": people, "none": people.select([])}
    with pytest.raises(UsageError, match="dataset 'none' has no rows"):
        hfp.mix_datasets(parts, weights={"people": 1, "none": 1})
    assert len(hfp.mix_datasets(parts)) == 8


# In words


def test_a_plan_says_its_ratio_in_a_table(people, model):
    assert hfp.plan_mix({"people": people, "model": model}, max_synthetic=0.5).to_markdown() == (
        "| part | weight | rows | human | synthetic | mixed | unknown |\n"
        "|:--|--:|--:|--:|--:|--:|--:|\n"
        "| people | 80.0% | 8 | 100% | 0 | 0 | 0 |\n"
        "| model | 20.0% | 2 | 0 | 100% | 0 | 0 |\n"
        "| **mix, by bytes** | **100%** | **10** | **80.0%** | **20.0%** | **0** | **0** |\n"
        "\n"
        "20.0% of the mix is synthetic, and no part of it is unknown. At most 50.0% was allowed."
    )


def test_a_plan_is_plain_data_too(people, model):
    data = hfp.plan_mix({"people": people, "model": model}, previous=people).to_dict()
    assert data["shares"]["synthetic"] == 0.2
    assert (data["counted"], data["rows"], data["kept"]) == (True, 10, 8)
    assert [part["name"] for part in data["parts"]] == ["people", "model"]
