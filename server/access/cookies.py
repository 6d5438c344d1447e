"""The cookie of somebody who signed in at the pages: its name and bounds, and when it counts."""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from server.access.origins import OTHER_SITES, is_own

NAME = "trackstore"
SECURE_NAME = f"__Host-{NAME}"
"""Browsers let nobody but an https page of this very host set a cookie of that name."""


def sent_cookie(headers: Mapping[str, str]) -> str | None:
    """The token in the cookie of a call, where the cookie counts.

    A browser adds it by itself, so it counts only where nothing says that a page of another origin
    made the browser call. Browsers name the page in Origin whenever it is not their own user's
    doing: with every POST, and with every websocket.
    """
    sent = headers.get("cookie")
    if sent is None or not is_from_own_page(headers):
        return None
    cookies = {
        name.strip(): value.strip()
        for name, _, value in (part.partition("=") for part in sent.split(";"))
    }
    return cookies.get(SECURE_NAME) or cookies.get(NAME)


def is_from_own_page(headers: Mapping[str, str]) -> bool:
    """Whether a page of this server calls, or no page at all."""
    origin = headers.get("origin")
    if origin is not None:
        return is_own(origin, headers)
    is_socket = "sec-websocket-key" in headers
    return not is_socket and headers.get("sec-fetch-site") not in OTHER_SITES


def is_secure(scheme: str, headers: Mapping[str, str]) -> bool:
    """Whether the browser speaks TLS, also where a proxy before this server does it."""
    return scheme == "https" or urlsplit(headers.get("origin", "")).scheme.lower() == "https"


def given_cookie(token: str, lifetime: timedelta, *, secure: bool) -> str:
    """Set-Cookie for somebody who signed in: unreadable to scripts, never sent for other sites."""
    name = SECURE_NAME if secure else NAME
    seconds = int(lifetime.total_seconds())
    end = "; Secure" if secure else ""
    return f"{name}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{end}"


def taken_cookie(*, secure: bool) -> str:
    """Set-Cookie for somebody who signed out."""
    return given_cookie("", timedelta(), secure=secure)
