"""A row of the demo: its columns, its id, and what holds for its text."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import xxhash

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "hf_provenance" / "demo"
SOURCES = ROOT / "cards" / "sources"
SPLITS = ("train.parquet", "test.parquet")
SEED = 42
CUTOFF = "2022-11-30"
EMAIL_REMOVED = "<email removed>"


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
    method: str | None = None
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
        ("method", pa.string()),
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
