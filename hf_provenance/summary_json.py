"""The summary in its file: `provenance.json`, read from wherever it comes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from hf_provenance.errors import SummaryError
from hf_provenance.plain_data import parse_json
from hf_provenance.plain_sums import OWN_KEYS
from hf_provenance.summary import Summary


def read_summary(
    content: bytes, whole: Mapping[str, pa.Table] | None = None
) -> tuple[Summary, dict[str, Any]]:
    """Read a `provenance.json`, which may come from anywhere.

    Args:
        content: The file.
        whole: The whole tables of those that were cut, by name, as read from the Parquet files
            beside it.

    Returns:
        The summary, and what else the file says, such as `by` and `config`, as it stands there.

    Raises:
        SummaryError: Not JSON, or not a summary.
    """
    data = parse_json(content, name="the summary", error=SummaryError)
    summary = Summary.from_dict(data, whole)
    return summary, {key: value for key, value in data.items() if key not in OWN_KEYS}
