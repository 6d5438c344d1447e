"""Which web pages may open streams: those of this server, and those that were named."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

ANY = "*"


def is_own_origin(headers: Mapping[str, str], allowed: Sequence[str]) -> bool:
    """Whether a connection comes from no page at all, from one of ours, or from an allowed one.

    Browsers let any page open a websocket anywhere, and say in Origin which page it was.
    """
    origin = headers.get("origin")
    if origin is None or ANY in allowed or origin.lower() in allowed:
        return True
    try:
        host = urlsplit(origin).netloc.lower()
    except ValueError:
        return False
    return bool(host) and host == headers.get("host", "").lower()
