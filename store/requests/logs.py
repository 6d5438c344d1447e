"""Logs of requests as live readers read them: the present state, and the events after a number."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, or_, select, tuple_

from models import Request, RequestEvent, table_of
from models.enums import RequestStatus
from store.commit_events import RequestChanged, RequestKey
from store.database import Database, Row
from store.dialects import chunks
from store.query.paging import PageRequest, decode_cursor
from store.requests.sources import EVENTS as EVENT_SOURCE
from store.requests.transitions import REQUEST_FINAL
from store.validation import LONG_MAX

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
    return RequestStatus(request["status"]) in REQUEST_FINAL


def log_reach(
    request: PageRequest, size: int
) -> Callable[[Sequence[RequestKey]], ColumnElement[bool]]:
    """Return the condition for what a page can reach of the logs of some requests.

    The events of a log are numbered without a gap, so that a page is a range of numbers: the
    database reads that range and one event more, not the log.
    """
    terms = EVENT_SOURCE.terms(())
    organization, id, seq = EVENTS.c.organization_id, EVENTS.c.request_id, EVENTS.c.seq
    if not request.backward:
        after = 0 if request.after is None else decode_cursor(request.after, terms, "after")[0]
        through = min(after + size + 1, LONG_MAX)
        return lambda keys: and_(tuple_(organization, id).in_(keys), seq <= through)
    last: ColumnElement[int] = REQUESTS.c.last_seq
    if request.before is not None:
        before = decode_cursor(request.before, terms, "before")[0]
        last = case((last < before, last), else_=before) - 1

    def newest(key: RequestKey) -> ColumnElement[bool]:
        of_request = select(last).where(
            REQUESTS.c.organization_id == key[0], REQUESTS.c.id == key[1]
        )
        return and_(
            organization == key[0], id == key[1], seq >= of_request.scalar_subquery() - size
        )

    return lambda keys: or_(*map(newest, keys))


class RequestLogs:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, key: RequestKey, after: int | None, limit: int) -> LogPage:
        """Return the request, and its events after a number; none where ``after`` is None.

        The events are read first: the request is then at least as new as they are.
        """
        organization, id = key
        events: Sequence[Row] = ()
        async with self._database.read_for(organization) as connection:
            if after is not None:
                log = select(EVENTS).where(
                    EVENTS.c.organization_id == organization,
                    EVENTS.c.request_id == id,
                    EVENTS.c.seq > after,
                )
                result = await connection.execute(log.order_by(EVENTS.c.seq).limit(limit))
                events = result.mappings().all()
            request_query = select(REQUESTS).where(
                REQUESTS.c.organization_id == organization, REQUESTS.c.id == id
            )
            request = (await connection.execute(request_query)).mappings().one()
        return LogPage(request, events, len(events) == limit)

    async def moved(self, after: Mapping[RequestKey, int], limit: int) -> list[RequestChanged]:
        """Return each request with its events after a number, up to ``limit`` rows in all."""
        changes: list[RequestChanged] = []
        for batch in chunks(sorted(after), KEYS_AT_ONCE):
            changes += await self._moved({key: after[key] for key in batch}, limit)
        return changes

    async def _moved(self, after: Mapping[RequestKey, int], limit: int) -> list[RequestChanged]:
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
        return [RequestChanged(row, events[row["organization_id"], row["id"]]) for row in requests]
