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

import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from hf_provenance.errors import UsageError
from hf_provenance.plain_data import shown
from hf_provenance.schema import HUMAN, JOIN, METHODS, MIXED, MODEL_METHODS, SYNTHETIC, UNKNOWN
from hf_provenance.sources.chats import ROLES

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

_HUB_ID = re.compile(r"(?:\w[\w.-]{0,95}/)?\w(?:[\w.-]{0,94}\w)?", re.ASCII)
"""`name` or `owner/name`, as the Hub allows them."""

_NO_PARENTS = ("original", "extended", "other")
"""What `source_datasets` may say that is no Hub id."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is known of a whole dataset: weaker than anything that speaks of one row.

    Attributes:
        dataset: Hub id.
        origin: Who wrote every row, or None where that differs between rows or is not known.
        method: How rows were collected, or None.
        generator: The model that wrote the rows, several joined by `|`, or None.
        text: Its text columns; empty: as its layout says, or found as usual.
        layout: Name of the layout that its columns follow, or None: detected.
        roles: Pairs of (role, origin): who speaks in its chats, in place of what the layout says.
        said: What its card says, word for word, such as `tags: synthetic`.
        derived_from: Datasets that it was made from, as far as stated.
        stated_at: Where this is stated.
        checked: Day on which that was read, ISO.
        note: What else to know.
    """

    dataset: str
    origin: str | None = None
    method: str | None = None
    generator: str | None = None
    text: tuple[str, ...] = ()
    layout: str | None = None
    roles: tuple[tuple[str, str], ...] = ()
    said: tuple[str, ...] = ()
    derived_from: tuple[str, ...] = ()
    stated_at: str = ""
    checked: str = ""
    note: str = ""


def known(dataset: str) -> Record | None:
    """The record of a listed dataset.

    Args:
        dataset: Hub id in any case, with or without `@revision`.

    Returns:
        Its record under the id that was asked for, spelled as listed; None if it is not listed.
    """
    return _BY_KEY.get(_key(dataset))


def nearest(dataset: str) -> tuple[str, ...]:
    """Up to three listed ids that may have been meant: of the same name first, then alike."""
    asked = _key(dataset)
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


def read_records(path: str | os.PathLike[str]) -> tuple[Record, ...]:
    """Read a list of datasets of your own, in the form of `registry.toml`.

    Args:
        path: A TOML file of `[[record]]` entries.

    Returns:
        One record for each id, those under `also` after the one they belong to.

    Raises:
        UsageError: The file cannot be read; the message names file, entry and key.
    """
    name = os.fspath(path)
    try:
        text = Path(path).read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(
            f"{name} cannot be read ({problem}): give a TOML file with one [[record]] for each "
            "dataset."
        ) from problem
    return _read(text, name)


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
        if is_parent and _is_hub_id(name) and _key(name) != _key(dataset):
            found.setdefault(_key(name), name)
    return tuple(found.values())[:_MOST_PARENTS]


def _key(dataset: str) -> str:
    """What stands for an id wherever ids are compared: the Hub minds neither case."""
    return dataset.partition("@")[0].strip().lower()


def _name(key: str) -> str:
    return key.rpartition("/")[2]


def _is_hub_id(text: str) -> bool:
    return _HUB_ID.fullmatch(text) is not None and "--" not in text and ".." not in text


def _is_generator(text: str) -> bool:
    return all(part.strip() for part in text.split(JOIN))


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


class _Form(NamedTuple):
    """What a key of an entry may hold.

    Attributes:
        type: A text, a list of texts, or a table of texts by role.
        test: Whether one of these texts is right.
        wanted: What each of them is.
    """

    type: type[str] | type[list[str]] | type[dict[str, str]]
    test: Callable[[str], bool]
    wanted: str


_ORIGINS = (HUMAN, SYNTHETIC, MIXED)
_METHODS = tuple(method for method in METHODS if method != UNKNOWN)
_AN_ID = "a Hub id such as 'squad' or 'rajpurkar/squad'"

_FORMS = {
    "dataset": _Form(str, _is_hub_id, _AN_ID),
    "also": _Form(list, _is_hub_id, _AN_ID),
    "origin": _Form(str, _ORIGINS.__contains__, f"one of {list(_ORIGINS)}; leave out what differs"),
    "method": _Form(str, _METHODS.__contains__, f"one of {list(_METHODS)}"),
    "generator": _Form(str, _is_generator, f"a model, or several joined by {JOIN!r}"),
    "text": _Form(list, bool, "a column"),
    "layout": _Form(str, bool, "the name of a layout"),
    "roles": _Form(dict, _ORIGINS.__contains__, f"one of {list(_ORIGINS)}"),
    "derived_from": _Form(list, _is_hub_id, _AN_ID),
    "stated_at": _Form(str, bool, "a page"),
    "checked": _Form(str, _is_day, "a day such as '2026-11-22', in quotes"),
    "note": _Form(str, bool, "a text"),
}


def _read(text: str, file: str) -> tuple[Record, ...]:
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as problem:
        raise UsageError(f"{file} cannot be read as TOML: {problem}.") from problem
    entries = data.pop("record", None)
    if data or not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        odd = f"the key {next(iter(data))!r}" if data else "no [[record]]"
        raise UsageError(f"{file} has {odd}: give one [[record]] for each dataset and no more.")
    records: dict[str, Record] = {}
    for number, entry in enumerate(entries, 1):
        where = f"{file}, record {number}"
        for record in _records(entry, where):
            if _key(record.dataset) in records:
                raise UsageError(f"{where}: {record.dataset!r} stands twice in this file.")
            records[_key(record.dataset)] = record
    return tuple(records.values())


def _records(entry: dict[str, Any], where: str) -> Iterator[Record]:
    """One record for each id of an entry."""
    if "dataset" not in entry:
        raise UsageError(f"{where} has no key 'dataset': give {_AN_ID}.")
    where += f" ({shown(entry['dataset'])})"
    for key, value in entry.items():
        _check(key, value, where)
    values = {key: _frozen(value) for key, value in entry.items()}
    others = values.pop("also", ())
    record = Record(**values)
    _check_together(record, where)
    yield record
    for other in others:
        yield replace(record, dataset=other)


def _check(key: str, value: object, where: str) -> None:
    form = _FORMS.get(key)
    if form is None:
        near = get_close_matches(key, _FORMS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"{where}: there is no key {key!r}.{hint} Keys: {', '.join(_FORMS)}.")
    if not isinstance(value, form.type):
        kinds = {str: "", list: "a list, each ", dict: "a table of roles, each "}
        raise UsageError(
            f"{where}: {key!r} is {shown(value)}, not {kinds[form.type]}{form.wanted}."
        )
    texts = [value]
    if isinstance(value, list):
        texts = value
    elif isinstance(value, dict):
        odd = [role for role in value if role not in ROLES]
        if odd:
            raise UsageError(f"{where}: {key!r} names {shown(odd[0])}, not one of {list(ROLES)}.")
        texts = list(value.values())
    for text in texts:
        if not isinstance(text, str) or not form.test(text):
            raise UsageError(f"{where}: {key!r} holds {shown(text)}, not {form.wanted}.")


def _frozen(value: Any) -> Any:
    """A list or table of an entry as a record holds it."""
    if isinstance(value, dict):
        return tuple(value.items())
    return tuple(value) if isinstance(value, list) else value


def _check_together(record: Record, where: str) -> None:
    """Check that an entry does not contradict itself."""
    model = record.generator or (record.method in MODEL_METHODS and record.method)
    if record.origin == HUMAN and model:
        raise UsageError(f"{where}: 'origin' is 'human', and {model!r} says that a model wrote it.")
    others = [pair for pair in record.roles if record.origin not in (None, MIXED, pair[1])]
    if others:
        raise UsageError(
            f"{where}: 'origin' is {record.origin!r}, and 'roles' says that {others[0][0]!r} is "
            f"{others[0][1]!r}: leave 'origin' out, or say 'mixed'."
        )


RECORDS: Mapping[str, Record] = {
    record.dataset: record
    for record in _read(
        resources.files(__package__).joinpath("registry.toml").read_text("utf-8"), "registry.toml"
    )
}
"""The list, by Hub id; a set with several ids stands under each."""

_BY_KEY = {_key(dataset): record for dataset, record in RECORDS.items()}
