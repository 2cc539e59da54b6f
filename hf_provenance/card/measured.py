"""What was measured of the text of the rows, and stands on the card beside their summary.

It follows from the text, which neither the card nor `verify` reads: so it is given by the
publisher, stays only as long as the rows do, and is named among what was not checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hf_provenance.card.audits import (
    Audited,
    Audits,
    audit_block,
    read_audits,
    require_same_rows,
)
from hf_provenance.card.tail_health import (
    TailHealth,
    read_tail_health,
    require_measured_rows,
    with_counted_rows,
)
from hf_provenance.diversity.diversity import Diversity
from hf_provenance.summary import Summary

SPLITS, DIVERSITY = "splits", "diversity"
"""Keys of the block `provenance`."""

READERS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    SPLITS: ("audits", read_audits),
    DIVERSITY: ("diversity", read_tail_health),
}
"""Key of the block -> what it states, and who reads it."""


@dataclass(frozen=True)
class Measured:
    """What was measured of the rows.

    Attributes:
        audits: What audits of evaluation splits found.
        diversity: The tail health of all rows; None where nobody measured it.
    """

    audits: Audits = field(default_factory=dict)
    diversity: TailHealth | None = None

    @classmethod
    def read(
        cls,
        audits: Audited | Mapping[str, Any] | None = None,
        diversity: Diversity | Mapping[str, Any] | None = None,
    ) -> Measured:
        """Read what a caller gives, or what stands on a card.

        Raises:
            CardError: It is nothing that was measured.
        """
        return cls(read_audits(audits), read_tail_health(diversity))

    def require_same_rows(self, summary: Summary) -> None:
        """Check that it was measured on the rows that are published.

        Raises:
            CardError: It was measured on others.
        """
        require_same_rows(self.audits, summary)
        require_measured_rows(self.diversity, summary)

    def block(self, summary: Summary) -> dict[str, Any]:
        """What stands in the YAML, with the counts that follow from the summary."""
        block: dict[str, Any] = {}
        if self.audits:
            block[SPLITS] = audit_block(self.audits, summary)
        if self.diversity is not None:
            block[DIVERSITY] = with_counted_rows(self.diversity, summary)
        return block

    @property
    def not_checked(self) -> list[str]:
        """What cannot be checked without the text, in words."""
        limits = [
            f"What training has met of `{split}`: it takes the text and the training data (audit)."
            for split in self.audits
        ]
        if self.diversity is not None:
            limits.append(
                "The tail health: it takes "
                f"{', '.join(self.diversity['takes'])} (measure_diversity)."
            )
        return limits
