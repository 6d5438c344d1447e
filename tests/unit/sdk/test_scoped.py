"""Blocks of the context: they end wherever they are closed, and touch no other block."""

import asyncio
import contextvars
import gc
import threading
import weakref
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from trackstore import annotate, bind, current
from trackstore.context import EMPTY_CONTEXT
from trackstore.served_calls import OpenCall, open_call, serving
from trackstore.testing import RecordingTracker


@pytest.fixture
def sync_block() -> Iterator[str]:
    # A block around a test, whose end runs where the test may not have run.
    with bind(correlation_id="sync fixture"):
        yield "sync fixture"


@pytest.fixture
async def async_block(sync_block: str) -> AsyncIterator[str]:
    # The same, entered and left by tasks of the test runner.
    with bind(stage=sync_block):
        yield sync_block


def correlation() -> str | None:
    return current().correlation_id


def elsewhere(function: object) -> None:
    """Run in a copy of the present context, in another thread."""
    assert callable(function)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(contextvars.copy_context().run, function).result(10)


def test_a_block_entered_and_left_by_different_threads_ends_in_both() -> None:
    block = bind(correlation_id="a")
    elsewhere(block.__enter__)
    assert current() is EMPTY_CONTEXT
    elsewhere(lambda: block.__exit__(None, None, None))
    stack = ExitStack()
    stack.enter_context(bind(correlation_id="b"))
    assert correlation() == "b"
    elsewhere(stack.close)
    assert current() is EMPTY_CONTEXT


def test_an_abandoned_generator_takes_nothing_from_the_call_that_runs_when_it_is_collected() -> (
    None
):
    def work() -> Iterator[str | None]:
        with bind(correlation_id="abandoned"):
            yield correlation()

    steps = work()
    assert next(steps) == "abandoned"
    with bind(correlation_id="served now"):
        del steps
        gc.collect()
        assert correlation() == "served now"
    assert current() is EMPTY_CONTEXT


def test_blocks_that_end_in_the_order_they_began() -> None:
    first, second = bind(correlation_id="first"), bind(correlation_id="second")
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert correlation() == "second"
    second.__exit__(None, None, None)
    assert current() is EMPTY_CONTEXT


async def test_a_stream_that_another_task_closes() -> None:
    async def stream() -> AsyncIterator[str | None]:
        with bind(correlation_id="stream"):
            yield correlation()
            yield correlation()

    parts = stream()
    assert await anext(parts) == "stream"

    async def close() -> str | None:
        with bind(correlation_id="closer"):
            await parts.aclose()  # type: ignore[attr-defined]
            return correlation()

    assert await asyncio.create_task(close()) == "closer"
    assert current() is EMPTY_CONTEXT


async def test_a_task_that_outlives_the_block_stays_tied_to_it() -> None:
    leave = asyncio.Event()

    async def later() -> str | None:
        await leave.wait()
        with bind(stage="own"):
            await asyncio.sleep(0)
        return correlation()

    with bind(correlation_id="order-7"):
        task = asyncio.create_task(later())
        await asyncio.sleep(0)
    assert current() is EMPTY_CONTEXT
    leave.set()
    assert await task == "order-7"


async def test_threads_of_a_pool_take_the_context_along_and_keep_nothing() -> None:
    with bind(correlation_id="order-7"):
        assert await asyncio.to_thread(correlation) == "order-7"
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1) as pool:
            copied = contextvars.copy_context()
            assert await loop.run_in_executor(pool, copied.run, correlation) == "order-7"
            assert await loop.run_in_executor(pool, correlation) is None
    assert await asyncio.to_thread(correlation) is None


@pytest.mark.parametrize("kind", ["request", "stage", "session"])
def test_handles_end_in_another_thread_than_they_began(
    kind: str, recording_tracker: RecordingTracker
) -> None:
    request = recording_tracker.request("lesson")
    handles: dict[str, Any] = {
        "request": request,
        "stage": request.stage("script"),
        "session": recording_tracker.session("s"),
    }
    handle = handles[kind]
    elsewhere(handle.__enter__)
    with bind(correlation_id="mine"):
        elsewhere(lambda: handle.__exit__(None, None, None))
        assert correlation() == "mine"
        assert current().request_id is None
        handle.__enter__()
        elsewhere(lambda: handle.__exit__(None, None, None))
        assert (correlation(), current().session_id) == ("mine", None)
    assert current() is EMPTY_CONTEXT


def test_one_handle_in_several_threads_at_a_time(recording_tracker: RecordingTracker) -> None:
    request, both = recording_tracker.request("lesson"), threading.Barrier(2)

    def work(name: str) -> tuple[str | None, bool]:
        with bind(correlation_id=name):
            with request:
                both.wait(10)
                assert current().request_id == request.id
                both.wait(10)
            return correlation(), current().request_id is None

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(work, ["a", "b"])) == [("a", True), ("b", True)]


def test_a_handle_inside_itself(recording_tracker: RecordingTracker) -> None:
    with recording_tracker.request("lesson") as request:
        with request:
            assert current().request_id == request.id
        assert current().request_id == request.id
    assert current() is EMPTY_CONTEXT


def test_a_context_manager_with_a_request_inside_pytest_and_exit_stacks(
    recording_tracker: RecordingTracker,
) -> None:
    @contextmanager
    def dependency() -> Iterator[None]:
        with recording_tracker.request("lesson"), bind(correlation_id="own"):
            yield

    with ExitStack() as stack:
        stack.enter_context(dependency())
        assert correlation() == "own"
        moved = stack.pop_all()
    assert correlation() == "own"
    moved.close()
    assert current() is EMPTY_CONTEXT


def test_an_open_call_that_ends_elsewhere_leaves_the_one_that_is_served() -> None:
    other, served = serving(OpenCall()), OpenCall()
    elsewhere(other.__enter__)
    with serving(served):
        other.__exit__(None, None, None)
        assert open_call() is served
        assert annotate(user_id="u_1")
    assert served.labels == {"user_id": "u_1"}
    assert not annotate(user_id="u_1")


def test_many_blocks_inside_copied_contexts_hold_no_chain() -> None:
    class Name(str):
        """A name that can be watched."""

    names: list[weakref.ref[Name]] = []

    def step(number: int) -> contextvars.Context:
        name = Name(f"step-{number}")
        names.append(weakref.ref(name))
        with bind(correlation_id=name):
            return contextvars.copy_context()

    copied = contextvars.copy_context()
    for number in range(50):  # as a job that starts its successor, for ever
        copied = copied.run(step, number)
    gc.collect()
    assert sum(name() is not None for name in names) == 1
    assert copied.run(correlation) == "step-49"
    assert current() is EMPTY_CONTEXT


async def test_fixtures_that_hold_a_block_open(async_block: str) -> None:
    with bind(correlation_id="test"):
        await asyncio.sleep(0)
        assert correlation() == "test"
    assert async_block == "sync fixture"


def test_fixtures_of_other_tests_leave_nothing_behind() -> None:
    assert current() is EMPTY_CONTEXT
