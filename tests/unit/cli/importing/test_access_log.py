"""Lines of access logs: what each kind of them becomes."""

import codecs
from pathlib import Path
from uuid import UUID

import pytest

from cli.errors import CommandError
from cli.importing.access_log import MAX_NAME_CHARS, operation_of, read_access_log, read_line
from cli.importing.record_ids import RecordIds
from cli.importing.records import Malformed, ReadItem, Record
from cli.importing.sources import MAX_LINE_BYTES, open_source
from cli.interrupts import Interrupts

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
    assert found["name"] == f"GET {route}"[:MAX_NAME_CHARS]
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
        "a - " + "[ " * 500_000,
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


REST = '[01/Mar/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 1'


@pytest.mark.parametrize(
    ("caller", "address", "attributes"),
    [
        ("203.0.113.7 - -", "203.0.113.7", {}),
        ("203.0.113.7 bob ana", "203.0.113.7", {"user": "ana"}),
        ("203.0.113.7 - ana maria", "203.0.113.7", {"user": "ana maria"}),
        ('203.0.113.7 - ""', "203.0.113.7", {}),
        ("203.0.113.7:51234 - -", "203.0.113.7", {"clientPort": 51234}),
        ("2001:db8::7 - -", "2001:db8::7", {}),
        ("[2001:db8::7] - -", "2001:db8::7", {}),
        ("[2001:db8::7]:51234 - ana", "2001:db8::7", {"clientPort": 51234, "user": "ana"}),
        ("::ffff:203.0.113.7 - -", "::ffff:203.0.113.7", {}),
        ("fe80::1%eth0 - -", "fe80::1%eth0", {}),
        ("- - -", None, {}),
        ("unix: - -", None, {"clientHost": "unix:"}),
        ("client.example.net - -", None, {"clientHost": "client.example.net"}),
        (
            "shop.example.com:443 203.0.113.7 - -",
            "203.0.113.7",
            {"virtualHost": "shop.example.com", "serverPort": 443},
        ),
        (
            "shop.example.com:443 2001:db8::7 - ana",
            "2001:db8::7",
            {"virtualHost": "shop.example.com", "serverPort": 443, "user": "ana"},
        ),
        ("shop.example.com 203.0.113.7 - -", "203.0.113.7", {"virtualHost": "shop.example.com"}),
        ("_ 203.0.113.7 - -", "203.0.113.7", {"virtualHost": "_"}),
        (
            "shop.example.com 443 203.0.113.7 - -",
            "203.0.113.7",
            {"virtualHost": "shop.example.com", "serverPort": 443},
        ),
        ("443 203.0.113.7 - -", "203.0.113.7", {"serverPort": 443}),
        (
            "10.0.0.1:443 203.0.113.7 - -",
            "203.0.113.7",
            {"virtualHost": "10.0.0.1", "serverPort": 443},
        ),
        (
            "[2001:db8::1]:443 203.0.113.7 - -",
            "203.0.113.7",
            {"virtualHost": "2001:db8::1", "serverPort": 443},
        ),
        (
            "shop.example.com:80 client.example.net - -",
            None,
            {
                "virtualHost": "shop.example.com",
                "serverPort": 80,
                "clientHost": "client.example.net",
            },
        ),
        ("- 203.0.113.7 - -", "203.0.113.7", {}),
        (
            "203.0.113.7, 10.0.0.1 - -",
            "203.0.113.7",
            {"forwardedFor": "203.0.113.7, 10.0.0.1"},
        ),
        (
            "203.0.113.7,10.0.0.1,::1 - ana",
            "203.0.113.7",
            {"forwardedFor": "203.0.113.7, 10.0.0.1, ::1", "user": "ana"},
        ),
        ("unknown, 10.0.0.1 - -", None, {"forwardedFor": "unknown, 10.0.0.1"}),
        (
            "shop.example.com:443 203.0.113.7, 10.0.0.1 - -",
            "203.0.113.7",
            {
                "virtualHost": "shop.example.com",
                "serverPort": 443,
                "forwardedFor": "203.0.113.7, 10.0.0.1",
            },
        ),
    ],
)
def test_who_called(caller: str, address: str | None, attributes: dict[str, object]) -> None:
    found = operation_of(f"{caller} {REST}")
    assert found["api"].get("ipAddress") == address
    assert found["attributes"] == {"bytes": 1, "protocol": "HTTP/1.1", **attributes}


@pytest.mark.parametrize(
    ("caller", "message"),
    [
        ("203.0.113.7 10.0.0.1 - -", "two addresses, 203.0.113.7 and 10.0.0.1"),
        ("shop.example.com:443 - -", "a host with a port, and no address follows"),
        ("shop.example.com client.example.net - -", "either may be the client's"),
        ("203.0.113.7 -", "expected HOST"),
        ("203.0.113.7", "expected HOST"),
        ("shop.example.com:443 203.0.113.7", "expected HOST"),
        ("203.0.113.7, - -", "expected HOST|is not an address in a list"),
        ("203.0.113.7, nonsense - -", "'nonsense' is not an address in a list"),
        ("a b 203.0.113.7 - -", "'b' is neither a host, a port nor an address"),
        ("shop.example.com:99999 203.0.113.7 - -", "neither a host, a port"),
        ("<script> - -", "neither an address nor the name"),
        (", ".join(["10.0.0.1"] * 60) + " - -", "more than 50 addresses"),
    ],
)
def test_a_caller_that_could_be_two_is_refused(caller: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        operation_of(f"{caller} {REST}")


@pytest.mark.parametrize(
    ("rest", "agent", "kept"),
    [
        ('"-" "Moz \\"x\\" 5"', 'Moz "x" 5', None),
        ('"-" "Moz \\x22x\\x22 5"', 'Moz "x" 5', None),
        ('"-" "a" 0.005 "203.0.113.9"', "a", '0.005 "203.0.113.9"'),
        (
            '"-" "a" "203.0.113.9, 10.0.0.1" rt=0.1 uct="-"',
            "a",
            '"203.0.113.9, 10.0.0.1" rt=0.1 uct="-"',
        ),
        ('"-" ""', None, None),
    ],
)
def test_agents_and_what_follows(rest: str, agent: str | None, kept: str | None) -> None:
    found = operation_of(f"203.0.113.7 - - {REST} {rest}")
    assert found["api"].get("userAgent") == agent
    assert found["attributes"].get("rest") == kept


def test_json_lines_are_refused_with_advice() -> None:
    with pytest.raises(ValueError, match="the line is JSON; access-log reads"):
        operation_of('{"ts": 1.5, "request": {"remote_ip": "203.0.113.7"}, "status": 200}')


def found_in(path: Path, content: bytes) -> list[ReadItem]:
    path.write_bytes(content)
    with open_source(path, Interrupts()) as source:
        return list(read_access_log(source, RecordIds(), {}))


COMBINED = START.encode() + b' "GET /%d HTTP/1.1" 200 12 "-" "Mozilla (X11)"\n'


def test_byte_order_marks_and_line_ends(tmp_path: Path) -> None:
    plain = [COMBINED % number for number in range(3)]
    first = found_in(tmp_path / "a", b"".join(plain))
    for content in (
        codecs.BOM_UTF8 + b"".join(plain),
        b"".join(plain).replace(b"\n", b"\r\n"),
        b"\n".join(plain) + b"  \n",
        b"".join(plain).rstrip(b"\n"),
    ):
        found = found_in(tmp_path / "b", content)
        assert [r.operation for r in found if isinstance(r, Record)] == [
            r.operation for r in first if isinstance(r, Record)
        ]
    with pytest.raises(CommandError, match=r"is UTF-16\. Convert it"):
        found_in(tmp_path / "c", plain[0].decode().encode("utf-16"))


@pytest.mark.parametrize("cut", [1, 8, len(b' "-" "Mozilla (X11)"')])
def test_a_last_line_that_is_still_written_waits(tmp_path: Path, cut: int) -> None:
    lines = [COMBINED % number for number in range(3)]
    found = found_in(tmp_path / "a", b"".join(lines)[: -1 - cut])
    assert [type(item) for item in found] == [Record, Record, Malformed]
    whole = found_in(tmp_path / "a", b"".join(lines))
    ids = [r.operation["id"] for r in whole if isinstance(r, Record)]
    assert [r.operation["id"] for r in found if isinstance(r, Record)] == ids[:2]


def test_a_log_is_known_again_however_it_is_turned(tmp_path: Path) -> None:
    def ids(*lines: bytes) -> set[str]:
        found = found_in(tmp_path / "a", b"".join(lines))
        return {item.operation["id"] for item in found if isinstance(item, Record)}

    lines = [COMBINED % (number // 2) for number in range(8)]
    first = ids(*lines)
    assert len(first) == 8  # equal lines of one file are as many calls
    assert ids(*lines[::-1]) == first
    assert ids(*lines[:4]) | ids(*lines[4:]) == first  # rotated between two seconds
    assert ids(COMBINED % 99, *lines) > first
