"""What one try to send a batch comes to."""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import Struct

from trackstore.delivery.delivery_stats import TOO_LARGE

REJECTED, DUPLICATE = "REJECTED", "DUPLICATE"
RETRYABLE_CODES = frozenset({"OVERLOADED", "TIMEOUT", "OUTCOME_UNKNOWN"})
INTERNAL = "INTERNAL"
BAD_USER_INPUT = "BAD_USER_INPUT"


class ItemResult(Struct, rename="camel"):
    """The server's answer to one item; accepted ones are not listed."""

    index: int
    status: str
    code: str | None = None
    message: str | None = None
    path: list[str] | None = None

    @property
    def is_retryable(self) -> bool:
        """Whether the same item may succeed a moment later."""
        return self.status == REJECTED and self.code in RETRYABLE_CODES

    @property
    def is_internal(self) -> bool:
        """Whether the server failed over it: no word against the item."""
        return self.status == REJECTED and self.code == INTERNAL

    @property
    def reason(self) -> str:
        """Why it was refused, in words."""
        where = ".".join(self.path or ())
        return f"{where}: {self.message}" if where else self.message or ""


@dataclass(frozen=True, slots=True)
class BatchApplied:
    """The batch was applied; ``results`` tell of the items that were not simply accepted."""

    results: Sequence[ItemResult]
    truncated: int = 0
    """Texts and payloads that the server cut."""


@dataclass(frozen=True, slots=True)
class RetryLater:
    """Nothing is known of the batch: it is to be sent again, as it is.

    ``after`` are seconds that the server asked to wait. ``code`` says what it is about.
    """

    problem: str
    code: str = ""
    after: float = 0.0
    is_internal: bool = False
    """A mistake of the server, which one item may have caused."""
    is_lasting: bool = False
    """Somebody must mend it: the key, the address."""


@dataclass(frozen=True, slots=True)
class BatchRejected:
    """The batch as a whole was refused because of what is in it; nothing of it was applied.

    ``indexes`` are the items that were named, where any were.
    """

    code: str
    problem: str
    indexes: Sequence[int] = ()

    @property
    def is_size(self) -> bool:
        """Whether it is only too large."""
        return self.code == TOO_LARGE


Outcome = BatchApplied | RetryLater | BatchRejected
