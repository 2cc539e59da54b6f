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
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hf_provenance.identity import as_text, is_list, text_kind
from hf_provenance.schema import JOIN
from hf_provenance.sources.credentials import rows_with_manifests

WINDOW = 300
"""Characters at the start or end of a text in which an anchored marker is looked for."""

ASSISTANTS = ("assistant", "gpt", "chatgpt", "bing", "bard", "model", "bot")
"""Names under which chats list the turns of a model, in lower case."""

UNVALIDATED = "c2pa_unvalidated"
"""A C2PA manifest that nobody has shown to hold, and that may name any author, a person, too."""

_TURNS = (("role", "content"), ("from", "value"))
"""Fields of a turn that say who speaks and what is said."""

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
    human_hits: int | None = None
    human_texts: int | None = None
    recall_chat: float | None = None
    recall_articles: float | None = None
    precision: float | None = None
    note: str | None = None


def _read_list() -> tuple[Marker, ...]:
    text = resources.files(__package__).joinpath("markers.toml").read_text("utf-8")
    return tuple(Marker(**entry) for entry in tomllib.loads(text)["marker"])


MARKERS = _read_list()
"""The list, in the order in which `prov_markers` names what it finds."""


def is_scannable(type_: pa.DataType) -> bool:
    """Whether markers can be looked for in a column: plain text, or a chat with roles."""
    return text_kind(type_) == "text" or _is_empty(type_) or _turn_fields(type_) is not None


def find_markers(column: pa.ChunkedArray, markers: Sequence[Marker] = MARKERS) -> pa.Array:
    """Look for markers in each row of a column.

    Args:
        column: Plain text, or a chat of which only the turns of `ASSISTANTS` are read.
        markers: What to look for.

    Returns:
        `prov_markers`: ids joined by `|` in the order of `markers`, then `UNVALIDATED`; null where
        there is none.
    """
    texts, rows = _speech(column)
    found: dict[int, list[str]] = {}
    for name, hits in [*_hits(texts, markers), (UNVALIDATED, rows_with_manifests(texts))]:
        for row in np.unique(hits if rows is None else rows[hits]).tolist():
            found.setdefault(row, []).append(name)
    ids: list[str | None] = [None] * len(column)
    for row, names in found.items():
        ids[row] = JOIN.join(names)
    return pa.array(ids, pa.string())


def _hits(
    texts: pa.ChunkedArray | pa.Array, markers: Sequence[Marker]
) -> list[tuple[str, NDArray[np.int64]]]:
    """The id of each marker, and the positions of the texts that have it."""
    found: dict[str, NDArray[np.int64]] = {}
    for where, window in _WINDOWS.items():
        wanted = [marker for marker in markers if marker.where == where]
        if not wanted:
            continue
        part = texts if window is None else pc.utf8_slice_codeunits(texts, *window)
        # All patterns as one run through the text at the speed of a single one, and next to no
        # text has any.
        any_of = "|".join(f"(?:{marker.pattern})" for marker in wanted)
        suspects = _matching(part, any_of)
        part = part.take(suspects)
        for marker in wanted:
            hits = _matching(part, marker.pattern)
            found[marker.id] = suspects.take(hits).to_numpy().astype(np.int64)
    return [(marker.id, found[marker.id]) for marker in markers]


def _matching(texts: pa.ChunkedArray | pa.Array, pattern: str) -> pa.Array:
    matches = pc.match_substring_regex(texts, pattern, ignore_case=True)
    return pc.indices_nonzero(pc.fill_null(matches, False))


def _speech(column: pa.ChunkedArray) -> tuple[Any, NDArray[np.int64] | None]:
    """What is to be read, and the row of each piece; None where each row is one piece."""
    if _is_empty(column.type):
        return pa.array([], pa.string()), np.zeros(0, np.int64)
    fields = _turn_fields(column.type)
    if fields is None:
        return as_text(column), None
    speaker, said = fields
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy()
    rows = np.repeat(np.arange(len(column)), lengths.astype(np.int64))
    turns = pc.list_flatten(column)
    names = pc.utf8_lower(as_text(pc.struct_field(turns, speaker)))
    ours = pc.indices_nonzero(pc.is_in(names, pa.array(ASSISTANTS, names.type)))
    texts = as_text(pc.struct_field(turns, said)).take(ours)
    return texts, rows[ours.to_numpy().astype(np.int64)]


def _is_empty(type_: pa.DataType) -> bool:
    """The type of a batch of chats without turns, in a stream that declares no types."""
    return bool(is_list(type_) and pa.types.is_null(type_.value_type))


def _turn_fields(type_: pa.DataType) -> tuple[str, str] | None:
    """The fields of a chat's turns that hold speaker and speech, both plain text."""
    if not is_list(type_) or not pa.types.is_struct(type_.value_type):
        return None
    turn = type_.value_type
    plain = {field.name for field in turn if text_kind(field.type) == "text"}
    return next((pair for pair in _TURNS if plain.issuperset(pair)), None)
