"""How much of an evaluation set training has met: every measure, the evidence, and no verdict.

Measures in use differ in what they call contaminated, so each row gets all of them:

| column | measure |
|---|---|
| `exact_copies` | training rows of the same bytes, part by part |
| `normalised_copies` | training rows of the same tokens in the same order |
| `id_copies` | training rows of the same `prov_id`; null where one side has none |
| `longest` | tokens of the longest stretch shared with one training row (ConTAM) |
| `gram_share` | share of the row's n-grams that are in training (PaLM: contaminated from 0.7 on) |
| `token_share` | share of its tokens that such n-grams cover (Llama 3) |

"Any 13-gram" (GPT-3) is `longest >= 13`; every `k` from `n` on can be read off so. Which number is
too many is for the caller to say: n-grams also meet in licences, laws and other text that
everyone quotes, so each row says where to look.

What no measure here can see: a paraphrase, a translation, and a row whose `status` is `too_short`
or `no_tokens`, for which only whole copies are counted.

>>> import pyarrow as pa
>>> question = "Which two rivers meet at the foot of the old stone bridge in Passau?"
>>> evaluation = pa.table({"text": [question, "Why?"]})
>>> train = pa.table({"text": ["Q: " + question.upper()], "url": ["https://example.org/quiz"]})
>>> overlap = measure_overlap([train], [evaluation])
>>> overlap.table.select(["status", "longest", "token_share"]).to_pylist()[0]
{'status': 'grams', 'longest': 14, 'token_share': 1.0}
>>> overlap.table["status"].to_pylist(), overlap.where(longest=13)["row"].to_pylist()
(['grams', 'too_short'], [0])
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hf_provenance.audit.evidence import evaluate
from hf_provenance.audit.index import GRAM, OverlapIndex, index_evaluation
from hf_provenance.audit.scan import scan
from hf_provenance.audit.tally import OverlapTally
from hf_provenance.errors import UsageError

STATES = {
    "grams": "held against training by its n-grams",
    "whole": "shorter than an n-gram: looked for as a whole, by its longest part",
    "too_short": "too few tokens to be looked for inside of other text",
    "no_tokens": "no letters or digits to compare",
}
"""Values of `status`: what was done with a row."""


@dataclass(frozen=True, eq=False)
class Overlap:
    """What training and evaluation share.

    Attributes:
        table: One row for each evaluation row, in order. Beside the measures: `row`, `id`,
            `status`, `tokens`, `grams`, `grams_found`, `tokens_found`; `short_tokens`, those in
            parts too short for an n-gram; the longest match as `longest_part`, `longest_start`,
            `longest_end` (characters in that part) and `longest_text`; and the training rows
            `exact_witness`, `normalised_witness`, `id_witness` and `longest_witness` with `id`,
            `from`, `until` and `url`.
        n: Tokens of an n-gram.
        tokens: How text was cut: `words` or `code`.
        train: Counts of the training rows: `rows`, `rows_without_tokens`, `rows_with_grams`,
            `tokens`, `text_bytes`.
    """

    table: pa.Table
    n: int
    tokens: str
    train: dict[str, int]

    def where(
        self,
        *,
        copies: bool = True,
        longest: int | None = None,
        gram_share: float | None = None,
        token_share: float | None = None,
    ) -> pa.Table:
        """The evaluation rows that meet any of some thresholds.

        Args:
            copies: Take rows with a copy: of the same bytes, tokens or id.
            longest: Take rows that share so many tokens in a row with one training row.
            gram_share: Take rows with so great a share of n-grams in training, 0 to 1.
            token_share: Take rows with so great a share of covered tokens, 0 to 1.

        Raises:
            UsageError: `longest` is less than `n`, where nothing is measured, or a share is not
                above 0 and at most 1.
        """
        if longest is not None and longest < self.n:
            raise UsageError(
                f"longest={longest} is less than n={self.n}, and shorter matches were not looked "
                f"for: measure with n={longest}, or ask for {self.n} or more."
            )
        for name, share in (("gram_share", gram_share), ("token_share", token_share)):
            if share is not None and not 0 < share <= 1:
                raise UsageError(f"{name}={share} is no share above 0 and at most 1.")
        least: dict[str, float | None] = {
            **dict.fromkeys(COPIES, 1 if copies else None),
            "longest": longest,
            "gram_share": gram_share,
            "token_share": token_share,
        }
        meets = pa.chunked_array([pa.repeat(False, self.table.num_rows)])
        for name, threshold in least.items():
            if threshold is not None:
                enough = pc.greater_equal(self.table[name], threshold)
                meets = pc.or_(meets, pc.fill_null(enough, False))
        if longest is not None:
            # A short row that was found as a whole has nothing longer to show.
            whole = pc.equal(self.table["status"], "whole")
            meets = pc.or_(meets, pc.and_(whole, pc.greater(self.table["longest"], 0)))
        return self.table.filter(meets)

    def to_dict(self) -> dict[str, Any]:
        """The rules and the counts, without the rows."""
        states = Counter(self.table["status"].to_pylist())
        return {
            "n": self.n,
            "tokens": self.tokens,
            "train": dict(self.train),
            "evaluation": {
                "rows": self.table.num_rows,
                "status": {state: states[state] for state in STATES},
                **{name: _positive(self.table[name]) for name in (*COPIES, "longest")},
            },
        }

    def __repr__(self) -> str:
        """The counts on one line."""
        found = {name: _positive(self.table[name]) for name in (*COPIES, "longest")}
        counts = ", ".join(f"{name} {count:,}" for name, count in found.items())
        return (
            f"Overlap({self.table.num_rows:,} evaluation rows against {self.train['rows']:,} "
            f"training rows, n={self.n}; rows with: {counts})"
        )


COPIES = ("id_copies", "exact_copies", "normalised_copies")
"""Columns that count copies of a whole row."""


def read_overlap(index: OverlapIndex, tally: OverlapTally) -> Overlap:
    """Read every measure off what was found.

    Args:
        index: The evaluation set.
        tally: The sum of all tallies made with it.

    Raises:
        UsageError: The tally was made with another index.
    """
    OverlapTally(index.digest).take(tally)
    train = {
        name: getattr(tally, name)
        for name in ("rows", "rows_without_tokens", "rows_with_grams", "tokens", "text_bytes")
    }
    return Overlap(evaluate(index, tally), index.n, index.tokens, train)


def measure_overlap(
    train: Iterable[pa.Table],
    evaluation: Iterable[pa.Table],
    *,
    text: str | Sequence[str] | None = None,
    evaluation_text: str | Sequence[str] | None = None,
    n: int = GRAM,
    tokens: str = "words",
    id: str | None = None,
    date: str | None = None,
    url: str | None = None,
) -> Overlap:
    """Measure how much of an evaluation set stands in training rows.

    Args:
        train: Training rows, in batches of any size; may be larger than memory.
        evaluation: Evaluation rows; their index is held in memory.
        text: Text columns of the training rows; None to find one.
        evaluation_text: Text columns of the evaluation rows; None for those of `text`, or to
            find one.
        n: Tokens of an n-gram.
        tokens: `words`, or `code` to keep symbols.
        id: Column of ids, on both sides; None for `prov_id`, or what it would be.
        date: Column of the training rows' dates; None to find one.
        url: Column of the training rows' URLs; None to find one.

    Raises:
        UsageError: `n` or `tokens` mean nothing.
        SchemaError: A column is not there, or holds no text.
    """
    theirs = text if evaluation_text is None else evaluation_text
    index = index_evaluation(evaluation, text=theirs, n=n, tokens=tokens, id=id)
    return read_overlap(index, scan(index, train, text=text, id=id, date=date, url=url))


def _positive(column: pa.ChunkedArray) -> int:
    return int(pc.sum(pc.greater(column, 0)).as_py() or 0)
