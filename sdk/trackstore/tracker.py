"""The tracker that services use: what is recorded goes to the server, in the background."""

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
    """Sends what is tracked to a server. Safe in threads, in asyncio and across forks.

    Without arguments it is set up from the environment (``TRACKSTORE_URL``, ``TRACKSTORE_API_KEY``,
    ...; ``Settings`` has all). ``labels`` are those of everything that it records. ``with`` closes it.
    Raises ``InvalidSettingsError``.
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
        """Queue one entry; counted as dropped where it cannot be."""
        try:
            item = encode_entry(entry)
            if self.settings.strict:
                check_entry(item)
        except InvalidItemError as error:
            self.refuse(entry.field, error)
        else:
            self._delivery.put(item)

    def refuse(self, field: str, error: Exception) -> None:
        """Count what cannot be sent; raises ``InvalidItemError`` if strict."""
        if self.settings.strict:
            raise InvalidItemError(f"{field}: {error}") from error
        self._delivery.delivery_stats.refuse(INVALID, f"{field}: {error}")

    def is_cancelled(self, request_id: UUID) -> bool:
        """Whether the server said so."""
        return request_id in self._cancellations

    def flush(self, timeout: float = 5.0) -> Flushed:
        """Send what was tracked so far; returns when each item has an end, or in time."""
        return self._delivery.flush(timeout)

    def close(self, timeout: float = 5.0) -> Flushed:
        """Flush and end. What is left then is on disk, or counted as dropped: ``CLOSED``."""
        return self._delivery.close(timeout)

    def stats(self) -> Stats:
        """What became of everything that this process tracked."""
        notices = self.notices
        return replace(self._delivery.stats(), adjusted=notices.adjusted, skipped=notices.skipped)

    @property
    def spooled(self) -> int:
        """Items of this process that lie on disk now."""
        return self._delivery.spooled

    def _call_server(self, call: Call, timeout: float) -> Json:
        document, variables = call
        return self._delivery.client().query(document, variables, timeout=timeout)


_default: Recorder | None = None
_default_lock = RLock()


def get_tracker() -> Recorder:
    """The tracker of this program: what ``set_tracker`` was given, else one from the environment.

    Raises ``InvalidSettingsError`` where it is made from the environment, and that is wrong.
    """
    global _default  # noqa: PLW0603 the one tracker of a program, to be swapped in tests
    if _default is None:
        with _default_lock:
            if _default is None:
                _default = Tracker()
    return _default


def expect_tracker() -> None:
    """Hook into the end of the process for a default tracker that is made later, in any thread.

    Only the main thread can handle signals, and the first call may be served by another one.
    """
    if _default is None:
        with suppress(InvalidSettingsError):
            watch_process(signals=Settings.from_environment().flush_on_signals)


def set_tracker(tracker: Recorder | None) -> Recorder | None:
    """Make ``tracker`` the one of this program; gives the one before. None: make it anew when asked."""
    global _default
    with _default_lock:
        before, _default = _default, tracker
    return before
