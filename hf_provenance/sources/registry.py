"""Known datasets, and what the card of any other says about all of its rows.

Many sets have no column that says who wrote a row: what is known of them stands in a paper or on
a card. `registry.toml` lists such sets, one entry each, with the page where it is stated and the
day on which that was read. The rule: a fact is listed only where its page states it, an origin
only where it holds of the text of every row, and otherwise no origin at all. So a crawl of the
web has a method and no origin, and a set of human questions with answers by a model has roles or
a note. A page that names a family of models ("GPT-4") gives that name as the generator.

Of a set that is not listed, the YAML of its card may say something (`record_of_card`):

| card | origin | method |
|---|---|---|
| `language_creators`: `machine-generated` alone | synthetic | model_generation |
| `language_creators`: `crowdsourced`, `expert-generated` or both | human | if one: its own |
| `language_creators`: `found`, `other`, other words, models beside people | - | - |
| tag `synthetic`, no `language_creators` | synthetic | - |
| tag `synthetic` beside `language_creators` that name people | - | - |

Tags of tools such as distilabel are repeated and give no label: a pipeline may only have judged
the rows.

What a record of a whole dataset can't know:

- **The row.** People and models share sets: rows of another origin that slipped in or were put
  in look like the rest. So whatever speaks of one row is stronger than a record.
- **Configs and splits.** A record speaks of all of them. `openai/gsm8k` has a second config with
  questions by a model, so no origin holds of the set.
- **Later revisions.** The page was read on the day given; a set may have grown since.
- **How people worked.** Of crowd workers who summarised texts in 2023, 33 to 46 % are estimated to
  have used a model (Veselovsky et al., https://arxiv.org/abs/2306.07899), and the writers of
  GSM8K were offered questions by GPT-3 (https://arxiv.org/abs/2110.14168, appendix A).
- **Whether a card is right.** Nobody checks it. The old card of Wikipedia says `crowdsourced`,
  and bots wrote most articles of some of its languages.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import resources
from typing import Any, NamedTuple

from hf_provenance.schema import HUMAN, SYNTHETIC
from hf_provenance.sources.records import Record, is_hub_id, key_of, parse_records

SYNTHETIC_TAG = "synthetic"
"""The tag that says, by custom, that models wrote a dataset."""

TOOLS = ("distilabel", "datadreamer", "datadesigner", "argilla")
"""Tags and library names of tools that call models: to write rows, or only to judge them."""

MACHINE = "machine-generated"
"""The word of `language_creators` for text by models."""

PEOPLE = {"crowdsourced": "crowdsourced", "expert-generated": "expert_authored"}
"""Words of `language_creators` for people who wrote for the dataset, and the method they mean."""

_MOST_VALUES = 20
_MOST_PARENTS = 100
_LONGEST = 100
"""Characters of a word on a card; what is longer, or has line ends, is no word of a vocabulary."""

_NO_PARENTS = ("original", "extended", "other")
"""What `source_datasets` may say that is no Hub id."""


def known(dataset: str) -> Record | None:
    """The record of a listed dataset.

    Args:
        dataset: Hub id in any case, with or without `@revision`.

    Returns:
        Its record under the id that was asked for, spelled as listed; None if it is not listed.
    """
    return _BY_KEY.get(key_of(dataset))


def nearest(dataset: str) -> tuple[str, ...]:
    """Up to three listed ids that may have been meant: of the same name first, then alike."""
    asked = key_of(dataset)
    same = [key for key in _BY_KEY if _name(key) == _name(asked)]
    alike = get_close_matches(asked, _BY_KEY, n=3, cutoff=0.75)
    return tuple(_BY_KEY[key].dataset for key in dict.fromkeys([*same, *alike]))[:3]


def record_of_card(front: Mapping[str, Any], dataset: str) -> Record:
    """What the YAML of a card says about all rows of its dataset.

    Cards come from strangers: what is not a word, or a list of words, is not believed.

    Args:
        front: The card's YAML.
        dataset: Hub id.

    Returns:
        The record; without origin where the card says nothing, or contradicts itself.
    """
    creators, tags = _words(front.get("language_creators")), _words(front.get("tags"))
    library, parents = _words(front.get("library_name")), _words(front.get("source_datasets"))
    noted = (SYNTHETIC_TAG, *TOOLS)
    said = {
        "language_creators": creators.words,
        "tags": [tag for tag in tags.words if _plain(tag) in noted],
        "library_name": [name for name in library.words if _plain(name) in noted],
    }
    origin, method = _card_origin(creators, SYNTHETIC_TAG in map(_plain, tags.words))
    return Record(
        dataset=dataset,
        origin=origin,
        method=method,
        said=tuple(
            f"{key}: {', '.join(words[:_MOST_VALUES])}" for key, words in said.items() if words
        ),
        derived_from=_parents(parents.words, dataset),
        stated_at=f"the card of {dataset}",
    )


class _Words(NamedTuple):
    """What a card says under one key, and whether all of it are words."""

    words: list[str]
    all_read: bool


def _words(value: object) -> _Words:
    items = value if isinstance(value, list) else [] if value is None else [value]
    words = [item for item in items if isinstance(item, str) and _is_word(item)]
    return _Words(words, len(words) == len(items))


def _is_word(text: str) -> bool:
    return bool(text.strip()) and len(text) <= _LONGEST and text.isprintable()


def _plain(word: str) -> str:
    return word.strip().lower()


def _card_origin(creators: _Words, tagged: bool) -> tuple[str | None, str | None]:
    """Origin and method by `language_creators`, and by the tag where these say nothing."""
    if not creators.all_read:
        return None, None
    who = {_plain(word) for word in creators.words}
    if who == {MACHINE}:
        return SYNTHETIC, "model_generation"
    if who and who <= PEOPLE.keys() and not tagged:
        return HUMAN, PEOPLE[who.pop()] if len(who) == 1 else None
    return (SYNTHETIC, None) if tagged and not who else (None, None)


def _parents(words: list[str], dataset: str) -> tuple[str, ...]:
    """The Hub ids among what `source_datasets` says, each once."""
    found: dict[str, str] = {}
    for word in words:
        name = word.strip().removeprefix("extended|")
        # `extended|other-...` is how cards name a source that is not on the Hub.
        is_parent = name.lower() not in _NO_PARENTS and not name.lower().startswith("other-")
        if is_parent and is_hub_id(name) and key_of(name) != key_of(dataset):
            found.setdefault(key_of(name), name)
    return tuple(found.values())[:_MOST_PARENTS]


def _name(key: str) -> str:
    return key.rpartition("/")[2]


RECORDS: Mapping[str, Record] = {
    record.dataset: record
    for record in parse_records(
        resources.files(__package__).joinpath("registry.toml").read_text("utf-8"), "registry.toml"
    )
}
"""The list, by Hub id; a set with several ids stands under each."""

_BY_KEY = {key_of(dataset): record for dataset, record in RECORDS.items()}
