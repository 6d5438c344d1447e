"""E8: correlation ids and W3C trace context come in, are passed on, and stay apart per task."""

import asyncio
import re
import threading

import httpx
import pytest

from tests.support.api import Api
from trackstore.context import EMPTY_CONTEXT, Context, bind, context_of, current, headers_of

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


def test_e8_headers_come_in() -> None:
    context = context_of({"Traceparent": PARENT, "x-correlation-id": "order-7"})
    assert context.correlation_id == "order-7"
    assert (context.trace_id, context.span_id, context.trace_flags) == (
        TRACE,
        "b7ad6b7169203331",
        "01",
    )
    assert context_of(httpx.Headers({"traceparent": PARENT})).correlation_id == TRACE


@pytest.mark.parametrize(
    "parent",
    [
        "",
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-b7ad6b7169203331-01",
        f"00-{TRACE[:-1]}-b7ad6b7169203331-01",
        "nonsense",
    ],
)
def test_e8_what_is_no_traceparent_is_not_taken(parent: str) -> None:
    assert context_of({"traceparent": parent, "X-Correlation-ID": "a b\n"}) == EMPTY_CONTEXT


def test_e8_a_later_version_of_traceparent_is_read() -> None:
    assert context_of({"traceparent": f"01-{TRACE}-b7ad6b7169203331-01-more"}).trace_id == TRACE


def test_e8_headers_go_out() -> None:
    assert headers_of() == {}
    with bind(context_of({"traceparent": PARENT, "X-Correlation-ID": "order-7"})):
        headers = headers_of()
    assert headers["X-Correlation-ID"] == "order-7"
    assert re.fullmatch(rf"00-{TRACE}-[0-9a-f]{{16}}-01", headers["traceparent"])
    assert "b7ad6b7169203331" not in headers["traceparent"], "each call is a span of its own"
    assert context_of(headers).trace_id == TRACE


async def test_e8_the_server_takes_what_goes_out(api: Api) -> None:
    with bind(Context(correlation_id="order-7", trace_id=TRACE)):
        answer = await api.raw({"query": "{ viewer { name } }"}, headers=headers_of())
    assert answer.headers["x-correlation-id"] == "order-7"


async def test_tasks_and_threads_have_their_own() -> None:
    async def one(name: str) -> str | None:
        with bind(correlation_id=name):
            await asyncio.sleep(0.001)
            return current().correlation_id

    assert list(await asyncio.gather(one("a"), one("b"))) == ["a", "b"]
    contexts: list[Context] = []
    with bind(correlation_id="here"):
        thread = threading.Thread(target=lambda: contexts.append(current()))
        thread.start()
        thread.join()
    assert contexts == [EMPTY_CONTEXT]
    assert current() is EMPTY_CONTEXT
