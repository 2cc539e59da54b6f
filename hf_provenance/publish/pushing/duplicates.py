"""Rows that a repo holds already, told by their ids without reading its data.

Every run has left the first 48 bits of its ids beside the shards, sorted: 3.6 bytes a row. What
hits there is looked up in the `prov_id` columns of that run, so the answer is exact.
"""

from __future__ import annotations

import io
import logging
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hf_provenance.errors import SummaryError
from hf_provenance.publish.contents.edition import Ids, id48, ids_path
from hf_provenance.publish.contents.tree import small_file
from hf_provenance.publish.reading.columns import label_tables
from hf_provenance.publish.reading.publication import Publication

_MOST_A_ROW = 16
_FRAME = 100_000
"""Bytes that ids may take: for each row, of which they need 3.6, and for the rest of the file."""

_log = logging.getLogger(__name__)

Texts = np.ndarray[Any, np.dtype[np.bytes_]]


class HeldRows:
    """The rows of a config by id.

    Memory is 8 bytes a row, and 32 for those of runs that share a row with what is asked for.

    Args:
        publication: The config as published.

    Raises:
        SummaryError: The ids beside the shards are not there or cannot be read.
    """

    def __init__(self, publication: Publication) -> None:
        self._publication = publication
        runs = publication.layout.runs
        sizes = [publication.tree.entry(self._path(run)) for run in runs]
        _log.info(
            "Reading the ids of %s rows: %s bytes.",
            f"{publication.layout.rows:,}",
            f"{sum(entry.size for entry in sizes if entry):,}",
        )
        self._short = {run: self._read(run) for run in runs}
        self._whole: dict[str, Texts] = {}

    def might_hold(self, ids: Ids, *, beside: set[str]) -> bool:
        """Whether a run that is not among `beside` may hold one of these rows.

        Args:
            ids: First 48 bits of their ids.
            beside: Runs to leave out.
        """
        runs = [found for run, found in self._short.items() if run not in beside]
        return any(_among(found, ids).any() for found in runs)

    def holds(self, ids: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Tell of each row whether the config holds it.

        Args:
            ids: `prov_id` of each row.
        """
        held = np.zeros(len(ids), np.bool_)
        if not len(ids):
            return held
        short = id48(ids)
        texts = _texts(ids)
        for run, found in self._short.items():
            hits = np.flatnonzero(_among(found, short) & ~held)
            if len(hits):
                held[hits] = _among(self._ids_of(run), texts[hits])
        return held

    def _ids_of(self, run: str) -> Texts:
        if run not in self._whole:
            publication = self._publication
            columns = [
                _texts(table["prov_id"])
                for shard in publication.layout.shards
                if shard.run == run
                for table in label_tables(publication.tree, shard, ["prov_id"])
            ]
            self._whole[run] = np.sort(np.concatenate(columns))
        return self._whole[run]

    def _path(self, run: str) -> str:
        return ids_path(self._publication.config, run)

    def _read(self, run: str) -> Ids:
        publication, path = self._publication, self._path(run)
        rows = publication.layout.of_runs([run]).rows
        try:
            content = small_file(publication.tree, path, _FRAME + _MOST_A_ROW * rows)
            file = pq.ParquetFile(io.BytesIO(content or b""))
            if file.metadata.num_rows != rows:  # told before what may unfold to gigabytes is read
                raise KeyError(f"{file.metadata.num_rows:,} rows")
            ids: Ids = file.read(["id48"], use_threads=False)["id48"].to_numpy()
        except (OSError, KeyError, pa.ArrowException, SummaryError) as error:
            raise SummaryError(
                f"{path} of {publication.tree.name} cannot be read ({error}), so nobody can tell "
                'which rows are there already: use duplicates="keep".'
            ) from error
        if ids.dtype != np.int64 or len(ids) != rows or (np.diff(ids) < 0).any():
            raise SummaryError(
                f"{path} of {publication.tree.name} does not hold the sorted ids of the {rows:,} "
                'rows of its run: use duplicates="keep", or publish the data anew.'
            )
        return ids


def _among(found: Any, wanted: Any) -> Any:
    """Tell of each wanted value whether it is among the sorted ones."""
    if not len(found):
        return np.zeros(len(wanted), np.bool_)
    places = np.minimum(np.searchsorted(found, wanted), len(found) - 1)
    return found[places] == wanted


def _texts(ids: pa.ChunkedArray) -> Texts:
    fixed = pa.concat_arrays(ids.chunks or [pa.array([], pa.string())]).cast(pa.binary(32))
    texts: Texts = np.frombuffer(fixed.buffers()[1] or b"", "S32")
    return texts[fixed.offset : fixed.offset + len(fixed)]
