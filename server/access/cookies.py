"""Read and write the sign-in cookie of the pages."""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from server.access.origins import OTHER_SITES, is_own

NAME = "trackstore"
SECURE_NAME = f"__Host-{NAME}"
"""Browsers accept a cookie of this name only from an https page of this host."""


def sent_cookie(headers: Mapping[str, str]) -> str | None:
    """Return the cookie's token if the call may use it.

    Browsers add cookies on their own, so the token counts only if no page of another origin made the
    call. Browsers send Origin with every POST and every WebSocket.
    """
    cookie_header = headers.get("cookie")
    if cookie_header is None or not is_from_own_page(headers):
        return None
    cookies = {
        name.strip(): value.strip()
        for name, _, value in (part.partition("=") for part in cookie_header.split(";"))
    }
    return cookies.get(SECURE_NAME) or cookies.get(NAME)


def is_from_own_page(headers: Mapping[str, str]) -> bool:
    origin = headers.get("origin")
    if origin is not None:
        return is_own(origin, headers)
    is_socket = "sec-websocket-key" in headers
    return not is_socket and headers.get("sec-fetch-site") not in OTHER_SITES


def is_secure(scheme: str, headers: Mapping[str, str]) -> bool:
    """Return whether the browser speaks TLS, possibly to a proxy in front of this server."""
    return scheme == "https" or urlsplit(headers.get("origin", "")).scheme.lower() == "https"


def set_cookie(token: str, lifetime: timedelta, *, secure: bool) -> str:
    """Return Set-Cookie for a sign-in: invisible to scripts, never sent for other sites."""
    name = SECURE_NAME if secure else NAME
    seconds = int(lifetime.total_seconds())
    end = "; Secure" if secure else ""
    return f"{name}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{end}"


def delete_cookie(*, secure: bool) -> str:
    return set_cookie("", timedelta(), secure=secure)
