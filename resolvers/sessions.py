"""Define the root fields of sessions."""

from typing import Annotated

import strawberry

from resolvers.pages import connection
from schema.arguments import After, Before, First, Last, SessionId, about, where_of
from schema.connections import Connection
from schema.context import Info
from schema.enums import ItemStatus
from schema.filters import condition_of
from schema.sessions import EndSessionInput, Session, SessionFilter, SessionInput, SessionPayload
from store.ingest.entries import Entry
from store.query.paging import PageRequest
from store.query.records import RecordQuery


async def write_session(info: Info, entry: Entry) -> SessionPayload:
    result = await info.context.write_one(entry)
    return SessionPayload(status=ItemStatus(result.status), key=result.detail)


@strawberry.type
class SessionMutations:
    @strawberry.mutation(description="Starts a session. Send it again with endedAt to end it.")
    async def start_session(
        self, info: Info, input: Annotated[SessionInput, about("The session.")]
    ) -> SessionPayload:
        ingest_session = info.context.store.ingest_session(info.context.principal)
        return await write_session(info, ingest_session.session(input))

    @strawberry.mutation(description="Ends a session.")
    async def end_session(
        self, info: Info, input: Annotated[EndSessionInput, about("The session to end.")]
    ) -> SessionPayload:
        ingest_session = info.context.store.ingest_session(info.context.principal)
        return await write_session(info, ingest_session.end_session(input.session_id))


@strawberry.type
class SessionQueries:
    @strawberry.field(description="Sessions, newest first.")
    async def sessions(
        self,
        info: Info,
        where: Annotated[SessionFilter | None, where_of("sessions")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Session]:
        store = info.context.store
        question = RecordQuery(condition_of(where, store.now()))
        page = PageRequest(first, after, last, before)
        return await connection(info, store.sessions, question, page, Session.from_row)

    @strawberry.field(description="One session by its uuid.")
    async def session(self, info: Info, id: SessionId) -> Session | None:
        row = await info.context.store.sessions.find_by(info.context.reader(), {"id": id})
        return Session.from_row(row) if row else None
