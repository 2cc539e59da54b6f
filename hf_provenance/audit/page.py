"""The report of an audit for people: Markdown, with at most ten examples of each finding."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from hf_provenance.audit.accumulation import ADDED, GONE, KEPT, STATES
from hf_provenance.audit.findings import Evidence, Finding
from hf_provenance.audit.leaks import unit_of
from hf_provenance.card.escape import code, markdown
from hf_provenance.numerals import number, percent

if TYPE_CHECKING:
    from hf_provenance.audit.report import AuditReport

_SIDES = {
    "evaluation": "evaluation rows",
    "train": "training rows",
    "previous": "earlier rows",
}
_EXAMPLES = 10
_WORDS = 80
"""Characters of shared text in a table."""


def page(report: AuditReport) -> str:
    """Write a report as Markdown."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: AuditReport) -> Iterator[str]:
    train = report.overlap.train["rows"]
    unit = unit_of(report.overlap)
    yield f"# Audit of {markdown(report.evaluation)} against {markdown(report.train)}"
    yield ""
    yield (
        f"{number(report.rows.num_rows)} evaluation rows, {number(train)} training rows. Human "
        f"counts on the bases {', '.join(report.accept) or 'none'}; {report.n} {unit} in a row "
        "are an overlap."
    )
    yield ""
    if report.findings:
        yield "| Kind | Check | Rows | Share | |"
        yield "|:--|:--|--:|--:|:--|"
        for finding in report.findings:
            share = percent(finding.rows, finding.of)
            yield (
                f"| {finding.kind} | {finding.check} | {number(finding.rows)} | {share} | "
                f"{_SIDES[finding.side]} {markdown(finding.what, limit=None)} |"
            )
    else:
        yield "Nothing was found of what was looked for."
    yield ""
    yield from _measures(report)
    yield from _dates(report)
    yield from _accumulation(report)
    for finding in report.findings:
        yield from _examples(finding)
    yield "## Not checked"
    yield ""
    for each in report.not_checked:
        yield f"- {each[0].upper()}{each[1:]}."


def _measures(report: AuditReport) -> Iterator[str]:
    table, rows = report.overlap.table, report.rows.num_rows
    size = report.overlap.n
    measures = [
        (f"any run of {size} {report.overlap.tokens}", "longest", size),
        (f"any run of {report.n} {report.overlap.tokens}", "longest", report.n),
        (f"70% of its runs of {size} (PaLM)", "gram_share", 0.7),
        (f"half of its words in runs of {size} (Llama 3)", "token_share", 0.5),
    ]
    yield "## Measures of overlap"
    yield ""
    yield "| Found in training | Rows | Share |"
    yield "|:--|--:|--:|"
    for name, column, least in dict.fromkeys(measures):
        found = int(pc.sum(pc.greater_equal(table[column], least)).as_py() or 0)
        yield f"| {name} | {number(found)} | {percent(found, rows)} |"
    yield ""


def _dates(report: AuditReport) -> Iterator[str]:
    found = report.collected
    yield "## Dates of the training rows"
    yield ""
    dated = found["rows"] - found["undated"]
    if dated:
        yield (
            f"{number(dated)} rows were collected between {found['earliest'][:10]} and "
            f"{found['latest'][:10]}, {number(found['undated'])} are undated."
        )
    else:
        yield "No row carries a date."
    sides = found.get("sides")
    if sides:
        yield ""
        yield (
            f"The evaluation set was published on {report.published}: {number(sides['before'])} "
            f"training rows were collected before, {number(sides['after'])} after, "
            f"{number(sides['straddling'])} may be either."
        )
    yield ""


def _accumulation(report: AuditReport) -> Iterator[str]:
    found = report.accumulation
    if found is None:
        return
    yield "## Since the earlier revision"
    yield ""
    yield f"**{found.state.capitalize()}:** {STATES[found.state]}."
    yield ""
    yield "| Origin | Before | Kept | Added | Lost | Now |"
    yield "|:--|--:|--:|--:|--:|--:|"
    for origin, changes in found.changes.items():
        cells = [
            found.before[origin],
            *(changes[each].rows for each in (KEPT, ADDED, GONE)),
            found.after[origin],
        ]
        yield f"| {origin} | {' | '.join(map(number, cells))} |"
    yield ""


def _examples(finding: Finding) -> Iterator[str]:
    shown = finding.evidence[:_EXAMPLES]
    if not shown:
        return
    yield f"## {finding.kind.capitalize()}: {finding.check}"
    yield ""
    columns = [column for column in _COLUMNS if any(column[1](each) for each in shown)]
    yield f"| {' | '.join(name for name, _ in columns)} |"
    yield "|" + ":--|" * len(columns)
    for each in shown:
        yield f"| {' | '.join(cell(each) for _, cell in columns)} |"
    if finding.rows > len(shown):
        yield ""
        yield f"{number(finding.rows - len(shown))} more."
    yield ""


def _place(each: Evidence) -> str:
    return "" if each.row is None else f"{code(each.split or '')} {number(each.row)}"


def _collected(each: Evidence) -> str:
    days = (each.collected_from, each.collected_until)
    return " to ".join(dict.fromkeys(day[:10] for day in days if day))


_COLUMNS: Sequence[tuple[str, Callable[[Evidence], str]]] = (
    ("Row", _place),
    ("Id", lambda each: code(each.id[:12])),
    ("Found", lambda each: markdown(each.detail or "")),
    ("Shared text", lambda each: markdown(each.text or "", limit=_WORDS)),
    ("Training row", lambda each: code((each.train_id or "")[:12])),
    ("Collected", _collected),
    ("Where", lambda each: markdown(each.url or "", limit=_WORDS)),
)
