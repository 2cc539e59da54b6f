"""Whether the files beside the shards say what the rows say: card, badge, ids, `provenance.json`.

Each is made anew from what was counted and compared. What another version of this package wrote
may be worded or drawn otherwise; where that is the only difference it is no untruth, and is named
among what was not checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from itertools import zip_longest
from typing import Any

import numpy as np

from hf_provenance.card.badge import badge_json, badge_svg
from hf_provenance.card.card import SECTION, render_body
from hf_provenance.card.edits import OUR_KEY
from hf_provenance.card.facts import DEFAULT, Facts
from hf_provenance.card.measured import READERS, Measured
from hf_provenance.card.metadata import provenance_block
from hf_provenance.card.ownership import SET
from hf_provenance.card.readme import YAML_BLOCK
from hf_provenance.card.section import find_markers, section_text
from hf_provenance.errors import CardError, SchemaError, SummaryError
from hf_provenance.plain_data import parse_json, shown
from hf_provenance.publish.contents.edition import (
    MOST_CELLS,
    README,
    SUMMARY,
    TIMELINE,
    Ids,
    ids_path,
    inside,
)
from hf_provenance.publish.contents.tree import small_file
from hf_provenance.publish.reading.columns import OpenParquet, Tallied
from hf_provenance.publish.reading.publication import Publication
from hf_provenance.publish.reading.verification import Difference
from hf_provenance.summary import Summary
from hf_provenance.summary_json import differences
from hf_provenance.version import __version__

_SAID = frozenset(["by", "config", "repo_id", "template", "tokenizer", "language_sample"])
_TEMPLATES = ("built-in", "custom")
_NOT_COMPARED = frozenset(["configs", SET, "tool"])
_TOOL = f"hf_provenance {__version__}"


@dataclass
class Findings:
    """What was found of a config so far.

    Attributes:
        config: The config.
        differences: What is not as it is stated.
        not_checked: What could not be checked.
    """

    config: str
    differences: list[Difference] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)

    def add(self, where: str, what: str, stated: object = None, found: object = None) -> None:
        """Note a difference."""
        self.differences.append(Difference(self.config, where, what, stated, found))


def check_documents(publication: Publication, found: Tallied, findings: Findings) -> None:
    """Hold everything beside the shards against what their rows add up to.

    Args:
        publication: What the repo says of the config.
        found: What the rows add up to.
        findings: Where to note what differs.

    Raises:
        HubError: The Hub does not give a file.
        FolderError: A file cannot be read.
    """
    summary, config = found.summary, publication.config
    path = inside(config, SUMMARY)
    for name, stated, counted in differences(publication.summary, summary):
        what = f"{path} does not say what the rows say: {name}"
        if stated is not None or counted is not None:
            what += f" {_word(stated)}, not {_word(counted)}"
        findings.add(path, what, stated, counted)
    facts = _facts(publication, findings)
    same_tool = _check_block(publication, summary, facts, findings)
    _check_badge(publication, summary, same_tool, findings)
    _check_section(publication, summary, facts, same_tool, findings)
    for run, ids in found.ids.items():
        _check_ids(publication, ids_path(config, run), ids, findings)
    _check_presence(publication, summary, findings)


def _facts(publication: Publication, findings: Findings) -> Facts:
    """What the card was made of beside the summary, as `provenance.json` says."""
    said, config, layout = publication.said, publication.config, publication.layout
    path = inside(config, SUMMARY)
    if said.get("config") != config:
        findings.add(path, f"{path} names another config", said.get("config"), config)
    if said.get("template") not in _TEMPLATES:
        what = f"{path} names no template that there is"
        findings.add(path, what, said.get("template"), list(_TEMPLATES))
    odd = sorted(_SAID ^ set(said))
    if odd:
        findings.add(path, f"{path} has other keys than it is written with: {odd[:10]}")
    texts: dict[str, str | None] = {}
    for name in ("repo_id", "tokenizer"):
        value = said.get(name)
        texts[name] = value if isinstance(value, str) else None
        if value is not None and not isinstance(value, str):
            findings.add(path, f"{path} has {shown(value)} under `{name}`, which is no name")
    sampled: dict[str, int] | None = None
    try:
        sample = publication.sample
        if sample is not None:
            sampled = {name: len(rows) for name, rows in sample.to_dict()["rows"].items()}
    except SummaryError as error:
        findings.add(path, f"{path}: {error}")
    return Facts(
        repo_id=texts["repo_id"],
        config=config,
        buckets=layout.buckets,
        views=layout.view_splits(),
        tokenizer=texts["tokenizer"],
        language_sample=sampled,
        pictures=inside(config, "provenance"),
        timeline=inside(config, TIMELINE) in publication.others,
        measured=_measured(publication, findings),
    )


def _measured(publication: Publication, findings: Findings) -> Measured:
    """What was measured, as the card states it; only its counts of rows can be made anew."""
    found: dict[str, Any] = {}
    for key, (name, read) in READERS.items():
        stated = publication.block.get(key)
        try:
            found[name] = read(stated)
        except CardError as error:
            what = f"the card states no {name}: {error}"
            findings.add(f"`{OUR_KEY}` of {README}", what, stated)
    measured = Measured(**found)
    findings.not_checked += measured.not_checked
    return measured


def _check_block(
    publication: Publication, summary: Summary, facts: Facts, findings: Findings
) -> bool:
    """Check the key `provenance` of the card; tell whether this very version wrote it."""
    where = f"`{OUR_KEY}` of {README}"
    block = publication.block
    tool = block.get("tool")
    if not isinstance(tool, str) or not tool.startswith("hf_provenance "):
        findings.add(where, "the card does not say which tool wrote it", tool, _TOOL)
    expected = provenance_block(summary, facts)
    extra = {key: None for key in block if key not in expected} if tool == _TOOL else {}
    for key, value in (expected | extra).items():
        if key not in _NOT_COMPARED:
            for place, stated, counted in _unequal(key, block.get(key), value):
                what = f"the card says {place}: {shown(stated)}, and the rows say {shown(counted)}"
                findings.add(where, what, stated, counted)
    if tool != _TOOL:
        findings.not_checked.append(
            f"What else stands under `{OUR_KEY}`: {shown(tool)} wrote it, and this is {_TOOL}."
        )
    return tool == _TOOL


def _check_badge(
    publication: Publication, summary: Summary, same_tool: bool, findings: Findings
) -> None:
    unit = summary.unit
    amounts = summary.amounts(unit)
    wanted: dict[str, tuple[object, Callable[[bytes], object]]] = {
        "provenance/badge.json": (badge_json(amounts, unit), _json),
        "provenance/badge.svg": (badge_svg(amounts, unit).encode(), bytes),
    }
    for name, (expected, read) in wanted.items():
        path = inside(publication.config, name)
        try:
            content = small_file(publication.tree, path)
        except SummaryError as error:
            findings.add(path, str(error))
            continue
        if content is not None and read(content) != expected:
            if same_tool:
                findings.add(path, f"{path} is not the badge of these rows")
            else:
                findings.not_checked.append(f"{path}: another version drew it, in another way.")


def _check_section(
    publication: Publication,
    summary: Summary,
    facts: Facts,
    same_tool: bool,
    findings: Findings,
) -> None:
    """Check our part of the card's body, where it can be made anew."""
    if publication.said.get("template") != "built-in":
        findings.not_checked.append("The text of the card: a template of the publisher's made it.")
        return
    config = publication.config
    section = SECTION if config == DEFAULT else f"{SECTION}:{config}"
    text = publication.readme.decode().replace("\r\n", "\n")
    block = YAML_BLOCK.search(text)
    try:
        markers, _ = find_markers(text, block.end() if block else 0, section)
        expected = section_text(section, render_body(summary, facts), "\n")
    except CardError as error:
        findings.add(README, f"our part of {README} cannot be read: {error}")
        return
    if [kind for kind, *_ in markers] != ["begin", "end"]:
        findings.add(README, f"{README} has no part between the markers of `{section}`")
        return
    stated = text[markers[0][2] : markers[1][1]]
    if stated == expected:
        return
    if not same_tool:
        findings.not_checked.append("The text of the card: another version worded it otherwise.")
        return
    lines = zip_longest(stated.splitlines(), expected.splitlines(), fillvalue="")
    line = next(((here, there) for here, there in lines if here != there), ("", ""))
    what = f"our part of {README} is not what the rows give: {shown(line[0])} in place of "
    findings.add(README, what + shown(line[1]), *line)


def _check_ids(publication: Publication, path: str, ids: Ids, findings: Findings) -> None:
    """Check the ids of a run; an append that leaves out duplicates relies on them."""
    if path not in publication.tree.files:
        findings.add(path, f"{path} is not there")
        return
    expected = np.sort(ids)
    at = 0
    try:
        with closing(OpenParquet(publication.tree, path)) as opened:
            for table in opened.tables(opened.schema.names):
                part = table["id48"].to_numpy() if table.column_names == ["id48"] else np.zeros(0)
                if not np.array_equal(part, expected[at : at + len(part)]) or not len(part):
                    break
                at += len(part)
    except SchemaError as error:
        findings.add(path, str(error))
        return
    if at != len(expected):
        findings.add(path, f"{path} does not hold the ids of the rows", None, len(expected))


def _check_presence(publication: Publication, summary: Summary, findings: Findings) -> None:
    """Check that what is always written beside the shards is listed."""
    config, runs = publication.config, publication.layout.runs
    cut = [name for name, table in summary.tables.items() if table.num_rows > MOST_CELLS]
    names = [SUMMARY, "provenance/badge.json", "provenance/badge.svg"]
    wanted = [inside(config, name) for name in names]
    wanted += [inside(config, f"provenance/{name}.parquet") for name in cut]
    wanted += [ids_path(config, run) for run in runs]
    for path in wanted:
        if path not in publication.others:
            findings.add(path, f"{path} is not among the listed files of the config")


def _unequal(place: str, stated: Any, found: Any) -> Iterator[tuple[str, Any, Any]]:
    """The values in which two pieces of plain data differ, with their places."""
    if isinstance(stated, Mapping) and isinstance(found, Mapping):
        for key in [*found, *(key for key in stated if key not in found)]:
            yield from _unequal(f"{place}.{key}", stated.get(key), found.get(key))
        return
    if isinstance(stated, list) and isinstance(found, list) and len(stated) == len(found):
        for number, pair in enumerate(zip(stated, found, strict=True)):
            yield from _unequal(f"{place}[{number}]", *pair)
        return
    if isinstance(stated, date):
        stated = stated.isoformat()
    if stated != found or isinstance(stated, bool) != isinstance(found, bool):
        yield place, stated, found


def _word(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    return f"{value:,}" if isinstance(value, int) else str(value)


def _json(content: bytes) -> object:
    try:
        return parse_json(content, name="the badge", error=SummaryError)
    except SummaryError:
        return None
