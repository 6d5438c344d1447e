"""The tracker of services: sends what is recorded to the server in the background."""

from contextlib import suppress
from dataclasses import replace
from threading import RLock
from typing import Any
from uuid import UUID

from trackstore.calls import Json
from trackstore.cancellations import Cancellations
from trackstore.delivery.delivery_stats import INVALID
from trackstore.delivery.pipeline import Delivery
from trackstore.delivery.signals import watch_process
from trackstore.encoding import check_entry, encode_entry
from trackstore.entries import Entry, Labels
from trackstore.errors import InvalidItemError, InvalidSettingsError
from trackstore.limit_calls import Call
from trackstore.limits import RemoteLimits
from trackstore.recorder import Recorder
from trackstore.request_queries import RemoteRequestQueries
from trackstore.results import Flushed, Stats
from trackstore.settings import Settings


class Tracker(RemoteLimits, RemoteRequestQueries, Recorder):
    """Sends what is tracked to a server. Thread-safe, asyncio-safe and fork-safe.

    Without arguments it is configured from the environment (``TRACKSTORE_URL``,
    ``TRACKSTORE_API_KEY``, ...; see ``Settings``). ``labels`` apply to everything that it records.
    ``with`` closes it. Raises ``InvalidSettingsError``.
    """

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        settings: Settings | None = None,
        labels: Labels | None = None,
        **more: Any,
    ) -> None:
        self.settings = settings or Settings.from_environment(url=url, api_key=api_key, **more)
        self.labels = labels
        self.is_strict = self.settings.strict
        self._cancellations = Cancellations(self.settings)
        self._delivery = Delivery(self.settings, self._cancellations.check)

    def put(self, entry: Entry) -> None:
        try:
            item = encode_entry(entry)
            if self.settings.strict:
                check_entry(item)
        except InvalidItemError as error:
            self.refuse(entry.field, error)
        else:
            self._delivery.put(item)

    def refuse(self, field: str, error: Exception) -> None:
        if self.settings.strict:
            raise InvalidItemError(f"{field}: {error}") from error
        self._delivery.delivery_stats.refuse(INVALID, f"{field}: {error}")

    def is_cancelled(self, request_id: UUID) -> bool:
        return request_id in self._cancellations

    def flush(self, timeout: float = 5.0) -> Flushed:
        """Send what was tracked so far; return when each item is settled, or after ``timeout`` seconds."""
        return self._delivery.flush(timeout)

    def close(self, timeout: float = 5.0) -> Flushed:
        """Flush and stop. The rest is on disk, or counted as dropped: ``CLOSED``."""
        return self._delivery.close(timeout)

    def stats(self) -> Stats:
        notices = self.notices
        return replace(self._delivery.stats(), adjusted=notices.adjusted, skipped=notices.skipped)

    @property
    def spooled(self) -> int:
        return self._delivery.spooled

    def _call_server(self, call: Call, timeout: float) -> Json:
        document, variables = call
        return self._delivery.client().query(document, variables, timeout=timeout)


_default: Recorder | None = None
_default_lock = RLock()


def get_tracker() -> Recorder:
    """Return the default tracker: that of ``set_tracker``, otherwise one from the environment.

    Raises ``InvalidSettingsError`` if the environment is invalid.
    """
    global _default  # noqa: PLW0603 the one tracker of a program, to be swapped in tests
    if _default is None:
        with _default_lock:
            if _default is None:
                _default = Tracker()
    return _default


def expect_tracker() -> None:
    """Register with the end of the process for a default tracker that is created later.

    Only the main thread can handle signals, and another one may serve the first call.
    """
    if _default is None:
        with suppress(InvalidSettingsError):
            watch_process(signals=Settings.from_environment().flush_on_signals)


def set_tracker(tracker: Recorder | None) -> Recorder | None:
    """Set the default tracker and return the previous one. None creates one when needed."""
    global _default
    with _default_lock:
        before, _default = _default, tracker
    return before
