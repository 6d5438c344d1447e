"""The address of a caller, as the connection or the proxies in front of the service tell it."""

from ipaddress import ip_address


def address_of(peer: str | None, forwarded: str | None, trusted_proxies: int) -> str | None:
    """Return the address that the outermost trusted proxy has seen; without one, the connection's.

    Each proxy appends the address that it was called from, so the caller's own claims stand to the
    left. An entry that is no address (``unknown``, a name) is not taken.
    """
    if not trusted_proxies or not forwarded:
        return peer
    hops = [hop.strip() for hop in forwarded.split(",")]
    return _address(hops[-min(trusted_proxies, len(hops))]) or peer


def _address(hop: str) -> str | None:
    """Read ``203.0.113.7``, ``203.0.113.7:1234``, ``2001:db8::1``, ``[2001:db8::1]:443``."""
    text = hop.strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ip_address(text))
    except ValueError:
        return None
