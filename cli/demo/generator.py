"""Generates the traffic: starts actors, sends their entries in batches, reads the results."""

import time
from collections.abc import Callable, Sequence

from cli.demo.calls import api_call, chat, coding_session
from cli.demo.lessons import lesson
from cli.demo.renderer import renderer
from cli.demo.simulation import Actor, DemoOrganization, Simulation
from cli.interrupts import Interrupts
from cli.output import warn
from cli.remote import RemoteClient

INGEST = """\
mutation Demo($entries: [EntryInput!]!) {
  ingest(entries: $entries) { results { status code message } }
}"""
TICK_SECONDS = 0.2
MAX_TICK_SECONDS = 0.4
"""Maximum virtual time of one tick. A slow server slows the simulation down instead of getting
everything at once, and answers arrive before actors read them."""
MAX_BATCH_ENTRIES = 1_000
"""Maximum number of entries in one call."""
MAX_RUNNING = 400
"""Maximum number of running requests and sessions; no more are started."""
MAX_WARNINGS = 5
ARRIVALS: tuple[tuple[Callable[[Simulation, DemoOrganization], Actor], float], ...] = (
    (api_call, 60),
    (chat, 28),
    (coding_session, 5),
    (lesson, 3),
)
"""Actors and their weights. A coding session makes about nine calls."""


class TrafficGenerator:
    """Generator of the traffic. Calls the server from the caller's thread only."""

    def __init__(
        self, remote: RemoteClient, simulation: Simulation, organizations: Sequence[str]
    ) -> None:
        self._remote = remote
        self._simulation = simulation
        self._organizations = [DemoOrganization(name) for name in organizations]
        self._warned = 0
        for organization in self._organizations:
            simulation.start_actor(renderer(simulation, organization))

    def run(
        self,
        rate: float,
        duration: float | None,
        interrupts: Interrupts,
        update: Callable[[float], None],
    ) -> None:
        """Run until interrupted; call ``update`` after each tick with the elapsed seconds."""
        started = before = time.monotonic()
        self.start(rate)
        while not interrupts.requested.wait(TICK_SECONDS):
            now = time.monotonic()
            self.step(min(now - before, MAX_TICK_SECONDS))
            before = now
            update(now - started)
            if duration is not None and now - started >= duration:
                return

    def start(self, rate: float) -> None:
        self._simulation.start_actor(self._arrivals(rate))

    def step(self, seconds: float) -> None:
        self._simulation.run_until(self._simulation.now + seconds)
        self._send()

    def close(self) -> None:
        """Cancel open requests and end open sessions, so that nothing looks as if it ran."""
        simulation = self._simulation
        for id in simulation.requests:
            simulation.event("cancelRequest", requestId=id, reason="the demonstration was stopped")
            simulation.count("cancelled")
        for id, labels in simulation.sessions.items():
            simulation.send("session", id=id, endedAt=simulation.time(), labels=labels)
        simulation.requests.clear()
        simulation.sessions.clear()
        self._send()

    def _arrivals(self, rate: float) -> Actor:
        simulation = self._simulation
        actors, weights = zip(*ARRIVALS, strict=True)
        while True:
            yield simulation.random.expovariate(rate)
            actor = simulation.pick(*actors, weights=weights)
            if len(simulation.requests) + len(simulation.sessions) < MAX_RUNNING:
                simulation.start_actor(actor(simulation, simulation.pick(*self._organizations)))

    def _send(self) -> None:
        pending, self._simulation.pending = self._simulation.pending, []
        for start in range(0, len(pending), MAX_BATCH_ENTRIES):
            part = pending[start : start + MAX_BATCH_ENTRIES]
            answer = self._remote.query(INGEST, {"entries": [entry for entry, _ in part]})
            for (entry, receipt), result in zip(part, answer["ingest"]["results"], strict=True):
                receipt.status = result["status"]
                receipt.code, receipt.message = result["code"], result["message"]
                self._simulation.count("entries")
                if receipt.status == "REJECTED" and not receipt.is_denied:
                    self._warn(next(iter(entry)), receipt.code, receipt.message)

    def _warn(self, kind: str, code: str | None, message: str | None) -> None:
        self._simulation.count("rejected")
        self._warned += 1
        if self._warned <= MAX_WARNINGS:
            warn(f"{kind} was rejected: {code}: {message}")
