"""Both sides of an audit, each read once: rows are indexed or scanned, and looked at on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy

import numpy as np
import pyarrow as pa

from hf_provenance import schema
from hf_provenance.audit.accumulation import Holdings
from hf_provenance.audit.ancestry import Ancestry
from hf_provenance.audit.choice import Chosen
from hf_provenance.audit.dates import (
    AFTER,
    BEFORE,
    SIDES,
    UNDATED,
    Collected,
    Publication,
    collected,
)
from hf_provenance.audit.index import OverlapIndex
from hf_provenance.audit.overlap import Overlap, read_overlap
from hf_provenance.audit.purity import LabelReader, has_labels
from hf_provenance.audit.scan import scan
from hf_provenance.audit.tally import OverlapTally
from hf_provenance.audit.witnesses import Named, name_columns
from hf_provenance.text.parts import text_columns

ORDERS = (BEFORE, AFTER, "order_unknown")
"""Columns of a report: on which side of the publication the overlapping training rows lie."""

_ORDER_OF = {side: side if side in ORDERS else "order_unknown" for side in SIDES}


class Columns:
    """Which columns of a dataset an audit reads.

    Args:
        text: The text columns; None to find one.
        id_: Column of ids; None for `prov_id`.
        date: Column of dates; None to find one.
        url: Column of URLs; None to find one.
    """

    def __init__(
        self,
        text: str | Sequence[str] | None,
        id_: str | None = None,
        date: str | None = None,
        url: str | None = None,
    ) -> None:
        self.text = text
        self.id = id_
        self.date = date
        self.url = url

    def named(self, columns: pa.Schema) -> Named:
        """The columns that name a row.

        Raises:
            SchemaError: A column is not there, or holds no text.
        """
        return name_columns(columns, text_columns(columns, self.text), self.id, self.date, self.url)

    def __call__(self, columns: pa.Schema) -> list[str]:
        """Text, names and provenance."""
        named = self.named(columns).columns
        return list(dict.fromkeys([*named, *schema.provenance_columns(columns.names)]))


class EvaluationReader:
    """Gives the rows of an evaluation set, and notes their labels on the way.

    Attributes:
        labels: Their labels.
        ancestry: What they were made from.
        places: Rows of each split.
    """

    def __init__(self, chosen: Chosen, columns: Columns) -> None:
        self.chosen = chosen
        self.columns = columns
        self.labels = LabelReader()
        self.ancestry = Ancestry(synthetic=True)
        self.places: dict[str, int] = dict.fromkeys(chosen.splits, 0)
        self._generators: list[pa.ChunkedArray] = []

    def __iter__(self) -> Iterator[pa.Table]:
        for split, table in self.chosen.tables(self.columns):
            self.labels.add(table, split)
            self.ancestry.add(table)
            self.places[split] += table.num_rows
            held = "prov_generator" in table.column_names
            nothing = pa.chunked_array([pa.nulls(table.num_rows, pa.string())])
            self._generators.append(table["prov_generator"].cast(pa.string()) if held else nothing)
            yield table

    def generator(self) -> pa.ChunkedArray:
        """The model that wrote each row, if it says so."""
        chunks = [chunk for column in self._generators for chunk in column.chunks]
        return pa.chunked_array(chunks, pa.string())


class Seen:
    """What was seen of training rows; `take` adds what another worker has seen.

    Args:
        index: Digest of the index of the evaluation set.
        with_models: Whether to keep the ids of rows that models wrote.

    Attributes:
        tallies: Column of `ORDERS` -> what was found in the training rows of that side.
        collected: Counts of rows by date.
        ancestry: What the rows were made from.
        holdings: Their ids, where they are compared with an earlier revision.
        unlabelled: Splits without provenance columns.
        without_parents: Splits that do not say what their rows were made from.
    """

    def __init__(self, index: str, with_models: bool) -> None:
        self.tallies = {column: OverlapTally(index) for column in ORDERS}
        self.collected = Collected()
        self.ancestry = Ancestry(synthetic=with_models)
        self.holdings = Holdings()
        self.unlabelled: list[str] = []
        self.without_parents: list[str] = []

    def take(self, other: Seen) -> None:
        """Add what was seen of further rows."""
        for order, tally in other.tallies.items():
            self.tallies[order].take(tally)
        self.collected.take(other.collected)
        self.ancestry.take(other.ancestry)
        self.holdings.take(other.holdings)
        for mine, theirs in (
            (self.unlabelled, other.unlabelled),
            (self.without_parents, other.without_parents),
        ):
            mine += [split for split in theirs if split not in mine]


class TrainingReader:
    """Holds training rows against an evaluation set, each table once.

    Attributes:
        seen: What was seen of them.
    """

    def __init__(
        self,
        index: OverlapIndex,
        evaluation: EvaluationReader,
        publication: Publication | None,
        compared: bool,
    ) -> None:
        self.index = index
        self.publication = publication
        self.compared = compared
        self.seen = Seen(index.digest, with_models=len(evaluation.ancestry.edges.rows) > 0)

    def read(self, chosen: Chosen, columns: Columns) -> None:
        """Read all rows.

        Raises:
            SchemaError: A column is not there, or is not what the schema says.
            InputError: Rows cannot be read.
        """
        if chosen.workers is not None:
            for seen in chosen.workers(self, chosen, columns):
                self.seen.take(seen)
            return
        for split, table in chosen.tables(columns):
            self.see(split, table, columns)

    def afresh(self) -> TrainingReader:
        """A reader of other rows, which has seen none yet."""
        other = copy(self)
        other.seen = Seen(self.index.digest, self.seen.ancestry.synthetic)
        return other

    def see(self, split: str, table: pa.Table, columns: Columns) -> None:
        """Read the rows of a table.

        Raises:
            SchemaError: A column is not there, or is not what the schema says.
        """
        seen, where = self.seen, f"the training split {split!r}"
        if has_labels(table.schema, where):
            schema.check_rows(table, where=where)
        elif split not in seen.unlabelled:
            seen.unlabelled.append(split)
        if "prov_parents" not in table.column_names and split not in seen.without_parents:
            seen.without_parents.append(split)
        seen.ancestry.add(table)
        if self.compared:
            schema.require_annotated(table.schema, where=where)
            seen.holdings.add(table)
        self._scan(table, columns)

    def _scan(self, table: pa.Table, columns: Columns) -> None:
        """Hold rows against the index, those of each side of the publication by themselves."""
        named = columns.named(table.schema)
        start, until = collected(table, named.dates)
        codes = None if self.publication is None else self.publication.sides(start, until)
        self.seen.collected.add(start, until, codes)
        if codes is None:
            codes = np.full(table.num_rows, SIDES.index(UNDATED), np.int8)
        for order, tally in self.seen.tallies.items():
            here = np.isin(codes, [SIDES.index(side) for side in SIDES if _ORDER_OF[side] == order])
            if here.any():
                part = table if here.all() else table.filter(pa.array(here))
                tally.take(
                    scan(
                        self.index,
                        [part],
                        text=named.text,
                        id=columns.id,
                        date=columns.date,
                        url=columns.url,
                    )
                )

    def overlaps(self) -> dict[str, Overlap]:
        """What was found in the rows of each side of the publication."""
        return {
            order: read_overlap(self.index, tally) for order, tally in self.seen.tallies.items()
        }

    def overlap(self) -> Overlap:
        """What was found in all rows."""
        total = OverlapTally(self.index.digest)
        for tally in self.seen.tallies.values():
            total.take(tally)
        return read_overlap(self.index, total)
