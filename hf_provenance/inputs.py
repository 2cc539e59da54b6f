"""What a command line names as INPUT, opened as a dataset.

A Parquet, JSON Lines or CSV file or glob, a folder of them, a folder that `save_to_folder`
wrote, a dataset saved with `save_to_disk`, or a Hub id. Files are streamed, so their size does
not matter.
"""

from __future__ import annotations

from glob import glob, has_magic
from pathlib import Path
from typing import Any

from datasets import IterableDataset, IterableDatasetDict, load_dataset, load_from_disk
from datasets.exceptions import DatasetNotFoundError

from hf_provenance.errors import InputError

_FORMATS = {
    ".parquet": "parquet",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
}
_COMPRESSED = (".gz", ".zst", ".bz2", ".xz")


def open_input(name: str, *, config: str | None = None, revision: str | None = None) -> Any:
    """Open an INPUT.

    Args:
        name: File, glob, folder or Hub id.
        config: Config to load, where there are several.
        revision: Revision of a Hub dataset.

    Returns:
        An `IterableDatasetDict`, or what `load_from_disk` gives.

    Raises:
        InputError: It is not there, or its format is not known.
    """
    path = Path(name)
    if path.is_dir():
        if (path / "dataset_dict.json").is_file() or (path / "state.json").is_file():
            return load_from_disk(str(path))
        return _load(str(path), config)
    files = sorted(glob(name, recursive=True)) if has_magic(name) else [name] * path.is_file()
    if files:
        formats = {_format(file) for file in files}
        if len(formats) > 1:
            raise InputError(
                f"{name}: files of several formats ({sorted(formats)}); name one kind."
            )
        options = {"sep": "\t"} if Path(files[0]).name.split(".", 1)[-1].startswith("tsv") else {}
        return _load(formats.pop(), None, data_files={"train": files}, **options)
    if has_magic(name):
        raise InputError(f"{name}: no file matches this pattern.")
    if (
        path.suffix in {*_FORMATS, *_COMPRESSED}
        or name.count("/") != 1
        or name.startswith((".", "/"))
    ):
        raise InputError(f"{name}: no such file or folder, and it is no Hub id (OWNER/NAME).")
    return _load(name, config, revision=revision)


def _format(file: str) -> str:
    path = Path(file)
    suffix = Path(path.stem).suffix if path.suffix in _COMPRESSED else path.suffix
    if suffix not in _FORMATS:
        raise InputError(
            f"{file}: the format of {suffix or 'a file without suffix'!r} is not known; give one "
            f"of {sorted(_FORMATS)} (also compressed: {list(_COMPRESSED)})."
        )
    return _FORMATS[suffix]


def _load(name: str, config: str | None, **options: Any) -> Any:
    try:
        loaded = load_dataset(name, config, streaming=True, **options)
    except (DatasetNotFoundError, FileNotFoundError, ConnectionError, ValueError) as error:
        raise InputError(f"{name}: {error}") from error
    if isinstance(loaded, IterableDataset):
        return IterableDatasetDict({"train": loaded})
    return loaded
