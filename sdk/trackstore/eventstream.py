"""Incremental parser of server-sent events, as used by GraphQL over SSE."""

import re
from dataclasses import dataclass

from trackstore.errors import EventStreamError

LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")
"""A final carriage return may be half of a pair: it waits for the next piece."""
MAX_EVENT_BYTES = 32 * 2**20
"""Limit of an event that does not end."""


@dataclass(frozen=True, slots=True)
class ServerEvent:
    name: str
    data: bytes


class EventStream:
    """Parser of one connection. Comments, which are keep-alives, are skipped."""

    def __init__(self) -> None:
        self._rest = b""
        self._name = ""
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> list[ServerEvent]:
        """Return the events that this piece completes; raise ``EventStreamError``."""
        *lines, self._rest = LINE_END.split(self._rest + piece)
        if len(self._rest) > MAX_EVENT_BYTES:
            raise EventStreamError("an event does not end")
        events = []
        for line in lines:
            if line:
                self._take(line)
            elif self._name or self._data:
                events.append(ServerEvent(self._name, b"\n".join(self._data)))
                self._name, self._data = "", []
        return events

    def _take(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"event":
            self._name = value.decode("ascii", "replace")
        elif name == b"data":
            self._data.append(value)
