"""`provenance/files.json`: every shard of a config with its hash, and the files of each view.

It tells a reader without reading data whether the repo still is what was published. What it says
comes from the repo, so it is checked before it is used: paths are the ones that we would give.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from hf_provenance.card.facts import DEFAULT
from hf_provenance.errors import SummaryError
from hf_provenance.plain_data import parse_json
from hf_provenance.publish.contents.layout import RUN, Layout, Placed, shard_path
from hf_provenance.splits import Buckets
from hf_provenance.sums import TABLES

LISTING = "provenance/files.json"

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MARK = re.compile(r"[0-9a-f]{32}")
_PLACE = re.compile(rf"-{RUN}-(\d{{5,}})\.parquet$")
_NAME = re.compile(r"\w+(\.\w+)*")
_COUNTS = ("rows", "arrow_bytes", "size")
_BESIDE = re.compile(
    rf"provenance\.json|provenance/(badge\.(svg|json)|timeline\.(png|svg)|files\.json|"
    rf"ids/{RUN}\.parquet|({'|'.join(TABLES)})\.parquet)"
)
_MOST = 1 << 62


def write_listing(layout: Layout, others: Sequence[str]) -> dict[str, Any]:
    """Plain data of `files.json`.

    Args:
        layout: The shards.
        others: The small files beside them.
    """
    return {
        "shards": [
            {
                "path": shard.path,
                "split": shard.split,
                "bucket": shard.bucket,
                "run": shard.run,
                "rows": shard.rows,
                "arrow_bytes": shard.arrow_bytes,
                "bytes": shard.size,
                "sha256": shard.sha256,
            }
            for shard in layout.shards
        ],
        "views": {
            view: {
                split: [path for at in parts for path in layout.paths(*at)]
                for split, parts in splits.items()
            }
            for view, splits in layout.views().items()
        },
        "others": list(others),
    } | ({"merged": list(layout.merged)} if layout.merged else {})


def read_listing(
    content: bytes, config: str, buckets: Buckets | None, where: str
) -> tuple[Layout, tuple[str, ...]]:
    """Read `files.json`.

    Args:
        content: The file.
        config: The config that it belongs to.
        buckets: The rule that divides the config's rows, or None.
        where: What to call the file in messages.

    Returns:
        The layout, and the paths of the small files.

    Raises:
        SummaryError: It is no listing of shards that we could have written.
    """
    data = parse_json(content, name=where, error=SummaryError)
    try:
        shards = tuple(_placed(entry, config, buckets) for entry in data["shards"])
        others = tuple(data["others"])
        merged = tuple(data.get("merged", ()))
        if not all(isinstance(mark, str) and _MARK.fullmatch(mark) for mark in merged):
            raise ValueError("a mark that is none")
        if not all(isinstance(path, str) for path in others):
            raise TypeError("a path that is no text")
        if len({shard.path for shard in shards}) < len(shards):
            raise ValueError("a shard that is listed twice")
        layout = Layout(config, buckets, shards, merged)
        if data["views"] != write_listing(layout, others)["views"]:
            raise ValueError("views that are not those of its shards")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SummaryError(
            f"{where} is not a listing that hf_provenance wrote ({error!r}): publish the data anew "
            'with mode="replace".'
        ) from error
    return layout, others


def is_beside(config: str, path: str) -> bool:
    """Whether a path is that of a small file which we write beside the shards of a config."""
    start = "" if config == DEFAULT else f"{config}/"
    return path.startswith(start) and _BESIDE.fullmatch(path, len(start)) is not None


def _placed(entry: dict[str, Any], config: str, buckets: Buckets | None) -> Placed:
    shard = Placed(**{"size" if key == "bytes" else key: value for key, value in entry.items()})
    found = _PLACE.search(shard.path)
    bucket = "_" if shard.bucket is None else shard.bucket
    texts = (shard.path, shard.split, bucket, shard.run, shard.sha256)
    if not all(isinstance(text, str) for text in texts) or found is None:
        raise TypeError(f"a shard that is none: {entry!r:.200}")
    for name in _COUNTS:
        count = getattr(shard, name)
        if type(count) is not int or not 0 <= count < _MOST:
            raise ValueError(f"{name} {count!r:.50} of {shard.path!r:.200}")
    if not _NAME.fullmatch(shard.split) or not _NAME.fullmatch(bucket):
        raise ValueError(f"the split or bucket of {shard.path!r:.200}")
    if not _SHA256.fullmatch(shard.sha256) or (shard.bucket is None) != (buckets is None):
        raise ValueError(f"the hash or the bucket of {shard.path!r:.200}")
    if buckets is not None and not buckets.gives(bucket):
        raise ValueError(f"the bucket of {shard.path!r:.200}, which by={buckets.by!r} never gives")
    if shard.path != shard_path(config, shard.split, shard.bucket, shard.run, int(found[1])):
        raise ValueError(f"the path {shard.path!r:.200}")
    return shard
