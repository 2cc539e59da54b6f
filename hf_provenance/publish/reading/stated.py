"""What a published dataset states of who wrote it, whoever published it, read without its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from hf_provenance.card.edits import OUR_KEY
from hf_provenance.card.ratio import Ratio, ratios_of_block, ratios_of_summary, standard_fields
from hf_provenance.card.readme import read_front_matter
from hf_provenance.errors import CardError, SummaryError
from hf_provenance.publish.contents.edition import README, SUMMARY, inside
from hf_provenance.publish.contents.tree import Tree, small_file
from hf_provenance.publish.reading.publication import read_stated, stated_block

CARD = "card"
STANDARD_FIELDS = "standard fields"
NOTHING = "nothing"


@dataclass(frozen=True)
class Stated:
    """What is stated of one config.

    Attributes:
        by: Who states it: "provenance.json", "card" (its key `provenance`), "standard fields"
            (which state no ratio) or "nothing".
        ratios: Unit -> ratio; empty where none is stated.
        tokenizer: The tokenizer behind the tokens, or None where it is not named.
        says: What the standard fields of a card without a ratio say, word for word.
        note: What else a reader of the ratio has to know; empty if nothing.
    """

    by: str
    ratios: Mapping[str, Ratio] = field(default_factory=dict)
    tokenizer: str | None = None
    says: tuple[str, ...] = ()
    note: str = ""


def read_ratios(tree: Tree, config: str) -> Stated:
    """Read the ratios of a config: from `provenance.json`, or else from the card.

    What cannot be made out (a `provenance.json` of somebody else, YAML that is none) states
    nothing, and the note says so. What cannot be fetched is an error.

    Raises:
        SummaryError: The card's key `provenance` contradicts itself, or the card is too large.
        HubError: The Hub does not give it.
        FolderError: A file cannot be read.
    """
    try:
        summary, said = read_stated(tree, config)
    except SummaryError as error:
        stated = _read_card(tree, config)
        if tree.entry(inside(config, SUMMARY)) is None:
            return stated
        return replace(stated, note="; ".join(filter(None, [str(error), stated.note])))
    return _with_ratios(SUMMARY, ratios_of_summary(summary), said.get("tokenizer"))


def _read_card(tree: Tree, config: str) -> Stated:
    content = small_file(tree, README)
    if content is None:
        return Stated(NOTHING, note="it has no card")
    try:
        front = read_front_matter(content)
    except CardError as error:
        return Stated(NOTHING, note=f"its card cannot be read: {error}")
    block = stated_block(front, config)
    try:
        ratios = ratios_of_block(block)
    except SummaryError as error:
        raise SummaryError(f"`{OUR_KEY}` in the {README} of {tree.name}: {error}") from error
    if ratios:
        return _with_ratios(CARD, ratios, block.get("tokenizer"))
    says = standard_fields(front)
    note = f"its card's key `{OUR_KEY}` states no ratio of {config!r}" if OUR_KEY in front else ""
    return Stated(STANDARD_FIELDS if says else NOTHING, says=says, note=note)


def _with_ratios(by: str, ratios: Mapping[str, Ratio], tokenizer: object) -> Stated:
    named = tokenizer if isinstance(tokenizer, str) and tokenizer != "not stated" else None
    empty = not any(ratio.total for ratio in ratios.values())
    return Stated(by, ratios, named, note="it has no rows" if empty else "")
