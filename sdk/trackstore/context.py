"""What is being worked on here and now: request, stage, session, correlation and trace id.

Kept in a context variable, so that each thread and each asyncio task has its own, and what is
tracked inside a ``with`` block is tied to it without being told.
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
"""What the server takes for a correlation id."""
TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?"
)
"""W3C Trace Context, level 1: version, trace id, parent id, flags; later versions may add more."""
SAMPLED = "01"


@dataclass(frozen=True, slots=True)
class Context:
    """The ties of whatever is tracked now; each is None where there is none.

    ``span_id`` is the caller's, 16 hex digits; ``trace_flags`` are passed on as they came.
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
    """Work in ``context`` (default: the present one) with ``changes`` to it, until the block ends.

    ``with bind(correlation_id="order-7"): ...``
    """
    bound = replace(_current.get() if context is None else context, **changes)
    block = _current.enter(bound)
    try:
        yield bound
    finally:
        _current.leave(block)


class EnteredContexts:
    """The blocks that one handle has entered: it may be used in several ``with`` at a time."""

    __slots__ = ("_blocks",)

    def __init__(self) -> None:
        self._blocks: list[Block[Context]] = []

    def enter(self, **changes: Any) -> None:
        """Work in the present context with ``changes``, until ``leave``."""
        self._blocks.append(_current.enter(replace(_current.get(), **changes)))

    @property
    def is_open(self) -> bool:
        """Whether one of the blocks has not ended."""
        return bool(self._blocks)

    def leave(self) -> None:
        """End the block that was entered here, else the last one."""
        if not self._blocks:
            return
        here = next(filter(_current.is_innermost, reversed(self._blocks)), self._blocks[-1])
        self._blocks.remove(here)
        _current.leave(here)


def context_of(headers: Mapping[str, str]) -> Context:
    """The context that a caller sent with its HTTP headers, whatever their case.

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
    """The headers that tell the next service about this context (default: the present one).

    The parent id of ``traceparent`` is new for each call, as one outgoing call is one span. Without
    a trace there is no ``traceparent``; without a correlation id and a request nothing at all.
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
    """32 random hex digits, never all zero."""
    return f"{secrets.randbits(128) or 1:032x}"


def new_span_id() -> str:
    """16 random hex digits, never all zero."""
    return f"{secrets.randbits(64) or 1:016x}"
