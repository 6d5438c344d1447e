"""A session as a ``with`` block: what is tracked inside belongs to it."""

from datetime import UTC, datetime
from types import TracebackType
from typing import Self
from uuid import UUID

import msgspec

from trackstore.context import Entered
from trackstore.entries import Session
from trackstore.sink import Sink


class SessionHandle:
    """One sitting of a tool or user. ``with`` and ``async with`` end it; so does ``end``."""

    def __init__(self, sink: Sink, session: Session) -> None:
        assert session.id is not None
        self.id: UUID = session.id
        self._sink = sink
        self._session = session
        self._entered = Entered()
        sink.record(session)

    def end(self) -> None:
        """The session is over."""
        self._sink.record(msgspec.structs.replace(self._session, ended_at=datetime.now(UTC)))

    def __enter__(self) -> Self:
        self._entered.enter(session_id=self.id)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._entered.leave()
        self.end()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, traceback)
