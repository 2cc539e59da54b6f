"""`DiversitySketch`: what is kept of a corpus to judge its diversity, a few megabytes of it.

Sketches add up: of shards, of workers, of a dataset and what was appended to it. The sum is the
sketch of all rows, bit for bit, in whatever order and however the rows were cut into shards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from hf_provenance.diversity.kept_types import KeptTypes
from hf_provenance.diversity.plain_arrays import fields_of, require, whole
from hf_provenance.diversity.row_sample import RowSample
from hf_provenance.diversity.sketch_file import digest, pack, read_file, unpack, write_file
from hf_provenance.errors import SummaryError
from hf_provenance.plain_data import shown
from hf_provenance.schema import ORIGINS

SCHEMA = "hf-provenance/diversity-1"
"""Names the form of a sketch as plain data."""

TOKENIZER = "words/1"
"""Name of the rule by which text is cut into tokens; stated with every figure.

Text is folded (NFKC and case). A token is a run of letters and digits with their marks, or one
such character in a script without spaces between words (Han, kana, Thai, Lao, Khmer, Myanmar).
All else separates. See `audit.characters`.
"""

GRAMS = (1, 2, 4)
"""Lengths, in tokens, of the runs whose types are kept."""

FIRST_YEAR, LAST_YEAR = 1990, 2100
"""Years of collection that are kept apart, so that wild dates do not make wild sketches."""

UNLABELLED = "unlabelled"
"""Stands in place of an origin for rows without provenance columns."""


class Stratum(NamedTuple):
    """Rows of one origin and one year.

    Attributes:
        origin: One of `schema.ORIGINS`, or `unlabelled`.
        year: The year in which they were collected; None where that is not known, or not one
            year, or before 1990 or after 2100.
    """

    origin: str
    year: int | None

    @property
    def order(self) -> tuple[str, int]:
        """Where it stands among others."""
        return self.origin, self.year or 0


@dataclass(frozen=True, eq=False)
class Kept:
    """What is kept of the rows of one stratum.

    Attributes:
        rows: Number of rows.
        empty_rows: Rows without a token.
        bytes: UTF-8 bytes of their text.
        grams: For each of `GRAMS`, how many runs of so many tokens there are; a run spans no two
            texts.
        types: For each of `GRAMS`, the types kept of them.
    """

    rows: int
    empty_rows: int
    bytes: int
    grams: tuple[int, ...]
    types: tuple[KeptTypes, ...]

    @property
    def tokens(self) -> int:
        """Number of tokens."""
        return self.grams[0]

    @classmethod
    def merged(cls, parts: list[Kept]) -> Kept:
        """What is kept of the rows of several parts together."""
        if len(parts) == 1:
            return parts[0]
        places = range(len(GRAMS))
        return cls(
            sum(part.rows for part in parts),
            sum(part.empty_rows for part in parts),
            sum(part.bytes for part in parts),
            tuple(sum(part.grams[place] for part in parts) for place in places),
            tuple(KeptTypes.merged([part.types[place] for part in parts]) for place in places),
        )


@dataclass(frozen=True, eq=False)
class DiversitySketch:
    """What is kept of a corpus to judge its diversity.

    Made by `sketch_diversity`. `a + b` is the sketch of the rows of both; rows that are in both
    count twice, which only names of shards can prevent. It holds the hashed tokens and some of the
    words of up to about a million tokens for each origin: whoever may not see the text may not see
    its sketch either.

    Attributes:
        strata: What is kept of the rows of each origin and year.
        samples: The sample of the rows of each origin.
        shards: Names of the shards it was made of, where they were given, in order.
    """

    strata: Mapping[Stratum, Kept]
    samples: Mapping[str, RowSample]
    shards: tuple[str, ...] = ()

    @classmethod
    def merged(cls, parts: Iterable[DiversitySketch]) -> DiversitySketch:
        """The sketch of the rows of several sketches together.

        Raises:
            SummaryError: Two of them hold the same shard, whose rows would count twice.
        """
        parts = list(parts)
        shards = sorted(shard for part in parts for shard in part.shards)
        twice = next((a for a, b in pairwise(shards) if a == b), None)
        if twice is not None:
            raise SummaryError(
                f"shard {twice!r} is in two of the sketches, and its rows would count twice: add "
                "each shard once."
            )
        strata = sorted({key for part in parts for key in part.strata}, key=lambda key: key.order)
        origins = sorted({origin for part in parts for origin in part.samples})
        return cls(
            {
                key: Kept.merged([part.strata[key] for part in parts if key in part.strata])
                for key in strata
            },
            {
                origin: RowSample.merged(
                    [part.samples[origin] for part in parts if origin in part.samples]
                )
                for origin in origins
            },
            tuple(shards),
        )

    def __add__(self, other: DiversitySketch) -> DiversitySketch:
        return DiversitySketch.merged([self, other])

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(kept.rows for kept in self.strata.values())

    @property
    def tokens(self) -> int:
        """Number of tokens."""
        return sum(kept.tokens for kept in self.strata.values())

    @property
    def origins(self) -> tuple[str, ...]:
        """Origins of its rows, in alphabetical order."""
        return tuple(self.samples)

    def sample(self, *origins: str) -> RowSample:
        """The sample of the rows of some origins together; of all rows where none is named."""
        wanted = origins or self.origins
        return RowSample.merged([self.samples[name] for name in wanted if name in self.samples])

    def kept(self, *origins: str) -> Kept:
        """What is kept of the rows of some origins together; of all rows where none is named."""
        parts = [kept for key, kept in self.strata.items() if not origins or key.origin in origins]
        none = KeptTypes.merged([])
        return Kept.merged(parts or [Kept(0, 0, 0, (0,) * len(GRAMS), (none,) * len(GRAMS))])

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays; at most 200 MB, whatever the size of the corpus."""
        types = (types.nbytes for kept in self.strata.values() for types in kept.types)
        return sum(types) + sum(sample.nbytes for sample in self.samples.values())

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; arrays as base64 of their little-endian bytes.

        The same rows give the same data, however they were cut and ordered.
        """
        return {
            "schema": SCHEMA,
            "tokenizer": TOKENIZER,
            "shards": list(self.shards),
            "strata": [
                {
                    "origin": key.origin,
                    "year": key.year,
                    "rows": kept.rows,
                    "empty_rows": kept.empty_rows,
                    "bytes": kept.bytes,
                    "grams": list(kept.grams),
                    "types": [types.to_dict() for types in kept.types],
                }
                for key, kept in self.strata.items()
            ],
            "samples": {origin: sample.to_dict() for origin, sample in self.samples.items()},
        }

    @classmethod
    def from_dict(cls, data: Any) -> DiversitySketch:
        """Read what `to_dict` gave.

        Raises:
            SummaryError: It is no sketch, or one that this version cannot read.
        """
        named = fields_of(data, ("schema", "tokenizer", "shards", "strata", "samples"), "it")
        for key, known in (("schema", SCHEMA), ("tokenizer", TOKENIZER)):
            require(named[key] == known, f"its {key} is {shown(named[key])}, not {known!r}")
        require(isinstance(named["strata"], list), "'strata' is no list")
        require(isinstance(named["samples"], dict), "'samples' is no object")
        shards = named["shards"]
        require(
            isinstance(shards, list) and all(isinstance(shard, str) for shard in shards),
            "'shards' is no list of names",
        )
        strata = [_stratum(item) for item in named["strata"]]
        require(len(dict(strata)) == len(strata), "a stratum is there twice")
        samples = {name: RowSample.from_dict(each) for name, each in named["samples"].items()}
        require({key.origin for key, _ in strata} == set(samples), "its origins differ")
        sketch = cls(dict(strata), samples, tuple(shards))
        for origin, sample in samples.items():
            kept = sketch.kept(origin)
            sampled = sum(sample.copies.tolist())
            require(sampled <= kept.rows - kept.empty_rows, "it samples more rows than it has")
        return cls.merged([sketch])

    def to_bytes(self) -> bytes:
        """The content of a file; `from_bytes` gives the same sketch, bit for bit."""
        return pack(self.to_dict())

    @classmethod
    def from_bytes(cls, content: bytes) -> DiversitySketch:
        """Read what `to_bytes` gave. Nothing in it is run, whoever it is from.

        Raises:
            SummaryError: It is no sketch, or one that this version cannot read.
        """
        return cls.from_dict(unpack(content))

    def save(self, path: str | Path) -> None:
        """Write it to a file, whole or not at all; what is there is replaced.

        Args:
            path: The file; its name ends in `.sketch`.

        Raises:
            UsageError: Its name ends otherwise.
            SummaryError: It cannot be written.
        """
        write_file(path, self.to_bytes())

    @classmethod
    def load(cls, path: str | Path) -> DiversitySketch:
        """Read a file that `save` wrote.

        Raises:
            SummaryError: It cannot be read, or is no sketch that this version can read.
        """
        content = read_file(path)
        try:
            return cls.from_bytes(content)
        except SummaryError as error:
            raise SummaryError(f"{path}: {error}") from error

    def named(self) -> DiversitySketch:
        """The sketch with its content's hash for a shard's name, where it names no shard.

        So two sketches of the same rows cannot be added by accident. Rows that a part of another
        sketch has are not found that way: give each shard a name, and add each once.
        """
        if self.shards or not self.rows:
            return self
        return replace(self, shards=(f"sha256:{digest(self.to_dict())}",))


def _stratum(data: Any) -> tuple[Stratum, Kept]:
    names = ("origin", "year", "rows", "empty_rows", "bytes", "grams", "types")
    named = fields_of(data, names, "a stratum")
    origin, year = named["origin"], named["year"]
    require(origin in (*ORIGINS, UNLABELLED), f"its origin is {shown(origin)}")
    require(year is None or FIRST_YEAR <= whole(year, "a year") <= LAST_YEAR, "a year is too far")
    grams, types = named["grams"], named["types"]
    for each in (grams, types):
        require(isinstance(each, list) and len(each) == len(GRAMS), "a stratum is cut off")
    kept = Kept(
        rows=whole(named["rows"], "'rows'"),
        empty_rows=whole(named["empty_rows"], "'empty_rows'"),
        bytes=whole(named["bytes"], "'bytes'"),
        grams=tuple(whole(count, "'grams'") for count in grams),
        types=tuple(KeptTypes.from_dict(each) for each in types),
    )
    for count, each in zip(kept.grams, kept.types, strict=True):
        total = sum(each.counts.tolist())
        require(total == count if each.complete else total <= count, "its types are miscounted")
    return Stratum(origin, year), kept
