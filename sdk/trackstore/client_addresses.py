"""Determines the client address behind trusted proxies."""

from ipaddress import ip_address


def address_of(peer: str | None, forwarded: str | None, trusted_proxies: int) -> str | None:
    """Return the address seen by the outermost trusted proxy, otherwise that of the connection.

    Each proxy appends the address that called it, so claims of the client itself are to the left.
    An entry that is not an address (``unknown``, a name) is ignored.
    """
    if not trusted_proxies or not forwarded:
        return peer
    hops = [hop.strip() for hop in forwarded.split(",")]
    return _address(hops[-min(trusted_proxies, len(hops))]) or peer


def _address(hop: str) -> str | None:
    text = hop.strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ip_address(text))
    except ValueError:
        return None
