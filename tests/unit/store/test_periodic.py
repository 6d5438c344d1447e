"""Work in the background: when it runs, what becomes of its errors, how it stops."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from store.errors import OverloadedError
from store.maintenance.failure_log import FailureLog
from store.maintenance.periodic import RUN_AGAIN, PeriodicTask, Schedule, Work

log = logging.getLogger("tests.periodic")


def task_of(work: Work, schedule: Schedule) -> PeriodicTask:
    return PeriodicTask("work", work, schedule, FailureLog(log, "it failed; retrying"))


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise TimeoutError


async def nothing() -> None:
    pass


async def test_it_runs_at_its_interval_until_it_is_stopped() -> None:
    task = task_of(nothing, Schedule(0.001, jitter=0.5))
    task.start()
    task.start()  # once is enough
    await until(lambda: task.health.runs >= 3)
    await task.stop()
    runs = task.health.runs
    await asyncio.sleep(0.02)
    assert (task.health.runs, task.is_running) == (runs, False)
    assert task.health.succeeded_at is not None
    task.start()
    await until(lambda: task.health.runs > runs)
    await task.stop()


async def test_work_without_an_interval_waits_to_be_woken() -> None:
    task = task_of(nothing, Schedule(None))
    task.start()
    await asyncio.sleep(0.02)
    assert task.health.runs == 0
    task.wake()
    await until(lambda: task.health.runs == 1)
    await asyncio.sleep(0.02)
    assert task.health.runs == 1
    await task.stop()


async def test_a_wake_during_a_run_or_before_the_start_is_not_lost() -> None:
    async def wakes_once() -> None:
        if task.health.runs == 1:
            task.wake()

    task = task_of(wakes_once, Schedule(3_600, retry=0))
    task.wake()
    task.start()
    await until(lambda: task.health.runs == 2)
    await task.stop()


async def test_work_says_when_it_runs_next() -> None:
    pauses = [RUN_AGAIN, RUN_AGAIN, None]

    async def work() -> float | None:
        return pauses.pop(0)

    task = task_of(work, Schedule(3_600, first=0))
    task.start()
    await until(lambda: not pauses)
    await asyncio.sleep(0.01)
    assert task.health.runs == 3
    await task.stop()


@pytest.mark.parametrize("error", [OverloadedError("busy"), KeyError("a fault of the work")])
async def test_an_error_is_logged_once_and_never_ends_it(
    caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    errors = [error] * 3
    noted: list[Exception] = []

    async def work() -> None:
        if errors:
            raise errors.pop()

    task = task_of(work, Schedule(0.001))
    task.on_failure = noted.append
    with caplog.at_level(logging.INFO, log.name):
        task.start()
        await until(lambda: task.health.runs > 4)
        await task.stop()
    assert caplog.messages == ["it failed; retrying", "recovered after failures"]
    assert caplog.records[0].exc_info is not None
    assert (task.health.failures, task.health.failures_in_a_row, len(noted)) == (3, 0, 3)


async def test_it_stops_in_the_middle_of_a_run_and_of_a_retry() -> None:
    async def hangs() -> None:
        await asyncio.Event().wait()

    async def fails() -> None:
        raise OverloadedError("busy")

    for work in (hangs, fails):
        task = task_of(work, Schedule(3_600, first=0))
        task.start()
        await until(lambda task=task: task.health.runs == 1)  # type: ignore[misc]  # of this turn
        async with asyncio.timeout(5):
            await task.stop()


def test_pauses() -> None:
    hourly = Schedule(3_600, retry=60, jitter=0.1)
    assert {hourly.retry_pause(n) for n in range(1, 9)} == {60}
    assert all(3_240 <= (hourly.next_interval() or 0) <= 3_960 for _ in range(100))
    backing_off = Schedule(None, retry=0.02, max_retry=1)
    assert backing_off.next_interval() is None
    assert [backing_off.retry_pause(n) for n in (1, 2, 3, 7, 10_000)] == [0.02, 0.04, 0.08, 1, 1]
