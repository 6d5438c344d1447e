"""A session as a ``with`` block that links what is tracked inside."""

from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import msgspec

from trackstore.call_repair import Reporter, report
from trackstore.context import EnteredContexts
from trackstore.entries import Session
from trackstore.entry_sink import EntrySink
from trackstore.ids import new_id
from trackstore.values import NAME_CHARS, Problems, text

fit_id = text(NAME_CHARS, may_cut=False, may_be_empty=False)


def session_id_of(reporter: Reporter, passed: Any) -> str:
    if passed is None:
        return str(new_id())
    problems: Problems = []
    session_id: str | None = fit_id(passed, problems)
    if session_id is None and not problems:
        problems.append(("", "It is empty."))
    consequence = " The session gets another id." if session_id is None else ""
    report(reporter, "session", [("id", f"{problem}{consequence}") for _, problem in problems])
    return str(new_id()) if session_id is None else session_id


class SessionHandle:
    """A session of a tool or user. ``with`` and ``async with`` end it; so does ``end``."""

    def __init__(self, sink: EntrySink, session: Session) -> None:
        assert session.id is not None
        self.id: str = session.id
        self._sink = sink
        self._session = session
        self._entered = EnteredContexts()
        sink.record(session)

    def end(self) -> None:
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
