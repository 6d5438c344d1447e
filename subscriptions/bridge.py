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
from store.maintenance.failure_log import FailureLog
from store.maintenance.periodic import PeriodicTask, Schedule

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
        self._name = uuid4().hex[:12]
        self._requests: dict[RequestKey, int] = {}
        self._organizations: set[str] = set()
        self._breakers: set[str] = set()
        self._disconnected = asyncio.Event()
        self._sender = PeriodicTask(
            "live-hints",
            self._flush,
            Schedule(None, retry=RECONNECT_SECONDS, settle=HINT_INTERVAL_SECONDS),
            FailureLog(log, "cannot notify other servers; they fall back to polling", False),
        )
        self._receiver = PeriodicTask(
            "live-listen",
            self._listen,
            Schedule(RECONNECT_SECONDS, first=0),
            FailureLog(log, "LISTEN connection lost; falling back to polling", False),
        )
        self._poller = PeriodicTask(
            "live-poll",
            self._poll,
            Schedule(poll_seconds, jitter=0.1),
            FailureLog(log, "polling for changes failed; retrying"),
        )
        self.background_tasks = [self._sender, self._receiver, self._poller]

    def start(self) -> None:
        for task in self.background_tasks:
            task.start()

    async def close(self) -> None:
        for task in self.background_tasks:
            await task.stop()
        with contextlib.suppress(*DRIVER_ERRORS, TimeoutError):
            await asyncio.wait_for(self._flush(), RECONNECT_SECONDS)
        with contextlib.suppress(*DRIVER_ERRORS):
            await self._channel.close()

    def notify_requests(self, changed: Mapping[RequestKey, int]) -> None:
        self._requests.update(changed)
        self._sender.wake()

    def notify_operations(self, organizations: Collection[str]) -> None:
        self._organizations.update(organizations)
        self._sender.wake()

    def notify_breakers(self, organizations: Collection[str]) -> None:
        self._breakers.update(organizations)
        self._sender.wake()

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
        """Listen until the connection is lost."""
        self._disconnected.clear()
        await self._channel.listen(self._receive, self._disconnected.set)
        self._receiver.note_success()
        self._listener.recheck_all()  # changes before this were not reported
        self._listener.on_keys_changed(None)
        await self._disconnected.wait()

    async def _poll(self) -> None:
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
