"""What one or many workers have seen of the training data: sums that add up in any order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hf_provenance.audit.witnesses import Witness
from hf_provenance.errors import UsageError


@dataclass
class Copies:
    """How many training rows match a text, and the least of them.

    Attributes:
        rows: The number of training rows.
        witness: The least of them; see `Witness.order`.
    """

    rows: int
    witness: Witness


@dataclass
class OverlapTally:
    """What was found in the training rows that were scanned; `+` joins the rows of both.

    Plain Python values, so it can be pickled and sent; it means something only beside the index
    that it was made with.

    Attributes:
        index: Digest of that index.
        rows: Training rows.
        rows_without_tokens: Those of them in which nothing could be compared.
        rows_with_grams: Those of them that hold an n-gram of the evaluation set.
        rows_with_id: Those of them that have a `prov_id`.
        tokens: Tokens of the training rows.
        text_bytes: UTF-8 bytes of their text.
        same_id: Evaluation row -> training rows of the same `prov_id`.
        exact: Evaluation text -> training rows with the same bytes.
        normalised: Evaluation text -> training rows with the same tokens.
        whole: Short evaluation text -> training rows that hold it.
        runs: Runs of n-grams that training rows share with the evaluation set, as the bytes of
            their numbers in the index, each with the least row that holds it.
    """

    index: str
    rows: int = 0
    rows_without_tokens: int = 0
    rows_with_grams: int = 0
    rows_with_id: int = 0
    tokens: int = 0
    text_bytes: int = 0
    same_id: dict[int, Copies] = field(default_factory=dict)
    exact: dict[int, Copies] = field(default_factory=dict)
    normalised: dict[int, Copies] = field(default_factory=dict)
    whole: dict[int, Copies] = field(default_factory=dict)
    runs: dict[bytes, Witness] = field(default_factory=dict)

    def __add__(self, other: object) -> OverlapTally:
        """The tally of the rows of both.

        Raises:
            UsageError: They were made with different indexes.
        """
        if not isinstance(other, OverlapTally):
            return NotImplemented
        joined = OverlapTally(self.index)
        joined.take(self)
        joined.take(other)
        return joined

    def take(self, other: OverlapTally) -> None:
        """Add another tally to this one, in place.

        Raises:
            UsageError: They were made with different indexes.
        """
        if other.index != self.index:
            raise UsageError(
                f"these tallies were made with different indexes ({self.index} and "
                f"{other.index}): scan all training rows with one OverlapIndex, under one "
                "version of Python."
            )
        self.rows += other.rows
        self.rows_without_tokens += other.rows_without_tokens
        self.rows_with_grams += other.rows_with_grams
        self.rows_with_id += other.rows_with_id
        self.tokens += other.tokens
        self.text_bytes += other.text_bytes
        for mine, others in (
            (self.same_id, other.same_id),
            (self.exact, other.exact),
            (self.normalised, other.normalised),
            (self.whole, other.whole),
        ):
            _take_copies(mine, others)
        for run, witness in other.runs.items():
            see_run(self.runs, run, witness)


def see_copy(copies: dict[int, Copies], text: int, witness: Witness, rows: int = 1) -> None:
    """Count training rows that match a text."""
    known = copies.get(text)
    if known is None:
        copies[text] = Copies(rows, witness)
    else:
        known.rows += rows
        known.witness = min(known.witness, witness, key=lambda each: each.order)


def see_run(runs: dict[bytes, Witness], run: bytes, witness: Witness) -> None:
    """Note a run that a training row shares."""
    known = runs.get(run)
    if known is None or witness.order < known.order:
        runs[run] = witness


def _take_copies(mine: dict[int, Copies], others: Mapping[int, Copies]) -> None:
    for text, copies in others.items():
        see_copy(mine, text, copies.witness, copies.rows)
