"""Measure whether subscribers slow down writers."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from statistics import median

from benchmarks.audience import Audience
from benchmarks.bench import POSTGRESQL, Bench, Database
from benchmarks.clients import clients_of
from benchmarks.contest import LoadContender, Round
from benchmarks.pace import Window, pace, quantile
from benchmarks.report import Section, contest_section, number, ratio
from benchmarks.stages import LOG, Stage, text_of, trackstore

CLIENTS = 8
RATE = 20
ROUNDS = 3
NOBODY, IDLE, WATCHED = "nobody watches", "{each:,} watch another request", "{each:,} watch it"
STEADY_NOTE = (
    f"Milliseconds of a logEvent, {RATE} of them a second; each server has a database of its own, and "
    "they take turns. Over the fan-out itself, which holds the server for as long as it takes to hand "
    "a message to everybody, an event waits that comes meanwhile."
)
FULL_NOTE = (
    f"{CLIENTS} clients log events as fast as they are answered, in a request that nobody watches; "
    f"beside it come {RATE} events a second of a request that is watched, or not. What subscribers "
    "are sent is work of the same process, so the last line pays for it."
)


@dataclass(frozen=True, slots=True)
class Side:
    """Hold a server with its database; events go to ``request_id``, background ones to the other."""

    stage: Stage
    database: Database
    request_id: str
    other_request_id: str
    watching: Audience | None = None

    async def steady(self, seconds: float) -> Window:
        event_count = max(1, int(RATE * seconds))
        window = await pace(self.stage.publish, [self.request_id], event_count, RATE)
        if self.watching is not None:
            await self.watching.collect(self.stage.name, window.until)
        return window


@dataclass(frozen=True, slots=True)
class LoadWithEvents:
    """Log as fast as possible while events arrive at a steady rate."""

    name: str
    load: LoadContender
    side: Side

    async def measure(self, seconds: float) -> Round:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.side.steady(seconds))
            load_task = tasks.create_task(self.load.measure(seconds))
        return load_task.result()


async def watched_writes(bench: Bench, watching: Audience, subscribers: int) -> list[Section]:
    bench.report(f"  {POSTGRESQL}: writers, with and without {subscribers:,} subscribers")
    async with AsyncExitStack() as stack:
        unwatched, audience_side = [
            await _side(bench, stack, name) for name in ("alone", "watched")
        ]
        # On the second server one request is watched and the other is not.
        watched_room, other_room = audience_side.request_id, audience_side.other_request_id
        watched_stage = replace(audience_side.stage, rooms=[watched_room])
        await watched_stage.fill(watching, subscribers)
        stack.push_async_callback(watching.close, watched_stage.name)
        sides = {
            NOBODY: unwatched,
            IDLE.format(each=subscribers): replace(audience_side, request_id=other_room),
            WATCHED.format(each=subscribers): replace(audience_side, watching=watching),
        }
        return [await _steady(bench, sides), await _full(bench, stack, sides)]


async def _side(bench: Bench, stack: AsyncExitStack, name: str) -> Side:
    database = await stack.enter_async_context(bench.database(POSTGRESQL))
    stage = await stack.enter_async_context(trackstore(bench, database, name, 2))
    room, other_room = stage.rooms
    return Side(stage, database, room, other_room)


async def _steady(bench: Bench, sides: Mapping[str, Side]) -> Section:
    windows_of: dict[str, list[Window]] = {name: [] for name in sides}
    for _ in range(min(ROUNDS, bench.scale.rounds)):
        for name, side in sides.items():
            windows_of[name].append(await side.steady(bench.scale.live_seconds / 2))
    reference_medians = [quantile(w.acknowledgement_times(), 0.5) for w in windows_of[NOBODY]]
    rows = []
    for name, windows in windows_of.items():
        middle = [quantile(w.acknowledgement_times(), 0.5) for w in windows]
        rows.append(
            (
                name,
                number(median(middle)),
                number(median(quantile(w.acknowledgement_times(), 0.99) for w in windows)),
                ratio(
                    median(
                        own_median / reference_median
                        for own_median, reference_median in zip(
                            middle, reference_medians, strict=True
                        )
                    )
                ),
            )
        )
    heads = ("", "p50 ms", "p99 ms", "ratio p50")
    return Section(f"A steady writer, {POSTGRESQL}", STEADY_NOTE, heads, rows)


async def _full(bench: Bench, stack: AsyncExitStack, sides: Mapping[str, Side]) -> Section:
    contenders = []
    for name, side in sides.items():
        load_clients = clients_of(
            side.stage.server, name, LOG, partial(_requests, side.other_request_id),
            database=side.database, clients=CLIENTS,
        )  # fmt: skip
        contenders.append(LoadWithEvents(name, await stack.enter_async_context(load_clients), side))
    results = await bench.contest(contenders, NOBODY)
    return contest_section(f"Writers at full speed, {POSTGRESQL}", FULL_NOTE, "events", results, {})


def _requests(room: str, count: int) -> Sequence[bytes]:
    return [LOG.request({"id": room, "message": text_of(n)}) for n in range(count)]
