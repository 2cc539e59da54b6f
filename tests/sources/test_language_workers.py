"""langdetect in several processes: the tags of one, in order, and no process left behind."""

import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st

import hf_provenance as hfp
from hf_provenance.errors import LabelError, UsageError
from hf_provenance.sources.language_cache import CachedLanguage
from hf_provenance.sources.language_workers import LanguageWorkers, in_processes
from hf_provenance.sources.seeded_langdetect import langdetect_language

SENTENCE = "der fox jumps über 12 el perro and \n \x00 \u2028 taxi 漢字 😀 chien mange le naïve"
WORDS = SENTENCE.split(" ")
TEXTS = [" ".join(WORDS[n % 7 : n % 13 + 2] * (n % 3 + 1)) for n in range(120)] + ["word " * 9_000]


def workers_of_this_process():
    """Processes below this one that detect languages."""
    return [
        each
        for each in psutil.Process().children(recursive=True)
        if any("seeded_langdetect" in part for part in each.cmdline())
    ]


@pytest.fixture
def three():
    language = LanguageWorkers(3)
    yield language
    del language
    gc.collect()


@pytest.fixture(scope="module")
def two():
    return LanguageWorkers(2)


def test_the_answers_are_those_of_one_process_in_order(three):
    assert three.detect_batch(TEXTS) == [langdetect_language(text) for text in TEXTS]
    assert len(workers_of_this_process()) >= 2


@settings(max_examples=20, deadline=None)
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), max_size=80))
def test_any_texts_get_the_answers_of_one_process(two, texts):
    assert two.detect_batch(texts) == [langdetect_language(text) for text in texts]


def test_a_stream_gets_the_same_labels_in_the_same_order():
    ds = Dataset.from_dict({"text": [*TEXTS, None, ""] * 2})
    annotator = hfp.Annotator(language="langdetect")
    plain = list(hfp.annotate(ds.to_iterable_dataset(), annotator))
    assert list(hfp.annotate(ds.to_iterable_dataset(), annotator, num_proc=2)) == plain


def test_processes_and_a_cache_go_together(tmp_path):
    ds = Dataset.from_dict({"text": TEXTS}).to_iterable_dataset()
    plain = list(hfp.annotate(ds, language="langdetect"))
    language = CachedLanguage("langdetect", path=tmp_path / "languages.sqlite3")
    assert list(hfp.annotate(ds, language=language, num_proc=2)) == plain
    seen = in_processes(language, 2).detect_batch(TEXTS)
    assert seen == [row["prov_language"] for row in plain]


def test_the_processes_end_with_what_holds_them():
    before = set(workers_of_this_process())
    language = LanguageWorkers(3)
    language.detect_batch(TEXTS)
    started = set(workers_of_this_process()) - before
    assert len(started) == 2
    del language
    gc.collect()
    assert not any(each.is_running() for each in started)


def test_a_copy_has_processes_of_its_own(three):
    three.detect_batch(TEXTS)
    copy = pickle.loads(pickle.dumps(three))
    assert copy.processes == 3
    assert copy.detect_batch(TEXTS) == three.detect_batch(TEXTS)


def test_a_process_that_is_killed_changes_no_answer(three, caplog):
    before = set(workers_of_this_process())
    three.detect_batch(TEXTS)
    killed = set(workers_of_this_process()) - before
    for each in killed:
        each.kill()
        each.wait()
    alone = [langdetect_language(text) for text in TEXTS]
    assert [three.detect_batch(TEXTS) for _ in range(3)] == [alone] * 3
    assert caplog.text.count("has ended") <= len(killed)


def test_a_process_that_is_killed_while_it_works_changes_no_answer(three, caplog):
    before = set(workers_of_this_process())
    three.detect_batch(TEXTS)
    stopped = set(workers_of_this_process()) - before
    for each in stopped:
        each.suspend()
    kill = threading.Timer(0.5, lambda: [each.kill() for each in stopped])
    kill.start()
    assert three.detect_batch(TEXTS) == [langdetect_language(text) for text in TEXTS]
    kill.join()
    assert "has ended; its texts are read here" in caplog.text


def test_other_detectors_stay_in_this_process():
    def own(text):
        return "en"

    assert in_processes(own, 4) is own
    assert in_processes("de", 4) == "de"
    assert in_processes(None, 4) is None
    assert in_processes("langdetect", 1) == "langdetect"


@pytest.mark.parametrize("processes", [0, -1, True, 2.0, "2"])
def test_what_is_no_number_of_processes_is_an_error(processes):
    with pytest.raises(UsageError, match="num_proc="):
        in_processes("langdetect", processes)


def test_an_error_in_the_data_leaves_no_process():
    before = set(workers_of_this_process())
    texts = [*TEXTS, *TEXTS]
    ds = Dataset.from_dict({"text": texts, "n": [0] * 120 + [-1] * 122}).to_iterable_dataset()
    annotated = hfp.annotate(ds, language="langdetect", tokens=hfp.col("n"), num_proc=2)
    with pytest.raises(LabelError):
        list(annotated)
    del annotated
    gc.collect()
    assert set(workers_of_this_process()) <= before


PROGRAM = """
import sys
from hf_provenance.sources.language_workers import LanguageWorkers
language = LanguageWorkers(3)
texts = [f"The quick brown fox jumps over {n} lazy dogs." for n in range(400)]
while True:
    language.detect_batch(texts)
    print([worker.pid for worker in language._pool._workers], flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_the_one_that_asks(stop):
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    pids = [int(pid) for pid in process.stdout.readline().strip("[]\n").split(",")]
    assert all(psutil.pid_exists(pid) for pid in pids)
    if stop == signal.SIGINT:
        os.killpg(process.pid, stop)  # as a terminal does: to everybody
    else:
        os.kill(process.pid, stop)
    _, said = process.communicate(timeout=30)
    assert process.returncode != 0
    assert said.count("Traceback") == (1 if stop == signal.SIGINT else 0)
    deadline = time.monotonic() + 20
    while any(map(psutil.pid_exists, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(psutil.pid_exists, pids))


FORKING = """
import gc, os
from hf_provenance.sources.language_workers import LanguageWorkers
language = LanguageWorkers(2)
texts = [f"The quick brown fox jumps over {n} lazy dogs." for n in range(60)]
first = language.detect_batch(texts)
child = os.fork()
if child == 0:
    same = language.detect_batch(texts) == first
    del language
    gc.collect()
    os._exit(0 if same else 1)
_, status = os.waitpid(child, 0)
print(status, language.detect_batch(texts) == first)
"""


def test_a_forked_copy_neither_mixes_answers_up_nor_ends_the_processes():
    done = subprocess.run(
        [sys.executable, "-c", FORKING], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout == "0 True\n"


def test_a_script_without_a_main_guard_can_use_them(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import hf_provenance as hfp\n"
        "from datasets import Dataset\n"
        "ds = Dataset.from_dict({'text': ['Guten Tag, wie geht es Ihnen heute?'] * 60})\n"
        "ds = hfp.annotate(ds.to_iterable_dataset(), language='langdetect', num_proc=2)\n"
        "print({row['prov_language'] for row in ds})\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", script],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("{'de'}\n", 0), done.stderr
    assert done.stderr == ""
