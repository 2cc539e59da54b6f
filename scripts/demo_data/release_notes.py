"""Readers of release notes: SQLAlchemy, Django, and the projects of `changelogs.csv`."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from demo_data.cleaning import clean_inline, clean_rst, good_prose
from demo_data.packages import PACKAGES, Package, read_archive, table
from demo_data.rows import Row, attribution, make_row

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
    written_by = attribution(date)
    return make_row(
        text=text,
        title=title,
        url=url,
        date=date,
        date_kind="published",
        language="en",
        license=package.license,
        source=package.pin,
        written_by=written_by,
        method="expert_authored" if written_by else None,
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
    url: str

    def page(self, version: str, path: str) -> str:
        """The page of a release, whose entry stands in one of the files."""
        return self.url.format(anchor=version.replace(".", "-"), file=Path(path).stem)


CHANGELOGS = {line.pop("project"): Changelog(**line) for line in table("changelogs.csv")}


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
                    url = changelog.page(release[0], path)
                    yield release_note(package, cleaned, title, url, release[1])
