"""The randomised run: rounds of load and faults, each followed by a check of everything."""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field

from tests.support.processes import Json
from tests.system.chaos.clients import ClientProcess, start_clients
from tests.system.chaos.faults import faults_of
from tests.system.chaos.installation import Installation, installation
from tests.system.chaos.ledger import Ledger
from tests.system.chaos.limit_history import LimitAnswer, LimitCall, LimitModel
from tests.system.chaos.linearizability import Invocation
from tests.system.chaos.traffic.gate import Tenant
from tests.system.chaos.verdict import (
    COUNTED_TYPE,
    Stored,
    counter_problems,
    feed_problems,
    limit_problems,
    read_stored,
    record_problems,
    request_problems,
    rollup_problems,
    tracker_problems,
    verify_rollups,
)

SET_LIMIT = """mutation ($input: LimitInput!) { setLimit(input: $input) { limit { uuid } } }"""
READ_LIMITS = """query ($type: String!) {
  limits(where: {interactionType: {eq: $type}}) { subjectId usage { used reserved } }
}"""
MAXIMA = {"organization": 150, "user-0": 90, "user-1": 90}
FEED_SECONDS = 30.0
"""How long a live stream may take to show what was committed before its clients rested."""

Report = Callable[[str], None]
Events = Callable[[Installation], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What a run does."""

    seed: int
    database: str
    seconds: float
    round_seconds: float = 15.0
    parts: tuple[str, ...] = ("raw", "raw", "sdk", "watchers")
    with_clock: bool = True
    faults: tuple[str, ...] = ()
    """Names of the faults to choose from; empty: all that this machine can cause."""


@dataclass
class Run:
    """One run while it goes on."""

    settings: RunSettings
    world: Installation
    tenants: list[Tenant]
    clients: list[ClientProcess]
    report: Report
    ledger: Ledger = field(default_factory=Ledger)
    problems: list[str] = field(default_factory=list)
    used: dict[tuple[str, str], int] = field(default_factory=dict)
    caused: list[str] = field(default_factory=list)

    async def round(self, number: int, events: Events | None = None) -> None:
        """Let clients work through ``events``, by default some faults, then check everything."""
        type = f"units-{number}"
        await self._set_limits(type)
        plan = json.dumps({"round": number, "limits": {t.organization: type for t in self.tenants}})
        for client in self.clients:
            await asyncio.to_thread(client.go, plan)
        await (self._cause_faults(number) if events is None else events(self.world))
        begun = time.monotonic()
        unready = await self.world.wait_until_ready()
        if unready:
            self._found(number, [unready])
        for client in self.clients:
            client.ask_to_pause()
        for client in self.clients:
            await asyncio.to_thread(client.wait_until_paused)
        healed = time.monotonic() - begun
        await self._check(number, type)
        acknowledged = sum(len(r.acknowledged) for r in self.ledger.records.values())
        calls = sum(map(len, self.ledger.limits.values()))
        self.report(
            f"  {acknowledged:,} records acknowledged, {calls:,} tries at limits, "
            f"at rest {healed:.1f} s after the faults, {len(self.problems)} problems"
        )

    async def _cause_faults(self, number: int) -> None:
        """Cause faults one after the other, some of them two at a time, until the time is over."""
        dice = random.Random(f"{self.settings.seed}/{number}")
        faults = [
            fault
            for fault in faults_of(self.world)
            if not self.settings.faults or fault.name in self.settings.faults
        ]
        deadline = time.monotonic() + self.settings.round_seconds
        await asyncio.sleep(dice.uniform(0.5, 2))
        while time.monotonic() < deadline:
            chosen = [dice.choice(faults)]
            others = [fault for fault in faults if fault.place != chosen[0].place]
            if others and dice.random() < 0.35:
                chosen.append(dice.choice(others))
            self.report(f"round {number}: {' + '.join(fault.name for fault in chosen)}")
            self.caused += [fault.name for fault in chosen if fault.is_possible]
            chances = [random.Random(dice.random()) for _ in chosen]
            await asyncio.gather(
                *(
                    fault.cause(self.world, chance)
                    for fault, chance in zip(chosen, chances, strict=True)
                    if fault.is_possible
                )
            )
            await asyncio.sleep(dice.uniform(0.3, 3))

    async def _set_limits(self, type: str) -> None:
        for tenant in self.tenants:
            for subject, maximum in MAXIMA.items():
                limit: Json = {"interactionType": type, "maximum": maximum, "period": "LIFETIME"}
                if subject == "organization":
                    limit |= {"subject": "ORGANIZATION"}
                else:
                    limit |= {"subject": "USER", "subjectId": subject}
                await self.world.ask(SET_LIMIT, {"input": limit}, tenant.key)

    async def count_operations(self) -> None:
        """Set a limit for what operations count; it is soft, they have happened."""
        limit = {
            "subject": "ORGANIZATION", "interactionType": COUNTED_TYPE, "maximum": 1,
            "mode": "SOFT", "period": "LIFETIME",
        }  # fmt: skip
        for tenant in self.tenants:
            await self.world.ask(SET_LIMIT, {"input": limit}, tenant.key)

    async def _check(self, number: int, type: str) -> None:
        url = self.world.database_url
        stored = {t.organization: await read_stored(url, t.organization) for t in self.tenants}
        await self._wait_for_streams(stored)
        problems = [*self.ledger.strange, *tracker_problems(self.ledger)]
        self.ledger.strange.clear()
        for tenant in self.tenants:
            name = tenant.organization
            records = self.ledger.records[name]
            told = [
                *record_problems(records, stored[name]),
                *request_problems(records, stored[name]),
            ]
            told += await self._limits(tenant, type)
            used = {type: units for (org, type), units in self.used.items() if org == name}
            told += counter_problems(stored[name], used)
            told += await rollup_problems(self.world, stored[name], tenant.key)
            problems += [f"{name}: {one}" for one in told]
        problems += feed_problems(self.ledger.seen, stored, self.ledger)
        problems += await verify_rollups(self.world)
        self._found(number, problems)

    async def _limits(self, tenant: Tenant, type: str) -> list[str]:
        """Check the history of the round, with the state that it left as its last answer."""
        name = tenant.organization
        begin = time.monotonic()
        levels = await self._levels(tenant, type)
        self.used[name, type] = levels[name]["used"]
        self.used[name, COUNTED_TYPE] = (await self._levels(tenant, COUNTED_TYPE))[name]["used"]
        last = sorted((key, level["used"], level["reserved"]) for key, level in levels.items())
        answer = LimitAnswer("READ", None, tuple(last))
        call = LimitCall("read", subjects=(name, "user-0", "user-1"))
        history = self.ledger.history(name, type)
        history.append(Invocation(call, begin, time.monotonic(), answer))
        maxima = {
            name if subject == "organization" else subject: m for subject, m in MAXIMA.items()
        }
        return limit_problems(LimitModel(maxima), history)

    async def _levels(self, tenant: Tenant, type: str) -> dict[str, Json]:
        told = await self.world.ask(READ_LIMITS, {"type": type}, tenant.key)
        return {limit["subjectId"]: limit["usage"] for limit in told["limits"]}

    async def _wait_for_streams(self, stored: dict[str, Stored]) -> None:
        """Read the journals until every stream has shown as much as is stored."""
        deadline = time.monotonic() + FEED_SECONDS
        while True:
            for client in self.clients:
                self.ledger.add(await asyncio.to_thread(client.lines))
            late = [
                name
                for name, seen in self.ledger.seen.items()
                for there in [stored[seen.organization]]
                if len(seen.ids) < len(there.events if seen.feed == "events" else there.operations)
            ]
            if not late or time.monotonic() > deadline:
                return
            await asyncio.sleep(0.1)

    def _found(self, number: int, problems: list[str]) -> None:
        for problem in problems:
            self.problems.append(f"round {number}: {problem}")
            self.report(f"PROBLEM in round {number}: {problem}")


@asynccontextmanager
async def prepared(settings: RunSettings, report: Report) -> AsyncIterator[Run]:
    """Start everything that a run needs; it is gone at the end."""
    async with installation(settings.database, with_clock=settings.with_clock) as world:
        with ExitStack() as stack:
            tenants, cursors = await world.make_tenants()
            urls = [node.url for node in world.nodes]
            clients = start_clients(
                list(settings.parts), settings.seed, urls, tenants, cursors, world.folder
            )
            for client in clients:
                stack.callback(client.end)
            going = Run(settings, world, tenants, clients, report)
            await going.count_operations()
            yield going


async def run(settings: RunSettings, report: Report) -> Run:
    """Run until the time is over, or a round has found something."""
    async with prepared(settings, report) as going:
        left_out = [fault.name for fault in faults_of(going.world) if not fault.is_possible]
        if left_out:
            report(f"this run leaves out: {', '.join(left_out)}")
        begun, number = time.monotonic(), 0
        while not going.problems and (number == 0 or time.monotonic() - begun < settings.seconds):
            number += 1
            await going.round(number)
        if going.problems:
            for node in going.world.nodes:
                report(f"log of the server on port {node.port}:\n{node.server.log_tail()}")
        return going
