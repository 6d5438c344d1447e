"""A running server as commands call it: GraphQL over HTTP, sent again where that makes sense."""

import json
import os
import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import httpx
import typer

from cli.failures import CommandError
from server.access.key_requirement import is_loopback
from server.version import VERSION

TRY_AGAIN_STATUS = {429, 502, 503, 504}
TRY_AGAIN_CODES = {"OVERLOADED", "TIMEOUT", "OUTCOME_UNKNOWN"}
TIMEOUT = httpx.Timeout(60, connect=5)
"""A batch of 10,000 operations is written in a few seconds; a minute without a word is a failure."""
TOO_LARGE = 413
NAME_THE_SERVER = "name it with --server or TRACKSTORE_URL"
VIEWER = "query Viewer { viewer { name scopes organizationId homeOrganizationId } }"

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
        help="The address of the server, with or without /graphql, as `trackstore serve` prints it.",
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
        help="An API key, where the server asks for one. Other users of this machine can see "
        "command lines: prefer the variable.",
    ),
]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently a call is sent again: about half a minute in all."""

    tries: int = 8
    first_delay: float = 0.25
    longest_delay: float = 10.0

    def delay(self, failures: int, asked: float) -> float:
        """Seconds to wait: doubled each time, shuffled, and never less than the server asked."""
        most = min(self.longest_delay, self.first_delay * 2.0 ** (failures - 1))
        shuffled = most * random.uniform(0.5, 1)  # noqa: S311 callers are spread, nothing is hidden
        return max(shuffled, min(asked, self.longest_delay))


class CallRefusedError(CommandError):
    """The server answered, and will answer the same again."""

    def __init__(self, message: str, code: str = "", status: int = 200) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class ServerUnreachableError(CommandError):
    """No answer that counts, however often it was tried."""


class TryAgainError(Exception):
    """This try failed for a reason that passes; ``after`` is what the server asked to wait."""

    def __init__(self, reason: str, after: float = 0) -> None:
        super().__init__(reason)
        self.after = after


class ApiClient:
    """Calls one server. May be used from several threads at once."""

    def __init__(
        self,
        url: str,
        key: str | None = None,
        patience: RetryPolicy | None = None,
        connections: int = 4,
    ) -> None:
        self.url = graphql_address(url)
        self.origin = server_origin(url)
        self.stopping = threading.Event()
        """Once set, nothing is tried again."""
        self._patience = patience or RetryPolicy()
        self._key_hint = key_hint(key)
        self._http = httpx.Client(
            headers=headers_of(key),
            timeout=TIMEOUT,
            limits=httpx.Limits(max_connections=connections),
            # A proxy of the environment cannot know the servers of this machine.
            trust_env=not is_loopback(self.url.host),
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def viewer(self) -> dict[str, Any]:
        """Who the server takes us for; one try, so that a wrong address is told at once."""
        try:
            answer = self._try(_body(VIEWER, {}))
        except TryAgainError as failure:
            raise ServerUnreachableError(
                f"no server answers at {self.url} ({self.origin}; {failure}): start one with "
                f"`trackstore serve`, or {NAME_THE_SERVER}"
            ) from None
        viewer: dict[str, Any] = answer["viewer"]
        return viewer

    def call(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Return the data of the answer.

        Raises ``CallRefusedError``, or ``ServerUnreachableError`` after the last retry.
        """
        body = _body(document, variables)
        failures = 0
        while True:
            try:
                return self._try(body)
            except TryAgainError as failure:
                failures += 1
                if failures >= self._patience.tries:
                    raise ServerUnreachableError(
                        f"{self.url} failed {failures} times: {failure}"
                    ) from None
                delay = self._patience.delay(failures, failure.after)
                if self.stopping.wait(delay):
                    raise ServerUnreachableError(
                        f"stopped while {self.url} failed: {failure}"
                    ) from None

    def _try(self, body: bytes) -> dict[str, Any]:
        try:
            response = self._http.post(self.url, content=body)
        except httpx.TransportError as error:
            raise TryAgainError(str(error) or type(error).__name__) from None
        return data_of(response, self._key_hint)


def data_of(response: httpx.Response, key_note: str) -> dict[str, Any]:
    """The data of an answer that was read. Raises ``CallRefusedError`` or ``TryAgainError``."""
    answer = _decoded(response)
    errors = answer.get("errors") or []
    if errors:
        raise failure_of(errors[0], key_note, response.status_code, _retry_after(response))
    data = answer.get("data")
    if response.status_code in TRY_AGAIN_STATUS:
        raise TryAgainError(f"HTTP {response.status_code}", _retry_after(response))
    if not isinstance(data, dict):
        raise CallRefusedError(
            f"{response.url} is no GraphQL address of Trackstore (HTTP {response.status_code}): "
            f"{NAME_THE_SERVER}, such as {DEFAULT_SERVER}",
            status=response.status_code,
        )
    return data


def failure_of(
    error: Mapping[str, Any], key_note: str, status: int = 200, after: float = 0
) -> CallRefusedError | TryAgainError:
    """What the first error of an answer means."""
    message = str(error.get("message", "the server gave no reason"))
    extensions = error.get("extensions") or {}
    code = str(extensions.get("code", ""))
    if code in TRY_AGAIN_CODES or status in TRY_AGAIN_STATUS:
        return TryAgainError(message, after)
    if code in ("UNAUTHENTICATED", "FORBIDDEN"):
        message = f"{message} ({key_note})"
    return CallRefusedError(message, code, status)


def headers_of(key: str | None) -> dict[str, str]:
    """Return what every call sends; refuse a key that no HTTP header can carry."""
    headers = {"User-Agent": f"trackstore-cli/{VERSION}", "Content-Type": "application/json"}
    key = (key or "").strip()
    if not key:
        return headers
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise typer.BadParameter(
            "the API key has spaces, line breaks or characters that no key has: copy it as "
            f"`trackstore keys create` printed it ({key_hint(key)})",
            param_hint="--key",
        )
    headers["Authorization"] = f"Bearer {key}"
    return headers


def graphql_address(url: str) -> httpx.URL:
    """Return the address to call: a bare ``http://HOST:PORT`` means its ``/graphql``."""
    try:
        parsed = httpx.URL(url.strip())
    except httpx.InvalidURL:
        parsed = httpx.URL("")
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise typer.BadParameter(
            f"{url!r} ({server_origin(url)}) is not an address such as {DEFAULT_SERVER}",
            param_hint="--server",
        )
    return parsed.copy_with(path=parsed.path.rstrip("/") or "/graphql")


def server_origin(url: str) -> str:
    """Return where the address of a command comes from."""
    return _variable_of(url, URL_VARIABLES) or (
        "the default" if url == DEFAULT_SERVER else "from --server"
    )


def key_hint(key: str | None) -> str:
    """Return where the key of a command comes from, and how to set another one."""
    advice = f"with {KEY_VARIABLES[0]} or --key"
    if not key:
        return f"an API key is given {advice}"
    origin = _variable_of(key, KEY_VARIABLES) or "from --key"
    return f"the API key is {origin}; another one is given {advice}"


def _variable_of(value: str, variables: list[str]) -> str | None:
    name = next((name for name in variables if os.environ.get(name)), None)
    return f"from {name}" if name is not None and os.environ[name] == value else None


def require_scopes(viewer: Mapping[str, Any], *scopes: str) -> None:
    """Refuse before any work what the key's scopes would refuse later."""
    held = set(viewer["scopes"])
    missing = [scope for scope in scopes if scope not in held and "ADMIN" not in held]
    if missing:
        raise CommandError(
            f"the key {viewer['name']} lacks the scope {' and '.join(missing)}: make one with "
            f"`trackstore keys create NAME {' '.join(f'--scope {scope}' for scope in scopes)}`"
        )


def _body(document: str, variables: Mapping[str, Any]) -> bytes:
    return json.dumps({"query": document, "variables": variables}).encode()


def _decoded(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _retry_after(response: httpx.Response) -> float:
    asked = response.headers.get("retry-after", "")
    return float(asked) if asked.isdigit() else 0
