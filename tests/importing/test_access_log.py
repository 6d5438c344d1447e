"""Lines of access logs: what each kind of them becomes."""

from uuid import UUID

import pytest

from server.cli.importing.access_log import NAME_LENGTH, operation_of, read_line
from server.cli.importing.records import Malformed, Record
from server.cli.importing.sources import MAX_LINE_BYTES

ID = UUID(int=8)
START = "192.0.2.1 - - [01/Mar/2026:23:59:59 -0130]"


def line(request: str, rest: str = '200 12 "-" "-"') -> str:
    return f'{START} "{request}" {rest}'


def test_a_line_of_the_combined_format() -> None:
    rest = '200 203023 "http://example.org/a" "Mozilla/5.0 (X11)"'
    assert operation_of(line("GET /a/b.png?size=2&x=/?y HTTP/1.1", rest)) == {
        "kind": "API",
        "name": "GET /a/b.png",
        "occurredAt": "2026-03-02T01:29:59Z",
        "outcome": "OK",
        "api": {
            "method": "GET",
            "route": "/a/b.png",
            "statusCode": 200,
            "ipAddress": "192.0.2.1",
            "userAgent": "Mozilla/5.0 (X11)",
        },
        "attributes": {
            "query": "size=2&x=/?y",
            "protocol": "HTTP/1.1",
            "referer": "http://example.org/a",
            "bytes": 203023,
        },
    }


def test_a_line_of_the_common_format() -> None:
    found = operation_of(line("HEAD / HTTP/1.0", "304 -"))
    assert found["api"] == {
        "method": "HEAD",
        "route": "/",
        "statusCode": 304,
        "ipAddress": "192.0.2.1",
    }
    assert found["attributes"] == {"protocol": "HTTP/1.0"}


@pytest.mark.parametrize(("status", "outcome"), [(404, "OK"), (499, "OK"), (500, "ERROR")])
def test_the_server_failed_from_500_on(status: int, outcome: str) -> None:
    assert operation_of(line("GET / HTTP/1.1", f"{status} 0"))["outcome"] == outcome


@pytest.mark.parametrize(
    ("request_line", "method", "route", "query"),
    [
        ("GET /", "GET", "/", None),  # HTTP/0.9
        ("OPTIONS * HTTP/1.1", "OPTIONS", "*", None),
        ("CONNECT example.org:443 HTTP/1.1", "CONNECT", "example.org:443", None),
        ("GET http://example.org/x?y HTTP/1.1", "GET", "http://example.org/x", "y"),
        ("GET /with a blank?q=1 2 HTTP/1.1", "GET", "/with a blank", "q=1 2"),
        ("PROPFIND /dav/ HTTP/2", "PROPFIND", "/dav/", None),
        (r"GET /\"quoted\"?b=\\ HTTP/1.1", "GET", '/"quoted"', "b=\\"),
        (r"GET /caf\xc3\xa9 HTTP/1.1", "GET", "/café", None),
        (r"GET /café/\"caf\xc3\xa9\" HTTP/1.1", "GET", '/café/"café"', None),
        (r"GET /caf\xe9 HTTP/1.1", "GET", r"/caf\xe9", None),  # no UTF-8: as it was written
        ("GET /% HTTP/1.1", "GET", "/%", None),
    ],
)
def test_requests(request_line: str, method: str, route: str, query: str | None) -> None:
    found = operation_of(line(request_line))
    assert (found["api"]["method"], found["api"]["route"]) == (method, route)
    assert found["attributes"].get("query") == query
    assert found["name"] == f"{method} {route}"


@pytest.mark.parametrize(
    ("request_line", "kept"),
    [
        ("-", None),
        ("", None),
        (r"\x16\x03\x01\x02\xff", r"\x16\x03\x01\x02\xff"),
        ("quit", "quit"),
        ("EHLO example.org", "EHLO example.org"),
        ("MGLNDD_192.0.2.1_80\\n", "MGLNDD_192.0.2.1_80\\n"),
    ],
)
def test_requests_that_no_server_can_read_count_as_well(
    request_line: str, kept: str | None
) -> None:
    found = operation_of(line(request_line, '400 157 "-" "-"'))
    assert found["name"] == "unreadable request"
    assert found["api"] == {"statusCode": 400, "ipAddress": "192.0.2.1"}
    assert found["attributes"].get("request") == kept


def test_a_long_route_is_cut_in_the_name_only() -> None:
    route = "/" + "x" * 500
    found = operation_of(line(f"GET {route} HTTP/1.1"))
    assert found["name"] == f"GET {route}"[:NAME_LENGTH]
    assert found["api"]["route"] == route


def test_user_and_what_stands_behind_are_kept() -> None:
    text = '::1 - ana maria [01/Mar/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 1 "-" "-" "10.1.2.3"'
    found = operation_of(text)
    assert found["attributes"] == {
        "bytes": 1,
        "protocol": "HTTP/1.1",
        "rest": '"10.1.2.3"',
        "user": "ana maria",
    }


def test_an_agent_that_lost_its_end_is_kept() -> None:
    found = operation_of(line("GET / HTTP/1.1", '200 1 "-" "Mozilla/5.0 (compatible; Ex'))
    assert found["api"]["userAgent"] == "Mozilla/5.0 (compatible; Ex"


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        START,
        line("GET / HTTP/1.1", "OK 12"),
        line("GET / HTTP/1.1", "20 12"),
        f'{START} "GET / HTTP/1.1 200 12',
        '192.0.2.1 - - [32/Mar/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 1',
        '192.0.2.1 - - [01/Mär/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 1',
        '192.0.2.1 - - [01/Jan/0001:00:00:00 +2300] "GET / HTTP/1.1" 200 1',
        '"' * 5_000,
        "a - " + "b " * 50_000,
    ],
)
def test_what_is_no_line_of_a_log_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|not"):
        operation_of(text)


def test_bytes_that_are_no_text_stay_readable() -> None:
    found = read_line(7, line("GET /\xff HTTP/1.1").encode("latin-1"), lambda _: ID, {})
    assert isinstance(found, Record)
    assert found.operation["api"]["route"] == "/\\xff"
    assert found.operation["id"] == str(ID)
    assert found.line == 7


def test_constants_are_added_and_never_hide_the_line() -> None:
    constants = {"client": "web", "attributes": {"bytes": 1, "site": "blog"}}
    found = read_line(1, line("GET / HTTP/1.1").encode(), lambda _: ID, constants)
    assert isinstance(found, Record)
    assert found.operation["client"] == "web"
    assert found.operation["attributes"] == {"bytes": 12, "protocol": "HTTP/1.1", "site": "blog"}


def test_a_line_without_end_is_no_line() -> None:
    found = read_line(1, b"x" * (MAX_LINE_BYTES + 1), lambda _: ID, {})
    assert isinstance(found, Malformed)
    assert "longer than 1,048,576 bytes" in found.reason
