"""Connects commands to a server through the SDK, and explains its errors."""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Self

import typer

from cli.errors import CommandError
from server.version import VERSION
from trackstore.client import AsyncClient, Client
from trackstore.errors import (
    InvalidSettingsError,
    ServerRefusedError,
    ServerUnavailableError,
    TrackstoreError,
    WrongAddressError,
)
from trackstore.settings import Settings
from trackstore.viewers import Viewer

CALL_SECONDS = 60.0
"""Timeout of a call with its retries. The server writes 10,000 operations in a few seconds."""
USER_AGENT = f"trackstore-cli/{VERSION}"
SERVER_HINT = "Set the address with --server or TRACKSTORE_URL"
KEY_CODES = ("UNAUTHENTICATED", "FORBIDDEN")

URL_VARIABLES = ["TRACKSTORE_URL", "TRACKSTORE_SERVER"]
KEY_VARIABLES = ["TRACKSTORE_API_KEY", "TRACKSTORE_KEY"]
"""The first of each is the SDK's, and takes precedence over the older name of the commands."""

ServerUrl = Annotated[
    str,
    typer.Option(
        "--server",
        envvar=URL_VARIABLES,
        metavar="URL",
        show_envvar=True,
        help="URL of the server, with or without /graphql, as `trackstore serve` prints it.",
    ),
]
DEFAULT_SERVER = "http://127.0.0.1:8000/graphql"
ServerKey = Annotated[
    str | None,
    typer.Option(
        "--key",
        envvar=KEY_VARIABLES,
        metavar="KEY",
        show_envvar=True,
        help="API key, if the server requires one. Other users of this machine can see "
        "command lines: prefer the variable.",
    ),
]


class CallRefusedError(CommandError):
    """The server refused a call; a retry would be refused as well."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Target:
    """The server of a command, and where its address and key come from."""

    settings: Settings
    origin: str
    key_hint: str

    @property
    def url(self) -> str:
        return self.settings.url

    def client(self, stop: threading.Event | None = None) -> Client:
        return Client(settings=self.settings, user_agent=USER_AGENT, stop=stop)

    def async_client(self) -> AsyncClient:
        return AsyncClient(settings=self.settings, user_agent=USER_AGENT)

    @contextmanager
    def explained_errors(self) -> Iterator[None]:
        """Raise errors of the SDK as ``CommandError``, with what to do about them."""
        try:
            yield
        except TrackstoreError as error:
            raise self._command_error(error) from None

    def _command_error(self, error: TrackstoreError) -> CommandError:
        if isinstance(error, WrongAddressError):
            text = f"{error}. {SERVER_HINT}, such as {DEFAULT_SERVER}."
            return CallRefusedError(text, error.status)
        if isinstance(error, ServerRefusedError):
            with_hint = f"{error.reason} ({self.key_hint})"
            text = with_hint if error.code in KEY_CODES else str(error)
            return CallRefusedError(text, error.status)
        if isinstance(error, ServerUnavailableError):
            if error.status is not None:
                return CommandError(f"{self.url} is not available: {error.reason}")
            return CommandError(
                f"no server answers at {self.url} ({self.origin}; {error.reason}). Start one with "
                f"`trackstore serve`. {SERVER_HINT}."
            )
        return CommandError(str(error))


class RemoteClient:
    """SDK client of a command. Thread-safe; ``with`` closes it.

    Once ``stop`` is set, no call is retried.
    """

    def __init__(self, url: str, key: str | None, stop: threading.Event | None = None) -> None:
        self.target = target_of(url, key)
        self._stop = stop or threading.Event()
        self._client = self.target.client(self._stop)

    def viewer(self, *scopes: str) -> Viewer:
        """Return who the server takes the key for; require these scopes.

        Not retried, so that a wrong address is reported at once.
        """
        with self.target.explained_errors():
            viewer = self._client.viewer(retry=False)
        require_scopes(viewer, *scopes)
        return viewer

    def query(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        with self.target.explained_errors():
            try:
                return self._client.query(document, variables)
            except ServerUnavailableError as failure:
                if self._stop.is_set():
                    raise CommandError(
                        f"stopped while {self.target.url} was not available: {failure.reason}"
                    ) from None
                raise

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def target_of(url: str, key: str | None) -> Target:
    """Check address and key of a command line. Raises ``typer.BadParameter``."""
    hint = key_hint(key)
    try:
        settings = Settings(url=url, timeout_seconds=CALL_SECONDS).checked()
    except InvalidSettingsError:
        raise typer.BadParameter(
            f"{url!r} ({server_origin(url)}) is not an address such as {DEFAULT_SERVER}",
            param_hint="--server",
        ) from None
    try:
        settings = Settings(url=settings.url, api_key=key, timeout_seconds=CALL_SECONDS)
    except InvalidSettingsError:
        raise typer.BadParameter(
            "The API key contains spaces, line breaks or characters that no key has. Copy it as "
            f"`trackstore keys create` printed it ({hint}).",
            param_hint="--key",
        ) from None
    return Target(settings, server_origin(url), hint)


def server_origin(url: str) -> str:
    """Return where the address of a command comes from."""
    return _variable_of(url, URL_VARIABLES) or (
        "the default" if url == DEFAULT_SERVER else "from --server"
    )


def key_hint(key: str | None) -> str:
    """Return where the key of a command comes from, and how to set another one."""
    if not key:
        return f"set an API key with {KEY_VARIABLES[0]} or --key"
    origin = _variable_of(key, KEY_VARIABLES) or "from --key"
    return f"the API key is {origin}; set another one with {KEY_VARIABLES[0]} or --key"


def _variable_of(value: str, variables: list[str]) -> str | None:
    name = next((name for name in variables if os.environ.get(name)), None)
    return f"from {name}" if name is not None and os.environ[name] == value else None


def require_scopes(viewer: Viewer, *scopes: str) -> None:
    """Raise ``CommandError`` before any work if the key lacks a scope."""
    missing = [scope for scope in scopes if not viewer.scopes & {scope, "ADMIN"}]
    if missing:
        raise CommandError(
            f"the key {viewer.name} lacks the scope {' and '.join(missing)}. Create one with "
            f"`trackstore keys create NAME {' '.join(f'--scope {scope}' for scope in scopes)}`."
        )
