"""Accumulate, never replace: whether the human rows of a revision are still there.

Models that are trained on a mix of human and synthetic data keep the tail of the distribution as
long as the human data stays; they lose it where each round's output takes its place
(Gerstgrasser et al. 2024, arXiv 2404.01413). Which of the two happens is a question of ids, not of
statistics.

What ids can't tell: a row whose text was edited has another `prov_id`, and counts as missing. An
id that is there under another label counts as there; `find_conflicts` and `verify` are about
labels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hf_provenance import schema
from hf_provenance.card.facts import DEFAULT
from hf_provenance.drawn import drawn_tables
from hf_provenance.errors import MixError, UsageError
from hf_provenance.inputs import is_hub_id, open_input, reading
from hf_provenance.lineage import find
from hf_provenance.publish.reading.columns import label_tables
from hf_provenance.publish.reading.publication import (
    open_tree,
    published_configs,
    read_publication,
)
from hf_provenance.tables import arrow_rows, named_splits

_ROWS = 50_000
_COLUMNS = ["prov_id", "prov_origin"]
_Read: TypeAlias = Callable[[], Iterator[pa.Table]]
_SHOWN = 5


@dataclass(frozen=True, eq=False)
class HumanRows:
    """The human rows of a revision.

    Attributes:
        where: How messages name the revision.
        ids: Their distinct ids.
        rows: Where each of them stands first, counted from 0 in its split.
    """

    where: str
    ids: pa.Array
    rows: pa.Array

    def missing_from(self, datasets: Iterable[Any]) -> list[tuple[str, int]]:
        """The ids, with their rows, that none of some datasets has; reads the ids alone."""
        found = np.zeros(len(self.ids) + 1, bool)  # the last place takes what is not looked for
        for dataset in datasets:
            for table in drawn_tables(dataset, ["prov_id"]):
                ids = table["prov_id"].cast(pa.large_string()).combine_chunks()
                found[find(ids, self.ids)] = True
        lost = pa.array(np.flatnonzero(~found[:-1]))
        return list(
            zip(self.ids.take(lost).to_pylist(), self.rows.take(lost).to_pylist(), strict=True)
        )

    def require_in(self, datasets: Iterable[Any], hint: str = "") -> None:
        """Refuse a mix that leaves some of them out.

        Args:
            datasets: What the mix is made of.
            hint: What else mends it.

        Raises:
            MixError: The message names the first of them.
        """
        lost = self.missing_from(datasets)
        if not lost:
            return
        ids = ", ".join(f"{id_} (row {row:,})" for id_, row in lost[:_SHOWN])
        more = f" and {len(lost) - _SHOWN:,} more" if len(lost) > _SHOWN else ""
        verb = "is" if len(lost) == 1 else "are"
        raise MixError(
            f"{len(lost):,} of the {len(self.ids):,} human rows of {self.where} {verb} not in the "
            f"mix: prov_id {ids}{more}. Synthetic rows may stand beside human ones and not in "
            "their place: add them, as in `mix_datasets({..., 'previous': previous}, "
            f"previous=previous)`{hint}."
        )


def human_rows(previous: Any, split: str) -> HumanRows:
    """Read the human rows of a revision.

    Args:
        previous: An annotated dataset, or the name of a folder, a file or a dataset on the Hub,
            at a revision as in `owner/name@v1.0`.
        split: The split to read where there are several; an only one is read whatever its name.

    Raises:
        UsageError: It has several splits and none of that name.
        SchemaError: It is not annotated.
        InputError: It is not there, or cannot be read.
        AccessError: It is not on the Hub for this token.
    """
    named = isinstance(previous, str | Path)
    name = str(previous) if named else "the previous revision"
    places, ids, first = [], [], 0
    with reading(name):
        splits = _of_name(name) if named else _of_dataset(previous, name)
        if len(splits) > 1 and split not in splits:
            raise UsageError(
                f"{name} has the splits {list(splits)}, and the mix is {split!r}: name the one to "
                f"hold it against, as in `previous=dataset[{next(iter(splits))!r}]`."
            )
        read = splits.get(split) or next(iter(splits.values()))
        for table in read():
            human = pc.equal(table["prov_origin"], schema.HUMAN)
            found = table["prov_id"].filter(human).cast(pa.large_string())
            ids.append(found.combine_chunks())
            at = np.arange(first, first + table.num_rows)
            places.append(pa.array(at).filter(human.combine_chunks()))
            first += table.num_rows
    if not ids:
        return HumanRows(name, pa.array([], pa.large_string()), pa.array([], pa.int64()))
    each = pa.table({"id": pa.concat_arrays(ids), "row": pa.concat_arrays(places)})
    once = each.group_by("id", use_threads=False).aggregate([("row", "min")])
    return HumanRows(name, once["id"].combine_chunks(), once["row_min"].combine_chunks())


def _of_dataset(dataset: Any, name: str) -> dict[str, _Read]:
    def read(rows: Any) -> Iterator[pa.Table]:
        rows = arrow_rows(rows)
        schema.require_annotated(rows.features.arrow_schema, where=name)
        yield from rows.select_columns(_COLUMNS).iter(batch_size=_ROWS)

    return {split: partial(read, rows) for split, rows in named_splits(dataset).items()}


def _of_name(name: str) -> dict[str, _Read]:
    """The splits of a name; of what this package published only two columns are read, by range."""
    place, revision = name, None
    if not Path(name).exists():
        place, _, at = name.partition("@")
        revision = at or None
    if not (Path(place).is_dir() or is_hub_id(place)):
        return _of_dataset(open_input(name), name)
    tree = open_tree(place, revision)
    if DEFAULT not in published_configs(tree):
        return _of_dataset(open_input(place, revision=revision), name)
    layout = read_publication(tree, DEFAULT).layout

    def read(split: str) -> Iterator[pa.Table]:
        for shard in layout.shards:
            if shard.split == split:
                yield from label_tables(tree, shard, _COLUMNS)

    return {split: partial(read, split) for split in layout.splits}
