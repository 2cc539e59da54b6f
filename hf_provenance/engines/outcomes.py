"""What a task leaves behind: its shards and, beside them, all that the whole needs to know.

```
<tasks>/<key of the task>/
    train-pre_2022_11_30-00000.parquet ...   shards under temporary names
    outcome.json                             summary, shards, rows of the language sample
    ids.npy                                  first 48 bits of each id
```

A folder is written under another name and then renamed, so it is there as a whole or not at all;
of two workers at the same task the first one wins.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from hf_provenance.publish.contents.edition import Ids
from hf_provenance.publish.contents.rows import Written
from hf_provenance.publish.contents.shards import Shard
from hf_provenance.sources.languages import LanguageSample
from hf_provenance.summary import Summary

_TOLD, _IDS = "outcome.json", "ids.npy"


@dataclass(frozen=True)
class Outcome:
    """What a task gave.

    Attributes:
        split: Split of the rows.
        summary: Their summary.
        shards: The shards.
        sample: The language sample, or None.
        ids: First 48 bits of the id of each row.
    """

    split: str
    summary: Summary
    shards: tuple[Shard, ...]
    sample: LanguageSample | None
    ids: Ids

    @classmethod
    def of(cls, split: str, written: Written, sample: LanguageSample | None) -> Outcome:
        """Take what was written."""
        return cls(split, written.summary, tuple(written.shards), sample, written.ids)

    def write(self, folder: Path) -> None:
        """Write it beside its shards."""
        told = {
            "split": self.split,
            "summary": self.summary.to_dict(),
            "shards": [
                {
                    "bucket": shard.bucket,
                    "number": shard.number,
                    "rows": shard.rows,
                    "arrow_bytes": shard.arrow_bytes,
                    "size": shard.size,
                    "sha256": shard.sha256,
                    "file": shard.file.name,
                }
                for shard in self.shards
            ],
            "sample": self.sample and self.sample.to_rows(),
        }
        np.save(folder / _IDS, self.ids)
        (folder / _TOLD).write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Outcome | None:
        """Read it; None where it is not there, or one of its shards is not."""
        try:
            told: dict[str, Any] = json.loads((folder / _TOLD).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        split = told["split"]
        shards = tuple(
            Shard(split=split, **{**shard, "file": folder / shard["file"]})
            for shard in told["shards"]
        )
        if not all(_is_whole(shard) for shard in shards):
            return None
        sample = told["sample"] and LanguageSample.from_rows(told["sample"])
        ids = np.load(folder / _IDS, mmap_mode="r" if shards else None)  # no empty file is mapped
        return cls(split, Summary.from_dict(told["summary"]), shards, sample, ids)


@contextmanager
def writing(folder: Path) -> Iterator[Path]:
    """A place for the files of an outcome, which become `folder` at the end."""
    partial = folder.with_name(f".{folder.name}.{uuid4().hex}")
    partial.mkdir(parents=True)
    try:
        yield partial
        with suppress(OSError):  # not empty: another worker was faster
            partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _is_whole(shard: Shard) -> bool:
    return shard.file.is_file() and shard.file.stat().st_size == shard.size
