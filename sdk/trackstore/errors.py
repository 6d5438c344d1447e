"""Exceptions of this package. They are raised only where the caller waits, never by tracking.

* ``TrackstoreError``
    * ``InvalidItemError`` (also a ``ValueError``)
    * ``InvalidSettingsError`` (also a ``ValueError``)
    * ``ServerUnavailableError``
    * ``ServerRefusedError``
        * ``WrongAddressError``
    * ``IncompleteExportError``
    * ``MissingExtraError``
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

    ``retry_after`` is the time in seconds that the server requested, 0 if none; ``reason`` the
    message without the address; ``status`` the HTTP status, None without an answer.
    """

    def __init__(
        self,
        message: str,
        retry_after: float = 0.0,
        reason: str = "",
        status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.reason = reason or message
        self.status = status


class ServerRefusedError(TrackstoreError):
    """The server refused the call; a retry would be refused as well.

    ``code`` is the stable code of the server, such as ``FORBIDDEN``; ``status`` the HTTP status;
    ``reason`` the message as the server sent it.
    """

    def __init__(self, message: str, code: str = "", status: int = 200, reason: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.reason = reason or message


class WrongAddressError(ServerRefusedError):
    """What answers at the address is not Trackstore."""


class IncompleteExportError(TrackstoreError):
    """The server ended an export before its last row. What was received is not complete."""


class MissingExtraError(TrackstoreError):
    """The call needs a package that an extra of this package installs."""


class RequestCancelledError(TrackstoreError):
    """The request was cancelled. Raised by ``raise_if_cancelled`` only."""


class EventStreamError(TrackstoreError):
    """The answer is not a stream of server-sent events."""
