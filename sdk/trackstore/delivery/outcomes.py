"""Results of one attempt to send a batch."""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import Struct

from trackstore.delivery.delivery_stats import TOO_LARGE

REJECTED, DUPLICATE = "REJECTED", "DUPLICATE"
RETRYABLE_CODES = frozenset({"OVERLOADED", "TIMEOUT", "OUTCOME_UNKNOWN"})
INTERNAL = "INTERNAL"
BAD_USER_INPUT = "BAD_USER_INPUT"


class ItemResult(Struct, rename="camel"):
    """Server result of one item; accepted items are not listed."""

    index: int
    status: str
    code: str | None = None
    message: str | None = None
    path: list[str] | None = None

    @property
    def is_retryable(self) -> bool:
        return self.status == REJECTED and self.code in RETRYABLE_CODES

    @property
    def is_internal(self) -> bool:
        return self.status == REJECTED and self.code == INTERNAL

    @property
    def reason(self) -> str:
        where = ".".join(self.path or ())
        return f"{where}: {self.message}" if where else self.message or ""


@dataclass(frozen=True, slots=True)
class BatchApplied:
    """The batch was applied; ``results`` lists rejected and duplicate items."""

    results: Sequence[ItemResult]
    truncated: int = 0
    """Texts and payloads that the server truncated."""


@dataclass(frozen=True, slots=True)
class RetryLater:
    """The outcome is unknown: send the same batch again.

    ``after`` is the ``Retry-After`` of the server in seconds.
    """

    problem: str
    code: str = ""
    after: float = 0.0
    is_internal: bool = False
    """An internal error of the server, which one item may have caused."""
    is_lasting: bool = False
    """Needs a fix of the configuration: the key or the URL."""


@dataclass(frozen=True, slots=True)
class BatchRejected:
    """The whole batch was rejected because of its content, and nothing was applied.

    ``indexes`` are the items that the error names, if any.
    """

    code: str
    problem: str
    indexes: Sequence[int] = ()

    @property
    def is_size(self) -> bool:
        return self.code == TOO_LARGE


Outcome = BatchApplied | RetryLater | BatchRejected
