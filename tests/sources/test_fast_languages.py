"""`language="fast"`: tags, no answer where it is not sure, the same in every worker."""

import pickle
import subprocess
import sys

import pyarrow as pa
import pytest
from datasets import Dataset
from datasets.fingerprint import Hasher
from hypothesis import given
from hypothesis import strategies as st

from hf_provenance import Annotator, annotate
from hf_provenance.errors import MissingExtraError, UsageError
from hf_provenance.sources.fast_languages import FastLanguage, fast_language

FAST = fast_language()
ENGLISH = "The quick brown fox jumps over the lazy dog near the river bank."
SIMPLIFIED = "这是一个简单的测试，我们想知道这个软件能不能认出这种语言，因为它经常出错。"
TRADITIONAL = "臺灣是一個美麗的島嶼，這裡有許多高山和溫泉，每年吸引很多遊客前來參觀。"
EITHER = "天下大水山人木火土上天下大水山人木火土上"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (ENGLISH, "en"),
        ("Der schnelle braune Fuchs springt über den faulen Hund am Fluss.", "de"),
        ("Genir pawb yn rhydd ac yn gydradd â'i gilydd mewn urddas a hawliau.", "cy"),
        (SIMPLIFIED, "zh-Hans"),
        (TRADITIONAL, "zh-Hant"),
    ],
)
def test_a_language_is_named_by_its_bcp47_tag(text, language):
    assert FAST(text) == language


def test_chinese_of_characters_that_both_scripts_have_is_not_given_one():
    assert FAST(EITHER) in ("zh", None)
    assert FAST(EITHER + TRADITIONAL) == "zh-Hant"


@pytest.mark.parametrize(
    "text",
    [
        "12345",
        "https://example.org/a?b=1",
        "\u200b",
        "!?",
        "…",
        "\x00",
        "😀😀😀",
        "ok",
        "x = f(y) + 1",
    ],
)
def test_a_text_that_says_too_little_has_no_language(text):
    assert FAST(text) is None


def test_a_language_that_it_does_not_know_gets_no_answer_where_it_is_not_sure():
    samoan = "O tagata soifua uma ua saoloto lo latou fananau mai."
    assert FAST(samoan) is None


def test_only_the_first_three_hundred_characters_are_read():
    assert FAST((ENGLISH * 20)[:300] + TRADITIONAL * 500) == "en"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=400))
def test_any_text_gets_a_tag_or_none_and_the_same_again(text):
    found = FAST(text)
    assert found is None or found.replace("-", "").isalpha()
    assert FAST(text) == found


def test_the_annotator_fills_in_what_is_not_declared():
    table = pa.table(
        {"text": [ENGLISH, ENGLISH, None, " \n", "12345"], "language": ["de", *[None] * 4]}
    )
    found = Annotator(language="fast").labels(table)
    assert found["prov_language"].to_pylist() == ["de", "en", None, None, None]
    assert found["prov_problems"].to_pylist()[1:] == [
        None,
        "text_empty|language_unknown",
        "language_unknown",
        "language_unknown",
    ]


def test_two_processes_answer_like_one():
    ds = Dataset.from_dict({"text": [ENGLISH, SIMPLIFIED, TRADITIONAL, "ok", "12"] * 4})
    alone = annotate(ds, language="fast")
    shared = annotate(ds, language="fast", num_proc=2)
    assert shared["prov_language"][:] == alone["prov_language"][:]


def test_another_process_answers_alike():
    texts = [ENGLISH, SIMPLIFIED, TRADITIONAL, "hotel restaurant"]
    program = (
        "from hf_provenance.sources.fast_languages import fast_language as f\n"
        f"print([f()(text) for text in {texts!r}])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str([FAST(text) for text in texts])


def test_the_version_of_the_library_is_part_of_what_datasets_hashes():
    named = Annotator(language="fast")
    assert named == Annotator(language=FAST)
    assert Hasher.hash(named) == Hasher.hash(pickle.loads(pickle.dumps(named)))
    assert Hasher.hash(named) != Hasher.hash(Annotator(language=FastLanguage("0.0")))


def test_another_version_than_the_one_asked_for_is_an_error():
    with pytest.raises(UsageError, match=r"py3langid 0\.0, and here it is"):
        FastLanguage("0.0")(ENGLISH)


def test_without_the_extra_the_error_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "py3langid", None)
    with pytest.raises(MissingExtraError, match=r'pip install "hf-provenance\[fast-language\]"'):
        Annotator(language="fast")
