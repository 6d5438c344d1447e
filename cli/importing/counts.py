"""Counts of an import."""

from collections import Counter
from dataclasses import dataclass, field

MAX_SHOWN_LINES = 10
"""So many bad lines are shown one by one; further ones are only counted."""


@dataclass(slots=True)
class ImportCounts:
    read: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    malformed: int = 0
    repaired: int = 0
    headers: int = 0
    """Headers in the middle of a table: no records."""
    reasons: Counter[str] = field(default_factory=Counter)
    """How often the server refused for which reason."""
    unsent: int = 0
    """Records that were read, but not sent or not answered, since the import was stopped."""

    @property
    def answered(self) -> int:
        return self.accepted + self.duplicates + self.rejected

    @property
    def is_clean(self) -> bool:
        return not (self.malformed or self.rejected)
