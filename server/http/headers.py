"""The headers of a call as text by lower-case name, read once for all who ask."""

from collections.abc import Mapping

from starlette.types import Scope

KEPT = "trackstore.headers"
"""Where they stand in the scope."""


def headers_of(scope: Scope) -> Mapping[str, str]:
    """By name; of several with one name the first, as ``starlette.datastructures.Headers.get``."""
    found: dict[str, str] | None = scope.get(KEPT)
    if found is None:
        pairs = reversed(scope["headers"])
        found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in pairs}
        scope[KEPT] = found
    return found
