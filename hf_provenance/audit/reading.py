"""Both sides of an audit, each read once: rows are indexed or scanned, and looked at on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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


class TrainingReader:
    """Holds training rows against an evaluation set, each table once.

    Attributes:
        tallies: Column of `ORDERS` -> what was found in the training rows of that side.
        collected: Counts of rows by date.
        ancestry: What the rows were made from.
        holdings: Their ids, where they are compared with an earlier revision.
        unlabelled: Splits without provenance columns.
        without_parents: Splits that do not say what their rows were made from.
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
        self.tallies = {column: OverlapTally(index.digest) for column in ORDERS}
        self.collected = Collected()
        self.ancestry = Ancestry(synthetic=len(evaluation.ancestry.edges.rows) > 0)
        self.holdings = Holdings()
        self.compared = compared
        self.unlabelled: list[str] = []
        self.without_parents: list[str] = []

    def read(self, chosen: Chosen, columns: Columns) -> None:
        """Read all rows.

        Raises:
            SchemaError: A column is not there, or is not what the schema says.
            InputError: Rows cannot be read.
        """
        for split, table in chosen.tables(columns):
            where = f"the training split {split!r}"
            if has_labels(table.schema, where):
                schema.check_rows(table, where=where)
            elif split not in self.unlabelled:
                self.unlabelled.append(split)
            if "prov_parents" not in table.column_names and split not in self.without_parents:
                self.without_parents.append(split)
            self.ancestry.add(table)
            if self.compared:
                schema.require_annotated(table.schema, where=where)
                self.holdings.add(table)
            self._scan(table, columns)

    def _scan(self, table: pa.Table, columns: Columns) -> None:
        """Hold rows against the index, those of each side of the publication by themselves."""
        named = columns.named(table.schema)
        start, until = collected(table, named.dates)
        codes = None if self.publication is None else self.publication.sides(start, until)
        self.collected.add(start, until, codes)
        if codes is None:
            codes = np.full(table.num_rows, SIDES.index(UNDATED), np.int8)
        for order, tally in self.tallies.items():
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
        return {order: read_overlap(self.index, tally) for order, tally in self.tallies.items()}

    def overlap(self) -> Overlap:
        """What was found in all rows."""
        total = OverlapTally(self.index.digest)
        for tally in self.tallies.values():
            total.take(tally)
        return read_overlap(self.index, total)
