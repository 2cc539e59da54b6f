"""The `Annotator`: the map function that labels rows.

    ds = ds.map(Annotator(origin=col("written_by", {"ai": "synthetic"})), batched=True)

Its heart, `Annotator.labels`, is a pure function from an Arrow table to the table of new
columns; `__call__` fits it to what `Dataset.map` hands over. Which columns appear is decided by
the annotator and the input's schema, never by values, so every batch and worker decides alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from datasets import Features
from datasets.formatting.formatting import LazyDict

from hf_provenance import schema
from hf_provenance.errors import ColumnClashError, MapUsageError
from hf_provenance.identity import SPEECH_KEYS
from hf_provenance.labels import label_columns, label_rows
from hf_provenance.plan import Plan, make_plan
from hf_provenance.sources.well_known import CHATS
from hf_provenance.statements import Statements


@dataclass(frozen=True, kw_only=True)
class Annotator(Statements):
    """Labels rows with their provenance; give it to `Dataset.map(..., batched=True)`.

    Each field is a constant, a column (`col(...)`), or None: then it is found in the columns
    where that is safe, and otherwise absent. What nobody states stays unknown.

    Attributes:
        text: Column or columns that hold the text. Found: `text`, `content`, `raw_content`,
            `messages`, `conversations`, `conversation`.
        origin: Who wrote it: human, synthetic, mixed, unknown.
        method: How it was collected, a value of `schema.METHODS`.
        source: The crawl, set or run it came from. Found: `dump`.
        collected: When it was collected: an ISO date, a (from, until) pair, or a column of
            dates. Found: `date`, `timestamp`, `created`, `date_download`, then `dump`.
        generator: The model that wrote it. Never found by itself: a column called `model` may
            name a judge, or the model that a person talked to. Naming one here says that it
            names the author, so a row with a generator and no stated origin is synthetic; in a
            chat it wrote the assistant's turns. Known layouts name their own.
        authored: When it was written.
        url: Where it was found. Found: `url`.
        parents: Column of the rows or URLs it was derived from.
        generation: Models between the row and a person: 0 for human text.
        synthetic_share: Column of the share of the row that a model wrote, 0 to 1.
        tokens: Column of token counts, or a callable from a list of texts to counts.
        language: BCP-47 tag, column, or a detector: `"langdetect"`, the reference; `"fast"`, which
            takes the extra `fast-language`; a callable from text to tag; or a `CachedLanguage`
            of one of these. A declared language wins over a detected one. Found: `language`.
        license: SPDX licence id.
        roles: Who speaks in chats: role (assistant, user, system, tool) -> origin, in place of
            what layout or record say. Models write what assistants say unless this says
            otherwise; nobody is said to have written system prompts unless this does.
        layout: "auto" detects a known layout of columns (`sources/layouts.toml`) and finds fields
            in well-known columns; a name or a `Layout` takes that one; None finds nothing but
            the text.
        registry: Hub id of a known dataset that these rows are of as they stand there
            (`sources/registry.toml`), or what `look_up` read off a card. It speaks of the whole
            dataset, so labels that rest on it alone have the basis `registry`.
        human_before: A date or preset: rows collected wholly before it, about which nothing else
            is said, are labelled human with the basis `cutoff`. See `sources.cutoffs` for how
            little that shows.
        on_conflict: "error" stops at a row whose sources contradict each other; "unknown"
            labels it unknown and notes the problem `conflict`; "strongest" believes the source
            of the strongest basis and notes the problem `outweighed`.
        markers: True writes `prov_markers`: which phrases of chat assistants the text holds, such
            as "As an AI language model". They never change the origin; `sources.markers` tells
            how often each was found in human text.
        version: Of the labelling. Part of the state that `datasets` hashes, so that an upgrade
            of this package never reuses a stale map cache (datasets#3297).
    """

    def plan(self, arrow_schema: pa.Schema) -> Plan:
        """Decide from the input's schema which columns are read and written.

        Args:
            arrow_schema: Schema of the rows, without provenance columns.

        Returns:
            The plan: columns to read, where each field comes from, columns to write.

        Raises:
            SchemaError: A named column is not there, or there is no text column.
        """
        return make_plan(self, arrow_schema)

    def labels(self, table: pa.Table, *, first_row: int | None = None) -> pa.Table:
        """Label the rows of a table: the pure kernel that all else wraps.

        Args:
            table: Rows without provenance columns.
            first_row: Number of the table's first row in its split, for messages.

        Returns:
            A table of the new columns, one row for each row of the input, in schema order.

        Raises:
            LabelError: A value outside a vocabulary, or a contradiction.
            SchemaError: The columns do not fit.
        """
        return label_rows(self, self.plan(table.schema), table, first_row)

    def annotate_table(self, table: pa.Table, *, first_row: int | None = None) -> pa.Table:
        """The rows of a table with the new columns behind them."""
        _check_clash(table.column_names)
        plan = self.plan(table.schema)
        labels = label_columns(self, plan, table, first_row)
        return pa.Table.from_arrays([*table.columns, *labels], schema=plan.annotated)

    def features(self, features: Features) -> Features:
        """Features of the annotated data, for `IterableDataset.map(..., features=)`.

        Args:
            features: Features of the input.

        Returns:
            The input's features and, behind them, those of the new columns.
        """
        written = self.plan(features.arrow_schema).written
        return Features({**features, **schema.features(written)})

    def __call__(self, batch: Any, *extra: Any, **named: Any) -> Any:
        """Label one batch of `Dataset.map` or `IterableDataset.map`.

        Args:
            batch: What `map` hands over: a lazy batch, an Arrow table, or (in a stream) a dict
                of lists. NumPy, pandas or torch batches have lost their exact types.
            *extra: Not served: the sign of `with_indices`, `with_rank` or `input_columns`.
            **named: Not served: the sign of `fn_kwargs`.

        Returns:
            A table of all columns for Arrow-backed batches, which keeps exact types (`map` then
            ignores `remove_columns`); for a dict of lists, a dict of the new columns.

        Raises:
            MapUsageError: The call is one that cannot be served; the message names the fix.
        """
        if named:
            raise MapUsageError(
                f"Annotator got fn_kwargs {sorted(named)}: give them to the annotator instead, "
                "`Annotator(origin=..., method=...)`."
            )
        if extra:
            raise MapUsageError(
                "Annotator takes the batch alone: call map(annotator, batched=True) without "
                "with_indices, with_rank and input_columns."
            )
        if isinstance(batch, LazyDict):
            return self.annotate_table(_lazy_table(batch))
        if isinstance(batch, pa.Table):
            return self.annotate_table(batch)
        if isinstance(batch, dict) and not any(hasattr(v, "dtype") for v in batch.values()):
            _check_clash(batch)
            return self._label_dict(batch)
        raise MapUsageError(
            f"Annotator got a {type(batch).__name__}, not a batch of rows: call "
            "map(annotator, batched=True) without input_columns, and with the dataset's format "
            "reset (`ds.with_format(None)`); `annotate(ds, annotator)` serves every format."
        )

    def _label_dict(self, batch: dict[str, Any]) -> dict[str, Any]:
        single = _is_one_row(batch)
        rows = {name: [value] for name, value in batch.items()} if single else batch
        try:
            table = pa.table(rows)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            # Only the columns that are read need a type; others may be images or mixed.
            needed = self.plan(_names_only(rows)).needed
            try:
                table = pa.table({name: rows[name] for name in needed})
            except (pa.ArrowInvalid, pa.ArrowTypeError):
                raise MapUsageError(
                    f"a column of the batch has no Arrow type: {error}. Stream with "
                    '`ds.with_format("arrow")` or use `annotate(ds, ...)`.'
                ) from error
        labels = self.labels(table).to_pydict()
        return {name: column[0] for name, column in labels.items()} if single else labels


def _check_clash(names: Iterable[str]) -> None:
    taken = [name for name in names if name.startswith(schema.PREFIX)]
    if taken:
        raise ColumnClashError(
            f"the rows already have {taken}: remove them first, "
            f"`dataset.remove_columns({taken[:1]})`, or call "
            "`annotate(dataset, ..., overwrite=True)`."
        )


def _lazy_table(batch: LazyDict) -> pa.Table:
    """The Arrow table behind a lazy batch, with the values that the caller has set in it."""
    table = batch.pa_table.table if hasattr(batch.pa_table, "table") else batch.pa_table
    for name in [name for name in table.column_names if name not in batch.data]:
        table = table.drop_columns(name)
    for name, value in batch.data.items():
        if name in batch.keys_to_format:
            continue  # nobody has touched it
        kept = name in table.column_names
        type_ = table.schema.field(name).type if kept else None
        value = value if isinstance(value, list) else [value]
        try:
            column = pa.array(value, type_)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            raise MapUsageError(
                f"column {name!r} was changed before the annotator saw it, to values that are no "
                f"{type_ or 'Arrow values'}: {error}. Do that in a map of its own."
            ) from error
        place = table.column_names.index(name) if kept else table.num_columns
        table = table.set_column(place, name, column) if kept else table.append_column(name, column)
    return table


def _is_one_row(batch: dict[str, Any]) -> bool:
    """Whether a streaming map without `batched=True` handed over one row as a dict."""
    if any(not isinstance(value, list) for value in batch.values()):
        return True
    # A chat is a list of turns; a batch of chats is a list of such lists.
    turns = [batch[name][0] for name in CHATS if batch.get(name)]
    return any(isinstance(turn, dict) and SPEECH_KEYS & turn.keys() for turn in turns)


def _names_only(rows: dict[str, Any]) -> pa.Schema:
    return pa.schema([(name, pa.null()) for name in rows])
