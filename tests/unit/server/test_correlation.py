"""Correlation: ids taken over or made, answered with, and one line per call."""

import io
import json
import logging
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from server.observability.access_log import preformatted
from server.observability.correlation import HEADER, CorrelationMiddleware, current_correlation
from server.observability.logs import configure_logging

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


async def ids(request: Request) -> Response:
    del request
    found = current_correlation()
    assert found is not None
    return JSONResponse({"correlation": found.correlation_id, "trace": found.trace_id})


async def broken(request: Request) -> Response:
    raise ValueError(f"hush at {request.url.path}")


async def refuse(request: Request) -> Response:
    del request
    return PlainTextResponse("no", status_code=503)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    routes = [
        Route("/ids", ids, methods=["GET", "POST"]),
        Route("/livez", ids),
        Route("/broken", broken),
        Route("/busy", refuse),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(CorrelationMiddleware)])
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


async def test_an_id_is_taken_over(client: httpx.AsyncClient) -> None:
    answer = await client.get("/ids", headers={HEADER: "order-7", "traceparent": TRACEPARENT})
    assert answer.json() == {"correlation": "order-7", "trace": TRACE}
    assert answer.headers[HEADER] == "order-7"


async def test_a_trace_id_serves_where_no_other_is_sent(client: httpx.AsyncClient) -> None:
    answer = await client.get("/ids", headers={"traceparent": TRACEPARENT})
    assert answer.json() == {"correlation": TRACE, "trace": TRACE}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {HEADER: ""},
        {HEADER: "x" * 129},
        {HEADER: "two words"},
        {HEADER: 'a"b'},
        {"traceparent": "00-" + "0" * 32 + "-00f067aa0ba902b7-01"},
        {"traceparent": f"ff-{TRACE}-00f067aa0ba902b7-01"},
        {"traceparent": f"00-{TRACE}-{'0' * 16}-01"},
        {"traceparent": "nonsense"},
    ],
)
async def test_what_cannot_be_used_gets_a_new_one(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await client.get("/ids", headers=headers)
    assert UUID(answer.json()["correlation"]).version == 7
    assert answer.json()["trace"] is None
    assert answer.headers[HEADER] == answer.json()["correlation"]


async def test_a_call_leaves_one_line_without_its_query(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "trackstore.access")
    await client.post("/ids?query=hush", json={"variables": {"a": "hush"}})
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == ("INFO", "request")
    found = vars(record)
    assert (found["method"], found["path"], found["status"]) == ("POST", "/ids", 200)
    assert 0 <= found["ms"] < 10_000
    assert "hush" not in str(found)


@pytest.mark.parametrize(
    ("path", "status", "level"),
    [
        ("/nowhere", 404, "INFO"),
        ("/busy", 503, "WARNING"),
        ("/livez", 200, "DEBUG"),
    ],
)
async def test_only_our_own_mistakes_are_errors(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, path: str, status: int, level: str
) -> None:
    caplog.set_level(logging.DEBUG, "trackstore.access")
    assert (await client.get(path)).status_code == status
    assert [record.levelname for record in caplog.records] == [level]


LINES = [
    ("/ids", {}),
    ("/ids", {HEADER: "order-7", "traceparent": TRACEPARENT}),
    ("/ids", {HEADER: "tsk_0199a5a000007000800000000000000a_hush"}),
    ("/ids", {HEADER: "postgresql://me:hush@h/d"}),
    ("/nowhere/tsk_0199a5a000007000800000000000000a_hush", {}),
    ('/a"b\\c%0Ad\u00e9~' + "x" * 500, {}),
    ("/busy", {}),
    ("/livez", {}),
]


@pytest.mark.parametrize(("path", "headers"), LINES)
async def test_a_preformatted_line_is_the_line_of_the_log(
    client: httpx.AsyncClient, log_stream: io.StringIO, path: str, headers: dict[str, str]
) -> None:
    async def line(*handlers: logging.Handler) -> dict[str, object]:
        root = logging.getLogger()
        before = list(root.handlers)
        configure_logging(format="json", stream=log_stream)
        ours = [h for h in root.handlers if h not in before]
        root.handlers = [*ours, *handlers]
        try:
            assert preformatted.write("GET", "/", 200, 0.1, ("one", None)) == (not handlers)
            log_stream.truncate(log_stream.seek(0))
            await client.get(path, headers={HEADER: "one", **headers})
            written = log_stream.getvalue()
        finally:
            root.handlers = [*before, *ours]
        assert "hush" not in written
        if not written:
            return {}
        found = json.loads(written)
        assert found.pop("ms") >= 0
        at = found.pop("timestamp")
        assert datetime.fromisoformat(at).utcoffset() == timedelta(0)
        assert at.endswith("Z")
        return dict(found)

    assert list((await line()).items()) == list((await line(logging.NullHandler())).items())


async def test_a_line_cannot_be_forged(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "trackstore.access")
    await client.get("/a%0Aerror%20forged" + "x" * 500)
    path = vars(caplog.records[0])["path"]
    assert path.startswith("/a%0Aerror%20forged")
    assert len(path) == 200


async def test_what_nobody_expected_is_masked_and_logged(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "trackstore.access")
    answer = await client.get("/broken", headers={HEADER: "order-7"})
    assert answer.status_code == 500
    assert answer.headers[HEADER] == "order-7"
    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": "INTERNAL", "correlationId": "order-7"}
    assert "hush" not in answer.text
    failure, line = caplog.records
    assert failure.exc_info is not None
    assert (line.levelname, vars(line)["status"]) == ("ERROR", 500)


async def test_nothing_is_left_behind(client: httpx.AsyncClient) -> None:
    await client.get("/ids")
    assert current_correlation() is None
