"""Live subscriptions: many watch one request, many requests are watched, beside a plain fan-out."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from benchmarks.audience import Audience, audience
from benchmarks.bench import FAST, POSTGRESQL, SQLITE, Bench
from benchmarks.cases.watched_writes import watched_writes
from benchmarks.report import Section
from benchmarks.spread import HEADS, Line, Spread, spread
from benchmarks.stages import Stage, plain, trackstore

ALONE, PLAIN = f"{FAST}, sharing off", "plain fan-out"
RATES = (20, 200)
REACH_SUBSCRIBERS, REACH_RATE, REACH = 1_000, 20, "3, 3"
ROUNDS = 3
"""Of what is asked for; everything else is measured once."""
MOST_DELIVERIES = {FAST: 200_000, PLAIN: 200_000, ALONE: 20_000}
"""Of one window: so many are a few seconds' work where the machine is saturated."""
HOPELESS = 50_000
"""Executions a second that are not tried where each subscription has its own."""
FIRST_EVENTS = 4
"""Of the warm-up, which also shows what a message looks like."""
NOTE = (
    "Milliseconds from the commit of an event (PostgreSQL notes when; SQLite does not: there from "
    "recordedAt, before its statements; with the plain fan-out from handing it over) "
    "until a subscriber had its bytes, over all receipts; the ratio of p99 and of the server's "
    "processor time for each message is to the plain fan-out in the same round. CPU is of the server "
    "alone, mutations included: cores in use over the window. KiB each is what the server's resident "
    "memory grew by when the subscribers came, divided by them. Everything sent came once and in "
    "order: a run in which it did not fails. What reach is asked for is the median of three rounds, the "
    f"rest one window. Reach: both ratios at most 3. With {PLAIN} "
    "websockets.broadcast hands ready-made messages of the same bytes to the same clients. Where the "
    "machine was saturated, latencies are those of a queue that grew for as long as the window was."
)


@dataclass(frozen=True, slots=True)
class Shape:
    """So many watched requests with so many subscribers each."""

    requests: int
    each: int

    @property
    def subscribers(self) -> int:
        """All of them."""
        return self.requests * self.each

    @property
    def title(self) -> str:
        """What the report calls it."""
        if self.requests == 1:
            return f"{self.each:,} subscribers of one request"
        return f"{self.requests:,} requests with {self.each} subscribers each"


async def run(bench: Bench) -> list[Section]:
    """Every shape on PostgreSQL, the one of reach on SQLite, then what writers notice."""
    scale = bench.scale
    shapes = [Shape(1, count) for count in scale.subscribers] + [Shape(scale.watched, 2)]
    middle = next((s for s in shapes if s.each == REACH_SUBSCRIBERS), shapes[0])
    shapes.sort(key=lambda shape: shape is not middle)  # what is asked for comes first
    sections: list[Section] = []
    async with audience(bench.folder) as watching:
        sections.append(await fan_out(bench, watching, POSTGRESQL, middle, RATES, NOTE))
        sections += await watched_writes(bench, watching, middle.each)
        sections.append(await fan_out(bench, watching, SQLITE, middle, RATES[:1]))
        for shape in shapes[1:]:
            if bench.budget.is_spent:
                bench.say(f"  not run, the time was used up: {shape.title}")
                continue
            sections.append(await fan_out(bench, watching, POSTGRESQL, shape, RATES))
    return sections


async def fan_out(
    bench: Bench,
    watching: Audience,
    name: str,
    shape: Shape,
    rates: Sequence[int],
    note: str = "",
) -> Section:
    """One shape on one database: the stages take turns."""
    bench.say(f"  {name}: {shape.title}")
    lines: list[Line] = []
    async with stages(bench, watching, name, shape) as (found, kib):
        play = _Play(bench, watching, shape)
        for rate in rates:
            rounds = await play.rounds(found, rate)
            for stage in found:
                own, its = rounds[stage.name], rounds[PLAIN]
                if own:
                    is_asked = stage.name == FAST and _is_asked(shape, rate)
                    reach = REACH if is_asked else ""
                    lines.append(Line(stage.name, rate, own, its, kib[stage.name], reach))
    rows = [line.cells() for line in lines]
    return Section(f"{shape.title}, {name}", note, HEADS, rows)


def _is_asked(shape: Shape, rate: int) -> bool:
    return (shape.requests, shape.each, rate) == (1, REACH_SUBSCRIBERS, REACH_RATE)


@asynccontextmanager
async def stages(
    bench: Bench, watching: Audience, name: str, shape: Shape
) -> AsyncIterator[tuple[list[Stage], dict[str, float]]]:
    """All three with their subscribers there, and the KiB that each one costs."""
    async with AsyncExitStack() as stack:
        found: list[Stage] = []
        for shown, shares in ((FAST, True), (ALONE, False)):
            database = await stack.enter_async_context(bench.database(name))
            made = trackstore(bench, database, shown, shape.requests, shares)
            found.append(await stack.enter_async_context(made))
        sample = await _sample(found[0], watching)
        found.append(await stack.enter_async_context(plain(bench, PLAIN, shape.requests, sample)))
        kib = {}
        for stage in found:
            kib[stage.name] = await stage.fill(watching, shape.each) / 1_024
            stack.push_async_callback(watching.close, stage.name)
        yield found, kib


async def _sample(stage: Stage, watching: Audience) -> str:
    """A message of that server, as a subscriber gets it."""
    await stage.fill(watching, 1)
    shown = await spread(stage, watching, FIRST_EVENTS, RATES[0], 1)
    await watching.close(stage.name)
    return shown.sample


class _Play:
    """Runs the windows of one shape."""

    def __init__(self, bench: Bench, watching: Audience, shape: Shape) -> None:
        self._bench = bench
        self._watching = watching
        self._shape = shape

    async def rounds(self, stages: Sequence[Stage], rate: int) -> dict[str, list[Spread]]:
        """A B C, A B C, ..."""
        found: dict[str, list[Spread]] = {stage.name: [] for stage in stages}
        count = min(ROUNDS, self._bench.scale.rounds) if _is_asked(self._shape, rate) else 1
        for place in range(count):
            for stage in stages:
                hopeless = self._shape.each * rate > HOPELESS
                if stage.name == ALONE and (hopeless or place):
                    continue
                found[stage.name].append(await self._window(stage, rate))
        return found

    async def _window(self, stage: Stage, rate: int) -> Spread:
        wanted = max(1, int(rate * self._bench.scale.live_seconds))
        count = max(1, min(wanted, MOST_DELIVERIES[stage.name] // self._shape.each))
        return await spread(stage, self._watching, count, rate, self._shape.each)
