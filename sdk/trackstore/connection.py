"""What every call to the server has in common: headers, time limits, whether a proxy may be used."""

from urllib.parse import urlsplit

import httpx

from trackstore.settings import Settings
from trackstore.versions import USER_AGENT

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def headers_of(settings: Settings) -> dict[str, str]:
    """What every call of this package sends."""
    headers = {"User-Agent": USER_AGENT, "Content-Type": "application/json"}
    if settings.api_key:
        headers["Authorization"] = f"Bearer {settings.api_key}"
    return headers


def is_direct(url: str) -> bool:
    """Whether no proxy of the environment can know the server: it is on this machine."""
    return urlsplit(url).hostname in LOOPBACK


def is_encrypted(url: str) -> bool:
    """Whether certificates matter; to load them takes a tenth of a second, of which none is lost."""
    return urlsplit(url).scheme == "https"


def timeout_of(settings: Settings) -> httpx.Timeout:
    """How long a call may take."""
    return httpx.Timeout(settings.timeout_seconds, connect=settings.connect_seconds)


def retry_after(response: httpx.Response) -> float:
    """Seconds that the server asked to wait; 0 where it did not say."""
    asked = response.headers.get("retry-after", "")
    return float(asked) if asked.isdecimal() else 0.0
