"""`save_to_folder`: an annotated dataset as the folder that a Hub repo would be.

```
README.md                        the card
provenance.json                  the summary
provenance/files.json            path, rows, bytes and sha256 of every shard; the files of each view
provenance/badge.svg, badge.json, timeline.png, timeline.svg
provenance/ids/<run>.parquet     sorted 48-bit ids of the rows
data/<crawl bucket>/<split>-<run>-00000.parquet
```

All files are written in a hidden folder first, then renamed: shards to names that no earlier run
used, and last the README, which brings them into view in one step. An error or a full disk leaves
the folder as it was, a kill leaves the old view or the new one, and what a killed run leaves
behind is swept by the next.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

from datasets import Features

from hf_provenance.card.audits import Audited
from hf_provenance.card.facts import DEFAULT
from hf_provenance.card.measured import Measured
from hf_provenance.diversity.diversity import Diversity
from hf_provenance.errors import FolderError, SplitError
from hf_provenance.publish.contents.edition import Description, make_edition
from hf_provenance.publish.contents.layout import VIEW, Layout
from hf_provenance.publish.contents.published import Published
from hf_provenance.publish.contents.rows import (
    Written,
    common_features,
    language_sampler,
    write_splits,
)
from hf_provenance.publish.contents.runs import name_by_shards, name_run, path_of
from hf_provenance.publish.contents.shards import SHARD_BYTES, Shard
from hf_provenance.publish.reading.before import PARTIAL, Before, look_into, sweep
from hf_provenance.sources.languages import LanguageSample
from hf_provenance.splits import DEFAULT_BY, MAX_BUCKETS, Buckets, require_split_name
from hf_provenance.tables import named_splits

_CONFIG = re.compile(r"\w+(\.\w+)*")
_RESERVED = ("data", "provenance", "provenance.json", "readme.md")


def save_to_folder(
    dataset: Any,
    path: str | Path,
    *,
    by: str | date | None = DEFAULT_BY,
    config_name: str = DEFAULT,
    overwrite: bool = False,
    repo_id: str | None = None,
    template: str | Path | None = None,
    tokenizer: str | None = None,
    text: str | None = None,
    language_sample: int = 500,
    figures: bool | None = None,
    max_shard_size: int = SHARD_BYTES,
    max_buckets: int = MAX_BUCKETS,
    audits: Audited | Mapping[str, Any] | None = None,
    diversity: Diversity | Mapping[str, Any] | None = None,
    progress: bool = True,
    **card_data: Any,
) -> Published:
    """Write an annotated dataset as a repo folder: shards, crawl-date views, card and badge.

    Args:
        dataset: A `Dataset`, `DatasetDict`, `IterableDataset` or `IterableDatasetDict` that
            `annotate` has labelled. A stream is read once.
        path: The folder. `load_dataset(path)` reads it.
        by: The crawl-date split: a date, a preset, a period, or None for no division.
        config_name: The config; others in the folder stay as they are.
        overwrite: Replace this config if the folder holds it already. A README that is there
            keeps every byte outside our part.
        repo_id: Hub id for the card's examples; the folder's own path is never written.
        template: A Jinja template for our part of the card.
        tokenizer: Name of the tokenizer behind `prov_tokens`.
        text: Text column for the language sample; found like `Annotator.text`.
        language_sample: Rows whose language is detected for the card when the data declares
            none; 0 for none, at most 2,000.
        figures: Draw the timeline (extra `figures`); None draws it if matplotlib is there.
        max_shard_size: Most bytes of Arrow data in one shard.
        max_buckets: More crawl buckets than this is an error.
        audits: A report of `audit` on evaluation splits of the published rows, or split -> report
            or its summary. What an earlier call has given is taken out: it was of other rows.
        diversity: What `measure_diversity` returns for the published rows, or its `to_dict()`. As
            with audits, what an earlier call has given is taken out.
        progress: Show a progress bar.
        **card_data: Standard YAML keys, such as `license="mit"`, set where the card has none or
            the value that an earlier call has set; None takes that out.

    Returns:
        What was written.

    Raises:
        SchemaError: The dataset is not annotated, or splits have different columns.
        SplitError: A split name that cannot be loaded, or too many buckets.
        FolderError: The folder holds something else, or cannot be written.
        CardError: The README cannot be edited safely, or an audit or the diversity is of
            other rows.
    """
    splits = named_splits(dataset)
    for name in splits:
        require_split_name(name)
    require_config_name(config_name)
    features = common_features(splits)
    buckets = None if by is None else Buckets.of(by, max_buckets)
    folder = Path(path)
    before = look_into(folder, config_name, overwrite)
    sampler = language_sampler(features, text, language_sample)
    measured = Measured.read(audits, diversity)
    description = Description(repo_id, template, tokenizer, figures, card_data, measured)

    with partial_folder(folder) as partial:
        written = write_splits(
            splits, features, buckets, partial, sampler, max_shard_size, progress
        )
        return bring_into_view(
            folder,
            before,
            partial,
            written,
            sampler.sample if sampler else None,
            features,
            Layout(config_name, buckets),
            description,
        )


def bring_into_view(
    folder: Path,
    before: Before,
    partial: Path,
    written: Written,
    sample: LanguageSample | None,
    features: Features,
    empty: Layout,
    description: Description,
) -> Published:
    """Make shards that were written the content of a config.

    Args:
        folder: The folder.
        before: What it showed before.
        partial: A place in it for what is half written.
        written: The shards, under temporary names on the same file system, and what they hold.
        sample: The language sample, or None.
        features: Features of the rows.
        empty: The config and its rule, without shards.
        description: What no row carries.

    Raises:
        CardError: The README cannot be edited safely, or an audit or the diversity is of
            other rows.
    """
    config = empty.config
    run = _free_run(folder, written, features, empty)
    layout = empty.with_run(run, written.shards)
    staged = partial / "repo"
    _stage_shards(written.shards, config, run, staged)
    edition = make_edition(
        layout,
        features,
        written.summary,
        sample,
        {run: written.ids},
        description,
        readme=before.readme,
        views=before.views(config),
        is_default=before.default == config,
    )
    for name, content in edition.files.items():
        write_file(staged / name, content)
    files = (*sorted(shard.path for shard in layout.shards), *edition.files)
    move_files(staged, folder, files)
    sweep(folder, config, files)
    return Published(written.summary, files, edition.kept, config, path=folder)


@contextmanager
def partial_folder(folder: Path) -> Iterator[Path]:
    """A place for what is half written, gone afterwards whatever happens."""
    partial = folder / PARTIAL
    existed = folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        yield partial
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            free = shutil.disk_usage(folder).free
            raise FolderError(
                f"the disk of {folder} is full ({free:,} bytes free): what the folder showed "
                "before is unchanged. Free some space and run the same call again."
            ) from error
        if error.errno == errno.EFBIG or _names(error, folder):
            raise FolderError(f"{folder} cannot be written: {error}") from error
        raise  # of the rows' own source: a lost connection is no fault of the folder
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        if not existed:
            with suppress(OSError):  # it holds something, which is the rule
                folder.rmdir()


def _names(error: OSError, folder: Path) -> bool:
    return isinstance(error.filename, str) and Path(error.filename).is_relative_to(folder)


def _free_run(folder: Path, written: Written, features: Features, empty: Layout) -> str:
    """Name the run by its content, whatever the order of rows.

    Rows that are in the folder already, in other shards, would have the same name; writing over
    files that are in view is not safe against a kill, so the run is then named by its shards.
    """
    run = name_run(written.parts, features, empty)
    wanted = {path_of(shard, empty.config, run): shard.sha256 for shard in written.shards}
    present = {
        path.relative_to(folder).as_posix()
        for path in (folder / empty.root).rglob(f"*-{run}-*.parquet")
    }
    if all(_sha256(folder / path) == wanted.get(path) for path in present):
        return run
    return name_by_shards(run, written.shards)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _stage_shards(shards: list[Shard], config: str, run: str, staged: Path) -> None:
    for shard in shards:
        path = staged / path_of(shard, config, run)
        path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(shard.file, path)


def write_file(path: Path, content: bytes) -> None:
    """Write a file, and the folders that it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def move_files(staged: Path, folder: Path, files: Iterable[str]) -> None:
    """Move files into the folder in the order given; the README, last, brings them into view."""
    for path in files:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        os.replace(staged / path, folder / path)


def require_config_name(name: str) -> None:
    """Check that a config can be published and loaded under a name.

    Raises:
        SplitError: It cannot.
    """
    taken = name.lower() in _RESERVED or VIEW in name.split(".")
    if not _CONFIG.fullmatch(name) or taken:
        raise SplitError(
            f"config name {name!r} cannot be published: use letters, digits, `_` and `.`, and "
            f"none of {[*_RESERVED, VIEW]}."
        )
