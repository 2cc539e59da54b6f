"""`explain`: in words, which rule gave a row its label, and what else spoke."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
from datasets import Features

from hf_provenance import schema
from hf_provenance.annotator import Annotator
from hf_provenance.claims import NAMES, SILENT, Claim, claims_of
from hf_provenance.errors import ConflictError, SchemaError, UsageError
from hf_provenance.identity import identify
from hf_provenance.labels import label_rows, read_evidence
from hf_provenance.plan import Plan
from hf_provenance.schema import BASIS_MEANINGS, UNKNOWN
from hf_provenance.sources.layouts import why

_COLUMNS = ("prov_method", "prov_source", "prov_generator", "prov_synthetic_share")


@dataclass(frozen=True)
class Explanation:
    """Why a row is labelled as it is.

    Attributes:
        origin: Who wrote it, one of `schema.ORIGINS`.
        basis: What that rests on, one of `schema.BASES`.
        because: The rule that decided, in a sentence.
        spoke: What each source said of the row; empty where only labels were there to read.
        facts: What else the row's labels say.
        cannot_know: What the sources do not tell.
    """

    origin: str
    basis: str
    because: str
    spoke: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    cannot_know: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "origin": self.origin,
            "basis": self.basis,
            "because": self.because,
            "spoke": list(self.spoke),
            "facts": list(self.facts),
            "cannot_know": list(self.cannot_know),
        }

    def __str__(self) -> str:
        """All of it, as lines to read."""
        lines = [f"{self.origin}, on the basis {self.basis}: {self.because}"]
        for title, texts in (
            ("What was said", self.spoke),
            ("What else is known", self.facts),
            ("What this can't tell", self.cannot_know),
        ):
            if texts:
                lines += ["", f"{title}:", *(f"- {text}" for text in texts)]
        return "\n".join(lines)


def explain(
    row: Mapping[str, Any], annotator: Annotator | None = None, *, features: Features | None = None
) -> Explanation:
    """Say in words which rule gives a row its label.

    Args:
        row: One row of a dataset, such as `ds[3]`. If it is labelled and no annotator is given,
            its labels are put into words; otherwise it is labelled anew, step by step.
        annotator: What to state and where to look.
        features: `ds.features`. Without them types are guessed from the one row, and a layout
            that is known by its types may not be found.

    Returns:
        The explanation; `print` it, or take `to_dict()`.

    Raises:
        UsageError: No row.
        SchemaError: No text column, labels of another kind, or a value without an Arrow type.
        LabelError: A value outside a vocabulary.

    Example:
        >>> from hf_provenance import Annotator, explain
        >>> explain({"text": "Hi.", "model": "m"}, Annotator(generator="m")).because
        "generator 'm', so a model wrote it."
    """
    if not isinstance(row, Mapping):
        raise UsageError(f"explain() takes one row, such as `ds[3]`, not {type(row).__name__}.")
    if annotator is None and schema.is_annotated(row):
        return _of_labels(row)
    own = [name for name in row if not name.startswith(schema.PREFIX)]
    table = _table({name: row[name] for name in own}, features)
    return _of_rules(table, annotator or Annotator())


def _table(row: Mapping[str, Any], features: Features | None) -> pa.Table:
    columns = {name: [value] for name, value in row.items()}
    unknown = [name for name in columns if features is not None and name not in features]
    if unknown:
        raise SchemaError(
            f"the row has {unknown}, which `features=` lacks: give the features of its dataset, "
            "`features=ds.features`."
        )
    try:
        if features is None:
            return pa.table(columns)
        wanted = Features({name: features[name] for name in columns})
        encoded = {name: [value] for name, value in wanted.encode_example(dict(row)).items()}
        return pa.table(encoded, schema=wanted.arrow_schema)
    except (TypeError, ValueError) as error:  # of Arrow, too
        raise SchemaError(
            f"a value of the row has not the type of its column: {error}. Give the row as it "
            "stands in its dataset, and the types with `features=ds.features`."
        ) from error


def _of_labels(row: Mapping[str, Any]) -> Explanation:
    """What the labels of a row say by themselves."""
    origin, basis = row["prov_origin"], row["prov_origin_basis"]
    if origin not in schema.ORIGINS or basis not in schema.BASES:
        raise SchemaError(
            f"prov_origin is {origin!r} and prov_origin_basis {basis!r}: a row that "
            "`annotate` has labelled holds other values."
        )
    if origin == UNKNOWN:
        because = "nobody says who wrote it."
    else:
        because = f"it rests on {BASIS_MEANINGS[basis]}."
    return Explanation(origin, basis, because, facts=_facts(row))


def _of_rules(table: pa.Table, annotator: Annotator) -> Explanation:
    plan = annotator.plan(table.schema)
    identity = identify(table, plan.text)
    claims = claims_of(plan, read_evidence(plan, table, identity.sizes, None))
    spoke = tuple(_spoken(claim) for claim in claims if claim.speaks[0])
    try:
        labels = label_rows(annotator, plan, table, None)
        stops = ""
    except ConflictError:
        # It is here to be explained, not to stop at.
        labels = label_rows(replace(annotator, on_conflict=UNKNOWN), plan, table, None)
        stops = " So `annotate` stops at this row."
    row = labels.to_pylist()[0]
    because = _because(annotator, claims, row)
    found = (why(plan.layout, table.schema),) if plan.layout else ()
    record = plan.record
    if record is not None:
        stated = f", as stated at {record.stated_at}" if record.stated_at else ""
        said = f" Its card says {'; '.join(record.said)}." if record.said else ""
        found = (*found, f"The rows are taken to be of {record.dataset}{stated}.{said}")
    read = f"The text is in {', '.join(map(repr, plan.text))}, {row['prov_bytes']:,} bytes."
    return Explanation(
        row["prov_origin"],
        row["prov_origin_basis"],
        because + stops,
        spoke,
        (read, *found, *_facts(row)),
        _limits(plan),
    )


def _because(annotator: Annotator, claims: list[Claim], row: Mapping[str, Any]) -> str:
    """The rule that decided."""
    origin, basis = row["prov_origin"], row["prov_origin_basis"]
    if basis == "cutoff":
        return (
            f"nothing else says who wrote it, and it was collected wholly before "
            f"{annotator.human_before} (until {row['prov_collected_until']})."
        )
    if origin == UNKNOWN:
        problems = (row["prov_problems"] or "").split(schema.JOIN)
        if "conflict" in problems:
            return "its sources contradict each other."
        if "outweighed" in problems:
            return "its sources contradict each other, and the stronger one names no author."
        return "nobody says who wrote it."
    deciding = [
        claim for claim in claims
        if claim.codes[0] != SILENT and NAMES[claim.codes[0]] == origin and claim.basis == basis
    ]  # fmt: skip
    if not deciding:
        # Nobody says mixed: a model wrote some of it, and people are known to have written some.
        said = " and ".join(claim.said(0) for claim in claims if claim.speaks[0])
        return f"{said}, so a model wrote part of it."
    said = deciding[0].said(0)
    if deciding[0].direct:
        return f"{said}."
    what = "a model wrote it" if origin == schema.SYNTHETIC else "a model wrote part of it"
    return f"{said}, so {what}."


def _spoken(claim: Claim) -> str:
    if claim.codes[0] != SILENT:
        means = NAMES[claim.codes[0]]
    elif claim.least[0] > 0:
        means = "a model had a hand in it"
    elif claim.most[0] == 0:
        means = "no model wrote any of it"
    else:
        means = "not all of it is by a model"
    return f"{claim.said(0)}: {means} (basis {claim.basis})"


def _facts(row: Mapping[str, Any]) -> tuple[str, ...]:
    facts = [
        f"{schema.BY_NAME[name].meaning}: {row[name]}"
        for name in _COLUMNS
        if row.get(name) not in (None, UNKNOWN)
    ]
    start, until = row.get("prov_collected_at"), row.get("prov_collected_until")
    if start is None or start != start:  # NaT, in rows formatted for NumPy or pandas
        facts.append("It has no collection date.")
    elif start == until:
        facts.append(f"It was collected at {start} UTC.")
    else:
        facts.append(f"It was collected between {start} and {until} UTC.")
    if row.get("prov_markers"):
        facts.append(f"Assistant phrases in it: {row['prov_markers']}; evidence, no label.")
    noted = filter(None, (row.get("prov_problems") or "").split(schema.JOIN))
    facts += [f"Problem {code}: {schema.PROBLEMS.get(code, 'not known here')}." for code in noted]
    return tuple(facts)


def _limits(plan: Plan) -> tuple[str, ...]:
    limits = [plan.layout.cannot_know] if plan.layout else []
    if plan.record:
        limits.append("A record speaks of a whole dataset, not of this row.")
        limits += [plan.record.note] if plan.record.note else []
    return tuple(limit for limit in limits if limit)
