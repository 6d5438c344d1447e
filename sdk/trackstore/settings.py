"""Tracker settings: from arguments, then the environment, then defaults."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self
from urllib.parse import SplitResult, urlsplit

from trackstore.errors import InvalidSettingsError
from trackstore.values import (
    LONG_MAX,
    Problems,
    describe_value,
    flag,
    number,
    read_text,
    whole_number,
)

DEFAULT_URL = "http://127.0.0.1:8000/graphql"
PREFIX = "TRACKSTORE_"
BEARER = "bearer "


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. Sizes are bytes, times are seconds.

    ``from_environment`` reads each from ``TRACKSTORE_`` and its name in capitals.
    """

    url: str = DEFAULT_URL
    """URL of the server; a bare ``http://HOST:PORT`` means its ``/graphql``."""
    api_key: str | None = field(default=None, repr=False)
    """API key of this service; None for an open server."""
    queue_items: int = 20_000
    """Maximum number of items in memory; further ones are dropped and counted."""
    queue_bytes: int = 32 * 2**20
    """Maximum size of the items in memory."""
    batch_items: int = 500
    """A batch is sent as soon as it has this many items."""
    batch_bytes: int = 2**20
    """Maximum size of a batch before compression; the server accepts 32 MiB."""
    interval_seconds: float = 1.0
    """Maximum time that an item waits for its batch to fill."""
    timeout_seconds: float = 30.0
    """Timeout of one call."""
    connect_seconds: float = 5.0
    """Timeout of a connection attempt."""
    first_delay_seconds: float = 0.25
    """Maximum of the random delay after a first failure; it doubles with each further one."""
    longest_delay_seconds: float = 30.0
    """Maximum delay between two attempts, also if the server requests a longer one."""
    failing_seconds: float = 86_400.0
    """How long an item is retried on which the server fails; then it is dropped as INTERNAL."""
    failing_items: int = 1_000
    """Maximum number of such items, in addition to ``queue_bytes``; with more, delivery pauses."""
    compress_from_bytes: int = 1024
    """Minimum size of bodies that are compressed with gzip; 0 disables compression."""
    exit_seconds: float = 5.0
    """Maximum time that the end of the process is delayed to send queued items."""
    flush_on_signals: bool = True
    """Flush before SIGTERM or SIGHUP ends the process, before the handlers of the program."""
    spool_folder: Path | None = None
    """Folder that keeps items on disk until they are acknowledged; None keeps them in memory."""
    spool_bytes: int = 256 * 2**20
    """Maximum size of a process's items on disk; further items are dropped and counted."""
    strict: bool = False
    """Raise ``InvalidItemError`` for invalid entries instead of counting them: for tests."""

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] = os.environ, **overrides: Any
    ) -> Self:
        """Read settings from variables; ``overrides`` that are not None take precedence.

        Raises ``InvalidSettingsError``.
        """
        values = dict(_read(environment))
        values |= {name: value for name, value in overrides.items() if value is not None}
        names = [known.name for known in fields(cls)]
        for name in values:
            if name not in names:
                close = get_close_matches(name, names, 1)
                hint = f" Did you mean {close[0]}?" if close else ""
                raise InvalidSettingsError(f"{name}: The setting is unknown.{hint}")
        return cls(**values).checked()

    def __post_init__(self) -> None:
        for known in fields(self):
            value = getattr(self, known.name)
            converted = _value(known.name, known.default, value)
            if converted is not value:
                object.__setattr__(self, known.name, converted)

    def checked(self) -> Self:
        """Return the settings with the complete URL; raise ``InvalidSettingsError``."""
        parts = _parts(self.url)
        for name in (f.name for f in fields(self)):
            value = getattr(self, name)
            if isinstance(value, int | float) and not value >= 0:
                raise InvalidSettingsError(f"{name}: {value} is negative")
        for name in ("queue_items", "queue_bytes", "batch_items", "batch_bytes"):
            if getattr(self, name) < 1:
                raise InvalidSettingsError(f"{name}: at least 1")
        for name in ("timeout_seconds", "connect_seconds"):
            if not getattr(self, name):
                raise InvalidSettingsError(f"{name}: 0 leaves no time for an answer")
        url = parts._replace(path=parts.path.rstrip("/") or "/graphql").geturl()
        return replace(self, url=url)


def _read(environment: Mapping[str, str]) -> dict[str, Any]:
    values = {}
    for known in fields(Settings):
        variable = PREFIX + known.name.upper()
        text = environment.get(variable, "").strip()
        if text:
            try:
                values[known.name] = _value(known.name, known.default, text)
            except InvalidSettingsError as error:
                raise InvalidSettingsError(f"{variable}: {str(error).partition(': ')[2]}") from None
    return values


def _value(name: str, default: Any, value: Any) -> Any:
    if name == "api_key" and value is not None:
        return _key(value)
    if value is None or type(value) is type(default):
        return value
    if name == "spool_folder":
        return _folder(value)
    problems: Problems = []
    if isinstance(default, bool):
        converted: Any = flag(value, problems)
    elif isinstance(default, int | float):
        converted = _number(default, value, problems)
    else:
        converted = read_text(value, problems)
    if problems:
        raise InvalidSettingsError(f"{name}: {problems[0][1]}")
    return converted


def _key(value: Any) -> str | None:
    """Return a key without what surrounds it in a file or header. No message repeats it."""
    problems: Problems = []
    text = (read_text(value, problems) or "").strip()
    if text[: len(BEARER)].lower() == BEARER:
        text = text[len(BEARER) :].strip()
    if problems or not all("!" <= char <= "~" for char in text):
        raise InvalidSettingsError(
            "api_key: a key has ASCII letters, digits and signs only, and no spaces: "
            "pass it as `trackstore keys create` printed it"
        )
    return text or None


def _parts(url: str) -> SplitResult:
    parts = None
    try:
        parts = urlsplit(url.strip())
        is_address = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is none, or half of an IPv6 address
        is_address = False
    if parts is None or not is_address:
        raise InvalidSettingsError(
            f"url: {url!r} is not a valid address. Use one like {DEFAULT_URL}."
        )
    return parts


def _number(default: float, value: Any, problems: Problems) -> Any:
    limits: tuple[int, int] = (-LONG_MAX, LONG_MAX)
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(default, int):
        return whole_number(*limits)(value, problems)
    return number(*limits)(value, problems)


def _folder(value: Any) -> Path | None:
    try:
        text = os.fsdecode(value)
    except TypeError:
        raise InvalidSettingsError(
            f"spool_folder: {describe_value(value)} is not a path."
        ) from None
    if not text:
        return None
    try:
        # One name for a folder from here on, also where the program changes its own folder later.
        return Path(text).expanduser().resolve()
    except (OSError, RuntimeError) as error:
        raise InvalidSettingsError(f"spool_folder: {text!r}: {error}") from None
