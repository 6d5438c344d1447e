"""The demonstration as it runs: visitors arrive, actors act, batches go out, counts come back."""

import time
from collections.abc import Callable, Sequence

from cli.demo.calls import api_call, chat, coding_session
from cli.demo.lessons import lesson
from cli.demo.renderer import renderer
from cli.demo.scene import Actor, Company, Scene
from cli.interruption import Interruption
from cli.output import warn
from cli.remote import RemoteClient

INGEST = """\
mutation Demo($entries: [EntryInput!]!) {
  ingest(entries: $entries) { results { status code message } }
}"""
TICK_SECONDS = 0.2
LONGEST_TICK = 0.4
"""Time that passes in the scene at most in one tick. A slow server slows the play down, and does
not find everything at once afterwards; and answers are there before an actor asks for them."""
MOST_ENTRIES = 1_000
"""Entries of one call."""
MOST_RUNNING = 400
"""Requests and sessions that run at once; further ones do not begin."""
MOST_WARNINGS = 5
ARRIVALS: tuple[tuple[Callable[[Scene, Company], Actor], float], ...] = (
    (api_call, 60),
    (chat, 28),
    (coding_session, 5),
    (lesson, 3),
)
"""Who arrives, and how often among a hundred. A coding session brings about nine calls with it."""


class Play:
    """Runs until it is told to stop; the server is called from this thread only."""

    def __init__(self, remote: RemoteClient, scene: Scene, organizations: Sequence[str]) -> None:
        self._remote = remote
        self._scene = scene
        self._companies = [Company(name) for name in organizations]
        self._warned = 0
        for company in self._companies:
            scene.enter(renderer(scene, company))

    def run(
        self,
        rate: float,
        duration: float | None,
        interruption: Interruption,
        tell: Callable[[float], None],
    ) -> None:
        """Play; ``tell`` is called after each tick with the seconds since the beginning."""
        begun = before = time.monotonic()
        self.begin(rate)
        while not interruption.wished.wait(TICK_SECONDS):
            now = time.monotonic()
            self.step(min(now - before, LONGEST_TICK))
            before = now
            tell(now - begun)
            if duration is not None and now - begun >= duration:
                return

    def begin(self, rate: float) -> None:
        """Let visitors come, so many a second."""
        self._scene.enter(self._arrivals(rate))

    def step(self, seconds: float) -> None:
        """Let so much time pass, and send what was done in it."""
        self._scene.play_until(self._scene.now + seconds)
        self._send()

    def close(self) -> None:
        """Leave nothing behind that looks as if it ran: call off requests, end sessions."""
        scene = self._scene
        for id in scene.requests:
            scene.event("cancelRequest", requestId=id, reason="the demonstration was stopped")
            scene.count("cancelled")
        for id, labels in scene.sessions.items():
            scene.send("session", id=id, endedAt=scene.time(), labels=labels)
        scene.requests.clear()
        scene.sessions.clear()
        self._send()

    def _arrivals(self, rate: float) -> Actor:
        """Visitors come by chance, so many a second on average."""
        scene = self._scene
        actors, weights = zip(*ARRIVALS, strict=True)
        while True:
            yield scene.chance.expovariate(rate)
            actor = scene.pick(*actors, weights=weights)
            if len(scene.requests) + len(scene.sessions) < MOST_RUNNING:
                scene.enter(actor(scene, scene.pick(*self._companies)))

    def _send(self) -> None:
        pending, self._scene.pending = self._scene.pending, []
        for start in range(0, len(pending), MOST_ENTRIES):
            part = pending[start : start + MOST_ENTRIES]
            answer = self._remote.query(INGEST, {"entries": [entry for entry, _ in part]})
            for (entry, receipt), result in zip(part, answer["ingest"]["results"], strict=True):
                receipt.status = result["status"]
                receipt.code, receipt.message = result["code"], result["message"]
                self._scene.count("entries")
                if receipt.status == "REJECTED" and not receipt.is_denied:
                    self._warn(next(iter(entry)), receipt.code, receipt.message)

    def _warn(self, kind: str, code: str | None, message: str | None) -> None:
        self._scene.count("rejected")
        self._warned += 1
        if self._warned <= MOST_WARNINGS:
            warn(f"{kind} was refused: {code}: {message}")
