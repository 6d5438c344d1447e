"""Parser of access logs of web servers, in the common and the combined format."""

import codecs
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

from cli.errors import CommandError
from cli.importing.callers import Caller, read_caller
from cli.importing.records import Malformed, Operation, ReadItem, Record, merged
from cli.importing.sources import MAX_LINE_BYTES, UTF_16_MARKS, Source
from cli.importing.times import read_log_time, write_time

QUOTED = r'(?:[^"\\]|\\.)*+'
LINE = re.compile(
    rf"(?P<caller>.+?) \[(?P<time>[^\[\]]{{1,60}})\] "
    rf'"(?P<request>{QUOTED})" (?P<status>\d{{3}}) (?P<bytes>\d{{1,18}}|-)'
    # Servers cut long headers: the last field may lack its closing quote.
    rf'(?: "(?P<referer>{QUOTED})"(?: "(?P<agent>{QUOTED})(?:(?P<end>")(?P<rest> .*)?)?)?)?\s*'
)
REQUEST = re.compile(
    r"(?P<method>[!#$%&'*+.^_`|~0-9A-Za-z-]+) (?P<target>\S.*?) (?P<protocol>[A-Z]+/\d(?:\.\d)?)"
)
OLDEST_REQUEST = re.compile(r"(?P<method>GET) (?P<target>/\S*)(?P<protocol>)")
"""HTTP/0.9 has no protocol field, and only GET."""
ESCAPE = re.compile(rb'\\(?:x([0-9a-fA-F]{2})|(["\\]))')
EMPTY_FIELDS = {"-", "", '""'}

MAX_NAME_CHARS = 200
"""Maximum length of a name; ``api.route`` has the complete route."""
UNREADABLE_REQUEST_NAME = "unreadable request"
"""Name of operations whose request line the server could not parse either, such as TLS on an HTTP
port. They are imported because their status counts."""
SERVER_ERROR_STATUS = 500
FIELDS_OF_LINE = {"id", "kind", "name", "occurredAt", "outcome"} | {
    f"api.{field}" for field in ("route", "method", "statusCode", "ipAddress", "userAgent")
}
"""Fields that the line sets; others may be constants."""
EXPECTED_FORM = 'expected HOST - USER [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 512 ...'
JSON_LINE = (
    "the line is JSON; access-log reads the common and the combined format. Convert it with "
    "jq -r and @csv, and use trackstore import csv"
)
UNFINISHED = (
    "the last line has no line end and may be incomplete. Import the file again when it is complete"
)


def read_access_log(
    source: Source, ids: Callable[[bytes], UUID], constants: Operation
) -> Iterator[ReadItem]:
    is_combined = False
    for number, line in source.lines():
        if number == 1 and line.startswith(UTF_16_MARKS):
            raise CommandError(f"{source.name} is UTF-16. Convert it with iconv -f UTF-16 -t UTF-8")
        content = line.rstrip()
        if number == 1:
            content = content.removeprefix(codecs.BOM_UTF8)
        if not content:
            continue
        item = read_line(number, content, ids, constants)
        if isinstance(item, Record) and len(line) <= MAX_LINE_BYTES:
            ends_with_newline = line.endswith(b"\n")
            if not ends_with_newline and _is_cut(content, is_combined):
                item = Malformed(number, UNFINISHED, content.decode("utf-8", "backslashreplace"))
            is_combined = is_combined or content.endswith(b'"')
        yield item


def _is_cut(content: bytes, is_combined: bool) -> bool:
    match = LINE.fullmatch(content.decode("utf-8", "backslashreplace"))
    assert match is not None
    has_open_end = match["agent"] is not None and not match["end"]
    return has_open_end or (is_combined and match["agent"] is None)


def read_line(
    number: int, content: bytes, ids: Callable[[bytes], UUID], constants: Operation
) -> ReadItem:
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
    match = LINE.fullmatch(line)
    if match is None:
        raise ValueError(JSON_LINE if line.startswith("{") else EXPECTED_FORM)
    caller: Caller | None = read_caller(match["caller"])
    if caller is None:
        raise ValueError(EXPECTED_FORM)
    status = int(match["status"])
    request, name, extra = read_request(match["request"])
    extra_text = match["rest"] or ""
    attributes: dict[str, Any] = {
        **extra,
        "referer": field_text(match["referer"]),
        "bytes": None if match["bytes"] == "-" else int(match["bytes"]),
        "user": field_text(caller.user),
        "rest": extra_text.strip() or None,
        **caller.attributes,
    }
    return {
        "kind": "API",
        "occurredAt": write_time(read_log_time(match["time"])),
        "outcome": "ERROR" if status >= SERVER_ERROR_STATUS else "OK",
        **name,
        "api": without_nulls(
            {
                **request,
                "statusCode": status,
                "ipAddress": caller.address,
                "userAgent": field_text(match["agent"]),
            }
        ),
        "attributes": without_nulls(attributes),
    }


def read_request(text: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return the API fields, the name and the attributes of a request line."""
    match = REQUEST.fullmatch(text) or OLDEST_REQUEST.fullmatch(text)
    if match is None:
        return {}, {"name": UNREADABLE_REQUEST_NAME}, {"request": field_text(text)}
    method = match["method"]
    route, _, query = unescape(match["target"]).partition("?")
    return (
        {"method": method, "route": route},
        {"name": f"{method} {route}"[:MAX_NAME_CHARS]},
        {"query": query or None, "protocol": match["protocol"] or None},
    )


def field_text(text: str | None) -> str | None:
    """Return a field of the log; None for a dash."""
    return None if text is None or text in EMPTY_FIELDS else unescape(text)


def unescape(text: str) -> str:
    r"""Decode \", \\ and \xHH; return the text unchanged if the result is not printable."""
    if "\\" not in text:
        return text
    try:
        decoded = ESCAPE.sub(_byte, text.encode()).decode()
    except UnicodeError:
        return text
    return decoded if decoded.isprintable() else text


def _byte(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 16)]) if match[1] else match[2]


def without_nulls(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
