"""Training rows held against the index of an evaluation set, batch by batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hf_provenance.audit.evaluation import chunks
from hf_provenance.audit.index import SHORTEST, Grams, OverlapIndex, hash_ids
from hf_provenance.audit.tally import OverlapTally, see_copy, see_run
from hf_provenance.audit.vocabulary import Numbers
from hf_provenance.audit.witnesses import Named, Witness, name_columns
from hf_provenance.text.grams import gram_hashes, row_keys
from hf_provenance.text.parts import Parts, read_parts, text_columns
from hf_provenance.text.tokens import Places, Tokens, tokenise


def scan(
    index: OverlapIndex,
    tables: Iterable[pa.Table],
    *,
    text: str | Sequence[str] | None = None,
    id: str | None = None,
    date: str | None = None,
    url: str | None = None,
) -> OverlapTally:
    """Hold training rows against an evaluation set.

    Args:
        index: The evaluation set.
        tables: Training rows, in batches of any size; only one is held at a time.
        text: Their text columns; None to find one as `annotate` does.
        id: Column that names a row; None for `prov_id`, or what it would be.
        date: Column of dates; None for the collection dates of an annotation, else a well-known
            column.
        url: Column of URLs; None for `prov_url`, else `url`.

    Returns:
        What was found; tallies of one index add up.

    Raises:
        TextColumnError: There is no text.
        SchemaError: A named column is not there.
    """
    tally = OverlapTally(index.digest)
    for table in tables:
        columns = text_columns(table.schema, text)
        named = name_columns(table.schema, columns, id, date, url)
        for rows in table.to_batches():
            for parts, first, last in chunks(read_parts(rows, columns)):
                batch = rows.slice(first, last - first)
                _Scan(index, tally, batch, parts, named).run()
    return tally


class _Scan:
    """One batch of training rows."""

    def __init__(
        self,
        index: OverlapIndex,
        tally: OverlapTally,
        rows: pa.RecordBatch,
        parts: Parts,
        named: Named,
    ) -> None:
        self.index = index
        self.tally = tally
        self.rows = rows
        self.parts = parts
        self.tokens = tokenise(parts.texts, index.tokens)
        self.row_tokens = self.tokens.texts[parts.rows]
        self.witnesses = _Witnesses(rows, named)
        self.numbers = _Numbers(index, self.tokens)

    def run(self) -> None:
        tally = self.tally
        tally.rows += self.rows.num_rows
        tally.rows_without_tokens += int((np.diff(self.row_tokens) == 0).sum())
        tally.tokens += len(self.tokens)
        tally.text_bytes += int(pc.sum(pc.binary_length(self.parts.texts)).as_py() or 0)
        self._copies()
        self._ids()
        self._short()
        self._runs()

    def _copies(self) -> None:
        """Rows of the same tokens, and those of them of the same bytes."""
        index, ends = self.index, self.index.evaluation.row_tokens
        found: list[tuple[int, int]] = []
        asked, places = index.keys.find(row_keys(self.tokens.hashes, self.row_tokens))
        while len(asked):
            for row, theirs in zip(asked.tolist(), index.key_rows[places].tolist(), strict=True):
                start, stop = self.row_tokens[row : row + 2].tolist()
                wanted = index.evaluation.numbers[ends[theirs] : ends[theirs + 1]]
                if stop - start != len(wanted):
                    continue
                if not (self.numbers.of_run(start, stop) == wanted).all():
                    continue
                found.append((row, theirs))
            places = index.keys.following(places)
            asked, places = asked[places >= 0], places[places >= 0]
        witnesses = self.witnesses.of([row for row, _ in found])
        for (row, theirs), witness in zip(found, witnesses, strict=True):
            if self.row_tokens[row] < self.row_tokens[row + 1]:
                see_copy(self.tally.normalised, theirs, witness)
            same = index.rows_of_bytes(theirs).get(self.parts.of_row(row))
            if same is not None:
                see_copy(self.tally.exact, same, witness)

    def _ids(self) -> None:
        """Rows of the same `prov_id`."""
        prov_ids = self.index.evaluation.prov_ids
        if "prov_id" not in self.rows.schema.names:
            return
        column = self.rows.column("prov_id")
        self.tally.rows_with_id += len(column) - column.null_count
        if prov_ids is None:
            return
        found: list[tuple[int, int]] = []
        asked, places = self.index.id_hashes.find(hash_ids(column))
        while len(asked):
            rows = self.index.id_rows[places].tolist()
            for row, theirs in zip(asked.tolist(), rows, strict=True):
                id_ = column[row].as_py()
                if id_ is not None and id_ == prov_ids[theirs].as_py():
                    found.append((row, theirs))
            places = self.index.id_hashes.following(places)
            asked, places = asked[places >= 0], places[places >= 0]
        witnesses = self.witnesses.of([row for row, _ in found])
        for (_, theirs), witness in zip(found, witnesses, strict=True):
            see_copy(self.tally.same_id, theirs, witness)

    def _short(self) -> None:
        """Short evaluation texts that stand somewhere in a row."""
        whole = self.index.whole
        at, grams = self._grams(whole.grams, SHORTEST)
        counts = (whole.firsts[1:] - whole.firsts[:-1])[grams]
        before = np.cumsum(counts) - counts
        texts = np.repeat(whole.firsts[:-1][grams] - before, counts) + np.arange(counts.sum())
        at = np.repeat(at, counts)
        fits = at + whole.sizes[texts] <= self._part_ends(at)
        at, texts = at[fits], texts[fits]
        numbers = self.numbers.of_runs(at, self.index.n - 1)
        wanted = self.index.evaluation.numbers
        for step in range(SHORTEST, self.index.n - 1):
            longer = whole.sizes[texts] > step
            same = np.ones(len(at), np.bool_)
            same[longer] = numbers[at[longer] + step] == wanted[whole.places[texts[longer]] + step]
            at, texts = at[same], texts[same]
        rows = np.searchsorted(self.row_tokens, at, "right") - 1
        found = sorted(set(zip(rows.tolist(), texts.tolist(), strict=True)))
        witnesses = self.witnesses.of([row for row, _ in found])
        for (_, text), witness in zip(found, witnesses, strict=True):
            see_copy(self.tally.whole, text, witness)

    def _runs(self) -> None:
        """Runs of n-grams that are in the evaluation set too."""
        at, grams = self._grams(self.index.grams, self.index.n)
        if not len(at):
            return
        parts = np.searchsorted(self.tokens.texts, at, "right")
        breaks = (at[1:] != at[:-1] + 1) | (parts[1:] != parts[:-1])
        edges = np.concatenate([[0], np.flatnonzero(breaks) + 1, [len(at)]])
        rows = np.searchsorted(self.row_tokens, at[edges[:-1]], "right") - 1
        self.tally.rows_with_grams += len(np.unique(rows))
        numbers = grams.astype(self.index.run_type)
        bounds = edges.tolist()
        for run, witness in enumerate(self.witnesses.of(rows.tolist())):
            see_run(self.tally.runs, numbers[bounds[run] : bounds[run + 1]].tobytes(), witness)

    def _grams(self, grams: Grams, n: int) -> tuple[Places, Places]:
        """The tokens at which a known run starts, ascending, and the number of the run."""
        at, places = grams.hashed.find(gram_hashes(self.tokens.hashes, n))
        fits = at + n <= self._part_ends(at)
        at, places = at[fits], places[fits]
        numbers = self.numbers.of_runs(at, n)
        return confirm(grams, self.index.evaluation.numbers, numbers, at, places, n)

    def _part_ends(self, at: Places) -> Places:
        """The token behind the part in which each of these tokens stands."""
        ends = self.tokens.texts
        return np.asarray(ends[np.searchsorted(ends, at, "right")])


def confirm(
    grams: Grams, theirs: Numbers, mine: Places, at: Places, places: Places, n: int
) -> tuple[Places, Places]:
    """Keep the candidates whose tokens are the same.

    Args:
        grams: The runs of the evaluation set.
        theirs: Its tokens by number.
        mine: The other tokens by number, -1 for those that are not in the vocabulary.
        at: First token of each candidate, ascending.
        places: The first run that has its hash.
        n: Tokens of a run.
    """
    found = np.full(len(at), -1, np.int64)
    asked = np.arange(len(at))
    while len(asked):
        firsts = grams.places[places].astype(np.int64)
        same = np.ones(len(asked), np.bool_)
        for step in range(n):
            same &= mine[at[asked] + step] == theirs[firsts + step]
        found[asked[same]] = places[same]
        places = np.where(same, -1, grams.hashed.following(places))
        asked, places = asked[places >= 0], places[places >= 0]
    return at[found >= 0], found[found >= 0]


class _Numbers:
    """Vocabulary numbers of a batch's tokens, looked up when they are asked for."""

    def __init__(self, index: OverlapIndex, tokens: Tokens) -> None:
        self.vocabulary = index.evaluation.vocabulary
        self.tokens = tokens
        self.numbers = np.full(len(tokens), -2, np.int64)

    def of_runs(self, at: Places, n: int) -> Places:
        """The numbers of all tokens, right for the `n` tokens from each of these on."""
        if len(at):
            change = np.zeros(len(self.numbers) + 1, np.int64)
            np.add.at(change, at, 1)
            np.add.at(change, np.minimum(at + n, len(self.numbers)), -1)
            self._look_up(np.flatnonzero((np.cumsum(change[:-1]) > 0) & (self.numbers == -2)))
        return self.numbers

    def of_run(self, start: int, stop: int) -> Places:
        """The numbers of the tokens from `start` to before `stop`."""
        run = self.numbers[start:stop]
        self._look_up(start + np.flatnonzero(run == -2))
        return run

    def _look_up(self, which: Places) -> None:
        self.numbers[which] = self.vocabulary.recognise(self.tokens, which)


class _Witnesses:
    """The rows of a batch as witnesses, read when they are asked for."""

    def __init__(self, rows: pa.RecordBatch, named: Named) -> None:
        self.rows = rows
        self.named = named
        self.known: dict[int, Witness] = {}

    def of(self, rows: Sequence[int]) -> list[Witness]:
        """The witness of each of these rows."""
        new = sorted(set(rows) - self.known.keys())
        if new:
            table = pa.Table.from_batches([self.rows]).select(self.named.columns)
            named = self.named.witnesses(table.take(pa.array(new, pa.int64())))
            self.known.update(zip(new, named, strict=True))
        return [self.known[row] for row in rows]
