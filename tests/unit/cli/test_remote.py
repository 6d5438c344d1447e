"""Errors of remote commands: what is retried, and what is reported with which advice."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

import pytest
import typer

from cli import remote
from cli.errors import CommandError
from cli.remote import (
    DEFAULT_SERVER,
    KEY_VARIABLES,
    URL_VARIABLES,
    CallRefusedError,
    RemoteClient,
    key_hint,
    require_scopes,
    server_origin,
    target_of,
)
from tests.unit.cli.importing.loopback import Reply, Script, refused, stand_in
from trackstore.viewers import Viewer

ANSWER: Reply = (200, {}, {"data": {"x": 1}})
OVERLOADED = refused("too much to do", "OVERLOADED")


@contextmanager
def calling(script: Script, stop: Event | None = None) -> Iterator[RemoteClient]:
    with stand_in(script) as url, RemoteClient(url, "secret", stop) as client:
        yield client


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
def test_temporary_failures_are_retried(trouble: Reply | None) -> None:
    replies = [trouble, trouble, ANSWER]
    with calling(lambda *_: replies.pop(0)) as client:
        assert client.query("{ x }", {}) == {"x": 1}
    assert replies == []


def test_it_gives_up_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "CALL_SECONDS", 0.3)
    with (
        calling(lambda *_: OVERLOADED) as client,
        pytest.raises(CommandError, match="is not available: too much to do"),
    ):
        client.query("{ x }", {})


def test_a_stop_ends_the_retries() -> None:
    stop = Event()
    stop.set()
    with calling(lambda *_: OVERLOADED, stop) as client:
        started = time.monotonic()
        with pytest.raises(CommandError, match=r"stopped while .* was not available"):
            client.query("{ x }", {})
        assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (refused("no such field", "BAD_USER_INPUT"), "^no such field$"),
        (refused("who are you", "UNAUTHENTICATED", 401), r"^who are you \(the API key is from"),
        (refused("not yours", "FORBIDDEN"), r"^not yours \(the API key"),
        ((404, {}, "<html>"), r"is not a GraphQL endpoint of Trackstore \(HTTP 404\)\. Set the"),
        ((200, {}, "hello"), "is not a GraphQL endpoint"),
        ((200, {}, []), "is not a GraphQL endpoint"),
    ],
)
def test_lasting_failures_are_reported_at_once(reply: Reply, message: str) -> None:
    replies = [reply]
    with (
        calling(lambda *_: replies.pop(0)) as client,
        pytest.raises(CallRefusedError, match=message),
    ):
        client.query("{ x }", {})


def test_the_key_and_the_name_of_the_program_are_sent() -> None:
    seen = []

    def script(_: object, headers: dict[str, str]) -> Reply:
        seen.append((headers["Authorization"], headers["User-Agent"].partition("/")[0]))
        return ANSWER

    with calling(script) as client:
        client.query("{ x }", {})
    assert seen == [("Bearer secret", "trackstore-cli")]


def test_the_first_call_reports_a_missing_server_without_retries() -> None:
    with stand_in(lambda *_: ANSWER) as url:
        pass
    with (
        RemoteClient(url, None) as client,
        pytest.raises(CommandError, match=r"no server answers at .* \(from --server; .*\)\. Start"),
    ):
        client.viewer()


def test_addresses() -> None:
    for text, url in {
        "http://h:1": "http://h:1/graphql",
        "https://h/": "https://h/graphql",
        "https://h/api/graphql": "https://h/api/graphql",
        " https://h/graphql/ ": "https://h/graphql",
        "https://h/api/graphql//": "https://h/api/graphql",
    }.items():
        assert target_of(text, None).url == url
    for wrong in ("h:1", "127.0.0.1:8000", "ftp://h", "http://", "http://h:port"):
        with pytest.raises(typer.BadParameter, match="is not an address such as"):
            target_of(wrong, None)


@pytest.mark.parametrize("key", ["a b", "a\nb", "schl\u00fcssel", "\u201ctsk\u201d"])
def test_a_key_that_no_header_carries_is_refused(key: str) -> None:
    with pytest.raises(typer.BadParameter, match="Copy it as `trackstore keys create` printed"):
        target_of(DEFAULT_SERVER, key)


def test_whitespace_around_a_key_is_not_part_of_it() -> None:
    assert target_of(DEFAULT_SERVER, " secret\n").settings.api_key == "secret"
    assert target_of(DEFAULT_SERVER, " ").settings.api_key is None


def test_messages_say_where_address_and_key_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*URL_VARIABLES, *KEY_VARIABLES):
        monkeypatch.delenv(name, raising=False)
    assert server_origin(DEFAULT_SERVER) == "the default"
    assert server_origin("http://h") == "from --server"
    assert key_hint(None).startswith("set an API key with TRACKSTORE_API_KEY")
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
    require_scopes(Viewer("k", frozenset({"INGEST"})), "INGEST")
    require_scopes(Viewer("k", frozenset({"ADMIN"})), "INGEST", "MANAGE")
    with pytest.raises(CommandError, match=r"the key k lacks the scope INGEST\. Create one with"):
        require_scopes(Viewer("k", frozenset({"READ"})), "INGEST")
