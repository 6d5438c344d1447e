"""HTTP that is no GraphQL request, too large, or carries a mutation where none may be."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.api import Api, Json

VIEWER = "{ viewer { name } }"
CHANGE = "mutation { startSession(input: {}) { status } }"
MEGABYTE = 2**20


async def check(api: Api, status: int, message: str, body: Any = None, **options: Any) -> None:
    """The answer has this status, and one error that says this."""
    answer = await api.raw(body, **options)
    assert answer.status_code == status, answer.text
    assert answer.headers["cache-control"] == "no-store"
    content: Json = answer.json()
    assert list(content) == ["errors"]
    (error,) = content["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert message in error["message"], error["message"]


async def nothing_changed(api: Api) -> bool:
    """Whether no mutation was executed."""
    return bool((await api("{ sessions { totalCount } }"))["sessions"]["totalCount"] == 0)


async def test_bodies_that_are_no_json(api: Api) -> None:
    for body, message in (
        (b"", "The body is not valid JSON"),
        (b"{", "The body is not valid JSON"),
        (b'{"query":"{viewer{name}}"}\0', "The body is not valid JSON"),
        (b'{"query":"{viewer{name}}"} {}', "The body is not valid JSON"),
        (b"{'query': 1}", "The body is not valid JSON"),
        (b'{"query": "\xff\xfe"}', "The body is not UTF-8"),
        (b'"\xed\xa0\x80"', "The body is not UTF-8"),
        ('{"query":"{viewer{name}}"}'.encode("utf-16"), "The body is not"),
        (b"\xef\xbb\xbf{", "The body is not valid JSON"),
        (b'\xef\xbb\xbf\xef\xbb\xbf{"query":"{viewer{name}}"}', "The body is not valid JSON"),
        (b'{"query": "{viewer{name}}", "variables": {"a": NaN}}', "NaN is not valid JSON"),
        (b'{"a":' * 100_000, "The JSON is nested too deeply."),
        (b"[" * 100_000, "The JSON is nested too deeply."),
        (b"\x1f\x8b\x08\x00", "The body is not"),
    ):
        await check(api, 400, message, body)


async def test_bodies_that_are_no_request(api: Api) -> None:
    for body, message in (
        (b"null", "must be a JSON object"),
        (5, "must be a JSON object"),
        ("5", "must be a JSON object"),
        ([{"query": VIEWER}], "Batched requests are not supported. Send them one by one."),
        ({}, "query is missing"),
        ({"query": None}, "query is missing"),
        ({"query": 5}, "query is missing"),
        ({"query": " \n"}, "query is missing"),
        ({"query": VIEWER, "variables": []}, "variables must be an object or null"),
        ({"query": VIEWER, "variables": "{}"}, "variables must be an object or null"),
        ({"query": VIEWER, "operationName": 5}, "operationName must be a string or null."),
        ({"query": VIEWER, "extensions": 5}, "extensions must be an object or null"),
        ({"query": VIEWER, "operationName": "other"}, "no operation of that name"),
        ({"query": VIEWER, "operationName": "\ud800"}, "no operation of that name"),
        ({"query": "fragment f on Query { viewer { name } }"}, "no operation of that name"),
        ({"query": "subscription { x }"}, "A subscription is a stream. Accept text/event-stream"),
    ):
        await check(api, 400, message, body)


async def test_media_types_that_are_not_json(api: Api) -> None:
    for media_type in (
        "", "text/plain", "application/graphql", "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x", "application/jsonx", "x" * 5_000,
    ):  # fmt: skip
        headers = {"Content-Type": media_type}
        await check(api, 415, "Content-Type: application/json", {"query": CHANGE}, headers=headers)
    assert await nothing_changed(api)
    fine = {"Content-Type": "Application/JSON ; charset=utf-8"}
    assert (await api.raw({"query": VIEWER}, headers=fine)).status_code == 200


async def test_mutations_by_get(api: Api) -> None:
    several = f"query a {VIEWER} mutation b {CHANGE.removeprefix('mutation ')}"
    for params in (
        {"query": CHANGE},
        {"query": several, "operationName": "b"},
        {"query": CHANGE, "variables": "{}", "extensions": "{}"},
    ):
        for method in ("GET", "HEAD"):
            answer = await api.raw(method=method, params=params)
            assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        await check(api, 405, "Send mutations by POST.", method="GET", params=params)
    assert await nothing_changed(api)
    params = {"query": several, "operationName": "a"}
    assert (await api.raw(method="GET", params=params)).json() == {
        "data": {"viewer": {"name": "open"}}
    }


async def test_queries_by_get(api: Api) -> None:
    for params, message in (
        ({}, "query is missing"),
        ({"query": ""}, "query is missing"),
        ({"query": VIEWER, "variables": "{"}, "variables is not valid JSON"),
        ({"query": VIEWER, "variables": "[]"}, "variables must be an object"),
        ({"query": VIEWER, "extensions": "NaN"}, "NaN is not valid JSON"),
    ):
        await check(api, 400, message, method="GET", params=params)
    answer = await api.raw(method="HEAD", params={"query": VIEWER})
    assert (answer.status_code, answer.content) == (200, b"")
    answer = await api.raw({"query": CHANGE}, method="HEAD")
    assert answer.status_code == 400
    assert await nothing_changed(api)


async def test_other_methods(api: Api) -> None:
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"):
        answer = await api.raw({"query": CHANGE}, method=method)
        assert answer.status_code == 405
        assert {"GET", "POST"} <= set(answer.headers["allow"].split(", "))
    assert await nothing_changed(api)


async def test_an_operation_is_not_guessed(api: Api) -> None:
    document = f"query a {VIEWER} mutation b {CHANGE.removeprefix('mutation ')}"
    for query in (document, f"{VIEWER} query b {VIEWER}", f"query a {VIEWER} query a {VIEWER}"):
        refusal = await api.refused(query)
        assert refusal.code == "BAD_USER_INPUT"
    assert "2 operations. Set operationName to one of them" in (await api.refused(document)).message
    assert await nothing_changed(api)


async def megabytes(count: int) -> AsyncIterator[bytes]:
    """A body that is announced by nothing."""
    for _ in range(count):
        yield b" " * MEGABYTE


@pytest.mark.parametrize("server_settings", [{"max_body_bytes": "2MiB"}])
async def test_bodies_over_the_limit(api: Api) -> None:
    message = "The body must not exceed 2,097,152 bytes. Split it into several requests"
    padding = 2 * MEGABYTE - len(b'{"query":"{viewer{name}}"}')
    fits = b'{"query":"{viewer{name}}"}' + b" " * padding
    assert (await api.raw(fits)).status_code == 200
    await check(api, 413, message, fits + b" ")
    await check(api, 413, message, megabytes(3))
    await check(api, 413, message, megabytes(1_000_000))  # nobody waits for the end of it
    for length in ("2097153", "9" * 18, "9" * 19, "9" * 5_000):
        announced = {"Content-Length": length}
        await check(api, 413, message, b"{}", headers=announced)
    for lie in ("-1", "x", "", "1e3"):
        answer = await api.raw(b'{"query":"{viewer{name}}"}', headers={"Content-Length": lie})
        assert answer.status_code == 200
    assert (await api.raw(megabytes(2))).status_code == 400


async def test_answers_in_the_media_type_of_graphql(api: Api) -> None:
    own = "application/graphql-response+json"
    for query, status in (
        (VIEWER, 200),
        ("{ nothing }", 400),
        ("{", 400),
        ("{ request { uuid } }", 200),
    ):
        answer = await api.raw(
            {"query": query}, headers={"Accept": f"{own}, application/json;q=0.9"}
        )
        assert (answer.status_code, answer.headers["content-type"]) == (
            status,
            f"{own}; charset=utf-8",
        )
        plain = await api.raw({"query": query}, headers={"Accept": "text/html, */*"})
        assert (plain.status_code, plain.headers["content-type"]) == (
            200, "application/json; charset=utf-8",
        )  # fmt: skip
        assert plain.json() == answer.json()
