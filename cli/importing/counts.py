"""Counts of an import."""

from collections import Counter
from dataclasses import dataclass, field

MAX_SHOWN_LINES = 10
"""Maximum number of bad lines that are printed; further ones are only counted."""


@dataclass(slots=True)
class ImportCounts:
    read: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    malformed: int = 0
    repaired: int = 0
    headers: int = 0
    """Repeated headers, which are not records."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Number of rejections by reason."""
    unsent: int = 0
    """Records that were read but not sent or answered before the import stopped."""

    @property
    def answered(self) -> int:
        return self.accepted + self.duplicates + self.rejected

    @property
    def is_clean(self) -> bool:
        return not (self.malformed or self.rejected)
