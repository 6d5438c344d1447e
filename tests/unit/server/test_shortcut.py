"""The short way of POST to the GraphQL route: everything around it is as on every other way."""

import io
import json
import logging
from typing import Any

import httpx
import pytest

from schema.context import RequestContext
from server.http.headers import headers_of
from server.observability.correlation import HEADER
from server.observability.logs import configure_logging
from tests.support.api import Api, StartApi

VIEWER = "{ viewer { name } }"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_headers_are_read_once_and_the_first_counts() -> None:
    scope: dict[str, Any] = {"headers": [(b"Host", b"a"), (b"host", b"b"), (b"x", b"\xe9")]}
    assert headers_of(scope) == {"host": "a", "x": "\u00e9"}
    assert headers_of(scope) is headers_of(scope)


async def test_the_answer_has_the_headers_of_every_answer(api: Api) -> None:
    ways = [await api.raw({"query": VIEWER}), await api.raw(method="GET", params={"query": VIEWER})]
    for answer in ways:
        assert answer.json() == {"data": {"viewer": {"name": "open"}}}
        names = [name for name, _ in answer.headers.multi_items()]
        assert sorted(names) == ["cache-control", "content-length", "content-type", HEADER.lower()]
        assert int(answer.headers["content-length"]) == len(answer.content)
    assert len({answer.headers[HEADER] for answer in ways}) == 2


async def test_an_id_comes_back(api: Api) -> None:
    for headers in ({HEADER: "order-7"}, {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}):
        answer = await api.raw({"query": VIEWER}, headers=headers)
        assert answer.headers[HEADER] in ("order-7", TRACE)


@pytest.mark.parametrize("path", ["/graphql/", "/graphqlx", "/GRAPHQL"])
async def test_only_the_route_itself_is_meant(api: Api, path: str) -> None:
    answer = await api.http.post(path, json={"query": VIEWER}, follow_redirects=False)
    assert answer.status_code in (307, 404)


async def test_another_host_is_refused_after_a_good_one(api: Api) -> None:
    for host, status in (("127.0.0.1", 200), ("evil.example", 421), ("127.0.0.1", 200), ("", 421)):
        answer = await api.raw({"query": VIEWER}, headers={"Host": host})
        assert answer.status_code == status, host
    answer = await api.raw({"query": VIEWER}, headers={"Host": "evil.example"})
    assert "evil.example" in answer.json()["errors"][0]["message"]


async def test_calls_are_counted(api: Api) -> None:
    for body in ({"query": VIEWER}, {"query": VIEWER}, {"query": ""}):
        await api.raw(body)
    lines = (await api.http.get("/metrics")).text.splitlines()
    name = 'trackstore_http_requests_total{method="POST",route="/graphql"'
    assert f'{name},status="200"}} 2.0' in lines
    assert f'{name},status="400"}} 1.0' in lines
    assert 'trackstore_http_request_duration_seconds_count{route="/graphql"} 3.0' in lines


async def test_lines_of_a_call_carry_its_ids(api: Api, log_stream: io.StringIO) -> None:
    configure_logging("info", "json", log_stream)
    await api.raw(
        {"query": VIEWER},
        headers={HEADER: "order-7", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"},
    )
    logging.getLogger("x").info("outside of a call")
    line, outside = (json.loads(text) for text in log_stream.getvalue().splitlines())
    assert (line["event"], line["path"], line["status"]) == ("request", "/graphql", 200)
    assert (line["correlation_id"], line["trace_id"]) == ("order-7", TRACE)
    assert "correlation_id" not in outside


async def test_a_mistake_of_ours_is_masked(
    start_api: StartApi, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    api: Api = await start_api()

    def fail(*_: object) -> RequestContext:
        raise LookupError("hush")

    monkeypatch.setattr("server.routes.graphql.RequestContext", fail)
    answer = await api.raw({"query": VIEWER}, headers={HEADER: "order-7"})
    assert answer.status_code == 500
    assert "hush" not in answer.text
    assert answer.json()["errors"][0]["extensions"]["correlationId"] == "order-7"
    assert any(record.exc_info for record in caplog.records)


async def test_bodies_in_pieces(api: Api) -> None:
    async def pieces(size: int) -> Any:
        for start in range(0, len(text), size):
            yield text[start : start + size]

    text = json.dumps({"query": VIEWER}).encode()
    for size in (1, 7, len(text)):
        answer: httpx.Response = await api.raw(pieces(size))
        assert answer.status_code == 200
