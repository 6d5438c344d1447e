"""HTTP options shared by all calls to the server: headers, timeouts and proxies."""

from contextlib import suppress
from importlib import import_module
from ipaddress import ip_address
from typing import TypedDict
from urllib.parse import urlsplit

import httpx

from trackstore.settings import Settings
from trackstore.versions import USER_AGENT

LAZY_MODULES = (
    "certifi", "encodings.idna", "httpcore", "httpx_sse", "importlib.readers",
)  # fmt: skip
"""Modules that the first call would import in a thread. A process that forks during that import
gets a child in which their import locks are held forever."""
for _name in LAZY_MODULES:
    with suppress(ImportError):
        import_module(_name)

KEY_HINT = " (pass api_key=..., or set TRACKSTORE_API_KEY)"
"""Added to errors about a missing or invalid key."""


def is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False


def request_headers(settings: Settings, user_agent: str | None = None) -> dict[str, str]:
    agent = f"{user_agent} {USER_AGENT}" if user_agent else USER_AGENT
    headers = {"User-Agent": agent, "Content-Type": "application/json"}
    if settings.api_key:
        headers["Authorization"] = f"Bearer {settings.api_key}"
    return headers


class Options(TypedDict):
    headers: dict[str, str]
    timeout: httpx.Timeout
    trust_env: bool
    verify: bool


def display_url(url: str) -> str:
    """Return a URL for messages, without credentials and query."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def client_options(settings: Settings, user_agent: str | None = None) -> Options:
    """Return the options of an httpx client; ``user_agent`` precedes that of this package.

    A loopback server is called without the proxies of the environment. Certificates are loaded only
    for HTTPS, since that takes a tenth of a second.
    """
    url = urlsplit(settings.url)
    return Options(
        headers=request_headers(settings, user_agent),
        timeout=httpx.Timeout(settings.timeout_seconds, connect=settings.connect_seconds),
        trust_env=not is_loopback(url.hostname),
        verify=url.scheme == "https",
    )


def retry_after(response: httpx.Response) -> float:
    """Return the seconds of the ``Retry-After`` header; 0 without one."""
    header = response.headers.get("retry-after", "")
    return float(header) if header.isdecimal() else 0.0
