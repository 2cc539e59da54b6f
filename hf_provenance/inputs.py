"""What a command line names as INPUT, opened as a dataset.

A Parquet, JSON Lines or CSV file or glob, a folder of them, a folder that `save_to_folder`
wrote, a dataset saved with `save_to_disk`, or a Hub id. Files are streamed, so their size does
not matter.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape, glob, has_magic
from lzma import LZMAError
from pathlib import Path
from typing import Any

import pyarrow as pa
from datasets import DatasetBuilder, load_dataset_builder, load_from_disk
from datasets.exceptions import DatasetsError
from zstandard import ZstdError

from hf_provenance.card.facts import DEFAULT
from hf_provenance.errors import InputError, ProvenanceError
from hf_provenance.parquet_stream import stream
from hf_provenance.publish.contents.tree import FolderTree
from hf_provenance.publish.reading.columns import tally_shards
from hf_provenance.publish.reading.publication import open_tree, published_configs, read_publication
from hf_provenance.publish.remote.repo import HubRepo, HubTree
from hf_provenance.summary import Summary
from hf_provenance.tally import summarize as summarize_dataset

_FORMATS = {
    ".parquet": "parquet",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
}
_COMPRESSED = (".gz", ".zst", ".bz2", ".xz")
_UNREADABLE = (
    OSError,
    EOFError,
    ValueError,  # of Arrow, pandas, JSON and UTF-8
    TypeError,  # of `datasets`, where a file has a column of another type than the first
    pa.ArrowException,
    DatasetsError,
    LZMAError,
    ZstdError,
    zlib.error,
)
"""What readers raise for bad data."""


def open_input(name: str, *, config: str | None = None, revision: str | None = None) -> Any:
    """Open an INPUT.

    Args:
        name: File, glob, folder or Hub id.
        config: Config to load, where there are several.
        revision: Branch, tag or commit of a Hub id.

    Returns:
        An `IterableDatasetDict`, or what `load_from_disk` gives.

    Raises:
        InputError: It is not there, or cannot be read.
    """
    with reading(name):
        return _open(name, config, revision)


def summarize(
    dataset: Any, *, config_name: str | None = None, revision: str | None = None
) -> Summary:
    """Sum up the provenance of an annotated dataset.

    Args:
        dataset: A `Dataset`, `DatasetDict`, `IterableDataset` or `IterableDatasetDict` that
            `annotate` has labelled, of which only the `prov_` columns are read; or the name of a
            file, folder or Hub dataset. Of one that was published with this package only these
            columns are read, by range.
        config_name: Config of a folder or Hub dataset.
        revision: Branch, tag or commit of a Hub dataset.

    Returns:
        Its summary. A dataset without split names counts as `train`.

    Raises:
        SchemaError: The dataset is not annotated.
        InputError: It is not there, or cannot be read.

    Example:
        >>> from datasets import Dataset
        >>> from hf_provenance import annotate, summarize
        >>> ds = annotate(Dataset.from_dict({"text": ["Hi.", "Ho."]}), origin="human")
        >>> summarize(ds).shares()
        {'human': 1.0, 'synthetic': 0.0, 'mixed': 0.0, 'unknown': 0.0}
    """
    if not isinstance(dataset, str | Path):
        return summarize_dataset(dataset)
    name = str(dataset)
    if Path(name).is_dir() or is_hub_id(name):
        tree = open_tree(name, revision)
        if (config_name or DEFAULT) in published_configs(tree):
            held = read_publication(tree, config_name or DEFAULT)
            return tally_shards(tree, held.layout).summary
        revision = tree.sha if isinstance(tree, HubTree) else None
    with reading(name):
        return summarize_dataset(_open(name, config_name, revision))


def is_publication(name: str, config: str = DEFAULT) -> bool:
    """Whether a name is that of a folder with a config that `save_to_folder` wrote."""
    folder = Path(name)
    return folder.is_dir() and config in published_configs(FolderTree(folder))


def head_of(name: str) -> str:
    """The newest commit of a Hub id, so that all that is read comes from one.

    Raises:
        InputError: It is no Hub id.
        AccessError: It is not there for this token.
    """
    if not is_hub_id(name):
        raise InputError(f"{name} is no Hub id (OWNER/NAME).")
    return HubRepo.of(name).tree().sha


def open_builder(
    name: str, config: str | None = None, revision: str | None = None
) -> DatasetBuilder | None:
    """What `datasets` reads an INPUT with; None for one that was saved with `save_to_disk`.

    Raises:
        InputError: It is not there, or its format is not known.
    """
    path = Path(name)
    if path.is_dir():
        if (path / "dataset_dict.json").is_file() or (path / "state.json").is_file():
            return None
        return load_dataset_builder(str(path.resolve()), config)
    files = [name] if path.is_file() else _matches(name)
    if files:
        for file in files:
            if Path(file).stat().st_size == 0:
                raise InputError(f"{file}: the file is empty.")
        formats = {_format(file) for file in files}
        if len(formats) > 1:
            raise InputError(
                f"{name}: files of several formats ({sorted(formats)}); name one kind."
            )
        options = {"sep": "\t"} if _suffix(files[0]) == ".tsv" else {}
        data_files = {"train": [escape(file) for file in files]}
        return load_dataset_builder(formats.pop(), data_files=data_files, **options)
    if has_magic(name):
        raise InputError(f"{name}: no file matches this pattern.")
    if not is_hub_id(name):
        raise InputError(f"{name}: no such file or folder, and it is no Hub id (OWNER/NAME).")
    return load_dataset_builder(name, config, revision=revision)


def _open(name: str, config: str | None, revision: str | None) -> Any:
    builder = open_builder(name, config, revision)
    if builder is None:
        return load_from_disk(name)
    return stream(builder)


def is_hub_id(name: str) -> bool:
    """Whether a name can only be that of a dataset on the Hub."""
    path = Path(name)
    known = path.suffix in {*_FORMATS, *_COMPRESSED}
    shaped = name.count("/") == 1 and not name.startswith((".", "/")) and not has_magic(name)
    return shaped and not known and not path.exists()


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Say of which INPUT it is that something cannot be read.

    Files are read when their rows are asked for, so this goes around all that does.

    Raises:
        InputError: In place of an error of a reader.
    """
    try:
        yield
    except ProvenanceError:
        raise
    except _UNREADABLE as error:
        raise InputError(f"{name}: {error or type(error).__name__}") from error


def _matches(name: str) -> list[str]:
    return sorted(file for file in glob(name, recursive=True) if Path(file).is_file())


def _suffix(file: str) -> str:
    path = Path(file)
    return Path(path.stem).suffix if path.suffix in _COMPRESSED else path.suffix


def _format(file: str) -> str:
    suffix = _suffix(file)
    if suffix not in _FORMATS:
        raise InputError(
            f"{file}: the format of {suffix or 'a file without suffix'!r} is not known; give one "
            f"of {sorted(_FORMATS)} (also compressed: {list(_COMPRESSED)})."
        )
    return _FORMATS[suffix]
