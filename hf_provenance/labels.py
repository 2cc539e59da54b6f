"""The kernel: rows in, provenance columns out, all in Arrow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hf_provenance import schema
from hf_provenance.authorship import Authorship, read_authorship
from hf_provenance.claims import Evidence, Mask
from hf_provenance.errors import LabelError, SchemaError
from hf_provenance.identity import as_text, identify, is_list, row_name, text_kind
from hf_provenance.origins import STRONGEST, as_mask, decide_origins
from hf_provenance.plan import Plan
from hf_provenance.schema import HUMAN, JOIN, UNKNOWN
from hf_provenance.sources.crawl_dates import Intervals, read_date, read_dates
from hf_provenance.sources.fields import Col, items, mapped, repeated, values
from hf_provenance.sources.languages import detect_languages, detector_of
from hf_provenance.sources.markers import find_markers
from hf_provenance.statements import Statements


def label_rows(
    annotator: Statements, plan: Plan, table: pa.Table, first_row: int | None
) -> pa.Table:
    """The provenance columns of a table as a table; see `Annotator.labels`."""
    columns = label_columns(annotator, plan, table, first_row)
    return pa.Table.from_arrays(columns, schema=schema.arrow_schema(plan.written))


def label_columns(
    annotator: Statements, plan: Plan, table: pa.Table, first_row: int | None
) -> list[pa.Array]:
    """Compute the provenance columns of a table, in the order of `plan.written`."""
    problems = Problems(table.num_rows)
    identity = identify(table, plan.text, first_row)
    problems.add("text_empty", np.asarray(identity.sizes) == 0)
    evidence = read_evidence(plan, table, identity.sizes, first_row)
    collected = _collected(plan.collected, table, problems)
    origins = decide_origins(
        plan,
        evidence,
        collected.until,
        identity.ids,
        on_conflict=annotator.on_conflict,
        human_before=annotator.human_before,
        first_row=first_row,
    )
    outweighed = annotator.on_conflict == STRONGEST
    problems.add("outweighed" if outweighed else "conflict", origins.conflict)

    method = evidence.method
    if method.null_count:
        method = pc.fill_null(method, UNKNOWN)
    fields = plan.fields
    columns: dict[str, pa.Array] = {
        "prov_id": identity.ids,
        "prov_origin": origins.origin,
        "prov_origin_basis": origins.basis,
        "prov_method": method,
        "prov_source": _strings(fields.get("source"), table, "source", None),
        "prov_collected_at": collected.start,
        "prov_collected_until": collected.until,
        "prov_generator": evidence.generator,
        "prov_bytes": identity.sizes,
    }
    optional = set(plan.written) - set(schema.CORE)
    if "prov_synthetic_share" in optional:
        columns["prov_synthetic_share"] = origins.share
    if "prov_generation" in optional:
        columns["prov_generation"] = evidence.generation
    if "prov_parents" in optional:
        columns["prov_parents"] = _parents(fields["parents"], table)
    if "prov_authored_at" in optional:
        authored = _dates(fields["authored"], table, ancient=True)
        problems.add("authored_unreadable", as_mask(pc.and_(
            pc.is_null(authored.start), pc.is_valid(authored.problem))))  # fmt: skip
        columns["prov_authored_at"] = authored.start
    if "prov_url" in optional:
        columns["prov_url"] = _strings(fields["url"], table, "url", None)
    if "prov_tokens" in optional:
        columns["prov_tokens"] = _tokens(fields["tokens"], plan.text, table, first_row)
    if "prov_language" in optional:
        columns["prov_language"] = _languages(annotator, plan, table, problems)
    if "prov_license" in optional:
        columns["prov_license"] = _strings(fields["license"], table, "license", None)
    if "prov_markers" in optional:
        read = [name for name in plan.text if plan.parts.get(name) != HUMAN]
        columns["prov_markers"] = find_markers([table[name] for name in read or plan.text])
    columns["prov_problems"] = problems.codes()
    return [_typed(columns[name], schema.BY_NAME[name].type) for name in plan.written]


def _typed(column: pa.Array, type_: pa.DataType) -> pa.Array:
    return column if column.type == type_ else column.cast(type_)


def read_evidence(plan: Plan, table: pa.Table, sizes: pa.Array, first_row: int | None) -> Evidence:
    """What the columns and constants of a plan say about who wrote the rows of a table.

    Args:
        plan: Where each field comes from.
        table: The rows.
        sizes: Bytes of text of each row.
        first_row: Number of the table's first row in its split, for messages.

    Raises:
        LabelError: A value outside a vocabulary.
        SchemaError: A column of the wrong type.
    """
    turns = plan.turns and read_authorship(table, sizes, plan.text, plan.roles, plan.parts)
    return Evidence(
        tuple(_strings(stated.value, table, "origin", schema.ORIGINS) for stated in plan.origin),
        _strings(plan.method.value, table, "method", schema.METHODS),
        _generators(plan.generator.value, table, turns),
        _numbers(plan.fields.get("synthetic_share"), table, "synthetic_share", first_row),
        _numbers(plan.fields.get("generation"), table, "generation", first_row),
        turns,
    )


class Problems:
    """Collects the problem codes of the rows of one table."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self._masks: list[tuple[str, Mask]] = []

    def add(self, code: str, mask: Mask) -> None:
        """Note a problem on the rows where the mask is true."""
        if mask.any():
            self._masks.append((code, mask))

    def codes(self) -> pa.Array:
        """`prov_problems`: codes joined by `|`, null where there is none."""
        if not self._masks:
            return repeated(None, self.rows)
        codes: list[str | None] = [None] * self.rows
        for code, mask in self._masks:
            for row in np.flatnonzero(mask):
                before = codes[row]
                if before is None:
                    codes[row] = code
                elif code not in before.split(JOIN):
                    codes[row] = before + JOIN + code
        return pa.array(codes, pa.string())


def _strings(field: Any, table: pa.Table, to: str, vocabulary: tuple[str, ...] | None) -> pa.Array:
    if isinstance(field, Col):
        return mapped(field, values(field, table), to, vocabulary)
    return repeated(field, table.num_rows)


def _generators(field: Any, table: pa.Table, turns: Authorship | None) -> pa.Array:
    """Generator of each row, null where the named model wrote no turn of it."""
    names = _named_generators(field, table)
    return names if turns is None else pc.if_else(pa.array(turns.answered), names, None)


def _named_generators(field: Any, table: pa.Table) -> pa.Array:
    """The models that a column or constant names; a list column's several models are joined."""
    if isinstance(field, Col):
        raw = values(field, table)
        if is_list(raw.type):
            names = iter(mapped(field, items(raw), "generator", None).to_pylist())
            rows = [[next(names) for _ in range(length or 0)]
                    for length in pc.list_value_length(raw).to_pylist()]  # fmt: skip
            joined = [JOIN.join(sorted(set(filter(None, row)))) or None for row in rows]
            return pa.array(joined, pa.string())
    return _strings(field, table, "generator", None)


def _numbers(field: Any, table: pa.Table, to: str, first_row: int | None) -> pa.Array:
    """The numbers of a field, within the limits that the schema sets for it."""
    type_ = schema.BY_NAME["prov_" + to].type
    if field is None:
        return pa.nulls(table.num_rows, type_)
    if not isinstance(field, Col):
        return pa.repeat(pa.scalar(field, type_), table.num_rows)
    low, high = schema.LIMITS[to]
    raw = values(field, table)
    try:
        numbers = raw.cast(type_)
    except pa.ArrowNotImplementedError as error:
        raise SchemaError(f"col({field.name!r}) for {to} has type {raw.type}: name a column of "
                          "numbers.") from error  # fmt: skip
    except pa.ArrowInvalid:
        fits = [_casts(raw.slice(row, 1), type_) for row in range(len(raw))]
    else:
        inside = pc.and_(pc.greater_equal(numbers, low), pc.less_equal(numbers, high))
        if not pc.any(pc.invert(inside)).as_py():
            return numbers
        fits = inside.to_pylist()
    row = fits.index(False)
    raise LabelError(
        f"{row_name(row, first_row)}: column {field.name!r} holds {raw[row].as_py()!r}, and {to} "
        f"is {'a' if pa.types.is_floating(type_) else 'a whole'} number from {low:,} to {high:,}; "
        f"{fits.count(False):,} of these {len(raw):,} rows are no such number. Mend the column, or "
        f"leave {to}= out."
    )


def _casts(array: pa.Array, type_: pa.DataType) -> bool:
    try:
        array.cast(type_)
    except pa.ArrowInvalid:
        return False
    return True


def _parents(field: Col, table: pa.Table) -> pa.Array:
    raw = values(field, table)
    if text_kind(raw.type) == "text":
        return pa.array([None if item is None else [item] for item in raw.to_pylist()],
                        pa.list_(pa.string()))  # fmt: skip
    try:
        return raw.cast(pa.list_(pa.string()))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise SchemaError(
            f"col({field.name!r}) for parents has type {raw.type}: it should be strings or lists "
            "of strings."
        ) from error


def _tokens(field: Any, text: tuple[str, ...], table: pa.Table, first_row: int | None) -> pa.Array:
    if isinstance(field, Col):
        return _numbers(field, table, "tokens", first_row)
    if len(text) != 1 or text_kind(table.schema.field(text[0]).type) != "text":
        raise SchemaError(
            "a tokens callable needs one plain text column: count them in a column and name it "
            "with col(...)."
        )
    texts = [value or "" for value in as_text(table[text[0]]).to_pylist()]
    counts = list(field(texts))
    if len(counts) != len(texts):
        raise LabelError(f"tokens: the callable gave {len(counts)} counts for {len(texts)} texts.")
    try:
        return pa.array(counts, pa.int64())
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise LabelError(f"tokens: the callable should give whole numbers: {error}.") from error


def _languages(annotator: Statements, plan: Plan, table: pa.Table, problems: Problems) -> pa.Array:
    declared = declared_languages(plan, table)
    detect = detector_of(annotator.language)
    if detect is None:
        return declared
    texts = undeclared_texts(plan, table, declared)
    if not texts:
        return declared
    tags = detect_languages(texts, detect)
    try:
        found = pa.array(tags, pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise LabelError(f"language: the callable should give a tag or None: {error}.") from error
    filled = pc.replace_with_mask(declared, pc.is_null(declared), found)
    problems.add("language_unknown", as_mask(pc.is_null(filled)))
    return filled


def declared_languages(plan: Plan, table: pa.Table) -> pa.Array:
    """The language of each row that a column or constant states, null where none does."""
    return _strings(plan.fields.get("language"), table, "language", None)


def undeclared_texts(plan: Plan, table: pa.Table, declared: pa.Array) -> list[str | None]:
    """The texts of the rows that declare no language.

    Raises:
        SchemaError: The text is not one plain column.
    """
    if len(plan.text) != 1 or text_kind(table.schema.field(plan.text[0]).type) != "text":
        raise SchemaError("language detection needs one plain text column: name it with `text=`.")
    missing = pc.indices_nonzero(pc.is_null(declared))
    texts: list[str | None] = as_text(table[plan.text[0]]).take(missing).to_pylist()
    return texts


def _collected(tried: tuple[Any, ...], table: pa.Table, problems: Problems) -> Intervals:
    """Collection intervals: the first source that gives a row a date decides for that row."""
    start = until = pa.nulls(table.num_rows, schema.TIMESTAMP)
    for place, source in enumerate(tried):
        found = _dates(source, table)
        if found.problem.null_count < len(found.problem):
            needed = pc.is_null(start)
            for code in pc.unique(found.problem).drop_null().to_pylist():
                hit = pc.fill_null(pc.equal(found.problem, code), False)
                problems.add(code, as_mask(pc.and_(hit, needed)))
        if place == 0:
            start, until = found.start, found.until
        else:
            needed = pc.is_null(start)
            start = pc.if_else(needed, found.start, start)
            until = pc.if_else(needed, found.until, until)
        if start.null_count == 0:
            break
    return Intervals(start, until, repeated(None, table.num_rows))


def collected_intervals(plan: Plan, table: pa.Table) -> Intervals:
    """When each row of a table was collected, by its plan."""
    return _collected(plan.collected, table, Problems(table.num_rows))


def _dates(source: Any, table: pa.Table, *, ancient: bool = False) -> Intervals:
    if isinstance(source, tuple) and any(isinstance(part, Col) for part in source):
        first, last = (_dates(part, table, ancient=ancient) for part in source)
        starts, ends = pc.is_valid(first.start), pc.is_valid(last.until)
        disorder = pc.fill_null(pc.greater(first.start, last.until), False)
        known = pc.and_(pc.and_(starts, ends), pc.invert(disorder))
        problem = pc.coalesce(first.problem, last.problem)
        one_end = pc.and_(pc.xor(starts, ends), pc.is_null(problem))
        problem = pc.if_else(one_end, "date_open", problem)
        return Intervals(
            pc.if_else(known, first.start, None),
            pc.if_else(known, last.until, None),
            pc.if_else(disorder, "date_unreadable", problem),
        )
    if isinstance(source, Col):
        return read_dates(values(source, table), ancient=ancient)
    first_instant, last_instant = read_date(source, ancient=ancient)
    rows = table.num_rows
    return Intervals(
        pa.repeat(pa.scalar(first_instant, schema.TIMESTAMP), rows),
        pa.repeat(pa.scalar(last_instant, schema.TIMESTAMP), rows),
        pa.nulls(rows, pa.string()),
    )
