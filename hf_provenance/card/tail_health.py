"""What was measured of a dataset's diversity, as it stands on a card.

Only the rows can be counted again without the text, and are taken from the summary, so that
`verify` can hold them against the rows. All else takes what stands under `takes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from hf_provenance.diversity.diversity import OWN_HUMAN_ROWS, Diversity
from hf_provenance.diversity.figures import PRIMARY
from hf_provenance.diversity.states import COLLAPSE, INSUFFICIENT, OK, STATES, WATCH
from hf_provenance.errors import CardError
from hf_provenance.summary import Summary

TailHealth = Mapping[str, Any]
"""State, reasons, what was measured, the primary figures, and what it takes to recompute them."""

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
_NEEDED = frozenset(
    ["state", "reasons", "rows", "tokens", "tokenizer", "level", "metrics", "takes"]
)
_MORE = frozenset(["budget", "compared_with"])
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
        CardError: It was measured on other rows.
    """
    if found is not None and found["rows"] != summary.rows:
        raise CardError(
            f"diversity: it was measured on {found['rows']:,} rows, and there are "
            f"{summary.rows:,}: measure all of them anew."
        )


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
        figures = {
            figure["name"]: {
                key: figure[key] for key in ("budget", *_OWN, *_COMPARED) if figure[key] is not None
            }
            for figure in given["metrics"]
            if figure["name"] in PRIMARY
        }
        said = {key: given[key] for key in (*_NEEDED - {"metrics", "takes"}, *_MORE)}
    except (KeyError, TypeError) as error:
        raise CardError(f"diversity: it is no `to_dict()` of a Diversity: {error!r}.") from error
    said = {key: value for key, value in said.items() if value is not None}
    return {**said, "metrics": figures, "takes": [name for name in _TAKES if used[name]]}


def _checked(block: Mapping[str, Any]) -> dict[str, Any]:
    """A block in the order in which it is written, if it is one.

    Raises:
        CardError: It is none.
    """
    if not _NEEDED <= set(block) <= _NEEDED | _MORE:
        raise CardError(f"diversity: it has other keys than it takes: {sorted(block, key=str)}.")
    sound = {
        "state": block["state"] in STATES,
        "reasons": _are_texts(block["reasons"]),
        "rows": _is_count(block["rows"]),
        "tokens": _is_count(block["tokens"]),
        "tokenizer": isinstance(block["tokenizer"], str),
        "budget": _is_count(block.get("budget", 0)),
        "level": _is_number(block["level"]),
        "compared_with": isinstance(block.get("compared_with", ""), str),
        "metrics": isinstance(block["metrics"], Mapping) and set(block["metrics"]) <= {*PRIMARY},
        "takes": _are_texts(block["takes"]) and {_TEXT} <= set(block["takes"]) <= {*_TAKES},
    }
    for key, holds in sound.items():
        if not holds:
            raise CardError(f"diversity: {block[key]!r:.60} stands under `{key}`.")
    figures = {
        name: _figure(name, block["metrics"][name]) for name in PRIMARY if name in block["metrics"]
    }
    if figures and "budget" not in block:
        raise CardError("diversity: it has figures, and no `budget` that they are of.")
    if block["state"] == OK and not any("loss" in figure for figure in figures.values()):
        raise CardError("diversity: its state is ok, and it was compared with nothing.")
    found = {key: block[key] for key in sound if key in block}
    return {
        **found,
        "reasons": list(block["reasons"]),
        "metrics": figures,
        "takes": list(block["takes"]),
    }


def _figure(name: str, figure: Any) -> dict[str, Any]:
    where = f"diversity: what stands under `metrics.{name}`"
    if not isinstance(figure, Mapping):
        raise CardError(f"{where} is no figure: {figure!r:.60}.")
    keys = ("budget", *_OWN, *(_COMPARED if "reference" in figure else ()))
    if set(figure) != set(keys):
        raise CardError(f"{where} has other keys than {list(keys)}.")
    if not _is_count(figure["budget"]) or not all(_is_number(figure[key]) for key in keys):
        raise CardError(f"{where} holds what is no number.")
    return {key: figure[key] for key in keys}


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
