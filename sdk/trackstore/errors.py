"""Exceptions of this package. They are raised only where the caller waits, never by tracking.

* ``TrackstoreError``
    * ``InvalidItemError`` (also a ``ValueError``)
    * ``InvalidSettingsError`` (also a ``ValueError``)
    * ``ServerUnavailableError``
    * ``ServerRefusedError``
    * ``RequestCancelledError``
    * ``EventStreamError``
"""


class TrackstoreError(Exception):
    """Base of all exceptions of this package."""


class InvalidItemError(TrackstoreError, ValueError):
    """An item is not valid for the server. Raised by strict trackers only."""


class InvalidSettingsError(TrackstoreError, ValueError):
    """A setting is invalid; the message names it and says what is expected."""


class ServerUnavailableError(TrackstoreError):
    """No answer, or one that says that the same call may succeed later.

    ``retry_after`` is the time in seconds that the server requested, 0 if none.
    """

    def __init__(self, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ServerRefusedError(TrackstoreError):
    """The server refused the call; a retry would be refused as well.

    ``code`` is the stable code of the server, such as ``FORBIDDEN``; ``status`` the HTTP status.
    """

    def __init__(self, message: str, code: str = "", status: int = 200) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class RequestCancelledError(TrackstoreError):
    """The request was cancelled. Raised by ``raise_if_cancelled`` only."""


class EventStreamError(TrackstoreError):
    """The answer is not a stream of server-sent events."""
