"""What handles of requests and sessions need of a tracker."""

from typing import Protocol
from uuid import UUID

from trackstore.entries import Entry
from trackstore.notices import Notices
from trackstore.request_status import RequestStatus


class EntrySink(Protocol):
    notices: Notices
    is_strict: bool

    def record(self, entry: Entry) -> None: ...

    def is_cancelled(self, request_id: UUID) -> bool: ...

    def look_up(self, request_id: UUID) -> RequestStatus | None: ...

    def hand_over(self, request_id: UUID, *, wait: bool) -> None: ...
