"""The index of an evaluation set, which training rows are held against.

For each distinct run of `n` tokens (an n-gram) the index holds its hash, two to four bytes of
sieve and the place where it first stands; for each token its number in the vocabulary. That is
16 to 24 bytes for each n-gram, beside the text itself, which is kept to be quoted: 22.0 bytes were
measured at 8 tokens and 22.7 at 13, so 23 MB for a million. Rows without an n-gram are looked up as
a whole, by their longest part, from `SHORTEST` tokens on.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import xxhash

from hf_provenance.audit.evaluation import Evaluation, read_evaluation
from hf_provenance.errors import UsageError
from hf_provenance.text.characters import MODES
from hf_provenance.text.grams import HashSet, gram_hashes, row_keys
from hf_provenance.text.tokens import Places, hash_keys

SHORTEST = 5
"""Fewest tokens that are looked for inside of other text: shorter runs are everywhere."""

GRAM = 8
"""Tokens of an n-gram where the caller names no other number: PaLM, Llama 3 and ConTAM use 8."""


class Sized(Protocol):
    """Anything that knows its size."""

    @property
    def nbytes(self) -> int:
        """Bytes."""


class Grams(NamedTuple):
    """Distinct runs of tokens of one length, in the order of their hashes.

    Attributes:
        hashed: Their hashes.
        places: The first token of each, where it first stands in the evaluation set.
    """

    hashed: HashSet
    places: Places


class Whole(NamedTuple):
    """The texts of short rows, each told once.

    Attributes:
        grams: The runs of `SHORTEST` tokens that they start with.
        firsts: Number of the first text of each of these runs, and of all texts at the end.
        places: The first token of each text, where it first stands.
        sizes: Tokens of each text.
        texts: Row -> number of its text; -1 for rows that are not looked up so.
        starts: Row -> the first token of its own text.
    """

    grams: Grams
    firsts: Places
    places: Places
    sizes: Places
    texts: Places
    starts: Places


@dataclass(frozen=True, eq=False)
class OverlapIndex:
    """An evaluation set, ready to be met; make it with `index_evaluation`.

    Attributes:
        evaluation: Its rows.
        n: Tokens of an n-gram.
        tokens: `words`, or `code` to keep symbols.
        grams: Its distinct n-grams.
        whole: Its short rows.
        keys: A key of each distinct token sequence of a row.
        key_rows: The first row of each.
        alike: Row -> the first row of the same tokens.
        same: Row -> the first row of the same bytes.
        id_hashes: Hashes of the `prov_id` of the rows, ascending.
        id_rows: The row of each.
    """

    evaluation: Evaluation
    n: int
    tokens: str
    grams: Grams
    whole: Whole
    keys: HashSet
    key_rows: Places
    alike: Places
    same: Places
    id_hashes: HashSet
    id_rows: Places

    def __repr__(self) -> str:
        """Rows, n-grams and size on one line."""
        return (
            f"OverlapIndex({self.evaluation.rows:,} rows, {self.gram_count:,} {self.n}-grams of "
            f"{self.tokens}, {self.nbytes:,} bytes)"
        )

    @property
    def gram_count(self) -> int:
        """N-grams of the evaluation set, each as often as it stands there."""
        counts = np.diff(self.evaluation.part_tokens) - self.n + 1
        return int(np.maximum(counts, 0).sum())

    @property
    def run_type(self) -> type[np.uint32] | type[np.int64]:
        """Type of the numbers of n-grams in a tally."""
        return np.uint32 if len(self.grams.places) <= np.iinfo(np.uint32).max else np.int64

    def rows_of_bytes(self, row: int) -> dict[tuple[bytes, ...], int]:
        """The distinct texts that have the tokens of a row, and the first row of each."""
        rows = self._groups.get(row, [row])
        return {self.evaluation.parts.of_row(each): each for each in rows}

    @cached_property
    def _groups(self) -> dict[int, list[int]]:
        """Rows of distinct bytes and the same tokens, by the first of them."""
        groups: dict[int, list[int]] = defaultdict(list)
        shared = np.bincount(self.alike, minlength=self.evaluation.rows)[self.alike] > 1
        firsts = self.same == np.arange(self.evaluation.rows)
        for each in np.flatnonzero(shared & firsts).tolist():
            groups[int(self.alike[each])].append(each)
        return dict(groups)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays, without the text and the ids of the rows."""
        evaluation, whole = self.evaluation, self.whole
        arrays: list[Sized] = [evaluation.numbers, evaluation.part_tokens, evaluation.parts.rows]
        arrays += [self.grams.places, whole.grams.places, whole.firsts, whole.places, whole.sizes]
        arrays += [whole.texts, whole.starts, self.key_rows, self.alike, self.same, self.id_rows]
        arrays += [self.grams.hashed, whole.grams.hashed, self.keys, self.id_hashes]
        return sum(each.nbytes for each in (*arrays, evaluation.vocabulary))

    @cached_property
    def digest(self) -> str:
        """Names the index and the rules that it was made by; 32 hex digits."""
        evaluation = self.evaluation
        rules = f"overlap/1 {self.n} {self.tokens} {unicodedata.unidata_version}"
        state = xxhash.xxh3_128(rules.encode())
        for array in (evaluation.parts.rows, evaluation.part_tokens, evaluation.numbers):
            state.update(np.ascontiguousarray(array).tobytes())
        state.update(evaluation.vocabulary.keys.tobytes())
        for texts in (evaluation.parts.texts, evaluation.ids, evaluation.prov_ids):
            for text in texts or ():
                value = (text.as_py() or "").encode()
                state.update(len(value).to_bytes(8, "little") + value)
        return str(state.hexdigest())


def index_evaluation(
    tables: Iterable[pa.Table],
    *,
    text: str | Sequence[str] | None = None,
    n: int = GRAM,
    tokens: str = "words",
    id: str | None = None,
) -> OverlapIndex:
    """Index an evaluation set.

    Args:
        tables: Its rows. Their order is the order of the results.
        text: The text columns; None to find one as `annotate` does.
        n: Tokens of an n-gram, at least 2.
        tokens: `words`, or `code` to keep symbols.
        id: Column of ids; None for `prov_id`, or what it would be.

    Raises:
        UsageError: `n` or `tokens` mean nothing.
        TextColumnError: There is no text.
    """
    if tokens not in MODES:
        raise UsageError(f"tokens={tokens!r} is no way to cut text: use one of {', '.join(MODES)}.")
    if n < 2:
        raise UsageError(f"n={n}: an n-gram has at least 2 tokens; {GRAM} and 13 are usual.")
    evaluation = read_evaluation(tables, tokens, text=text, id_=id)
    alike, keys, key_rows = _alike(evaluation)
    ids, id_rows = _ids(evaluation)
    return OverlapIndex(
        evaluation,
        n,
        tokens,
        _grams(evaluation, evaluation.gram_places(n), n),
        _whole(evaluation, n),
        keys,
        key_rows,
        alike,
        _same(evaluation, alike),
        ids,
        id_rows,
    )


def _grams(evaluation: Evaluation, places: Places, n: int) -> Grams:
    """The distinct runs of `n` tokens that start at some places."""
    numbers = evaluation.numbers
    hashes = gram_hashes(evaluation.hashes(), n)[places]
    order = np.argsort(hashes, kind="stable")
    hashes, places = hashes[order], places[order]
    repeated = np.zeros(len(hashes), np.bool_)
    repeated[1:] = hashes[1:] == hashes[:-1]
    same = repeated.copy()
    for step in range(n):
        same[1:] &= numbers[places[1:] + step] == numbers[places[:-1] + step]
    for start, stop in _collisions(repeated, repeated & ~same):
        runs = sorted(places[start:stop].tolist(), key=lambda p: (numbers[p : p + n].tolist(), p))
        places[start:stop] = runs
        for at in range(start + 1, stop):
            run, before = int(places[at]), int(places[at - 1])
            same[at] = bool((numbers[run : run + n] == numbers[before : before + n]).all())
    firsts = places[~same]
    small = len(numbers) <= np.iinfo(np.uint32).max
    return Grams(HashSet.of(hashes[~same]), firsts.astype(np.uint32) if small else firsts)


def _collisions(repeated: np.ndarray, odd: np.ndarray) -> list[tuple[int, int]]:
    """Where hashes of different runs are the same, which is next to never: start and end."""
    if not odd.any():
        return []
    starts = np.flatnonzero(~repeated)
    stops = np.append(starts[1:], len(repeated))
    groups = np.unique(np.searchsorted(starts, np.flatnonzero(odd), "right") - 1)
    return [(int(starts[group]), int(stops[group])) for group in groups]


def _whole(evaluation: Evaluation, n: int) -> Whole:
    """The longest part of each row that has no n-gram, but tokens enough."""
    part_sizes = np.diff(evaluation.part_tokens)
    texts: dict[bytes, int] = {}
    of_row = np.full(evaluation.rows, -1, np.int64)
    starts = np.full(evaluation.rows, -1, np.int64)
    found: list[tuple[int, int]] = []
    longest = np.zeros(evaluation.rows, np.int64)
    filled = np.flatnonzero(np.diff(evaluation.parts.rows))
    if len(filled):
        longest[filled] = np.maximum.reduceat(part_sizes, evaluation.parts.rows[filled])
    for row in np.flatnonzero((longest >= SHORTEST) & (longest < n)).tolist():
        first, last = evaluation.parts.rows[row : row + 2].tolist()
        part = first + int(np.argmax(part_sizes[first:last]))
        start, stop = evaluation.part_tokens[part : part + 2].tolist()
        text = texts.setdefault(evaluation.numbers[start:stop].tobytes(), len(found))
        if text == len(found):
            found.append((start, stop - start))
        of_row[row], starts[row] = text, start
    places, sizes = np.array(found, np.int64).reshape(-1, 2).T
    grams = _grams(evaluation, places, SHORTEST) if len(places) else _grams(evaluation, places, 1)
    # The texts in the order of the runs that they start with.
    order, firsts = _by_gram(evaluation, grams, places)
    renumbered = np.full(len(order) + 1, -1, np.int64)
    renumbered[order] = np.arange(len(order))
    return Whole(grams, firsts, places[order], sizes[order], renumbered[of_row], starts)


def _by_gram(evaluation: Evaluation, grams: Grams, places: Places) -> tuple[Places, Places]:
    steps = np.arange(SHORTEST)
    starts = {
        evaluation.numbers[int(place) + steps].tobytes(): gram
        for gram, place in enumerate(grams.places)
    }
    of = np.array(
        [starts[evaluation.numbers[int(place) + steps].tobytes()] for place in places], np.int64
    )
    order = np.argsort(of, kind="stable")
    return order, np.searchsorted(of[order], np.arange(len(grams.places) + 1))


def _alike(evaluation: Evaluation) -> tuple[Places, HashSet, Places]:
    """The first row of the same tokens of each row; the keys of these, and their rows."""
    ends = evaluation.row_tokens
    keys = row_keys(evaluation.hashes(), ends)
    alike = np.arange(evaluation.rows)
    order = np.argsort(keys, kind="stable")
    again = np.zeros(len(order), np.bool_)
    again[1:] = keys[order][1:] == keys[order][:-1]
    shared = np.flatnonzero(again | np.append(again[1:], False)) if len(order) else order
    known: dict[bytes, int] = {}
    for row in np.sort(order[shared]).tolist():
        numbers = evaluation.numbers[ends[row] : ends[row + 1]].tobytes()
        alike[row] = known.setdefault(numbers, row)
    rows = order[alike[order] == order]
    return alike, HashSet.of(keys[rows]), rows


def _same(evaluation: Evaluation, alike: Places) -> Places:
    """The first row of the same bytes of each row."""
    same = np.arange(evaluation.rows)
    groups: dict[int, dict[tuple[bytes, ...], int]] = defaultdict(dict)
    sizes = np.bincount(alike, minlength=evaluation.rows)
    for row in np.flatnonzero(sizes[alike] > 1).tolist():
        same[row] = groups[int(alike[row])].setdefault(evaluation.parts.of_row(row), row)
    return same


def _ids(evaluation: Evaluation) -> tuple[HashSet, Places]:
    if evaluation.prov_ids is None:
        return HashSet.of(np.zeros(0, np.uint64)), np.zeros(0, np.int64)
    hashes = hash_ids(evaluation.prov_ids)
    order = np.argsort(hashes, kind="stable")
    return HashSet.of(hashes[order]), order


def hash_ids(ids: pa.Array) -> np.ndarray:
    """A hash of the first 16 bytes of each id; 0 for null and the empty string."""
    ids = ids.cast(pa.large_string()).fill_null("")
    offsets = np.frombuffer(ids.buffers()[1], np.int64)[ids.offset : ids.offset + len(ids) + 1]
    data = np.frombuffer(ids.buffers()[2] or b"", np.uint8)
    padded = np.append(data[: offsets[-1]], np.zeros(16, np.uint8))
    hashes = np.zeros(len(ids), np.uint64)
    some = np.flatnonzero(np.diff(offsets))
    hashes[some] = hash_keys(padded, offsets[some], np.minimum(np.diff(offsets)[some], 16))
    return hashes
