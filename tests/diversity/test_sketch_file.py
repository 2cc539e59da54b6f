"""Sketches as files: the same bits back, and nothing else read."""

import json
from dataclasses import replace

import numpy as np
import pytest
import zstandard
from datasets import concatenate_datasets
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_provenance.diversity import sketch_file
from hf_provenance.diversity.plain_arrays import array_from_text, array_to_text
from hf_provenance.diversity.sketch import DiversitySketch
from hf_provenance.diversity.sketch_file import pack
from hf_provenance.diversity.sketching import sketch_diversity
from hf_provenance.errors import SummaryError, UsageError

from .rows import chance_texts, labelled, sketch_of

WORDS = st.sampled_from(["a", "b", "naïve", "東京", "ไทย", "x_1", "…", "\u200b"])
TEXTS = st.lists(st.one_of(st.none(), st.lists(WORDS, max_size=9).map(" ".join)), max_size=20)


@pytest.fixture(scope="module")
def sketch():
    rows = [labelled(chance_texts(200, 1), "human"), labelled(["x y"], "synthetic", 2024)]
    return sketch_diversity(concatenate_datasets(rows), shard="train-0")


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.text(max_size=5).filter(str.isprintable))
def test_bytes_give_the_same_sketch_back(texts, shard):
    sketch = replace(sketch_of(texts), shards=(shard,))
    content = sketch.to_bytes()
    again = DiversitySketch.from_bytes(content)
    assert again.to_dict() == sketch.to_dict()
    assert again.to_bytes() == content


def test_a_file_gives_the_same_sketch_back(tmp_path, sketch):
    sketch.save(tmp_path / "v1.sketch")
    assert DiversitySketch.load(tmp_path / "v1.sketch").to_dict() == sketch.to_dict()
    assert [file.name for file in tmp_path.iterdir()] == ["v1.sketch"]


def test_a_file_that_is_there_is_replaced(tmp_path, sketch):
    sketch_of(["a"]).save(tmp_path / "v1.sketch")
    sketch.save(str(tmp_path / "v1.sketch"))
    assert DiversitySketch.load(tmp_path / "v1.sketch").rows == sketch.rows


def test_the_same_rows_in_another_order_give_the_same_file():
    texts = chance_texts(50, 1)
    assert sketch_of(texts).to_bytes() == sketch_of(texts[::-1]).to_bytes()


def test_a_name_that_is_no_sketchs_is_refused(tmp_path, sketch):
    with pytest.raises(UsageError, match=r"data\.parquet: .* ends in \.sketch"):
        sketch.save(tmp_path / "data.parquet")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_named(tmp_path, sketch):
    with pytest.raises(SummaryError, match=r"gone/v1\.sketch: the sketch cannot be written"):
        sketch.save(tmp_path / "gone" / "v1.sketch")


def test_a_folder_in_the_place_of_the_file_stays_and_leaves_nothing_behind(tmp_path, sketch):
    (tmp_path / "v1.sketch").mkdir()
    with pytest.raises(SummaryError, match="cannot be written"):
        sketch.save(tmp_path / "v1.sketch")
    assert [file.name for file in tmp_path.iterdir()] == ["v1.sketch"]


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SummaryError, match=r"v1\.sketch: the sketch cannot be read"):
        DiversitySketch.load(tmp_path / "v1.sketch")


def compressed(text):
    return zstandard.ZstdCompressor().compress(text)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "JSON"),
        (b"PAR1", "no file that `save` wrote"),
        (b"\x80\x04N.", "no file that `save` wrote"),
        (compressed(b"[1]"), "a list of 1, and should have"),
        (compressed(b'{"schema": 1, "schema": 2}'), "stands twice"),
        (compressed(b"[" * 100_000), "nested too deeply"),
        (compressed(b"\xff"), "no UTF-8"),
        (compressed(b'{"schema": "hf-provenance/diversity-1"}'), "should have"),
    ],
)
def test_a_file_that_is_no_sketch_is_refused_by_its_name(tmp_path, content, said):
    (tmp_path / "odd.sketch").write_bytes(content)
    with pytest.raises(SummaryError, match=said) as caught:
        DiversitySketch.load(tmp_path / "odd.sketch")
    assert "odd.sketch: " in str(caught.value)


@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_a_file_that_is_cut_off_is_refused(sketch, part):
    content = sketch.to_bytes()
    with pytest.raises(SummaryError):
        DiversitySketch.from_bytes(content[: int(len(content) * part)])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_file_with_a_changed_byte_is_refused_or_is_the_same(data):
    content = bytearray(sketch_of(["a b", "c"]).to_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    try:
        again = DiversitySketch.from_bytes(bytes(content))
    except SummaryError:
        return
    assert again.to_dict() == sketch_of(["a b", "c"]).to_dict()


def test_a_file_that_grows_without_end_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(sketch_file, "_MOST", 1_000)
    with pytest.raises(SummaryError, match="more than 1,000 bytes"):
        DiversitySketch.from_bytes(compressed(b" " * 10_000))


def test_a_sketch_of_another_version_is_refused(sketch):
    data = {**sketch.to_dict(), "schema": "hf-provenance/diversity-9"}
    with pytest.raises(SummaryError, match="diversity-9"):
        DiversitySketch.from_bytes(pack(data))


def damaged(sketch, change):
    data = json.loads(json.dumps(sketch.to_dict()))
    change(data)
    return pack(data)


def count_a_word_more(data):
    types = data["strata"][0]["types"][0]
    counts = array_from_text(types["counts"], np.int64, "counts") + 1
    types["counts"] = array_to_text(counts)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (count_a_word_more, "miscounted"),
        (lambda data: data["strata"][0].update(rows=0), "more rows than it has"),
        (lambda data: data["strata"][0].update(empty_rows=1), "more rows than it has"),
        (lambda data: data["strata"][0].update(rows=1 << 60), "should be a count"),
        (lambda data: data["strata"][0].update(grams=[1, 0, 0]), "miscounted"),
    ],
)
def test_a_sketch_whose_numbers_contradict_each_other_is_refused(sketch, change, said):
    with pytest.raises(SummaryError, match=said):
        DiversitySketch.from_bytes(damaged(sketch, change))


def test_a_sketch_that_is_named_by_its_content_cannot_be_added_twice():
    named = sketch_of(["a tale"]).named()
    assert named.shards[0].startswith("sha256:")
    assert named.to_dict() == sketch_of(["a tale"]).named().to_dict()
    with pytest.raises(SummaryError, match=r"sha256:.* is in two of the sketches"):
        named + sketch_of(["a tale"]).named()


def test_sketches_of_other_rows_add_up_once_named():
    both = sketch_of(["a tale"]).named() + sketch_of(["of two"]).named()
    assert both.rows == 2
    assert len(both.shards) == 2


def test_a_sketch_that_names_its_shards_keeps_their_names(sketch):
    assert sketch.named() is sketch


def test_a_sketch_of_no_rows_can_be_added_ever_so_often():
    nothing = sketch_of([]).named()
    assert (nothing + nothing).rows == 0
