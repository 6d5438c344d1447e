"""Lines of web servers' access logs, in the common and the combined format, as operations."""

import codecs
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

from cli.failures import CommandError
from cli.importing.callers import Caller, read_caller
from cli.importing.records import Found, Malformed, Operation, Record, merged
from cli.importing.sources import MAX_LINE_BYTES, UTF_16_MARKS, Source
from cli.importing.times import read_log_time, write_time

QUOTED = r'(?:[^"\\]|\\.)*+'
LINE = re.compile(
    rf"(?P<caller>.+?) \[(?P<time>[^\[\]]{{1,60}})\] "
    rf'"(?P<request>{QUOTED})" (?P<status>\d{{3}}) (?P<bytes>\d{{1,18}}|-)'
    # The last one may have lost its end: servers cut what a client made too long.
    rf'(?: "(?P<referer>{QUOTED})"(?: "(?P<agent>{QUOTED})(?:(?P<end>")(?P<rest> .*)?)?)?)?\s*'
)
REQUEST = re.compile(
    r"(?P<method>[!#$%&'*+.^_`|~0-9A-Za-z-]+) (?P<target>\S.*?) (?P<protocol>[A-Z]+/\d(?:\.\d)?)"
)
OLDEST_REQUEST = re.compile(r"(?P<method>GET) (?P<target>/\S*)(?P<protocol>)")
"""HTTP/0.9 named no protocol, and knew GET only."""
ESCAPE = re.compile(rb'\\(?:x([0-9a-fA-F]{2})|(["\\]))')
NOTHING = {"-", "", '""'}

NAME_LENGTH = 200
"""Characters of a name; the whole route stands in ``api.route``."""
UNREADABLE = "unreadable request"
"""The name of operations whose request the server could not read either: a scanner that spoke TLS
to the open port, a connection without a word. They happened, and their status counts."""
SERVER_ERROR = 500
SET_BY_THE_LINE = {"id", "kind", "name", "occurredAt", "outcome"} | {
    f"api.{field}" for field in ("route", "method", "statusCode", "ipAddress", "userAgent")
}
"""Fields of the operation that the line fills; every other one may be a constant."""
EXPECTED = 'expected HOST - USER [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 512 ...'
JSON_LINE = (
    "this is JSON, and access-log reads the common and the combined format. Write a table with "
    "jq -r and @csv, and import it with trackstore import csv"
)
UNFINISHED = (
    "the last line has no end: it may still be written. Import the file again when it is complete"
)


def read_access_log(
    source: Source, ids: Callable[[bytes], UUID], constants: Operation
) -> Iterator[Found]:
    """Every line that is not blank."""
    is_combined = False
    for number, line in source.lines():
        if number == 1 and line.startswith(UTF_16_MARKS):
            raise CommandError(f"{source.name} is UTF-16: convert it with iconv -f UTF-16 -t UTF-8")
        content = line.rstrip()
        if number == 1:
            content = content.removeprefix(codecs.BOM_UTF8)
        if not content:
            continue
        found = read_line(number, content, ids, constants)
        if isinstance(found, Record) and len(line) <= MAX_LINE_BYTES:
            ends = line.endswith(b"\n")
            if not ends and _is_cut(content, is_combined):
                found = Malformed(number, UNFINISHED, content.decode("utf-8", "backslashreplace"))
            is_combined = is_combined or content.endswith(b'"')
        yield found


def _is_cut(content: bytes, is_combined: bool) -> bool:
    """Whether a line without a line end stops before its last field."""
    match = LINE.fullmatch(content.decode("utf-8", "backslashreplace"))
    assert match is not None
    has_open_end = match["agent"] is not None and not match["end"]
    return has_open_end or (is_combined and match["agent"] is None)


def read_line(
    number: int, content: bytes, ids: Callable[[bytes], UUID], constants: Operation
) -> Found:
    """One line."""
    text = content.decode("utf-8", "backslashreplace")
    if len(content) > MAX_LINE_BYTES:
        return Malformed(number, f"longer than {MAX_LINE_BYTES:,} bytes", text)
    try:
        operation = operation_of(text)
    except ValueError as error:
        return Malformed(number, str(error), text)
    id = ids(content)
    return Record(number, merged({"id": str(id), **operation}, constants), len(content))


def operation_of(line: str) -> Operation:
    """What a line says; raises ``ValueError``."""
    match = LINE.fullmatch(line)
    if match is None:
        raise ValueError(JSON_LINE if line.startswith("{") else EXPECTED)
    caller: Caller | None = read_caller(match["caller"])
    if caller is None:
        raise ValueError(EXPECTED)
    status = int(match["status"])
    request, what, extra = read_request(match["request"])
    rest = match["rest"] or ""
    attributes: dict[str, Any] = {
        **extra,
        "referer": said(match["referer"]),
        "bytes": None if match["bytes"] == "-" else int(match["bytes"]),
        "user": said(caller.user),
        "rest": rest.strip() or None,
        **caller.attributes,
    }
    return {
        "kind": "API",
        "occurredAt": write_time(read_log_time(match["time"])),
        "outcome": "ERROR" if status >= SERVER_ERROR else "OK",
        **what,
        "api": given(
            {
                **request,
                "statusCode": status,
                "ipAddress": caller.address,
                "userAgent": said(match["agent"]),
            }
        ),
        "attributes": given(attributes),
    }


def read_request(text: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Method and route, the operation's name, and what else the request line tells."""
    match = REQUEST.fullmatch(text) or OLDEST_REQUEST.fullmatch(text)
    if match is None:
        return {}, {"name": UNREADABLE}, {"request": said(text)}
    method = match["method"]
    route, _, query = unescaped(match["target"]).partition("?")
    return (
        {"method": method, "route": route},
        {"name": f"{method} {route}"[:NAME_LENGTH]},
        {"query": query or None, "protocol": match["protocol"] or None},
    )


def said(text: str | None) -> str | None:
    """What stands in a place of the log; None for the dash that means nothing."""
    return None if text is None or text in NOTHING else unescaped(text)


def unescaped(text: str) -> str:
    r"""The text that a server wrote with \", \\ and \xHH; as it stands where that is no text."""
    if "\\" not in text:
        return text
    try:
        meant = ESCAPE.sub(_byte, text.encode()).decode()
    except UnicodeError:
        return text
    return meant if meant.isprintable() else text


def _byte(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 16)]) if match[1] else match[2]


def given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}
