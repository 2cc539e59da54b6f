"""The cache of languages: the same answers with it and without it, whatever happens to its file."""

import logging
import pickle
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import datasets
import pytest
from datasets import Dataset
from datasets.fingerprint import Hasher
from hypothesis import given, settings
from hypothesis import strategies as st

import hf_provenance as hfp
from hf_provenance.errors import LabelError, MissingExtraError, UsageError
from hf_provenance.sources.language_cache import CachedLanguage
from hf_provenance.sources.seeded_langdetect import langdetect_language

TEXTS = [
    "The quick brown fox jumps over the lazy dog.",
    "Der schnelle braune Fuchs springt über den Hund.",
    "12345",
    "ok super taxi",
    "\u200b",
]


class Asked:
    """A detector that counts what it is asked."""

    def __init__(self, answer=lambda text: text[:2] or None):
        self.texts = []
        self.answer = answer

    def __call__(self, text):
        self.texts.append(text)
        return self.answer(text)


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "cache" / "languages.sqlite3"


def cached(file, detect=None, **options):
    return CachedLanguage(detect or Asked(), name="test 1", path=file, **options)


def rows(file):
    connection = sqlite3.connect(file)
    count = "SELECT (SELECT count(*) FROM newer) + (SELECT count(*) FROM older)"
    ((found,),) = connection.execute(count).fetchall()
    connection.close()
    return found


def test_a_text_that_was_seen_is_not_given_to_the_detector_again(file):
    first, second = Asked(), Asked()
    assert cached(file, first).detect_batch(["one", "two", "one"]) == ["on", "tw", "on"]
    assert cached(file, second).detect_batch(["two", "three", "one"]) == ["tw", "th", "on"]
    assert (first.texts, second.texts) == (["one", "two"], ["three"])


def test_that_there_is_no_answer_is_remembered_too_and_is_not_an_empty_one(file):
    answers = {"none": None, "empty": ""}
    assert cached(file, answers.get).detect_batch(["none", "empty"]) == [None, ""]
    again = Asked()
    assert cached(file, again).detect_batch(["none", "empty"]) == [None, ""]
    assert again.texts == []


@settings(max_examples=30, deadline=None)
@given(batches=st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8))))
def test_any_batches_get_the_answers_of_the_detector_alone(tmp_path_factory, batches):
    file = tmp_path_factory.mktemp("cache") / "languages.sqlite3"
    detect = Asked().answer
    for batch in batches:
        found = cached(file, detect, most_texts=6).detect_batch(batch)
        assert found == [detect(text) for text in batch]


def test_labels_are_the_same_with_a_cache_and_without(file):
    ds = Dataset.from_dict({"text": [*TEXTS, None, " "]})
    plain = hfp.annotate(ds, language="langdetect").to_list()
    for _ in range(2):
        language = CachedLanguage("langdetect", path=file)
        assert hfp.annotate(ds.select(range(7)), language=language).to_list() == plain
        assert list(hfp.annotate(ds.to_iterable_dataset(), language=language)) == plain
    assert rows(file) == len(TEXTS)


def test_processes_that_share_a_cache_agree(file):
    ds = Dataset.from_dict({"text": [f"{text} {n}" for n in range(20) for text in TEXTS]})
    language = CachedLanguage("langdetect", path=file)
    shared = hfp.annotate(ds, language=language, num_proc=2)["prov_language"][:]
    assert shared == [langdetect_language(text) for text in ds["text"]]
    assert rows(file) == len(ds)


def test_threads_that_write_at_once_lose_nothing(file):
    def work(start):
        texts = [f"text {n}" for n in range(start, start + 40)]
        return cached(file).detect_batch(texts)

    with ThreadPoolExecutor(4) as threads:
        assert set(map(tuple, threads.map(work, range(0, 200, 20)))) == {("te",) * 40}
    assert rows(file) == 220


def test_detectors_and_their_versions_do_not_hear_each_others_answers(file):
    for name in ("a 1", "a 2", "b 1"):
        detect = Asked(lambda text, name=name: name)
        assert CachedLanguage(detect, name=name, path=file)("text") == name


def test_the_fingerprint_does_not_depend_on_what_the_cache_holds(file):
    annotator = hfp.Annotator(language=CachedLanguage("langdetect", path=file))
    before = Hasher.hash(annotator)
    annotator.language(TEXTS[0])
    assert Hasher.hash(annotator) == before
    assert Hasher.hash(pickle.loads(pickle.dumps(annotator))) == before


def test_by_default_it_is_in_the_cache_folder_of_datasets(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_CACHE_HOME", str(tmp_path))
    language = CachedLanguage()
    assert language(TEXTS[1]) == "de"
    assert language.file == tmp_path / "hf_provenance" / "languages.sqlite3"
    assert rows(language.file) == 1


def test_it_holds_no_more_texts_than_it_is_told_and_keeps_those_in_use(file):
    for n in range(200):
        cached(file, most_texts=40).detect_batch(["in use", f"text {n}"])
        assert rows(file) <= 40
    again = Asked()
    cached(file, again).detect_batch(["in use", "text 199", "text 0"])
    assert again.texts == ["text 0"]


def damaged_header(file):
    file.write_bytes(b"\0" * 100 + file.read_bytes()[100:])


def damaged_answer(file):
    content = file.read_bytes()
    assert content.count(b"=AA") == 1
    file.write_bytes(content.replace(b"=AA", b"=AB"))


def cut_off(file):
    file.write_bytes(file.read_bytes()[:5_000])


def no_database(file):
    file.write_text("not an SQLite file, but long enough to be looked at" * 100)


def no_table(file):
    connection = sqlite3.connect(file)
    connection.execute("DROP TABLE newer")
    connection.commit()
    connection.close()


@pytest.mark.parametrize("damage", [damaged_header, damaged_answer, cut_off, no_database, no_table])
def test_a_damaged_cache_is_made_anew_with_a_warning_and_no_wrong_answer(file, damage, caplog):
    texts = ["AAxx", *(f"text {n}" for n in range(300))]
    detect = Asked()
    cached(file, detect).detect_batch(texts)
    damage(file)
    again = Asked()
    with caplog.at_level(logging.WARNING):
        assert cached(file, again).detect_batch(texts) == [detect.answer(text) for text in texts]
    assert "is damaged and made anew" in caplog.text
    assert file.with_name("languages.sqlite3.damaged").is_file()
    assert again.texts == texts
    assert cached(file, again).detect_batch(texts) == [detect.answer(text) for text in texts]
    assert rows(file) == len(texts)


def test_a_database_of_somebody_else_is_refused_and_stays(file):
    file.parent.mkdir()
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE theirs (x)")
    connection.commit()
    connection.close()
    before = file.read_bytes()
    with pytest.raises(UsageError, match="is another database"):
        cached(file)("text")
    assert file.read_bytes() == before


def test_a_place_that_cannot_be_written_is_done_without(tmp_path, caplog):
    (tmp_path / "taken").write_text("a file, no folder")
    language = cached(tmp_path / "taken" / "languages.sqlite3")
    assert [language("text"), language("other")] == ["te", "ot"]
    assert caplog.text.count("is not used") == 1


def test_a_cache_that_somebody_else_holds_is_done_without(file, monkeypatch, caplog):
    monkeypatch.setattr("hf_provenance.sources.language_cache._WAIT", 0.05)
    cached(file)("text")
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    again = Asked()
    assert cached(file, again)("text") == "te"
    assert "is locked" in caplog.text
    holder.close()
    assert rows(file) == 1


@pytest.mark.slow
def test_a_process_that_is_killed_while_it_writes_leaves_right_answers(file):
    program = (
        "import sys\n"
        "from hf_provenance.sources.language_cache import CachedLanguage\n"
        "cache = CachedLanguage(lambda text: text[:2], name='test 1', path=sys.argv[1])\n"
        "for n in range(100_000):\n"
        "    cache.detect_batch([f'{n % 90 + 10} {n} {m}' for m in range(50)])\n"
        "    print(n, flush=True)\n"
    )
    for stop in (3, 20, 41):
        with subprocess.Popen(
            [sys.executable, "-c", program, str(file)], stdout=subprocess.PIPE, text=True
        ) as process:
            for line in process.stdout:
                if int(line) >= stop:
                    process.kill()
                    break
    again = Asked()
    texts = [f"{n % 90 + 10} {n} {m}" for n in range(40) for m in range(50)]
    assert cached(file, again).detect_batch(texts) == [text[:2] for text in texts]
    assert again.texts == []


def test_what_is_no_tag_is_not_kept_and_is_the_error_that_it_is_without_a_cache(file):
    language = cached(file, lambda text: ("en", 0.9))
    with pytest.raises(LabelError, match="should give a tag or None"):
        hfp.annotate(Dataset.from_dict({"text": ["a"]}), language=language)
    assert rows(file) == 0


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (["de"], {}, 'give "langdetect", "fast" or a callable'),
        ([None], {}, "or a callable"),
        ([len], {}, 'needs name="..."'),
        ([len], {"name": 3}, 'needs name="..."'),
        (["langdetect"], {"most_texts": 1}, "no number of texts"),
        (["langdetect"], {"most_texts": "many"}, "no number of texts"),
    ],
)
def test_what_can_not_be_meant_is_an_error(arguments, options, message):
    with pytest.raises(UsageError, match=message):
        CachedLanguage(*arguments, **options)


def test_the_fast_detector_can_be_cached_and_names_its_extra(file, monkeypatch):
    fast = CachedLanguage("fast", path=file)
    assert [fast(TEXTS[1]), fast(TEXTS[1])] == ["de", "de"]
    assert rows(file) == 1
    assert fast.name.startswith("py3langid ")
    monkeypatch.setitem(sys.modules, "py3langid", None)
    with pytest.raises(MissingExtraError, match="fast-language"):
        CachedLanguage("fast")
