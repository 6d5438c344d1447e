"""The server as commands call it: what is tried again, and what is told."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import typer

from cli.api_client import (
    DEFAULT_SERVER,
    KEY_VARIABLES,
    URL_VARIABLES,
    ApiClient,
    CallRefusedError,
    RetryPolicy,
    ServerUnreachableError,
    graphql_address,
    headers_of,
    key_hint,
    require_scopes,
    server_origin,
)
from cli.failures import CommandError
from tests.unit.cli.importing.loopback import Reply, Script, refused, stand_in

HASTE = RetryPolicy(tries=4, first_delay=0.01, longest_delay=0.05)
FINE: Reply = (200, {}, {"data": {"x": 1}})
OVERLOADED = refused("too much to do", "OVERLOADED")


@contextmanager
def calling(script: Script, patience: RetryPolicy = HASTE) -> Iterator[ApiClient]:
    with stand_in(script) as url:
        client = ApiClient(url, "secret", patience)
        try:
            yield client
        finally:
            client.close()


@pytest.mark.parametrize(
    "trouble",
    [
        OVERLOADED,
        refused("slow", "TIMEOUT"),
        refused("starting", "OVERLOADED", 503),
        (502, {}, "<html>Bad gateway</html>"),
        (429, {"Retry-After": "0"}, {}),
        None,
    ],
)
def test_what_passes_is_tried_again(trouble: Reply | None) -> None:
    replies = [trouble, trouble, FINE]
    with calling(lambda *_: replies.pop(0)) as client:
        assert client.call("{ x }", {}) == {"x": 1}
    assert replies == []


def test_it_gives_up_and_says_so() -> None:
    with (
        calling(lambda *_: OVERLOADED) as client,
        pytest.raises(ServerUnreachableError, match="failed 4 times: too much to do"),
    ):
        client.call("{ x }", {})


def test_a_stop_ends_the_waiting() -> None:
    with calling(lambda *_: OVERLOADED, RetryPolicy(8, 30, 30)) as client:
        client.stopping.set()
        started = time.monotonic()
        with pytest.raises(ServerUnreachableError, match="stopped while"):
            client.call("{ x }", {})
        assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (refused("no such field", "BAD_USER_INPUT"), "no such field"),
        (refused("who are you", "UNAUTHENTICATED", 401), r"who are you \(the API key is from"),
        (refused("not yours", "FORBIDDEN"), r"not yours \(the API key"),
        ((404, {}, "<html>"), r"is no GraphQL address of Trackstore \(HTTP 404\)"),
        ((200, {}, "hello"), "is no GraphQL address"),
        ((200, {}, []), "is no GraphQL address"),
    ],
)
def test_what_stays_is_told_at_once(reply: Reply, message: str) -> None:
    replies = [reply]
    with (
        calling(lambda *_: replies.pop(0)) as client,
        pytest.raises(CallRefusedError, match=message),
    ):
        client.call("{ x }", {})


def test_the_key_goes_with_every_call() -> None:
    seen = []

    def script(_: object, headers: dict[str, str]) -> Reply:
        seen.append((headers["Authorization"], headers["User-Agent"].partition("/")[0]))
        return FINE

    with calling(script) as client:
        client.call("{ x }", {})
    assert seen == [("Bearer secret", "trackstore-cli")]


def test_the_first_call_says_that_nobody_is_there() -> None:
    with stand_in(lambda *_: FINE) as url:
        pass
    client = ApiClient(url)
    with pytest.raises(ServerUnreachableError, match=r"no server answers at .*: start one"):
        client.viewer()
    client.close()


def test_delays_grow_and_keep_their_bounds() -> None:
    patience = RetryPolicy()
    for failures in range(1, 12):
        most = min(10, 0.25 * 2 ** (failures - 1))
        assert most / 2 <= patience.delay(failures, 0) <= most
    assert patience.delay(1, 7) == 7
    assert patience.delay(1, 3_600) == 10


def test_addresses() -> None:
    assert str(graphql_address("http://h:1")) == "http://h:1/graphql"
    assert str(graphql_address("https://h/")) == "https://h/graphql"
    assert str(graphql_address("https://h/api/graphql")) == "https://h/api/graphql"
    assert str(graphql_address(" https://h/graphql/ ")) == "https://h/graphql"
    assert str(graphql_address("https://h/api/graphql//")) == "https://h/api/graphql"
    for wrong in ("h:1", "127.0.0.1:8000", "ftp://h", "http://", "http://h:port"):
        with pytest.raises(typer.BadParameter, match="is not an address such as"):
            graphql_address(wrong)


@pytest.mark.parametrize("key", ["a b", "a\nb", "schl\u00fcssel", "\u201ctsk\u201d"])
def test_a_key_that_no_header_carries_is_refused(key: str) -> None:
    with pytest.raises(typer.BadParameter, match="copy it as `trackstore keys create` printed"):
        headers_of(key)


def test_line_ends_around_a_key_are_not_part_of_it() -> None:
    assert headers_of(" secret\n")["Authorization"] == "Bearer secret"
    assert "Authorization" not in headers_of(" ")


def test_messages_say_where_address_and_key_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*URL_VARIABLES, *KEY_VARIABLES):
        monkeypatch.delenv(name, raising=False)
    assert server_origin(DEFAULT_SERVER) == "the default"
    assert server_origin("http://h") == "from --server"
    assert key_hint(None).startswith("an API key is given with TRACKSTORE_API_KEY")
    monkeypatch.setenv("TRACKSTORE_SERVER", "http://h")
    monkeypatch.setenv("TRACKSTORE_KEY", "k")
    assert server_origin("http://h") == "from TRACKSTORE_SERVER"
    assert key_hint("k").startswith("the API key is from TRACKSTORE_KEY;")
    monkeypatch.setenv("TRACKSTORE_URL", "http://i")
    monkeypatch.setenv("TRACKSTORE_API_KEY", "l")
    assert server_origin("http://i") == "from TRACKSTORE_URL"
    assert key_hint("l").startswith("the API key is from TRACKSTORE_API_KEY;")
    assert key_hint("m").startswith("the API key is from --key;")


def test_scopes_are_checked_before_any_work() -> None:
    require_scopes({"name": "k", "scopes": ["INGEST"]}, "INGEST")
    require_scopes({"name": "k", "scopes": ["ADMIN"]}, "INGEST", "MANAGE")
    with pytest.raises(CommandError, match="the key k lacks the scope INGEST: make one with"):
        require_scopes({"name": "k", "scopes": ["READ"]}, "INGEST")
