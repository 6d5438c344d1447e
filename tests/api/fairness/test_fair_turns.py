"""Turns: round robin over organizations, in order within one, bounded in number and time."""

import asyncio
from collections.abc import Sequence

import pytest

from store.errors import TooManyRequestsError
from store.scheduling.fair_gate import FairGate, GateBounds
from store.scheduling.fair_queue import MAX_TRACKED_TENANTS, FairQueue, Tenant


def emptied(queue: FairQueue[int]) -> list[tuple[Tenant, int]]:
    """Everything in a queue, in the order of turns."""
    found = []
    while (item := queue.pop()) is not None:
        found.append(item)
    return found


def test_tenants_have_turns_and_each_is_served_in_order() -> None:
    queue: FairQueue[int] = FairQueue()
    for number in range(4):
        queue.push("loud", number)
    queue.push("quiet", 10)
    queue.push(None, 20)
    assert len(queue) == 6
    assert emptied(queue) == [
        ("loud", 0), ("quiet", 10), (None, 20), ("loud", 1), ("loud", 2), ("loud", 3),
    ]  # fmt: skip
    assert len(queue) == queue.tenants == 0


def test_whoever_comes_is_before_the_backlog_of_another() -> None:
    queue: FairQueue[int] = FairQueue()
    for number in range(3):
        queue.push("loud", number)
    assert queue.pop() == ("loud", 0)
    for number in (10, 11):
        queue.push("quiet", number)
        assert queue.pop() == ("quiet", number)
        assert queue.pop() == ("loud", number - 9)


def test_who_comes_again_and_again_starves_nobody() -> None:
    queue: FairQueue[str] = FairQueue()
    served = []
    for name in ("a", "b", "c", "c"):
        queue.push(name, name)
    for _ in range(9):
        item = queue.pop()
        assert item is not None
        served.append(item[0])
        if item[0] in ("a", "b"):
            queue.push(item[0], item[0])  # it waits for its answer, and sends the next one
    assert served == ["a", "b", "c"] * 2 + ["a", "b", "a"]


def test_a_turn_costs_what_it_takes() -> None:
    queue: FairQueue[int] = FairQueue()
    for number in range(3):
        queue.push("bulk", number, cost=1_000)
    for number in range(2_000):
        queue.push("single", number)
    served = [item[0] for item in emptied(queue)]
    assert [n for n, tenant in enumerate(served) if tenant == "bulk"] == [0, 1_001, 2_002]


def test_nobody_saves_up_turns() -> None:
    queue: FairQueue[int] = FairQueue()
    for number in range(100):
        queue.push("always", number)
        queue.pop()
    for number in range(3):
        queue.push("new", number)
        queue.push("always", number)
    assert [item[0] for item in emptied(queue)] == ["new", "always"] * 3


def test_what_is_remembered_of_tenants_is_bounded() -> None:
    queue: FairQueue[int] = FairQueue()
    for number in range(MAX_TRACKED_TENANTS + 100):
        queue.push(f"tenant-{number}", number)
    assert len(emptied(queue)) == MAX_TRACKED_TENANTS + 100
    assert len(queue._served) <= MAX_TRACKED_TENANTS
    assert (queue._lines, queue._heap) == ({}, [])


def test_a_tenant_that_may_not_be_served_keeps_its_place() -> None:
    queue: FairQueue[int] = FairQueue()
    queue.push("loud", 0)
    queue.push("quiet", 10)
    assert queue.pop(lambda tenant, _: tenant != "loud") == ("quiet", 10)
    assert queue.pop(lambda tenant, _: tenant != "loud") is None
    assert queue.pop(lambda _, item: item > 0) is None
    assert queue.pop() == ("loud", 0)


def test_an_item_can_be_removed() -> None:
    queue: FairQueue[int] = FairQueue()
    queue.push("a", 0)
    queue.push("a", 1)
    queue.remove("a", 0)
    queue.remove("a", 7)
    queue.remove("b", 0)
    assert (len(queue), queue.waiting("a"), list(queue)) == (1, 1, [1])
    queue.remove("a", 1)
    assert (len(queue), queue.tenants) == (0, 0)
    queue.push("a", 2)
    queue.push("b", 3)
    assert emptied(queue) == [("a", 2), ("b", 3)]


class Calls:
    """Callers of a gate who hold their places until they are told to leave."""

    def __init__(self, bounds: GateBounds) -> None:
        self.gate = FairGate("questions", bounds)
        self.admitted: list[str] = []
        self._leave: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def come(self, *names: str) -> None:
        """Callers named by their organization and a number; they are admitted, wait, or go."""
        for name in names:
            self._leave[name] = asyncio.Event()
            self._tasks[name] = asyncio.create_task(self._call(name))
        await settle()

    async def go(self, *names: str) -> None:
        """Give up places, or stop waiting."""
        for name in names:
            if name in self.admitted:
                self._leave[name].set()
            else:
                self._tasks[name].cancel()
            await settle()

    def outcome(self, name: str) -> BaseException | None:
        """What a caller that has ended met."""
        return self._tasks[name].exception()

    async def _call(self, name: str) -> None:
        async with self.gate.place(name.rstrip("0123456789")):
            self.admitted.append(name)
            await self._leave[name].wait()


async def settle() -> None:
    """Let every task run until it waits."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_one_organization_takes_half_of_the_places() -> None:
    calls = Calls(GateBounds(places=3))
    await calls.come("loud1", "loud2", "loud3", "loud4")
    assert calls.admitted == ["loud1", "loud2"]
    await calls.come("quiet1")
    assert calls.admitted[-1] == "quiet1", "it waits for nobody"
    assert (calls.gate.running, calls.gate.waiting) == (3, 2)


async def test_whoever_waits_has_a_turn_before_the_backlog_of_another() -> None:
    calls = Calls(GateBounds(places=2))
    await calls.come("loud1", *(f"other{n}" for n in range(20)), *(f"loud{n}" for n in range(2, 9)))
    await calls.come("quiet1")
    assert calls.admitted == ["loud1", "other0"]
    await calls.go("other0")
    assert calls.admitted[2:] == ["other1"], "it came first"
    await calls.go("loud1")
    assert calls.admitted[3:] == ["loud2"]
    await calls.go("other1")
    assert calls.admitted[4:] == ["quiet1"], "18 others and six loud ones still wait"
    assert calls.gate.waiting == 18 + 6


@pytest.mark.parametrize("places", [1, 2, 5])
async def test_every_place_is_used_and_none_is_lost(places: int) -> None:
    calls = Calls(GateBounds(places=places))
    names = [f"{organization}{n}" for n in range(6) for organization in ("a", "b", "c")]
    await calls.come(*names)
    for _ in names:
        assert calls.gate.running == min(places, calls.gate.running + calls.gate.waiting)
        present = [name for name in calls.admitted if not calls._leave[name].is_set()]
        await calls.go(present[0])
    assert sorted(calls.admitted) == sorted(names)
    assert (calls.gate.running, calls.gate.waiting) == (0, 0)


async def test_callers_that_go_away_leave_no_trace() -> None:
    calls = Calls(GateBounds(places=2))
    await calls.come("a1", "b1", "a2", "b2", "a3")
    await calls.go("a2", "b2")
    assert calls.gate.waiting == 1
    await calls.go("a1")
    assert calls.admitted == ["a1", "b1", "a3"]
    await calls.go("b1", "a3")
    assert (calls.gate.running, calls.gate.waiting) == (0, 0)


async def test_a_place_that_is_given_to_a_caller_who_is_leaving_goes_to_the_next() -> None:
    calls = Calls(GateBounds(places=1))
    await calls.come("a1", "a2", "a3")
    calls._leave["a1"].set()
    await asyncio.sleep(0)  # the place is given to the second ...
    calls._tasks["a2"].cancel()  # ... which ends before it is woken
    await settle()
    assert calls.admitted == ["a1", "a3"]
    await calls.go("a3")
    assert calls.gate.running == 0


def message(error: BaseException | None) -> str:
    """What a caller that was refused is told."""
    assert isinstance(error, TooManyRequestsError)
    assert (error.code, error.retryable, error.retry_seconds) == ("OVERLOADED", True, 1)
    return error.message


async def test_the_bound_of_those_who_wait_is_per_organization() -> None:
    calls = Calls(GateBounds(places=1, waiting=2))
    await calls.come("loud1", "loud2", "loud3", "loud4", "quiet1")
    assert "1 run and at most 2 wait for their turn" in message(calls.outcome("loud4"))
    assert (calls.gate.waiting, calls.gate.refused) == (3, 1)


async def test_the_bound_of_time() -> None:
    calls = Calls(GateBounds(places=1, seconds=0.01))
    await calls.come("loud1", "quiet1")
    await asyncio.wait([calls._tasks["quiet1"]])
    assert "none came up within 0.01 s" in message(calls.outcome("quiet1"))
    assert (calls.gate.running, calls.gate.waiting) == (1, 0)


def test_one_place_is_enough() -> None:
    shares: Sequence[int] = [GateBounds(places=places).share for places in (1, 2, 3, 4, 15)]
    assert shares == [1, 1, 2, 2, 8]
