"""Read the headers of a call once, as text by lower-case name."""

from collections.abc import Mapping

from starlette.types import Scope

HEADERS_KEY = "trackstore.headers"
"""Key of the cached headers in the scope."""


def headers_of(scope: Scope) -> Mapping[str, str]:
    """Return the first value of each name, as ``starlette.datastructures.Headers.get``."""
    headers: dict[str, str] | None = scope.get(HEADERS_KEY)
    if headers is None:
        pairs = reversed(scope["headers"])
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in pairs}
        scope[HEADERS_KEY] = headers
    return headers
