"""The media type of an answer is the one that its caller prefers."""

import time

import pytest

from server.http.negotiation import GRAPHQL_JSON, JSON, preferred
from tests.support.api import Api

STREAM = "text/event-stream"
URQL = f"{GRAPHQL_JSON}, application/graphql+json, {JSON}, {STREAM}, multipart/mixed"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", JSON),
        (" ", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (GRAPHQL_JSON.upper(), GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};charset=utf-8", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}, {JSON}", GRAPHQL_JSON),
        (f"{JSON}, {GRAPHQL_JSON}.", JSON),
        (f"{JSON};q=0.9, {GRAPHQL_JSON}", GRAPHQL_JSON),
        (f"{JSON}; Q=0.900 ,{GRAPHQL_JSON} ; q=0.8", JSON),
        (f"{GRAPHQL_JSON}, {JSON};q=0.9", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};q=0, {JSON}", JSON),
        (f"{GRAPHQL_JSON};q=0, */*", JSON),
        (f"{JSON};q=0, */*", GRAPHQL_JSON),
        (f"*/*;q=0.1, {GRAPHQL_JSON}", GRAPHQL_JSON),
        (f"{JSON};q=0.1, application/*;q=0.5", GRAPHQL_JSON),
        ("text/html, application/xhtml+xml, */*;q=0.8", JSON),
        (URQL, GRAPHQL_JSON),
        (f"{JSON}, {STREAM}", JSON),
        (f"{STREAM}, {JSON};q=0.2", JSON),
        ("text/html", None),
        (STREAM, None),
        ("text/*", None),
        ("*/*;q=0", None),
        (f"{JSON};q=0, {GRAPHQL_JSON};q=0.000", None),
        ("application/jsonp", None),
        ("nonsense", JSON),
        (",,;;==", JSON),
        (f"{JSON};q=high", JSON),
    ],
)
def test_preferred(accept: str, expected: str | None) -> None:
    assert preferred(accept) == expected


def test_other_types_on_offer_are_weighed_alike() -> None:
    offered = (JSON, GRAPHQL_JSON, STREAM)
    assert preferred(URQL, offered) == GRAPHQL_JSON
    assert preferred(f"{JSON}, {STREAM}", offered) == JSON
    assert preferred(f"{STREAM}, {JSON}", offered) == STREAM
    assert preferred(f"{JSON};q=0.5, {STREAM}", offered) == STREAM


def test_any_header_is_read_in_a_moment() -> None:
    started = time.perf_counter()
    for entry in ("a/b,", "a/b; ; ;", 'a/b;x="', ";", "q=1;", " \t", "*/*;q=0.999,"):
        preferred(entry * 10_000)
    assert time.perf_counter() - started < 8


async def test_answers(api: Api) -> None:
    viewer = {"query": "{ viewer { name } }"}
    for accept, expected in ((URQL, GRAPHQL_JSON), (f"{JSON}, {STREAM}", JSON), ("*/*", JSON)):
        answer = await api.raw(viewer, headers={"Accept": accept})
        assert answer.status_code == 200
        assert answer.headers["content-type"] == f"{expected}; charset=utf-8"


async def test_an_answer_that_nobody_would_read_is_not_made(api: Api) -> None:
    change = {"query": "mutation { startSession(input: {}) { status } }"}
    answer = await api.raw(change, headers={"Accept": "text/html"})
    assert answer.status_code == 406
    assert answer.json() == {
        "errors": [
            {
                "message": f"Answers are available as {JSON}, {GRAPHQL_JSON}.",
                "extensions": {"code": "BAD_USER_INPUT"},
            }
        ]
    }
    assert (await api("{ sessions { totalCount } }"))["sessions"]["totalCount"] == 0


async def test_requests_that_are_not_executed(api: Api) -> None:
    """Not parsed, not valid, not coerced: 400 and no data, unless the client is an older one."""
    for query, variables in (
        ("{", None),
        ("{ nothing }", None),
        ("query ($n: Int!) { operations(first: $n) { totalCount } }", None),
        ("query ($n: Int!) { operations(first: $n) { totalCount } }", {"n": "five"}),
    ):
        for accept, status in ((GRAPHQL_JSON, 400), (JSON, 200)):
            body = {"query": query, "variables": variables}
            answer = await api.raw(body, headers={"Accept": accept})
            assert answer.status_code == status
            assert list(answer.json()) == ["errors"]
    executed = {"query": "{ operations(first: -1) { totalCount } }"}
    answer = await api.raw(executed, headers={"Accept": GRAPHQL_JSON})
    assert answer.status_code == 200
    assert answer.json()["data"] is None
