"""Send hints about commits to other server processes, batched and without waiting, and receive theirs."""

import asyncio
import contextlib
import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID, uuid4

import msgspec

from store.commit_events import RequestKey
from store.dialects import DRIVER_ERRORS, MAX_HINT_BYTES, NotificationChannel

HINT_INTERVAL_SECONDS = 0.01
"""Changes within this interval are sent together."""
RECONNECT_SECONDS = 1.0
REQUESTS_PER_HINT = 100
"""Each takes the name of its organization and some 50 bytes."""
MAX_HINTS = 20
"""Per flush; beyond it one hint says that anything may have changed."""

log = logging.getLogger(__name__)


class Hint(msgspec.Struct, array_like=True):
    """Name the process that sends it and what was committed there; None means any.

    For a request it gives the last seq, for operations and circuit breakers their organizations.
    """

    sender: str
    requests: list[tuple[str, str, int]] | None
    organizations: list[str] | None
    breakers: list[str] | None = []  # absent in hints of the former version
    keys: list[str] | None = []  # sent by database triggers, without a sender


class BridgeListener(Protocol):
    @property
    def is_watched(self) -> bool: ...
    def on_requests_changed(self, changed: Mapping[RequestKey, int]) -> None: ...
    def on_operations_recorded(self, organizations: Collection[str] | None) -> None: ...
    def on_breakers_reported(self, organizations: Collection[str] | None) -> None: ...
    def on_keys_changed(self, ids: Collection[UUID] | None) -> None: ...
    def recheck_all(self) -> None: ...


class Bridge:
    """Notify other processes of commits here, and pass on what they report.

    A lost hint is made up for by rechecking everything watched, every ``poll_seconds`` and after each
    lost connection.
    """

    def __init__(
        self, channel: NotificationChannel, listener: BridgeListener, poll_seconds: float
    ) -> None:
        self._channel = channel
        self._listener = listener
        self._poll_seconds = poll_seconds
        self._name = uuid4().hex[:12]
        self._requests: dict[RequestKey, int] = {}
        self._organizations: set[str] = set()
        self._breakers: set[str] = set()
        self._has_changes = asyncio.Event()
        self._disconnected = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._send_hints(), name="live-hints"),
            asyncio.create_task(self._listen(), name="live-listen"),
            asyncio.create_task(self._poll(), name="live-poll"),
        ]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        with contextlib.suppress(*DRIVER_ERRORS, TimeoutError):
            await asyncio.wait_for(self._flush(), RECONNECT_SECONDS)
        with contextlib.suppress(*DRIVER_ERRORS):
            await self._channel.close()

    def notify_requests(self, changed: Mapping[RequestKey, int]) -> None:
        self._requests.update(changed)
        self._has_changes.set()

    def notify_operations(self, organizations: Collection[str]) -> None:
        self._organizations.update(organizations)
        self._has_changes.set()

    def notify_breakers(self, organizations: Collection[str]) -> None:
        self._breakers.update(organizations)
        self._has_changes.set()

    async def _send_hints(self) -> None:
        while True:
            await self._has_changes.wait()
            self._has_changes.clear()
            try:
                await self._flush()
            except DRIVER_ERRORS:
                log.warning("cannot notify other servers; they fall back to polling")
                await asyncio.sleep(RECONNECT_SECONDS)
            await asyncio.sleep(HINT_INTERVAL_SECONDS)

    async def _flush(self) -> None:
        requests, self._requests = self._requests, {}
        organizations, self._organizations = self._organizations, set()
        breakers, self._breakers = self._breakers, set()
        if requests or organizations or breakers:
            hints = self._hints(requests, sorted(organizations), sorted(breakers))
            await self._channel.notify(hints)

    def _hints(
        self,
        requests: Mapping[RequestKey, int],
        organizations: Sequence[str],
        breakers: Sequence[str],
    ) -> list[str]:
        changed = [(organization, id.hex, seq) for (organization, id), seq in requests.items()]
        parts: list[list[Any]] = [
            changed[n : n + REQUESTS_PER_HINT] for n in range(0, len(changed), REQUESTS_PER_HINT)
        ] or [[]]
        hints = [self._hint(part, [], []) for part in parts]
        hints[0] = self._hint(parts[0], list(organizations), list(breakers))
        if len(hints) > MAX_HINTS or any(len(hint.encode()) > MAX_HINT_BYTES for hint in hints):
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
            self._disconnected.clear()
            try:
                await self._channel.listen(self._receive, self._disconnected.set)
            except DRIVER_ERRORS:
                log.warning("LISTEN connection lost; falling back to polling")
                await asyncio.sleep(RECONNECT_SECONDS)
                continue
            self._listener.recheck_all()  # changes before this were not reported
            self._listener.on_keys_changed(None)
            await self._disconnected.wait()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(self._poll_seconds)
            if self._listener.is_watched:
                self._listener.recheck_all()

    def _receive(self, text: str) -> None:
        try:
            hint = msgspec.json.decode(text, type=Hint)
            requests = (
                None
                if hint.requests is None
                else {(organization, UUID(hex=id)): seq for organization, id, seq in hint.requests}
            )
            keys = None if hint.keys is None else [UUID(hex=id) for id in hint.keys]
        except (msgspec.MsgspecError, ValueError):
            log.warning(
                "ignored an unreadable hint from another server; check that all servers run the same version"
            )
            self._listener.recheck_all()
            self._listener.on_keys_changed(None)
            return
        if keys is None or keys:
            self._listener.on_keys_changed(keys)
        if hint.sender == self._name:
            return
        if requests is None:
            self._listener.recheck_all()
        elif requests:
            self._listener.on_requests_changed(requests)
        if hint.organizations is None or hint.organizations:
            self._listener.on_operations_recorded(hint.organizations)
        if hint.breakers is None or hint.breakers:
            self._listener.on_breakers_reported(hint.breakers)
