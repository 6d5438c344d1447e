"""The bridge between server processes: short hints of what moved, sent together and never waited for."""

import asyncio
import contextlib
import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID, uuid4

import msgspec

from store.commit_events import RequestKey
from store.dialects import DRIVER_ERRORS, MAX_HINT_BYTES, NotificationChannel

PAUSE_SECONDS = 0.01
"""Between two rings: what moves within it goes together."""
RECONNECT_SECONDS = 1.0
REQUESTS_PER_HINT = 100
"""A hint names so many requests at most; each takes its organization's name and some 50 bytes."""
MOST_HINTS = 20
"""Of one ring; where more moved, one hint says that anything may have."""

log = logging.getLogger(__name__)


class Hint(msgspec.Struct, array_like=True):
    """Which process tells, which requests moved and how far, whose operations were recorded, and
    whose circuit breakers were reported.

    None stands for any.
    """

    sender: str
    requests: list[tuple[str, str, int]] | None
    organizations: list[str] | None
    breakers: list[str] | None = []  # servers of the last version say nothing of them
    keys: list[str] | None = []  # written by triggers of the database, without a sender


class BridgeListener(Protocol):
    """Whoever wants to know."""

    @property
    def is_watched(self) -> bool: ...
    def requests_heard(self, moved: Mapping[RequestKey, int]) -> None: ...
    def operations_heard(self, organizations: Collection[str] | None) -> None: ...
    def breakers_heard(self, organizations: Collection[str] | None) -> None: ...
    def keys_heard(self, ids: Collection[UUID] | None) -> None: ...
    def look(self) -> None: ...


class Bridge:
    """Tells other processes what was committed here, and hears what they say.

    A hint that is lost is made up for by a look at everything that is watched, every
    ``poll_seconds`` and whenever the connection was lost.
    """

    def __init__(
        self, bell: NotificationChannel, hearer: BridgeListener, poll_seconds: float
    ) -> None:
        self._bell = bell
        self._hearer = hearer
        self._poll_seconds = poll_seconds
        self._name = uuid4().hex[:12]
        self._requests: dict[RequestKey, int] = {}
        self._organizations: set[str] = set()
        self._breakers: set[str] = set()
        self._told = asyncio.Event()
        self._lost = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Connect in the background, and again whenever the connection is lost."""
        self._tasks = [
            asyncio.create_task(self._ring(), name="live-ring"),
            asyncio.create_task(self._listen(), name="live-listen"),
            asyncio.create_task(self._poll(), name="live-poll"),
        ]

    async def close(self) -> None:
        """Tell what is left to tell, and stop."""
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        with contextlib.suppress(*DRIVER_ERRORS, TimeoutError):
            await asyncio.wait_for(self._ring_once(), RECONNECT_SECONDS)
        with contextlib.suppress(*DRIVER_ERRORS):
            await self._bell.close()

    def tell_requests(self, moved: Mapping[RequestKey, int]) -> None:
        """Requests moved here."""
        self._requests.update(moved)
        self._told.set()

    def tell_operations(self, organizations: Collection[str]) -> None:
        """Operations of these organizations were recorded here."""
        self._organizations.update(organizations)
        self._told.set()

    def tell_breakers(self, organizations: Collection[str]) -> None:
        """Circuit breakers of these organizations were reported here."""
        self._breakers.update(organizations)
        self._told.set()

    async def _ring(self) -> None:
        while True:
            await self._told.wait()
            self._told.clear()
            try:
                await self._ring_once()
            except DRIVER_ERRORS:
                log.warning("other servers could not be told what moved: they will look themselves")
                await asyncio.sleep(RECONNECT_SECONDS)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _ring_once(self) -> None:
        requests, self._requests = self._requests, {}
        organizations, self._organizations = self._organizations, set()
        breakers, self._breakers = self._breakers, set()
        if requests or organizations or breakers:
            hints = self._hints(requests, sorted(organizations), sorted(breakers))
            await self._bell.notify(hints)

    def _hints(
        self,
        requests: Mapping[RequestKey, int],
        organizations: Sequence[str],
        breakers: Sequence[str],
    ) -> list[str]:
        moved = [(organization, id.hex, seq) for (organization, id), seq in requests.items()]
        parts: list[list[Any]] = [
            moved[n : n + REQUESTS_PER_HINT] for n in range(0, len(moved), REQUESTS_PER_HINT)
        ] or [[]]
        hints = [self._hint(part, [], []) for part in parts]
        hints[0] = self._hint(parts[0], list(organizations), list(breakers))
        if len(hints) > MOST_HINTS or any(len(hint.encode()) > MAX_HINT_BYTES for hint in hints):
            return [
                self._hint(
                    None if requests else [],
                    None if organizations else [],
                    None if breakers else [],
                )
            ]
        return hints

    def _hint(
        self,
        requests: list[Any] | None,
        organizations: list[str] | None,
        breakers: list[str] | None,
    ) -> str:
        hint = Hint(self._name, requests, organizations, breakers)
        return msgspec.json.encode(hint).decode()

    async def _listen(self) -> None:
        while True:
            self._lost.clear()
            try:
                await self._bell.listen(self._heard, self._lost.set)
            except DRIVER_ERRORS:
                log.warning("other servers cannot be heard: live streams look by themselves")
                await asyncio.sleep(RECONNECT_SECONDS)
                continue
            self._hearer.look()  # of what came before this, nothing was heard
            self._hearer.keys_heard(None)
            await self._lost.wait()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(self._poll_seconds)
            if self._hearer.is_watched:
                self._hearer.look()

    def _heard(self, text: str) -> None:
        try:
            hint = msgspec.json.decode(text, type=Hint)
            requests = (
                None
                if hint.requests is None
                else {(organization, UUID(hex=id)): seq for organization, id, seq in hint.requests}
            )
            keys = None if hint.keys is None else [UUID(hex=id) for id in hint.keys]
        except (msgspec.MsgspecError, ValueError):
            log.warning("a hint of another server was not understood: is it of another version?")
            self._hearer.look()
            self._hearer.keys_heard(None)
            return
        if keys is None or keys:
            self._hearer.keys_heard(keys)
        if hint.sender == self._name:
            return
        if requests is None:
            self._hearer.look()
        elif requests:
            self._hearer.requests_heard(requests)
        if hint.organizations is None or hint.organizations:
            self._hearer.operations_heard(hint.organizations)
        if hint.breakers is None or hint.breakers:
            self._hearer.breakers_heard(hint.breakers)
