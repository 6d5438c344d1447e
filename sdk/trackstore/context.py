"""Context of the current work: request, stage, session, correlation id and trace id.

Kept in a context variable, so each thread and asyncio task has its own. What is tracked inside a
``with`` block is linked to it automatically.
"""

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from trackstore.context_scopes import Block, Scoped

CORRELATION_HEADER = "X-Correlation-ID"
TRACE_HEADER = "traceparent"
CORRELATION_ID = re.compile(r"[\w.:/+=@-]{1,128}", re.ASCII)
"""Correlation ids that the server accepts."""
TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?"
)
"""W3C Trace Context, level 1: version, trace id, parent id, flags; later versions may add more."""
SAMPLED = "01"


@dataclass(frozen=True, slots=True)
class Context:
    """Links of everything that is tracked now; each is None if unset.

    ``span_id`` is that of the caller, 16 hex digits; ``trace_flags`` are passed on unchanged.
    """

    request_id: UUID | None = None
    stage: str | None = None
    session_id: UUID | str | None = None
    correlation_id: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    trace_flags: str = SAMPLED


EMPTY_CONTEXT = Context()
_current: Scoped[Context] = Scoped("trackstore", EMPTY_CONTEXT)

current = _current.get
"""The context of this thread or task."""


@contextmanager
def bind(context: Context | None = None, **changes: Any) -> Iterator[Context]:
    """Use ``context`` (default: the current one) with ``changes`` applied until the block ends.

    ``with bind(correlation_id="order-7"): ...``
    """
    bound = replace(_current.get() if context is None else context, **changes)
    block = _current.enter(bound)
    try:
        yield bound
    finally:
        _current.leave(block)


class EnteredContexts:
    """Context blocks of one handle, which may be entered several times."""

    __slots__ = ("_blocks",)

    def __init__(self) -> None:
        self._blocks: list[Block[Context]] = []

    def enter(self, **changes: Any) -> None:
        self._blocks.append(_current.enter(replace(_current.get(), **changes)))

    @property
    def is_open(self) -> bool:
        return bool(self._blocks)

    def leave(self) -> None:
        if not self._blocks:
            return
        here = next(filter(_current.is_innermost, reversed(self._blocks)), self._blocks[-1])
        self._blocks.remove(here)
        _current.leave(here)


def context_of(headers: Mapping[str, str]) -> Context:
    """Read the context from HTTP headers in any case.

    Without a usable ``X-Correlation-ID`` the trace id serves as correlation id.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    trace = TRACEPARENT.fullmatch(lowered.get(TRACE_HEADER, "").strip().lower())
    trace_id, span_id, flags = trace.groups() if trace else (None, None, SAMPLED)
    sent = lowered.get(CORRELATION_HEADER.lower(), "").strip()
    correlation_id = sent if CORRELATION_ID.fullmatch(sent) else trace_id
    return Context(
        correlation_id=correlation_id, trace_id=trace_id, span_id=span_id, trace_flags=flags
    )


def headers_of(context: Context | None = None) -> dict[str, str]:
    """Return HTTP headers that pass the context (default: the current one) to the next service.

    ``traceparent`` gets a new parent id for each call, since one outgoing call is one span. Without
    a trace there is no ``traceparent``; without a correlation id and a request there are no
    headers.
    """
    context = _current.get() if context is None else context
    headers = {}
    correlation_id = context.correlation_id
    if correlation_id is None and context.request_id is not None:
        correlation_id = str(context.request_id)
    if correlation_id is not None:
        headers[CORRELATION_HEADER] = correlation_id
    if context.trace_id is not None:
        headers[TRACE_HEADER] = f"00-{context.trace_id}-{new_span_id()}-{context.trace_flags}"
    return headers


def new_trace_id() -> str:
    return f"{secrets.randbits(128) or 1:032x}"


def new_span_id() -> str:
    return f"{secrets.randbits(64) or 1:016x}"
