"""What a card states beside the summary: where the data lies and how it was divided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hf_provenance.card.measured import Measured
from hf_provenance.splits import Buckets

DEFAULT = "default"
"""Name of the config that readers get when they name none."""


@dataclass(frozen=True)
class Facts:
    """Facts of a publication that no row carries.

    Attributes:
        repo_id: Hub id or path for the examples, or None.
        config: Name of the config.
        buckets: The rule of the crawl-date split, or None.
        views: Splits of the `crawl_date` view -> (split, bucket).
        tokenizer: Name of the tokenizer behind `prov_tokens`.
        language_sample: Rows of a hash-chosen sample by detected language ("" where none was
            found), if the data declares no language.
        pictures: Folder of badge and figures in the repo, or None where there are none.
        timeline: Whether there is a timeline picture.
        card_data: Standard YAML keys that the user gives.
        measured: What was measured of the text: audits and tail health.
    """

    repo_id: str | None = None
    config: str = DEFAULT
    buckets: Buckets | None = None
    views: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    tokenizer: str | None = None
    language_sample: Mapping[str, int] | None = None
    pictures: str | None = None
    timeline: bool = False
    card_data: Mapping[str, Any] = field(default_factory=dict)
    measured: Measured = field(default_factory=Measured)

    @property
    def first_bucket(self) -> str:
        """Name of the first bucket of the view, for the examples."""
        return next(iter(self.views.values()))[1]
