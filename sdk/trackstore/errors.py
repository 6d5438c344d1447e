"""What the client raises: only where its caller waits for an answer, never from tracking."""


class TrackstoreError(Exception):
    """Base of all errors of this package."""


class InvalidItemError(TrackstoreError, ValueError):
    """What was to be tracked is not as the server takes it; raised by a strict tracker only."""


class InvalidSettingsError(TrackstoreError, ValueError):
    """A setting has no usable value; the text names it and says what is expected."""


class ServerUnavailableError(TrackstoreError):
    """No answer, or one that says that the same call may succeed later.

    ``retry_after`` is how many seconds the server asked to wait, 0 where it did not say.
    """

    def __init__(self, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ServerRefusedError(TrackstoreError):
    """The server answered, and will answer the same again.

    ``code`` is the server's stable code, such as ``FORBIDDEN``; ``status`` the HTTP status.
    """

    def __init__(self, message: str, code: str = "", status: int = 200) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class RequestCancelledError(TrackstoreError):
    """Somebody called the request off; raised by ``raise_if_cancelled`` only."""
