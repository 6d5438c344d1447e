"""B2: a decorator on a handler records success, failure and duration, whatever kind it is."""

import asyncio
import gc
import inspect
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import Flask, Response
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from tests.unit.sdk_integrations.services import WHO, caller_of, identify, plain, wsgi_caller_of
from trackstore import (
    CallRecorder,
    InvalidItemError,
    TrackingRules,
    annotate,
    bind,
    current,
    new_id,
    track_api_usage,
)
from trackstore.integrations.asgi import TrackingMiddleware
from trackstore.integrations.wsgi import TrackingMiddleware as WsgiMiddleware
from trackstore.testing import RecordingTracker

ANYONE = TrackingRules(requires=())


def test_b2_a_function_is_recorded_with_its_duration(tracker: RecordingTracker) -> None:
    @track_api_usage("chat", tracker=tracker, rules=ANYONE)
    def chat(user_id: str, message: str, *, workspace_id: str | None = None) -> str:
        time.sleep(0.01)
        annotate(attributes={"words": len(message.split())})
        return f"{user_id}: {message} {workspace_id}"

    assert chat("u_1", "good day", workspace_id="ws_12") == "u_1: good day ws_12"
    (operation,) = tracker.operations
    assert 10 <= (operation.duration_ms or 0) < 1_000
    assert plain(operation) == {
        "kind": "API",
        "name": "chat",
        "operationType": "chat",
        "labels": {"userId": "u_1", "workspaceId": "ws_12"},
        "api": {"route": "chat"},
        "interaction": {"type": "api_operation", "countsAgainstLimits": False},
        "attributes": {"words": 2},
    }


def test_b2_a_failure_is_recorded_and_goes_on(tracker: RecordingTracker) -> None:
    @track_api_usage("chat", tracker=tracker, rules=ANYONE)
    def chat() -> None:
        raise RuntimeError("x" * 500)

    with pytest.raises(RuntimeError):
        chat()
    operation = tracker.one(outcome="ERROR")
    assert operation.error == ("RuntimeError: " + "x" * 500)[:200]


async def test_b2_a_coroutine_and_one_that_is_cancelled(tracker: RecordingTracker) -> None:
    @track_api_usage("chat", tracker=tracker, rules=ANYONE)
    async def chat(seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "done"

    assert await chat(0.01) == "done"
    task = asyncio.create_task(chat(60))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [(o.outcome, o.attributes) for o in tracker.operations] == [
        ("OK", None),
        ("OK", {"disconnected": True}),
    ]


def test_b2_a_generator_is_recorded_at_its_end(tracker: RecordingTracker) -> None:
    @track_api_usage("chat", tracker=tracker, rules=ANYONE)
    def chat(message: str) -> Generator[str, str, int]:
        heard = 0
        for word in message.split():
            annotate(attributes={"last": word})
            try:
                heard += (yield word) == "more"
            except KeyError:
                heard += 10
        return heard

    def listen() -> Generator[str, str, int]:
        return (yield from chat("a b c"))

    talk = listen()
    assert (next(talk), talk.send("more"), talk.throw(KeyError())) == ("a", "b", "c")
    assert not tracker.entries
    with pytest.raises(StopIteration) as end:
        talk.send("more")
    assert end.value.value == 12
    assert [o.attributes for o in tracker.operations] == [{"last": "c"}]

    broken = chat("a b")
    next(broken)
    with pytest.raises(ValueError, match="thrown"):
        broken.throw(ValueError("thrown"))
    left = chat("a b")
    next(left)
    left.close()
    chat("never begun")
    assert [(o.error, o.attributes) for o in tracker.operations[1:]] == [
        ("ValueError: thrown", {"last": "a"}),
        (None, {"last": "a", "disconnected": True}),
    ]


async def test_b2_an_async_generator_is_recorded_at_its_end(tracker: RecordingTracker) -> None:
    closed: list[str] = []

    @track_api_usage("chat", tracker=tracker, rules=ANYONE)
    async def chat(message: str) -> AsyncGenerator[str]:
        try:
            for word in message.split():
                await asyncio.sleep(0)
                yield word
            if message == "break":
                raise RuntimeError("the stream broke")
        finally:
            closed.append(message)

    assert [word async for word in chat("a b c")] == ["a", "b", "c"]
    with pytest.raises(RuntimeError):
        [word async for word in chat("break")]
    left = chat("left early")
    await anext(left)
    await left.aclose()
    assert closed == ["a b c", "break", "left early"]
    assert [(o.error, o.attributes) for o in tracker.operations] == [
        (None, None),
        ("RuntimeError: the stream broke", None),
        (None, {"disconnected": True}),
    ]


def test_b2_a_handler_keeps_its_kind_name_and_signature(tracker: RecordingTracker) -> None:
    async def coroutine(a: int) -> None: ...

    def generator(a: int) -> Iterator[int]:
        yield a

    async def stream(a: int) -> AsyncIterator[int]:
        yield a

    kinds: dict[Callable[..., Any], Callable[[object], bool]] = {
        coroutine: inspect.iscoroutinefunction,
        generator: inspect.isgeneratorfunction,
        stream: inspect.isasyncgenfunction,
    }
    for handler, is_kind in kinds.items():
        decorated = track_api_usage("x", tracker=tracker)(handler)
        assert is_kind(decorated)
        assert decorated.__name__ == handler.__name__
        assert inspect.signature(decorated) == inspect.signature(handler)


def test_b2_what_is_known_is_read_from_the_arguments(tracker: RecordingTracker) -> None:
    session_id = new_id()

    @track_api_usage(
        "chat",
        tracker=tracker,
        rules=ANYONE,
        known=lambda body, **_: {"user_id": body["user"], "batch_size": 2},
    )
    def chat(body: dict[str, str], session_id: UUID) -> None: ...

    chat({"user": "u_1"}, session_id=session_id)
    chat({"user": "u_2"}, session_id=session_id)
    assert [o.labels and o.labels.user_id for o in tracker.operations] == ["u_1", "u_2"]
    assert {o.session_id for o in tracker.operations} == {str(session_id)}
    assert {o.api and o.api.batch_size for o in tracker.operations} == {2}


def test_b2_what_cannot_be_read_breaks_nothing() -> None:
    tracker = RecordingTracker(strict=False)
    recorder = CallRecorder(tracker, ANYONE)

    class Odd:
        @property
        def scope(self) -> None:
            raise RuntimeError("not now")

    @track_api_usage("chat", recorder=recorder, known=lambda odd: {"no_such_fact": odd})
    def chat(odd: object) -> str:
        return type(odd).__name__

    assert (chat(Odd()), chat(1)) == ("Odd", "int")
    assert len(tracker.operations) == 2
    with pytest.raises(TypeError, match="odd"):
        chat()  # type: ignore[call-arg]
    assert recorder.skipped == {"failed": 2}  # the scope that raises, and the missing argument
    assert tracker.stats().adjusted == {"call.no_such_fact": 1}
    tracker.is_strict = True
    with pytest.raises(InvalidItemError, match="no_such_fact"):
        chat(1)


async def test_b2_a_web_request_among_the_arguments_tells_the_rest(
    tracker: RecordingTracker,
) -> None:
    @track_api_usage("chat", tracker=tracker)
    async def chat(request: Request) -> StreamingResponse:
        identify(request)
        if "refuse" in request.query_params:
            raise HTTPException(403, "not you")

        async def words() -> AsyncIterator[str]:
            for word in ("a ", "b "):
                await asyncio.sleep(0.01)
                yield word

        return StreamingResponse(words())

    async with caller_of(Starlette(routes=[Route("/v1/chat/{room}", chat)])) as http:
        assert (await http.get("/v1/chat/7", headers=WHO)).text == "a b "
        await http.get("/v1/chat/7?refuse=1", headers=WHO)
        await http.get("/v1/chat/7")
    streamed, refused = tracker.operations
    assert (streamed.duration_ms or 0) >= 20
    assert [o.api and (o.api.route, o.api.status_code) for o in tracker.operations] == [
        ("v1/chat/{room}", 200),
        ("v1/chat/{room}", 403),
    ]
    assert (refused.outcome, refused.error) == ("OK", None)


async def test_b2_inside_a_middleware_it_names_the_one_record(tracker: RecordingTracker) -> None:
    @track_api_usage("chat", tracker=tracker)
    async def chat(request: Request) -> StreamingResponse:
        identify(request)
        return inner("break" in request.query_params)

    @track_api_usage("inner", tracker=tracker)
    def inner(breaks: bool) -> StreamingResponse:
        apart("u_1")
        if breaks:
            raise RuntimeError("broken inside")
        return StreamingResponse(iter(["a"]))

    @track_api_usage("apart", tracker=tracker, rules=ANYONE, apart=True)
    def apart(user_id: str) -> None: ...

    app = Starlette(routes=[Route("/v1/chat", chat)])
    async with caller_of(TrackingMiddleware(app, tracker)) as http:
        assert (await http.get("/v1/chat", headers=WHO)).text == "a"
        await http.get("/v1/chat?break=1", headers=WHO)
    assert [
        (o.operation_type, o.api and o.api.status_code, o.error) for o in tracker.operations
    ] == [
        ("apart", None, None),
        ("chat", 200, None),
        ("apart", None, None),
        ("chat", 500, "RuntimeError: broken inside"),
    ]
    assert len({o.correlation_id for o in tracker.operations}) == 2


def test_b2_a_handler_inside_a_handler_is_a_part_of_it(tracker: RecordingTracker) -> None:
    @track_api_usage("inner", tracker=tracker, rules=ANYONE)
    def inner(user_id: str) -> None: ...

    @track_api_usage("outer", tracker=tracker, rules=ANYONE)
    def outer() -> None:
        inner("u_1")

    outer()
    assert len(tracker.operations) == 1
    tracker.one(operation_type="outer", user_id="u_1")


def test_b2_streams_of_flask_with_and_without_a_middleware(tracker: RecordingTracker) -> None:
    app = Flask(__name__)

    @app.get("/chat/<room>")
    @track_api_usage("chat", tracker=tracker, rules=ANYONE)
    def chat(room: str) -> Response:
        def words() -> Iterator[str]:
            yield room
            yield room

        return Response(words())

    for service in (app.wsgi_app, WsgiMiddleware(app.wsgi_app, tracker, ANYONE)):
        with wsgi_caller_of(service) as http:
            assert http.get("/chat/7").text == "77"
    assert [(o.operation_type, o.name) for o in tracker.operations] == [
        ("chat", "chat"),
        ("chat", "GET chat/{room}"),
    ]


async def test_b2_a_stream_that_is_thrown_away_unread_is_recorded(
    tracker: RecordingTracker,
) -> None:
    @track_api_usage("chat", tracker=tracker, rules=ANYONE)
    async def chat() -> StreamingResponse:
        async def words() -> AsyncIterator[str]:
            yield "a"

        return StreamingResponse(words())

    answer = await chat()
    assert not tracker.entries
    del answer
    assert len(tracker.operations) == 1


async def test_streams_that_are_abandoned_end_once_and_leave_the_call_that_runs_alone(
    tracker: RecordingTracker,
) -> None:
    @track_api_usage("words", tracker=tracker, rules=ANYONE)
    def words() -> Iterator[str | None]:
        yield current().correlation_id
        yield "b"

    @track_api_usage("words_async", tracker=tracker, rules=ANYONE)
    async def words_async() -> AsyncIterator[str | None]:
        yield current().correlation_id
        yield "b"

    async def start() -> tuple[Any, Any]:
        with bind(correlation_id="first"):
            sync, later = words(), words_async()
            assert (next(sync), await anext(later)) == ("first", "first")
        return sync, later

    started = await asyncio.create_task(start())
    with bind(correlation_id="second"):
        del started
        gc.collect()
        await asyncio.sleep(0.01)
        assert current().correlation_id == "second"
    assert current().correlation_id is None
    assert sorted((o.operation_type, o.correlation_id) for o in tracker.operations) == [
        ("words", "first"),
        ("words_async", "first"),
    ]
    assert [o.attributes for o in tracker.operations] == [{"disconnected": True}] * 2


async def test_a_stream_whose_steps_and_end_are_of_different_tasks(
    tracker: RecordingTracker,
) -> None:
    @track_api_usage("words", tracker=tracker, rules=ANYONE)
    async def words() -> AsyncIterator[str | None]:
        for _ in range(3):
            await asyncio.sleep(0)
            yield current().correlation_id

    async def step(parts: Any, name: str) -> tuple[str | None, str | None]:
        with bind(correlation_id=name):
            return await anext(parts), current().correlation_id

    with bind(correlation_id="own"):
        parts: Any = words()
        assert await anext(parts) == "own"
    assert await asyncio.create_task(step(parts, "other")) == ("own", "other")
    await asyncio.create_task(parts.aclose())
    assert [(o.correlation_id, o.attributes) for o in tracker.operations] == [
        ("own", {"disconnected": True})
    ]
    assert current().correlation_id is None
