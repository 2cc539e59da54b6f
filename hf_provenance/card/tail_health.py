"""What was measured of a dataset's diversity, as it stands on a card.

Only the rows can be counted again without the text, and are taken from the summary, so that
`verify` can hold them against the rows. All else takes what stands under `takes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hf_provenance.card.checks import are_texts, is_count, is_number
from hf_provenance.card.tail_years import (
    PARTS,
    checked_years,
    counted_years,
    rows_by_year,
    year_lines,
    years_of_report,
)
from hf_provenance.diversity.diversity import OWN_HUMAN_ROWS, Diversity
from hf_provenance.diversity.figures import OF_REFERENCE, PRIMARY
from hf_provenance.diversity.sketch import UNLABELLED
from hf_provenance.diversity.states import COLLAPSE, INSUFFICIENT, OK, STATES, WATCH
from hf_provenance.errors import CardError
from hf_provenance.summary import Summary

TailHealth = Mapping[str, Any]
"""State, reasons, what was measured, the primary figures, the same of each origin, the years, and
what it takes to recompute them."""

WORDS = {
    OK: "No primary figure surely lost more than one kind of human text may differ from another. "
    "That does not make a dataset safe to train on.",
    WATCH: "Some of what people say rarely is surely lost, or rows of people were replaced.",
    COLLAPSE: "Most of what people say rarely is surely gone, or it goes with every revision.",
    INSUFFICIENT: "There is too little text, or nothing human to compare it with: whether the "
    "tail is there cannot be told.",
}
"""Each state in words."""

_TAKES = _TEXT, _REFERENCE, _SLICES, _PREVIOUS = ("text", "reference", "slices", "previous")
_KEYS = (
    "state", "reasons", "rows", "tokens", "tokenizer", "budget", "level", "compared_with",
    "metrics", "takes", "parts", "years",
)  # fmt: skip
"""The keys of a block, in the order in which they are written."""

_NEEDED = frozenset(_KEYS) - {"budget", "compared_with", "parts", "years"}
_OF_PART = frozenset(["state", "reasons", "rows", "tokens", "metrics"])
_OWN = ("value", "low", "high")
_COMPARED = ("reference", "loss", "loss_low", "loss_high")


def read_tail_health(given: Diversity | Mapping[str, Any] | None) -> TailHealth | None:
    """Read the tail health that a caller gives, or that stands on a card.

    Args:
        given: What `measure_diversity` returns, its `to_dict()`, or the block of a card.

    Raises:
        CardError: It is none of them.
    """
    if given is None:
        return None
    if isinstance(given, Diversity):
        given = given.to_dict()
    if not isinstance(given, Mapping):
        raise CardError(f"diversity={given!r:.60} is nothing that `measure_diversity` returns.")
    return _checked(_of_report(given) if isinstance(given.get("metrics"), list) else given)


def require_measured_rows(found: TailHealth | None, summary: Summary) -> None:
    """Check that tail health is that of the rows that are published.

    Raises:
        CardError: It was measured on other rows, or on these with other labels.
    """
    if found is None:
        return
    if found["rows"] != summary.rows:
        raise CardError(
            f"diversity: it was measured on {found['rows']:,} rows, and there are "
            f"{summary.rows:,}: measure all of them anew."
        )
    lines = year_lines(found["years"]) if "years" in found else []
    measured = {(line.origin, line.year): line.rows for line in lines}
    if lines and UNLABELLED not in found["years"]["strata"] and measured != rows_by_year(summary):
        raise CardError(
            "diversity: it was measured on rows of other origins or dates than these have: measure "
            "them anew, as they are labelled now."
        )


def with_counted_rows(found: TailHealth, summary: Summary) -> dict[str, Any]:
    """Tail health with the rows that the summary gives, in all, by origin and by year."""
    block = {**found, "rows": summary.rows}
    if "parts" in found:
        block["parts"] = {
            origin: part
            if origin == UNLABELLED
            else {**part, "rows": summary.total("rows", origin=origin)}
            for origin, part in found["parts"].items()
        }
    if "years" in found:
        block["years"] = counted_years(found["years"], summary)
    return block


def _of_report(given: Mapping[str, Any]) -> dict[str, Any]:
    """The block of a card, of what `Diversity.to_dict` gives."""
    try:
        other = given["compared_with"] not in (None, OWN_HUMAN_ROWS)
        used = {
            _TEXT: True,
            _REFERENCE: other,
            _SLICES: given["floor"]["calibrated"],
            _PREVIOUS: given["history"],
        }
        said = {
            key: given[key] for key in (*_NEEDED - {"metrics", "takes"}, "budget", "compared_with")
        }
        said["metrics"] = _figures_of_report(given["metrics"])
        said["parts"] = {each["origin"]: _part_of_report(each) for each in given["parts"]} or None
        said["years"] = years_of_report(given["years"]) or None
    except (KeyError, TypeError) as error:
        raise CardError(f"diversity: it is no `to_dict()` of a Diversity: {error!r}.") from error
    said = {key: value for key, value in said.items() if value is not None}
    return {**said, "takes": [name for name in _TAKES if used[name]]}


def _part_of_report(part: Mapping[str, Any]) -> dict[str, Any]:
    said = {key: part[key] for key in (*_OF_PART - {"metrics"}, "budget")}
    said = {key: value for key, value in said.items() if value is not None}
    return {**said, "metrics": _figures_of_report(part["metrics"])}


def _figures_of_report(figures: Any) -> dict[str, Any]:
    """The primary figures by name."""
    return {
        figure["name"]: {
            key: figure[key] for key in ("budget", *_OWN, *_COMPARED) if figure[key] is not None
        }
        for figure in figures
        if figure["name"] in PRIMARY
    }


def _checked(block: Mapping[str, Any]) -> dict[str, Any]:
    """A block in the order in which it is written, if it is one.

    Raises:
        CardError: It is none.
    """
    if not _NEEDED <= set(block) <= set(_KEYS):
        raise CardError(f"diversity: it has other keys than it takes: {sorted(block, key=str)}.")
    takes = block["takes"]
    judged = _judged(block, "")
    _require(block, "", {
        "tokenizer": isinstance(block["tokenizer"], str),
        "level": is_number(block["level"]),
        "compared_with": isinstance(block.get("compared_with", ""), str),
        "takes": are_texts(takes) and {_TEXT} <= set(takes) <= {*_TAKES},
    })  # fmt: skip
    found = {**block, **judged, "takes": list(takes)}
    if "parts" in block:
        found["parts"] = _checked_parts(block)
    if "years" in block:
        found["years"] = checked_years(block["years"], block["rows"], block["tokens"])
    return {key: found[key] for key in _KEYS if key in found}


def _checked_parts(block: Mapping[str, Any]) -> dict[str, Any]:
    """The parts in order, if they are parts that add up to the whole."""
    parts = block["parts"]
    if not isinstance(parts, Mapping) or len(parts) < 2 or not set(parts) <= set(PARTS):
        raise CardError(f"diversity: {parts!r:.60} stands under `parts`.")
    found = {}
    for origin in PARTS:
        if origin in parts:
            part = parts[origin]
            if not isinstance(part, Mapping) or not _OF_PART <= set(part) <= {*_OF_PART, "budget"}:
                raise CardError(f"diversity: {part!r:.60} stands under `parts.{origin}`.")
            found[origin] = _judged(part, f"parts.{origin}.")
    for key in ("rows", "tokens"):
        total = sum(part[key] for part in found.values())
        if total != block[key]:
            raise CardError(
                f"diversity: its parts have {total:,} {key}, and the whole {block[key]:,}."
            )
    return found


def _judged(block: Mapping[str, Any], where: str) -> dict[str, Any]:
    """State, reasons, amounts and figures of a block or a part, in order.

    Args:
        block: The block or part.
        where: What stands before its keys in messages.

    Raises:
        CardError: One of them is none.
    """
    metrics = block["metrics"]
    _require(block, where, {
        "state": block["state"] in STATES,
        "reasons": are_texts(block["reasons"]),
        "rows": is_count(block["rows"]),
        "tokens": is_count(block["tokens"]),
        "budget": is_count(block.get("budget", 0)),
        "metrics": isinstance(metrics, Mapping) and set(metrics) <= {*PRIMARY},
    })  # fmt: skip
    figures = {
        name: _figure(metrics[name], name, f"{where}metrics.{name}", block.get("budget"))
        for name in PRIMARY
        if name in metrics
    }
    if block["state"] == OK and not any("loss" in figure for figure in figures.values()):
        raise CardError(f"diversity: `{where}state` is ok, and it was compared with nothing.")
    found = {**block, "reasons": list(block["reasons"]), "metrics": figures}
    return {key: found[key] for key in _KEYS if key in found}


def _require(block: Mapping[str, Any], where: str, sound: Mapping[str, bool]) -> None:
    for key, holds in sound.items():
        if not holds:
            raise CardError(f"diversity: {block[key]!r:.60} stands under `{where}{key}`.")


def _figure(figure: Any, name: str, place: str, budget: int | None) -> dict[str, Any]:
    where = f"diversity: what stands under `{place}`"
    if not isinstance(figure, Mapping):
        raise CardError(f"{where} is no figure: {figure!r:.60}.")
    keys = ("budget", *_OWN, *(_COMPARED if "reference" in figure else ()))
    if set(figure) != set(keys):
        raise CardError(f"{where} has other keys than {list(keys)}.")
    if not is_count(figure["budget"]) or not all(is_number(figure[key]) for key in keys):
        raise CardError(f"{where} holds what is no number.")
    if budget is None:
        raise CardError(f"{where} has no `budget` beside it that it is of.")
    if figure["budget"] != (budget // 2 if name in OF_REFERENCE else budget):
        raise CardError(f"{where} is of another budget than the {budget:,} tokens beside it.")
    return {key: figure[key] for key in keys}
