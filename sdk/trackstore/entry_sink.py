"""Where entries go: what handles of requests and sessions need of a tracker."""

from typing import Protocol
from uuid import UUID

from trackstore.entries import Entry
from trackstore.notices import Notices
from trackstore.request_status import RequestStatus


class EntrySink(Protocol):
    """Takes entries, and knows which requests were called off."""

    notices: Notices
    is_strict: bool

    def record(self, entry: Entry) -> None:
        """Take one entry."""

    def is_cancelled(self, request_id: UUID) -> bool:
        """Whether the server said so."""

    def look_up(self, request_id: UUID) -> RequestStatus | None:
        """Start a request if it waits, and return it; None where the server cannot be asked."""

    def hand_over(self, request_id: UUID, *, wait: bool) -> None:
        """Send what was recorded, so that the process that takes the request up next finds it."""
