"""Phrases that chat assistants leave behind in text: evidence that a model had a hand in it.

`markers.toml` lists them, one entry each: "Sure! Here is ...", "As an AI language model",
the residue of a chat window. The list is short on purpose: it holds what human text next to never
has. Measured on 21,802 human English texts from the 2000s to 2022, 21,194 answers of many chat
models, and 35,753 synthetic articles; the precision is for articles of which 5 % are synthetic:

| id | human hits | chat answers | articles | precision |
|---|--:|--:|--:|--:|
| sure_here | 0 | 6.8 % | 0.94 % | 0.96 |
| heres_rewritten | 0 | 0.95 % | 5.3 % | 0.99 |
| self_id_en | 0 | 1.6 % | 0.58 % | 0.93 |
| as_an_ai | 0 | 0.47 % | - | - |
| no_feelings | 0 | 0.61 % | 0.10 % | 0.70 |
| knowledge_cutoff | 1 | 0.59 % | - | 0.04 |
| trained_by | 0 | 0.24 % | - | - |
| refusal | 0 | 0.14 % | 0.04 % | 0.47 |
| chat_markup | 1 | 0.14 % | - | - |
| ui_residue | 0 | - | - | - |

Together they hit 2 of the human texts, 10.7 % of the chat answers (0 to 37 % by model) and 6.8 %
of the articles (0 to 23 % by source), and none of the 2,256 human texts of the demo. The numbers
are those of the phrases; a pattern is one way to write a phrase down. No hit among 21,802 texts
still allows 1.8 in 10,000 (95 %), so where one text in a hundred is synthetic only `sure_here` is
likely to be right four times out of five. For languages other than English the recall is
unmeasured.

One more marker is no phrase: `c2pa_unvalidated`, a signed manifest (`credentials.py`).

What a marker can't know:

- **Who wrote the row.** An article about chatbots quotes them, and a person may have pasted
  one sentence. So a marker is never an origin.
- **That a person wrote the row.** Nine in ten chat answers and most synthetic articles have none:
  absence is no evidence of anything.
- **Who speaks.** Of a chat with roles only the assistant's turns are read, because a user who
  quotes an assistant is no evidence. A plain text is read as a whole.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hf_provenance.identity import SPEECH_KEYS, as_text, is_list, text_kind
from hf_provenance.schema import JOIN
from hf_provenance.sources.chats import ASSISTANT, SPEAKERS, turn_fields
from hf_provenance.sources.credentials import MANIFEST_STARTS, rows_with_manifests
from hf_provenance.sources.sieve import Rows, Sieve, openings, pick, sift

WINDOW = 300
"""Characters at the start or end of a text in which an anchored marker is looked for."""

UNVALIDATED = "c2pa_unvalidated"
"""A C2PA manifest that nobody has shown to hold, and that may name any author, a person, too."""

_NO_ROWS = np.zeros(0, np.int64)

_WINDOWS: dict[str, tuple[int, int | None] | None] = {
    "start": (0, WINDOW),
    "end": (-WINDOW, None),
    "anywhere": None,
}


@dataclass(frozen=True, kw_only=True)
class Marker:
    """A phrase, and how often it was found where.

    Attributes:
        id: What `prov_markers` holds.
        language: BCP-47; `und` for what is no language.
        where: `start`, `end` or `anywhere`.
        pattern: RE2; case is ignored.
        needs: Words one of which is in whatever the pattern finds, as `Sieve` reads them; at the
            `start`, what such a text begins with behind white space. Empty: all texts are read.
        human_hits: Human texts in which it was found, None where not measured.
        human_texts: Human texts in which it was looked for.
        recall_chat: Share of chat answers that have it, 0 to 1.
        recall_articles: Share of synthetic articles that have it, 0 to 1.
        precision: Share of synthetic texts among those that have it, if 5 % of articles are
            synthetic.
        note: What else to know.
    """

    id: str
    language: str
    where: str
    pattern: str
    needs: tuple[str, ...] = ()
    human_hits: int | None = None
    human_texts: int | None = None
    recall_chat: float | None = None
    recall_articles: float | None = None
    precision: float | None = None
    note: str | None = None


def _read_list() -> tuple[Marker, ...]:
    text = resources.files(__package__).joinpath("markers.toml").read_text("utf-8")
    entries = tomllib.loads(text)["marker"]
    return tuple(Marker(**{**entry, "needs": tuple(entry.get("needs", ()))}) for entry in entries)


MARKERS = _read_list()
"""The list, in the order in which `prov_markers` names what it finds."""


def is_scannable(type_: pa.DataType) -> bool:
    """Whether markers can be looked for in a column: plain text, or a chat with roles."""
    return text_kind(type_) == "text" or _is_empty(type_) or turn_fields(type_) is not None


def find_markers(
    columns: pa.ChunkedArray | Sequence[pa.ChunkedArray], markers: Sequence[Marker] = MARKERS
) -> pa.Array:
    """Look for markers in each row of the columns that hold its text.

    Args:
        columns: One column or several of the same length, each of them `is_scannable`. Of a chat
            only the turns of an assistant are read.
        markers: What to look for.

    Returns:
        `prov_markers`: ids joined by `|` in the order of `markers`, then `UNVALIDATED`; null where
        there is none in any column.
    """
    columns = [columns] if isinstance(columns, pa.ChunkedArray) else list(columns)
    found: dict[str, list[Rows]] = {name: [] for name in [*(m.id for m in markers), UNVALIDATED]}
    for column in columns:
        for texts, rows in _speech(column):
            for name, hits in _hits(texts, markers):
                found[name].append(hits if rows is None else rows[hits])
    ids: list[str | None] = [None] * (len(columns[0]) if columns else 0)
    for name, hits_of_all in found.items():
        for row in np.unique(np.concatenate([_NO_ROWS, *hits_of_all])).tolist():
            before = ids[row]
            ids[row] = name if before is None else before + JOIN + name
    return pa.array(ids, pa.string())


def _hits(texts: pa.ChunkedArray, markers: Sequence[Marker]) -> Iterator[tuple[str, Rows]]:
    """The id of each marker, and the positions of the texts that have it."""
    sieved = tuple(marker for marker in markers if marker.where == "anywhere" and marker.needs)
    sieve = _sieve(tuple(marker.needs for marker in sieved))
    suspects = sift(sieve, texts)
    for marker, suspect in zip(sieved, suspects[:-1], strict=True):
        if len(suspect):
            yield marker.id, suspect[_matching(pick(texts, suspect), marker.pattern)]
    if len(suspects[-1]):
        yield UNVALIDATED, suspects[-1][rows_with_manifests(pick(texts, suspects[-1]))]
    for where, window in _WINDOWS.items():
        others = [marker for marker in markers if marker.where == where and marker not in sieved]
        if not others:
            continue
        part, rows = texts, None
        if where == "start" and all(marker.needs for marker in others):
            rows = openings(texts, [word for marker in others for word in marker.needs])
            part = pick(texts, rows)
        if window is not None:
            part = pc.utf8_slice_codeunits(part, *window)
        for marker in others if len(part) else ():
            hits = _matching(part, marker.pattern)
            yield marker.id, hits if rows is None else rows[hits]


@cache
def _sieve(needs: tuple[tuple[str, ...], ...]) -> Sieve:
    """A sieve for markers, with manifests as its last group."""
    return Sieve([*needs, MANIFEST_STARTS])


def _matching(texts: pa.ChunkedArray, pattern: str) -> Rows:
    matches = pc.match_substring_regex(texts, pattern, ignore_case=True)
    return np.asarray(pc.indices_nonzero(pc.fill_null(matches, False)), np.int64)


def _speech(column: pa.ChunkedArray) -> Iterator[tuple[pa.ChunkedArray, Rows | None]]:
    """What is to be read, and the row of each piece; None where each row is one piece."""
    if _is_empty(column.type):
        return
    fields = turn_fields(column.type)
    if fields is None:
        yield as_text(column), None
        return
    rows, turns = _items(column, np.arange(len(column)))
    names = pc.utf8_lower(pc.utf8_trim_whitespace(as_text(pc.struct_field(turns, fields[0]))))
    ours = pc.is_in(names, pa.array(SPEAKERS[ASSISTANT], names.type))
    said = pc.struct_field(turns, fields[1]).filter(ours)
    yield from _texts(said, rows[ours.to_numpy()])


def _texts(said: pa.ChunkedArray, rows: Rows) -> Iterator[tuple[pa.ChunkedArray, Rows]]:
    """The texts of what a turn says, a text or parts with a text each, and the row of each."""
    if is_list(said.type):
        rows, parts = _items(said, rows)
        yield from _texts(parts, rows)
    elif pa.types.is_struct(said.type):
        names = [field.name for field in said.type]
        for name in [name for name in names if name in SPEECH_KEYS] or names:
            yield from _texts(pc.struct_field(said, name), rows)
    elif text_kind(said.type) == "text":
        yield as_text(said), rows


def _items(lists: pa.ChunkedArray, rows: Rows) -> tuple[Rows, pa.ChunkedArray]:
    """The items of lists one after the other, and the row of each."""
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy()
    return np.repeat(rows, lengths.astype(np.int64)), pc.list_flatten(lists)


def _is_empty(type_: pa.DataType) -> bool:
    """The type of a batch of chats without turns, in a stream that declares no types."""
    return bool(is_list(type_) and pa.types.is_null(type_.value_type))
