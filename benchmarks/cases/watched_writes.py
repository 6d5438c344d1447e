"""Whether those who write notice that somebody watches."""

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
    """A server over a database of its own: an event goes to ``told``, and beside it to ``aside``."""

    stage: Stage
    database: Database
    told: str
    aside: str
    watching: Audience | None = None

    async def steady(self, seconds: float) -> Window:
        """Events at a steady rate; what is watched must have come to everybody."""
        many = max(1, int(RATE * seconds))
        window = await pace(self.stage.publish, [self.told], many, RATE)
        if self.watching is not None:
            await self.watching.collect(self.stage.name, window.until)
        return window


@dataclass(frozen=True, slots=True)
class Beside:
    """A contender that logs as fast as it can while events come at a steady rate, too."""

    name: str
    load: LoadContender
    side: Side

    async def measure(self, seconds: float) -> Round:
        """Both at once."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.side.steady(seconds))
            found = tasks.create_task(self.load.measure(seconds))
        return found.result()


async def watched_writes(bench: Bench, watching: Audience, each: int) -> list[Section]:
    """One server that nobody watches, and one with a full audience."""
    bench.say(f"  {POSTGRESQL}: writers, with and without {each:,} subscribers")
    async with AsyncExitStack() as stack:
        alone, unheard = [await _side(bench, stack, name) for name in ("alone", "watched")]
        # Of the second server one request is watched, the other is not.
        seen, unseen = unheard.told, unheard.aside
        front = replace(unheard.stage, rooms=[seen])
        await front.fill(watching, each)
        stack.push_async_callback(watching.close, front.name)
        sides = {
            NOBODY: alone,
            IDLE.format(each=each): replace(unheard, told=unseen),
            WATCHED.format(each=each): replace(unheard, watching=watching),
        }
        return [await _steady(bench, sides), await _full(bench, stack, sides)]


async def _side(bench: Bench, stack: AsyncExitStack, name: str) -> Side:
    database = await stack.enter_async_context(bench.database(POSTGRESQL))
    stage = await stack.enter_async_context(trackstore(bench, database, name, 2))
    told, aside = stage.rooms
    return Side(stage, database, told, aside)


async def _steady(bench: Bench, sides: Mapping[str, Side]) -> Section:
    found: dict[str, list[Window]] = {name: [] for name in sides}
    for _ in range(min(ROUNDS, bench.scale.rounds)):
        for name, side in sides.items():
            found[name].append(await side.steady(bench.scale.live_seconds / 2))
    first = [quantile(w.taken(), 0.5) for w in found[NOBODY]]
    rows = []
    for name, windows in found.items():
        middle = [quantile(w.taken(), 0.5) for w in windows]
        rows.append(
            (
                name,
                number(median(middle)),
                number(median(quantile(w.taken(), 0.99) for w in windows)),
                ratio(median(mine / its for mine, its in zip(middle, first, strict=True))),
            )
        )
    heads = ("", "p50 ms", "p99 ms", "ratio p50")
    return Section(f"A steady writer, {POSTGRESQL}", STEADY_NOTE, heads, rows)


async def _full(bench: Bench, stack: AsyncExitStack, sides: Mapping[str, Side]) -> Section:
    contenders = []
    for name, side in sides.items():
        made = clients_of(
            side.stage.server, name, LOG, partial(_requests, side.aside),
            database=side.database, clients=CLIENTS,
        )  # fmt: skip
        contenders.append(Beside(name, await stack.enter_async_context(made), side))
    results = await bench.contest(contenders, NOBODY)
    return contest_section(f"Writers at full speed, {POSTGRESQL}", FULL_NOTE, "events", results, {})


def _requests(room: str, count: int) -> Sequence[bytes]:
    return [LOG.request({"id": room, "message": text_of(n)}) for n in range(count)]
