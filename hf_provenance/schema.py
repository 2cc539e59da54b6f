"""The row schema `hf-provenance/1`: columns, vocabularies and their checks.

Single source of truth: every other module asks this one which columns exist, what type they
have and which values they take. `datasets` drops Arrow schema metadata, so the schema's name
travels in the card's YAML and in `provenance.json`, never in the table.

Types are chosen so that the Hub shows them: flat strings of few values get a bar chart and
`timestamp` a histogram (`date32` does not), and the Hub's Croissant export knows naive
`timestamp[us]` and plain `string` but skips zoned timestamps and `string_view`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc
from datasets import Features

from hf_provenance.errors import SchemaError, VocabularyError

SCHEMA = "hf-provenance/1"
PREFIX = "prov_"
JOIN = "|"
"""Joins several generators, or several problem codes, in one string."""

HUMAN, SYNTHETIC, MIXED, UNKNOWN = "human", "synthetic", "mixed", "unknown"
ORIGINS = (HUMAN, SYNTHETIC, MIXED, UNKNOWN)
"""Who wrote the row. Unknown is a value, not an absence."""

BASES = ("declared", "column", "credential", "registry", "cutoff", "default")
"""How the origin is known, strongest first: the order is the precedence."""

BASIS_MEANINGS = {
    "declared": "the publisher's word",
    "column": "a column of the data",
    "credential": "a signed credential in the text",
    "registry": "a record about the whole source dataset",
    "cutoff": "the collection date and nothing else",
    "default": "no evidence",
}
"""What a label of each basis rests on."""

METHODS = (
    "web_crawl",
    "web_api",
    "social_media",
    "user_content",
    "user_interaction",
    "crowdsourced",
    "expert_authored",
    "digitised",
    "licensed_feed",
    "model_generation",
    "model_rewrite",
    "simulation",
    "sensor_log",
    "other",
    "unknown",
)
"""How the row was collected."""

MODEL_METHODS = ("model_generation", "model_rewrite")
"""Methods that by themselves say that a model wrote the row."""

MOST = 2**63 - 1
"""Greatest count of bytes or tokens."""

LIMITS = {"synthetic_share": (0, 1), "generation": (0, 127), "tokens": (0, MOST)}
"""Least and greatest value of the annotator's numeric fields."""

PROBLEMS = {
    "date_unreadable": "a collection date could not be read and was not used",
    "date_future": "a collection date lies more than a day in the future and was not used",
    "date_open": "only one end of the collection dates is known, so the row is undated",
    "date_estimated": "the crawl is not in the table of crawls: its dates are its week ± 3 weeks",
    "date_ancient": "a collection date lies before 1900 and was not used",
    "authored_unreadable": "the authoring date could not be read and is left empty",
    "text_empty": "the text is null or empty",
    "conflict": "sources contradict each other, so the origin is unknown",
    "outweighed": "sources contradict each other, and the stronger one was believed",
    "language_unknown": "the language detector found nothing to decide on",
}
"""Codes of `prov_problems`, each with what it means for the row."""

TIMESTAMP = pa.timestamp("us")


@dataclass(frozen=True)
class Column:
    """One column of the row schema.

    Attributes:
        name: Column name, with the prefix `prov_`.
        type: Arrow type.
        nullable: Whether null is a value (it then means "not known").
        core: Core columns are always written; the others only when asked for.
        meaning: One sentence for the card.
        vocabulary: The closed list of values, where there is one.
    """

    name: str
    type: pa.DataType
    nullable: bool
    core: bool
    meaning: str
    vocabulary: tuple[str, ...] | None = None


COLUMNS = (
    Column("prov_id", pa.string(), False, True, "hash of the text as it stands (xxh3-128)"),
    Column("prov_origin", pa.string(), False, True, "who wrote the row", ORIGINS),
    Column("prov_origin_basis", pa.string(), False, True, "how that is known", BASES),
    Column("prov_method", pa.string(), False, True, "how the row was collected", METHODS),
    Column("prov_source", pa.string(), True, True, "the crawl, set or run it came from"),
    Column("prov_collected_at", TIMESTAMP, True, True, "earliest possible collection, UTC"),
    Column("prov_collected_until", TIMESTAMP, True, True, "latest possible collection, UTC"),
    Column("prov_generator", pa.string(), True, True, "the model that wrote it"),
    Column("prov_bytes", pa.int64(), False, True, "UTF-8 bytes of text, or stored bytes of media"),
    Column("prov_problems", pa.string(), True, True, "what went wrong while labelling"),
    Column("prov_synthetic_share", pa.float32(), True, False, "share a model wrote, 0 to 1"),
    Column("prov_generation", pa.int8(), True, False, "models between the row and a person"),
    Column("prov_parents", pa.list_(pa.string()), True, False, "rows or URLs it was derived from"),
    Column("prov_authored_at", TIMESTAMP, True, False, "when the text was written, UTC"),
    Column("prov_url", pa.string(), True, False, "where it was found"),
    Column("prov_tokens", pa.int64(), True, False, "tokens, by the tokenizer that the card names"),
    Column("prov_language", pa.string(), True, False, "language, BCP-47"),
    Column("prov_license", pa.string(), True, False, "licence, SPDX"),
    Column("prov_markers", pa.string(), True, False, "assistant phrases: evidence, no label"),
)  # fmt: skip

BY_NAME = {column.name: column for column in COLUMNS}
CORE = tuple(column.name for column in COLUMNS if column.core)


def ordered(names: Iterable[str]) -> tuple[str, ...]:
    """Sort provenance column names into schema order."""
    wanted = set(names)
    return tuple(column.name for column in COLUMNS if column.name in wanted)


def arrow_schema(names: Iterable[str] = CORE) -> pa.Schema:
    """Arrow schema of the given provenance columns, in schema order."""
    return _arrow_schema(tuple(names))


@lru_cache(maxsize=32)
def _arrow_schema(names: tuple[str, ...]) -> pa.Schema:
    return pa.schema([(name, BY_NAME[name].type) for name in ordered(names)])


def features(names: Iterable[str] = CORE) -> Features:
    """`datasets.Features` of the given provenance columns, in schema order."""
    return Features.from_arrow_schema(arrow_schema(names))


def provenance_columns(names: Iterable[str]) -> tuple[str, ...]:
    """Those of `names` that are columns of this schema, in schema order."""
    return ordered(name for name in names if name in BY_NAME)


def is_annotated(names: Iterable[str]) -> bool:
    """Whether all core columns are among `names`."""
    return set(CORE) <= set(names)


def require_annotated(schema: pa.Schema, *, where: str = "the dataset") -> tuple[str, ...]:
    """Check that a table carries provenance columns of the right types.

    Args:
        schema: Arrow schema of the data.
        where: How to name the data in the error.

    Returns:
        The provenance columns present, in schema order.

    Raises:
        SchemaError: A core column is missing or a column has another type.
    """
    missing = [name for name in CORE if name not in schema.names]
    if missing:
        raise SchemaError(
            f"{where} has no provenance column {missing[0]!r}"
            + (f" (and {len(missing) - 1} more are missing)" if len(missing) > 1 else "")
            + ": label it first with `annotate(dataset, ...)`."
        )
    present = provenance_columns(schema.names)
    for name in present:
        found = schema.field(name).type
        if not _same_type(found, BY_NAME[name].type):
            raise SchemaError(
                f"{where}: column {name!r} has type {found}, the schema {SCHEMA} says "
                f"{BY_NAME[name].type}: annotate again with `annotate(dataset, overwrite=True)`."
            )
    return present


def check_rows(table: pa.Table, *, where: str = "the dataset") -> None:
    """Check the values of provenance columns that somebody else may have written.

    Args:
        table: Provenance columns of the right types.
        where: How to name the data in the error.

    Raises:
        SchemaError: A null where there may be none, an id that is no 32 hex digits, a number
            out of bounds, or an interval of dates that is none.
        VocabularyError: A value outside a closed vocabulary.
    """
    again = "annotate again with `annotate(dataset, overwrite=True)`."
    for name in provenance_columns(table.column_names):
        column = BY_NAME[name]
        if not column.nullable and table[name].null_count:
            raise SchemaError(
                f"{where}: {table[name].null_count:,} rows have no {name!r}, which every row "
                f"must have: {again}"
            )
        if column.vocabulary:
            odd = sorted(set(pc.unique(table[name]).to_pylist()) - set(column.vocabulary))
            if odd:
                raise VocabularyError(
                    f"{where}: column {name!r} holds {odd[:5]}, and may hold only "
                    f"{list(column.vocabulary)}: {again}"
                )
        limits = (0, MOST) if name == "prov_bytes" else LIMITS.get(name.removeprefix(PREFIX))
        if limits and table.num_rows:
            low, high = limits
            found = pc.min_max(table[name]).as_py()
            if found["min"] is not None and not low <= found["min"] <= found["max"] <= high:
                raise SchemaError(
                    f"{where}: column {name!r} holds values from {found['min']} to "
                    f"{found['max']}, and may hold only {low:,} to {high:,}: {again}"
                )
    if "prov_id" in table.column_names and table.num_rows:
        lengths = pc.min_max(pc.binary_length(table["prov_id"])).as_py()
        if lengths != {"min": 32, "max": 32}:
            raise SchemaError(f"{where}: column 'prov_id' holds values that are no 32 hex digits.")
    start, end = (table[name] for name in ("prov_collected_at", "prov_collected_until"))
    whole = pc.equal(pc.is_null(start), pc.is_null(end))
    in_order = pc.and_(whole, pc.fill_null(pc.less_equal(start, end), True))
    if not pc.all(in_order, min_count=0).as_py():
        raise SchemaError(
            f"{where}: rows whose 'prov_collected_at' lies after 'prov_collected_until', or is "
            f"there without it: {again}"
        )


def _same_type(found: pa.DataType, wanted: pa.DataType) -> bool:
    """Equal, or the large variant that `datasets` may have made of it."""
    if pa.types.is_list(wanted):
        return (pa.types.is_list(found) or pa.types.is_large_list(found)) and _same_type(
            found.value_type, wanted.value_type
        )
    return bool(found.equals(wanted) or (pa.types.is_string(wanted) and _is_string(found)))


def _is_string(type_: pa.DataType) -> bool:
    return bool(pa.types.is_large_string(type_) or pa.types.is_string_view(type_))
