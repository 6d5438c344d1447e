"""Who the server takes a client for."""

import msgspec
from msgspec import Struct

from trackstore.calls import Json


class Viewer(Struct, frozen=True, rename="camel"):
    """Name and scopes of an API key, or of the anonymous caller of an open server.

    ``organization_id`` is the only organization it may access, ``home_organization_id`` the one that
    its records get if they name none.
    """

    name: str
    scopes: frozenset[str]
    organization_id: str | None = None
    home_organization_id: str | None = None


def viewer_of(data: Json) -> Viewer:
    return msgspec.convert(data["viewer"], Viewer)
