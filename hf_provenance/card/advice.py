"""What a publisher can do next where no label says who wrote the rows."""

from __future__ import annotations

from hf_provenance.numerals import number, percent
from hf_provenance.schema import UNKNOWN
from hf_provenance.sources.cutoffs import PRESETS
from hf_provenance.summary import Summary

_CUTOFF = PRESETS["chatgpt"]


def next_steps(summary: Summary) -> tuple[str, ...]:
    """The three steps that would tell most, in Markdown; none where any row has a label.

    Args:
        summary: The summary of the rows.
    """
    amounts = summary.amounts("rows")
    if not summary.rows or amounts[UNKNOWN] < summary.rows:
        return ()
    return (
        "If a column tells who wrote a row, name it: "
        '`origin=col("written_by", {"person": "human", "model": "synthetic"})`, or '
        '`generator=col("model")` where it names the author model.',
        'If all rows come from one dataset, say which: `registry=look_up("OWNER/NAME")` takes '
        "what is known of it. If you know who wrote all of them, state it: "
        '`origin="human"` or `origin="synthetic"`.',
        _by_date(summary),
    )


def _by_date(summary: Summary) -> str:
    before, about = _rows_before(summary)
    if before or about:
        found, labelled = (
            f"Rows collected wholly before {_CUTOFF}: at least {number(before)} "
            f"({percent(before, summary.rows)}).",
            "them",
        )
        if not before:
            found, labelled = (
                f"Rows collected in the month of {_CUTOFF} or earlier, perhaps wholly before that "
                f"day: {number(about)} ({percent(about, summary.rows)}).",
                "those that were",
            )
        return (
            f"{found} If you accept that as a sign of human text, "
            f'`human_before="{_CUTOFF}"` labels {labelled} so, with the basis cutoff, which the '
            "card shows apart."
        )
    if summary.undated("rows") == summary.rows:
        return (
            "No row has a collection date. If a column holds one, name it: "
            '`collected=col("crawled_at")`; text from before a date can be told apart then.'
        )
    return (
        f"No row was collected wholly before {_CUTOFF}, so dates tell nothing here. "
        "`markers=True` finds phrases that chat assistants leave behind: evidence to look at, "
        "no label."
    )


def _rows_before(summary: Summary) -> tuple[int, int]:
    """Rows collected in months that ended before the cutoff, and in its own, which may be either.

    A summary knows months, not days.
    """
    month = _CUTOFF[:7]
    cells = summary.cells("labels").select(["until", "rows"]).to_pylist()
    dated = [(cell["until"], cell["rows"]) for cell in cells if cell["until"]]
    return (
        sum(rows for until, rows in dated if until < month),
        sum(rows for until, rows in dated if until == month),
    )
