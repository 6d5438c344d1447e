"""Logs of requests as live readers read them: the present state, and the events after a number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, or_, select

from models import Request, RequestEvent, table_of
from models.vocabulary import RequestStatus
from store.announcements import Moved, RequestKey
from store.database import Database, Row
from store.dialects import chunks
from store.requests.transitions import REQUEST_FINAL

REQUESTS, EVENTS = table_of(Request), table_of(RequestEvent)
KEYS_AT_ONCE = 200
"""Requests whose events one statement reads, each after a number of its own."""


@dataclass(frozen=True, slots=True)
class LogPage:
    """A request as it stands, and its next events; ``is_full`` where there may be more."""

    request: Row
    events: Sequence[Row]
    is_full: bool


def has_ended(request: Row) -> bool:
    """Whether it is in a final state."""
    return RequestStatus(request["status"]) in REQUEST_FINAL


class RequestLogs:
    """Reads logs by number."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, key: RequestKey, after: int | None, limit: int) -> LogPage:
        """The request, and its events after a number; none where ``after`` is None.

        The events are read first: the request is then at least as new as they are.
        """
        organization, id = key
        events: Sequence[Row] = ()
        async with self._database.read() as connection:
            if after is not None:
                log = select(EVENTS).where(
                    EVENTS.c.organization_id == organization,
                    EVENTS.c.request_id == id,
                    EVENTS.c.seq > after,
                )
                found = await connection.execute(log.order_by(EVENTS.c.seq).limit(limit))
                events = found.mappings().all()
            one = select(REQUESTS).where(
                REQUESTS.c.organization_id == organization, REQUESTS.c.id == id
            )
            request = (await connection.execute(one)).mappings().one()
        return LogPage(request, events, len(events) == limit)

    async def moved(self, after: Mapping[RequestKey, int], limit: int) -> list[Moved]:
        """Of each request its events after a number, as far as ``limit`` rows go, and itself."""
        found: list[Moved] = []
        for some in chunks(sorted(after), KEYS_AT_ONCE):
            found += await self._moved({key: after[key] for key in some}, limit)
        return found

    async def _moved(self, after: Mapping[RequestKey, int], limit: int) -> list[Moved]:
        log = select(EVENTS).where(
            or_(
                *(
                    and_(
                        EVENTS.c.organization_id == organization,
                        EVENTS.c.request_id == id,
                        EVENTS.c.seq > seq,
                    )
                    for (organization, id), seq in after.items()
                )
            )
        )
        order = EVENTS.c.organization_id, EVENTS.c.request_id, EVENTS.c.seq
        async with self._database.read() as connection:
            rows = (await connection.execute(log.order_by(*order).limit(limit))).mappings().all()
            events: dict[RequestKey, list[Row]] = {}
            for row in rows:
                events.setdefault((row["organization_id"], row["request_id"]), []).append(row)
            if not events:
                return []
            which = or_(
                *(
                    and_(REQUESTS.c.organization_id == organization, REQUESTS.c.id == id)
                    for organization, id in events
                )
            )
            requests = (await connection.execute(select(REQUESTS).where(which))).mappings().all()
        return [Moved(row, events[row["organization_id"], row["id"]]) for row in requests]
