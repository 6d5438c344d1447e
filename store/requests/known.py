"""Requests as this process has written or read them last, so that a command need not read them first.

Another process may have changed them since: whoever writes from here does so by a guarded write,
and reads again where its guard fails.
"""

from dataclasses import dataclass
from uuid import UUID

import msgspec
from cachetools import LRUCache

from store.requests.rows import Row
from store.requests.state import RequestState

MAX_KNOWN_ROWS = 5_000
"""Of requests and stages together, some 1.5 KB each."""
JSON_BYTES_PER_ROW = 1_024
"""So many bytes of JSON count as a row."""
MAX_ROWS_OF_ONE = 500
JSON_COLUMNS = ("attributes", "result", "output", "error")


@dataclass(frozen=True, slots=True)
class KnownRequest:
    """A request with its stages; nobody changes the rows, a command works on copies."""

    row: Row
    stages: dict[str, Row]
    size: int
    """How many rows it counts as."""


class KnownRequests:
    def __init__(self, rows: int = MAX_KNOWN_ROWS) -> None:
        self._requests: LRUCache[UUID, KnownRequest] = LRUCache(rows, lambda known: known.size)

    def get(self, organization: str | None, id: UUID) -> KnownRequest | None:
        """Return a request; without an organization, that of any."""
        known = self._requests.get(id)
        if known is None or organization not in (None, known.row["organization_id"]):
            return None
        return known

    def put(self, row: Row, stages: dict[str, Row]) -> KnownRequest:
        """Remember a request, unless it is too large to be worth it."""
        known = KnownRequest(row, stages, size_of(row, stages))
        if known.size <= MAX_ROWS_OF_ONE:
            self._requests[row["id"]] = known
        else:
            self.forget(row["id"])
        return known

    def note(self, state: RequestState) -> None:
        """Remember a request as it was committed; one that has ended gets few further commands."""
        if state.final:
            self.forget(state.row["id"])
        else:
            self.put(state.row, dict(state.stages))

    def forget(self, id: UUID) -> None:
        self._requests.pop(id, None)


def size_of(row: Row, stages: dict[str, Row]) -> int:
    rows = (row, *stages.values())
    values = [each.get(name) for each in rows for name in JSON_COLUMNS]
    encoded = sum([len(msgspec.json.encode(value)) for value in values if value is not None])
    return len(rows) + encoded // JSON_BYTES_PER_ROW
