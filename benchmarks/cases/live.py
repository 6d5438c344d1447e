"""Measure live subscriptions: many watch one request, or many requests are watched."""

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
"""Rounds of the required shape; everything else is measured once."""
MAX_DELIVERIES = {FAST: 200_000, PLAIN: 200_000, ALONE: 20_000}
"""Per window; a few seconds of work on a saturated machine."""
MAX_UNSHARED_EXECUTIONS = 50_000
"""Executions per second beyond which unshared subscriptions are not tried."""
WARM_UP_EVENTS = 4
"""The warm-up also provides a sample message."""
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
    requests: int
    per_request: int

    @property
    def subscribers(self) -> int:
        return self.requests * self.per_request

    @property
    def title(self) -> str:
        if self.requests == 1:
            return f"{self.per_request:,} subscribers of one request"
        return f"{self.requests:,} requests with {self.per_request} subscribers each"


async def run(bench: Bench) -> list[Section]:
    """Measure every shape on PostgreSQL, the required one on SQLite, then the effect on writers."""
    scale = bench.scale
    shapes = [Shape(1, count) for count in scale.subscribers] + [Shape(scale.watched, 2)]
    middle = next((s for s in shapes if s.per_request == REACH_SUBSCRIBERS), shapes[0])
    shapes.sort(key=lambda shape: shape is not middle)  # the required shape first
    sections: list[Section] = []
    async with audience(bench.folder) as watching:
        sections.append(await fan_out(bench, watching, POSTGRESQL, middle, RATES, NOTE))
        sections += await watched_writes(bench, watching, middle.per_request)
        sections.append(await fan_out(bench, watching, SQLITE, middle, RATES[:1]))
        for shape in shapes[1:]:
            if bench.budget.is_spent:
                bench.report(f"  not run, the time was used up: {shape.title}")
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
    """Measure one shape on one database; the stages take turns."""
    bench.report(f"  {name}: {shape.title}")
    lines: list[Line] = []
    async with stages(bench, watching, name, shape) as (live_stages, kib):
        play = _Play(bench, watching, shape)
        for rate in rates:
            rounds = await play.rounds(live_stages, rate)
            for stage in live_stages:
                stage_windows, reference_windows = rounds[stage.name], rounds[PLAIN]
                if stage_windows:
                    is_asked = stage.name == FAST and _is_asked(shape, rate)
                    reach = REACH if is_asked else ""
                    lines.append(
                        Line(
                            stage.name,
                            rate,
                            stage_windows,
                            reference_windows,
                            kib[stage.name],
                            reach,
                        )
                    )
    rows = [line.cells() for line in lines]
    return Section(f"{shape.title}, {name}", note, HEADS, rows)


def _is_asked(shape: Shape, rate: int) -> bool:
    return (shape.requests, shape.per_request, rate) == (1, REACH_SUBSCRIBERS, REACH_RATE)


@asynccontextmanager
async def stages(
    bench: Bench, watching: Audience, name: str, shape: Shape
) -> AsyncIterator[tuple[list[Stage], dict[str, float]]]:
    """Open all three stages with their subscribers, and return the KiB per subscriber."""
    async with AsyncExitStack() as stack:
        open_stages: list[Stage] = []
        for stage_name, shares in ((FAST, True), (ALONE, False)):
            database = await stack.enter_async_context(bench.database(name))
            stage_context = trackstore(bench, database, stage_name, shape.requests, shares)
            open_stages.append(await stack.enter_async_context(stage_context))
        sample = await _sample(open_stages[0], watching)
        open_stages.append(
            await stack.enter_async_context(plain(bench, PLAIN, shape.requests, sample))
        )
        kib = {}
        for stage in open_stages:
            kib[stage.name] = await stage.fill(watching, shape.per_request) / 1_024
            stack.push_async_callback(watching.close, stage.name)
        yield open_stages, kib


async def _sample(stage: Stage, watching: Audience) -> str:
    await stage.fill(watching, 1)
    window = await spread(stage, watching, WARM_UP_EVENTS, RATES[0], 1)
    await watching.close(stage.name)
    return window.sample


class _Play:
    def __init__(self, bench: Bench, watching: Audience, shape: Shape) -> None:
        self._bench = bench
        self._watching = watching
        self._shape = shape

    async def rounds(self, stages: Sequence[Stage], rate: int) -> dict[str, list[Spread]]:
        windows: dict[str, list[Spread]] = {stage.name: [] for stage in stages}
        count = min(ROUNDS, self._bench.scale.rounds) if _is_asked(self._shape, rate) else 1
        for index in range(count):
            for stage in stages:
                hopeless = self._shape.per_request * rate > MAX_UNSHARED_EXECUTIONS
                if stage.name == ALONE and (hopeless or index):
                    continue
                windows[stage.name].append(await self._window(stage, rate))
        return windows

    async def _window(self, stage: Stage, rate: int) -> Spread:
        event_count = max(1, int(rate * self._bench.scale.live_seconds))
        count = max(1, min(event_count, MAX_DELIVERIES[stage.name] // self._shape.per_request))
        return await spread(stage, self._watching, count, rate, self._shape.per_request)
