"""Server-sent events as they come over the wire, in pieces of any size."""

import re
from dataclasses import dataclass

LINE_END = re.compile(rb"\r\n|\n|\r")
"""What ends a line there; text may hold other characters that Python takes for ends of lines."""
MOST_BYTES = 64 * 1024 * 1024
"""Of one message. What a server sends is far smaller: more is no stream of events."""


class EventTooLongError(Exception):
    """A message does not end."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the stream."""

    event: str
    data: str


class EventStream:
    """Puts the messages of one stream together. Comments say nothing and are left out."""

    def __init__(self) -> None:
        self._begun: list[bytes] = []
        self._size = 0
        self._after_return = False
        self._event = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> list[Message]:
        """The messages that these bytes complete."""
        if not chunk:
            return []
        if self._after_return and chunk.startswith(b"\n"):
            chunk = chunk[1:]  # the end of the line before came in two pieces
        self._after_return = chunk.endswith(b"\r")
        *ended, rest = LINE_END.split(chunk)
        found = []
        for part in ended:
            self._begun.append(part)
            line, self._begun = b"".join(self._begun), []
            message = self._take(line)
            if message is not None:
                found.append(message)
        self._begun.append(rest)
        self._size += len(rest)
        if self._size > MOST_BYTES:
            raise EventTooLongError
        return found

    def _take(self, line: bytes) -> Message | None:
        """Take a line; an empty one ends a message."""
        if not line:
            message = Message(self._event or "message", "\n".join(self._data))
            complete = bool(self._data)
            self._event, self._data, self._size = "", [], 0
            return message if complete else None
        self._size += len(line)
        name, _, value = line.decode(errors="replace").partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._event = value
        elif name == "data":
            self._data.append(value)
        return None
