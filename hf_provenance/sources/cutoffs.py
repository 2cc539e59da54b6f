"""Dates that divide: named ones, and the opt-in rule that text from before one is human.

`Annotator(human_before="2022-11-30")` calls a row human, with the basis `cutoff`, where nothing
else says who wrote it and it was collected wholly before that day. It never calls a row
synthetic, and every card shows what rests on it apart from all other labels.

What a cutoff can't know:

- **That a person wrote the row.** Machine translation, templates and spun text are older than any
  cutoff, and outputs of language models were published from 2019 on. A detector of 2025 calls 4.2 %
  of 15,894 articles from before ChatGPT synthetic (https://graphite.io/five-percent); nobody knows
  how many of these it is right about.
- **When the row was written.** A collection date bounds that from above only; here that is the
  safe side.
- **Anything about rows without a date**, or whose dates reach beyond the cutoff. They stay unknown.
"""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hf_provenance.errors import UsageError

PRESETS = {
    "gpt3_api": "2020-06-11",
    "low_background": "2022-01-01",
    "chatgpt": "2022-11-30",
    "gpt4": "2023-03-14",
}
"""Cutoffs with a name: public releases after which model text spread, and the conservative line
before all of 2022."""


def read_cutoff(value: object, *, name: str) -> str:
    """Read a day that a user gives: a date, an ISO date or the name of a preset.

    Args:
        value: What is given.
        name: Name of the argument, for messages.

    Returns:
        The day, ISO.

    Raises:
        UsageError: It is none of these.
    """
    if isinstance(value, datetime):
        value = value.date()
    text = value.isoformat() if isinstance(value, date) else PRESETS.get(str(value), value)
    try:
        return date.fromisoformat(text).isoformat()  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"{name}={value!r} is neither a date (YYYY-MM-DD) nor a preset {sorted(PRESETS)}."
        ) from error


def wholly_before(until: pa.Array, cutoff: str) -> NDArray[np.bool_]:
    """Rows that were collected wholly before midnight UTC of a day; undated ones were not.

    Args:
        until: Latest possible collection, timestamp[us], naive UTC.
        cutoff: The day, ISO.
    """
    instant = pa.scalar(datetime.fromisoformat(cutoff), until.type)
    before = pc.fill_null(pc.less(until, instant), False)
    return np.asarray(before.to_numpy(zero_copy_only=False), np.bool_)
