"""B3: an event bus whose listeners fail without stopping each other or the caller."""

import asyncio
import logging
import threading

import pytest

from trackstore.events import Event, EventBus
from trackstore.testing import RecordingTracker


@pytest.fixture
def bus() -> EventBus:
    return EventBus()


def test_b3_every_listener_is_called_with_what_happened(bus: EventBus) -> None:
    heard: list[tuple[str, Event]] = []

    @bus.on("chat.completed")
    def first(event: Event) -> None:
        heard.append(("first", event))

    bus.on("chat.*", lambda event: heard.append(("glob", event)))
    bus.on("chat.failed", lambda event: heard.append(("other", event)))
    event = bus.emit("chat.completed", user_id="u_1", name="greeting")
    assert heard == [("first", event), ("glob", event)]
    assert event == Event("chat.completed", {"user_id": "u_1", "name": "greeting"})


def test_b3_one_that_fails_stops_neither_the_others_nor_the_caller(
    bus: EventBus, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []

    @bus.on("chat.completed")
    def fails(_: Event) -> None:
        raise RuntimeError("the listener is broken")

    bus.on("chat.completed", lambda _: heard.append("second"))
    with caplog.at_level(logging.ERROR):
        bus.emit("chat.completed")
        bus.emit("chat.completed")
    assert heard == ["second", "second"]
    assert bus.failures == {"chat.completed": 2}
    assert "the listener is broken" in caplog.text


def test_b3_a_listener_can_be_taken_away(bus: EventBus) -> None:
    heard: list[str] = []
    listener = bus.on("x", lambda event: heard.append(event.name))
    assert bus.off("x", listener)
    assert not bus.off("x", listener)
    bus.emit("x")
    assert not heard


async def test_b3_coroutines_run_beside_the_caller(bus: EventBus) -> None:
    heard: list[str] = []
    go = asyncio.Event()

    @bus.on("x")
    async def waits(_: Event) -> None:
        await go.wait()
        heard.append("async")

    @bus.on("x")
    async def fails(_: Event) -> None:
        raise RuntimeError("broken")

    bus.emit("x")
    assert not heard
    go.set()
    await bus.emit_and_wait("x")
    assert heard == ["async", "async"]
    assert bus.failures == {"x": 2}


def test_b3_a_coroutine_without_a_loop_is_a_failure_that_is_counted(bus: EventBus) -> None:
    @bus.on("x")
    async def waits(_: Event) -> None:
        raise AssertionError("nobody runs it")

    bus.emit("x")
    assert bus.failures == {"x": 1}


def test_b3_listeners_come_and_go_while_others_speak(bus: EventBus) -> None:
    heard: list[int] = []

    def come_and_go(number: int) -> None:
        for _ in range(200):
            listener = bus.on("x", lambda _: heard.append(number))
            bus.emit("x")
            bus.off("x", listener)

    threads = [threading.Thread(target=come_and_go, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(heard.count(number) >= 200 for number in range(4))
    assert not bus.failures


async def test_an_event_is_emitted_with_a_mapping_and_awaited() -> None:
    bus, tracker = EventBus(), RecordingTracker()

    @bus.on("chat.completed")
    async def track(event: Event) -> None:
        await asyncio.sleep(0)
        await tracker.track_chat(**event)

    event = await bus.emit(
        "chat.completed",
        {"user_id": "u_1", "message": "Why?", "response": "Because."},
        tokens_used=12,
    )
    operation = tracker.one(user_id="u_1")
    assert operation.llm is not None
    assert (operation.llm.message, operation.llm.input_tokens) == ("Why?", 12)
    assert (event["message"], event.get("model"), "tokens_used" in event) == ("Why?", None, True)
    assert await bus.emit("nobody.listens") == Event("nobody.listens")


async def test_what_is_no_mapping_is_counted_and_the_rest_is_told() -> None:
    bus, heard = EventBus(), list[Event]()
    bus.on("x", heard.append)
    await bus.emit("x", 7, user_id="u_1")  # type: ignore[arg-type]
    assert [dict(event.data) for event in heard] == [{"user_id": "u_1"}]
    assert bus.failures == {"x": 1}
