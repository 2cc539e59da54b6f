"""Whether a repo still holds, and still shows, what was published; told without its data.

The listing `provenance/files.json` is held against the tree, and what `datasets` reads for each
view against the listing. Whoever pushes to a repo with another tool changes one or the other: the
numbers on the card are then about rows that `load_dataset` no longer gives.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from hf_provenance.card.edits import OUR_KEY
from hf_provenance.card.facts import DEFAULT
from hf_provenance.plain_data import shown
from hf_provenance.publish.contents.edition import README, inside
from hf_provenance.publish.contents.layout import RUN_FILE, VIEW, Placed, Size
from hf_provenance.publish.contents.listing import LISTING
from hf_provenance.publish.contents.tree import Tree
from hf_provenance.publish.contents.views import config_splits, own_views
from hf_provenance.publish.reading.publication import Publication
from hf_provenance.publish.reading.ranges import content_hash
from hf_provenance.publish.reading.resolve import STANDALONE, Reading, Readings
from hf_provenance.publish.reading.verification import Difference

_NAMED = 3
"""Files that a message names; the others are counted."""


def repo_differences(tree: Tree, readings: Readings, config: str) -> Iterator[Difference]:
    """What keeps a repo as a whole from being read as it was published.

    Args:
        tree: The repo.
        readings: What `datasets` reads of it.
        config: The config to which it is put down.
    """
    if tree.entry(STANDALONE) is not None:
        what = f"{STANDALONE} is there, which `datasets` reads over {README}"
        yield Difference(config, STANDALONE, what)
    if readings.format is not None:
        first = _named([next(iter(readings.configs))])
        what = (
            f"`datasets` reads every config in the format of the first one, `{first}`, and that is "
            f"{_named([readings.format])}"
        )
        yield Difference(config, README, what, ".parquet", readings.format)


def differences(publication: Publication, readings: Readings) -> Iterator[Difference]:
    """What of a config is no longer there, or no longer shown, as it was published.

    Args:
        publication: What the repo says of the config.
        readings: What `datasets` reads of the repo.

    Raises:
        HubError: The Hub does not give a file whose hash it does not tell.
        FolderError: A file cannot be read.
    """
    yield from _missing(publication)
    config = publication.config
    for view, splits in publication.layout.views().items():
        listed = {
            split: [path for at in parts for path in publication.layout.paths(*at)]
            for split, parts in splits.items()
        }
        where = f"`configs` of {README}"
        for what in _view(publication, view, listed, readings):
            yield Difference(config, where, what)
        if view in (publication.layout.name(), publication.layout.name(VIEW)):
            yield from _info(publication, view, splits)
    gone = own_views(config_splits(publication.front), config) - set(publication.layout.views())
    for view in sorted(gone):
        what = f"{README} shows the config `{view}`, of which {_listing(config)} says nothing"
        yield Difference(config, f"`configs` of {README}", what)
    if not publication.block:
        what = f"{README} says nothing of the config under `{OUR_KEY}`"
        yield Difference(config, README, what)


def leftovers(publication: Publication, readings: Readings) -> list[str]:
    """Notes about shards of ours that nothing reads, as a killed run leaves them."""
    read = {file for each in readings.configs.values() for file in _all(each)}
    known = read | {shard.path for shard in publication.layout.shards}
    root = f"{publication.layout.root}/"
    found = [
        path
        for path in publication.tree.files
        if path.startswith(root) and RUN_FILE.search(path) and path not in known
    ]
    if not found:
        return []
    return [f"No config reads {_files(found)}: an earlier run, or one that was killed, left this."]


def _missing(publication: Publication) -> Iterator[Difference]:
    tree, config = publication.tree, publication.config
    for shard in publication.layout.shards:
        entry = tree.files.get(shard.path)
        if entry is None:
            what = f"{shard.path} is not there: {shard.rows:,} rows"
            yield Difference(config, shard.path, what)
        elif entry.size != shard.size:
            what = f"{shard.path} is another file: it has {entry.size:,} bytes, not {shard.size:,}"
            yield Difference(config, shard.path, what, shard.size, entry.size)
        elif (found := content_hash(tree, shard.path)) != shard.sha256:
            what = f"{shard.path} is another file: its sha256 is not the one that is listed"
            yield Difference(config, shard.path, what, shard.sha256, found)
    for path in publication.others:
        if path not in tree.files:
            what = f"{_named([path])} is not there, and {_listing(config)} lists it"
            yield Difference(config, _named([path]), what)


def _view(
    publication: Publication, view: str, listed: Mapping[str, list[str]], readings: Readings
) -> Iterator[str]:
    """What `datasets` reads otherwise for a view, in words."""
    shards = {shard.path: shard for shard in publication.layout.shards}
    reading = readings.configs.get(view)
    if reading is None:
        rows = _rows(shards[path] for paths in listed.values() for path in paths)
        yield f"{README} shows no config `{view}`: {rows}{_instead(view, readings)}"
        return
    if reading.parameters:
        names = ", ".join(f"`{_named([name])}`" for name in reading.parameters)
        yield f"the entry `{view}` of {README} states {names}, which changes what is read"
    split_of = {path: split for split, paths in listed.items() for path in paths}
    read = [(split, path) for split, paths in reading.files.items() for path in paths]
    times = Counter(path for _, path in read)
    lost = [shards[path] for path in split_of if path not in times]
    if lost:
        yield f"`{view}` no longer reads {_rows(lost)}"
    extra = [path for path in times if path not in split_of]
    if extra:
        yield f"`{view}` reads {_files(extra)}, which {_listing(publication.config)} does not list"
    for split, path in read:
        if split_of.get(path, split) != split:
            yield f"`{view}` reads {path} in the split `{split}`, not in `{split_of[path]}`"
    for path in (path for path, count in times.items() if count > 1 and path in split_of):
        yield f"`{view}` reads {path} more than once"


def _instead(view: str, readings: Readings) -> str:
    """What is read in place of the default config."""
    if view != DEFAULT:
        return ""
    if not readings.configs:
        return "; `datasets` now guesses which files to read"
    if readings.default is None:
        return "; `load_dataset` without a name now fails"
    files = _all(readings.configs[readings.default])
    return (
        f"; `load_dataset` without a name now reads `{_named([readings.default])}`, {_files(files)}"
    )


def _info(
    publication: Publication, view: str, splits: Mapping[str, list[tuple[str, str | None]]]
) -> Iterator[Difference]:
    """Splits, rows and sizes in `dataset_info`: off by one row, `load_dataset` fails."""
    config, where = publication.config, f"`dataset_info` of {README}"
    info = publication.info(view)
    entries = info.get("splits")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        what = f"{README} has no `dataset_info` with the splits of `{view}`"
        yield Difference(config, where, what)
        return
    stated = {str(entry.get("name")): entry for entry in entries}
    if set(stated) != set(splits) or len(entries) != len(stated):
        what = f"`dataset_info` of `{view}` names other splits than `{view}` has"
        names = [str(entry.get("name")) for entry in entries]
        yield Difference(config, where, what, names, list(splits))
    sizes = publication.layout.sizes()
    sums = {split: sum((sizes[at] for at in parts), Size()) for split, parts in splits.items()}
    whole = sum(sums.values(), Size())
    facts: list[tuple[str, str, object, int]] = []
    for split, size in sums.items():
        entry = stated.get(split, {"num_examples": size.rows, "num_bytes": size.size})
        facts.append((f"of `{split}`", "num_examples", entry.get("num_examples"), size.rows))
        facts.append((f"of `{split}`", "num_bytes", entry.get("num_bytes"), size.size))
    facts.append(("", "download_size", info.get("download_size", whole.files), whole.files))
    facts.append(("", "dataset_size", info.get("dataset_size", whole.size), whole.size))
    for part, name, said, found in facts:
        if type(said) is not int or said != found:
            what = f"`dataset_info` of `{view}` says {name}: {shown(said)}, and the listed shards "
            what += f"{part} have {found:,}" if part else f"have {found:,}"
            yield Difference(config, where, what, said, found)


def _all(reading: Reading) -> list[str]:
    return [file for files in reading.files.values() for file in files]


def _rows(shards: Iterable[Placed]) -> str:
    """Such as `700 rows in 7 shards (data/a.parquet, data/b.parquet, data/c.parquet, ...)`."""
    known = list(shards)
    rows = sum(shard.rows for shard in known)
    number = "1 shard" if len(known) == 1 else f"{len(known):,} shards"
    return f"{rows:,} rows in {number} ({_named([shard.path for shard in known])})"


def _files(paths: list[str]) -> str:
    if not paths:
        return "no files"
    return _named(paths) if len(paths) == 1 else f"{len(paths):,} files ({_named(paths)})"


def _named(paths: list[str]) -> str:
    named = [path if path.isprintable() else repr(path) for path in paths[:_NAMED]]
    return ", ".join(named + ["..."] * (len(paths) > _NAMED))


def _listing(config: str) -> str:
    return inside(config, LISTING)
