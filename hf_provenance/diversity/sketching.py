"""`sketch_diversity`: from rows to a `DiversitySketch`, in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hf_provenance import schema
from hf_provenance.diversity.kept_types import KeptTypes
from hf_provenance.diversity.row_sample import RowSample
from hf_provenance.diversity.sketch import (
    FIRST_YEAR,
    GRAMS,
    LAST_YEAR,
    UNLABELLED,
    DiversitySketch,
    Kept,
    Stratum,
)
from hf_provenance.errors import SchemaError
from hf_provenance.tables import arrow_rows, batch_rows, named_splits
from hf_provenance.text.grams import gram_hashes
from hf_provenance.text.parts import Parts, read_parts, text_columns
from hf_provenance.text.tokens import Hashes, Places, Tokens, mixed, tokenise

_LABELS = ("prov_origin", "prov_collected_at", "prov_collected_until")
NEVER = np.uint64((1 << 64) - 1)
"""Stands for no hash; a run that spans two texts has it."""

_LAST = np.uint64((1 << 64) - 2)
_PIECE = 4_000_000
"""Bytes of text that are cut into tokens at once."""

_WAITING = 1 << 19
"""Sampled tokens, or kept types, that wait until they are merged."""

_SALTS = tuple(
    np.uint64(salt) for salt in (0x9FB21C651E98DF25, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)
)


def sketch_diversity(
    dataset: Any, *, text: str | Sequence[str] | None = None, shard: str | None = None
) -> DiversitySketch:
    """Read a dataset once, and keep what is needed to judge its diversity.

    Args:
        dataset: A `Dataset`, `DatasetDict`, `IterableDataset` or `IterableDatasetDict`; all
            splits are read. Where it is annotated, each origin and year of collection is kept
            apart; where it is not, its rows count as `unlabelled`.
        text: The columns to read; found by themselves where None.
        shard: A name for these rows, such as a file's path. Sketches that hold the same shard
            refuse to be added.

    Returns:
        The sketch. Sketches of parts add up to the sketch of the whole.

    Raises:
        TextColumnError: There is no text, or not where `text` says.
        SchemaError: The provenance columns are not what they should be.

    Example:
        >>> from datasets import Dataset
        >>> sketch = sketch_diversity(Dataset.from_dict({"text": ["A tale.", "a TALE of two"]}))
        >>> sketch.rows, sketch.tokens, sketch.kept().types[0].types()
        (2, 6, 4.0)
    """
    sketcher = Sketcher(text=text, shard=shard)
    for name, split in named_splits(dataset).items():
        rows = arrow_rows(split)
        found = rows.features.arrow_schema
        columns = sketcher.columns(found, where=f"split {name!r}")
        for table in rows.select_columns(list(columns)).iter(batch_size=batch_rows(split)):
            sketcher.read(table, columns, where=f"split {name!r}")
    return sketcher.sketch()


class Sketcher:
    """Takes rows as they pass; for workers that read their rows themselves.

    Args:
        text: The columns to read; found by themselves where None.
        shard: A name for the rows.
    """

    def __init__(
        self, *, text: str | Sequence[str] | None = None, shard: str | None = None
    ) -> None:
        self._text = text
        self._shards = () if shard is None else (shard,)
        self._kept: dict[Stratum, Kept] = {}
        self._waiting: dict[str, list[RowSample]] = {}

    def columns(self, found: pa.Schema, *, where: str = "the rows") -> tuple[str, ...]:
        """The columns that are read, of those that are there.

        Raises:
            TextColumnError: There is no text, or not where `text` says.
            SchemaError: The provenance columns are not what they should be.
        """
        labels: tuple[str, ...] = ()
        if "prov_origin" in found.names:
            schema.require_annotated(found, where=where)
            labels = _LABELS
        return (*text_columns(found, self._text), *labels)

    def add(self, rows: pa.Table | pa.RecordBatch, *, where: str = "the rows") -> None:
        """Add rows.

        Raises:
            TextColumnError: There is no text, or not where `text` says.
            SchemaError: The provenance columns are not what they should be.
        """
        self.read(rows, self.columns(rows.schema, where=where), where=where)

    def read(
        self, rows: pa.Table | pa.RecordBatch, columns: Sequence[str], *, where: str = "the rows"
    ) -> None:
        """Add rows, of which `columns` has said what to read."""
        rows = rows.select(list(columns))
        if isinstance(rows, pa.Table):
            for batch in rows.combine_chunks().to_batches():
                self._add(batch, columns, where)
        else:
            self._add(rows, columns, where)

    def sketch(self) -> DiversitySketch:
        """The sketch of all rows added so far."""
        for origin in self._waiting:
            self._settle(origin)
        samples = {origin: parts[0] for origin, parts in self._waiting.items()}
        return DiversitySketch.merged([DiversitySketch(self._kept, samples, self._shards)])

    def _add(self, rows: pa.RecordBatch, columns: Sequence[str], where: str) -> None:
        strata, of = _strata(rows, where)
        parts = read_parts(rows, [name for name in columns if name not in _LABELS])
        sizes = pc.fill_null(pc.binary_length(parts.texts), 0).to_numpy(zero_copy_only=False)
        ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])[parts.rows]
        for first, last in _pieces(ends):
            bytes_ = np.diff(ends[first : last + 1])
            self._take(parts.of_rows(first, last), bytes_, strata, of[first:last])

    def _take(self, parts: Parts, bytes_: Places, strata: list[Stratum], of: Places) -> None:
        tokens = tokenise(parts.texts)
        rows = tokens.texts[parts.rows]
        lengths = np.diff(tokens.texts)
        keys = np.diff(rows).astype(np.uint64)
        grams: list[Places] = []
        types: list[list[KeptTypes]] = []
        for n, salt in zip(GRAMS, _SALTS, strict=True):
            hashes = runs_within(tokens.hashes, tokens.texts, n)
            keys += _sums(hashes, rows) * salt
            counts = np.concatenate(
                [np.zeros(1, np.int64), np.cumsum(np.maximum(lengths - n + 1, 0))]
            )
            grams.append(np.diff(counts[parts.rows]))
            types.append(self._types(hashes, rows, strata, of, n))
        mixed(keys)
        for place, stratum in enumerate(strata):
            mine = of == place
            if not mine.any():
                continue
            new = Kept(
                int(mine.sum()),
                int((grams[0][mine] == 0).sum()),
                int(bytes_[mine].sum()),
                tuple(int(count[mine].sum()) for count in grams),
                tuple(kept[place] for kept in types),
            )
            old = self._kept.get(stratum)
            self._kept[stratum] = Kept.merged([old, new]) if old else new
        self._sample(tokens, rows, keys, strata, of)

    def _types(
        self, hashes: Hashes, rows: Places, strata: list[Stratum], of: Places, n: int
    ) -> list[KeptTypes]:
        """The types that each stratum may keep of these runs of `n` tokens."""
        place = GRAMS.index(n)
        bounds = np.array(
            [
                min(self._kept[stratum].types[place].bound, _LAST)
                if stratum in self._kept
                else _LAST
                for stratum in strata
            ],
            np.uint64,
        )
        few = np.flatnonzero(hashes <= bounds.max())
        if len(strata) == 1:
            return [KeptTypes.of(hashes[few])]
        whose = of[np.searchsorted(rows, few, "right") - 1]
        low = hashes[few] <= bounds[whose]
        few, whose = few[low], whose[low]
        order = np.argsort(whose, kind="stable")
        cuts = np.searchsorted(whose[order], np.arange(1, len(strata)))
        return [KeptTypes.of(hashes[mine]) for mine in np.split(few[order], cuts)]

    def _sample(
        self, tokens: Tokens, rows: Places, keys: Hashes, strata: list[Stratum], of: Places
    ) -> None:
        """Sample the rows of each origin."""
        spoken = rows[1:] > rows[:-1]
        origins = [stratum.origin for stratum in strata]
        for origin in sorted(set(origins)):
            mine = spoken & np.array([name == origin for name in origins])[of]
            waiting = self._waiting.setdefault(origin, [RowSample.empty()])
            which = np.flatnonzero(mine & (keys <= waiting[0].bound))
            waiting.append(
                RowSample.of(
                    tokens, rows[:-1][which], rows[1:][which], keys[which], waiting[0].text_bound
                )
            )
            if sum(len(part.tokens) for part in waiting[1:]) > _WAITING or len(waiting) > 64:
                self._settle(origin)

    def _settle(self, origin: str) -> None:
        self._waiting[origin] = [RowSample.merged(self._waiting[origin])]


def runs_within(hashes: Hashes, texts: Places, n: int) -> Hashes:
    """The hash of the run of `n` tokens at each token.

    Args:
        hashes: Hashes of tokens.
        texts: Number of the first token of each text, and of all tokens at the end.
        n: Tokens of a run.

    Returns:
        One for each token; `NEVER` where its text ends before the run does.
    """
    if n == 1:
        return np.minimum(hashes, _LAST)
    runs = np.full(len(hashes), NEVER)
    whole = mixed(gram_hashes(hashes, n))
    runs[: len(whole)] = np.minimum(whole, _LAST)
    for before in range(1, n):
        runs[np.maximum(texts - before, 0)[texts > 0]] = NEVER
    return runs


def _sums(hashes: Hashes, rows: Places) -> Hashes:
    """Sum of the hashes of each row, those that are `NEVER` (-1) with them, modulo 2^64."""
    running = np.concatenate([np.zeros(1, np.uint64), np.cumsum(hashes, dtype=np.uint64)])
    return np.diff(running[rows])


def _pieces(ends: Places) -> Iterator[tuple[int, int]]:
    """Cut rows into pieces of a few megabytes; a row is never cut."""
    first = 0
    while first < len(ends) - 1:
        last = int(np.searchsorted(ends, ends[first] + _PIECE, "right")) - 1
        last = max(last, first + 1)
        yield first, last
        first = last


def _strata(rows: pa.RecordBatch, where: str) -> tuple[list[Stratum], Places]:
    """The strata of rows, and the number of the one that each row belongs to."""
    if "prov_origin" not in rows.schema.names:
        return [Stratum(UNLABELLED, None)], np.zeros(rows.num_rows, np.int64)
    origin = rows.column("prov_origin").cast(pa.string())
    odd = sorted({str(name) for name in pc.unique(origin).to_pylist()} - set(schema.ORIGINS))
    if odd:
        raise SchemaError(
            f"{where}: column 'prov_origin' holds {odd[:5]}, and may hold only "
            f"{list(schema.ORIGINS)}: annotate the dataset again with `annotate(..., "
            "overwrite=True)`."
        )
    origins = pc.index_in(origin, pa.array(schema.ORIGINS)).to_numpy().astype(np.int64)
    years = collection_years(rows.column("prov_collected_at"), rows.column("prov_collected_until"))
    codes = origins * (LAST_YEAR + 1) + years
    distinct, of = np.unique(codes, return_inverse=True)
    strata = [
        Stratum(schema.ORIGINS[code // (LAST_YEAR + 1)], code % (LAST_YEAR + 1) or None)
        for code in distinct.tolist()
    ]
    return strata, of.astype(np.int64)


def collection_years(start: pa.Array, end: pa.Array) -> Places:
    """The year in which each row was collected; 0 where it is not one, or too far to be true.

    Args:
        start: Earliest moment of collection.
        end: Latest moment.
    """
    one = pc.if_else(pc.equal(pc.year(start), pc.year(end)), pc.year(start), 0)
    years = pc.fill_null(one, 0).to_numpy(zero_copy_only=False).astype(np.int64)
    return np.where((years >= FIRST_YEAR) & (years <= LAST_YEAR), years, 0)
