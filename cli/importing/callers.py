"""Parser of the beginning of a log line: virtual host, port, addresses, ident, user.

The common format begins with HOST IDENT USER. Many servers put a virtual host, a port or the list of
X-Forwarded-For before that, and no line says which form it has: ambiguous lines are refused.
"""

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Any

NAME = re.compile(r"(?:\*|_default_|_|[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?)")
"""Host name, or the placeholder of a default virtual host."""
NAME_WITH_PORT = re.compile(rf"({NAME.pattern}|\[[0-9A-Fa-f:.%]+\]):(\d{{1,5}})")
BRACKETED = re.compile(r"\[([^\]]+)\](?::(\d{1,5}))?")
WITH_PORT = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3}):(\d{1,5})")
PORT = re.compile(r"\d{1,5}")
MAX_PORT = 65_535
UNKNOWN_ADDRESSES = {"-", "unknown", "_hidden"}
"""Placeholders that proxies write for an unknown or hidden address."""
MAX_ADDRESSES = 50
"""Limit of a list of proxies."""


@dataclass(frozen=True, slots=True)
class Caller:
    address: str | None
    user: str
    attributes: dict[str, Any] = field(default_factory=dict)


def read_caller(text: str) -> Caller | None:
    """Parse what precedes the time; return None if fields are missing.

    Raises ``ValueError`` for an ambiguous line.
    """
    words = text.split(" ")
    attributes: dict[str, Any] = {}
    first = _first_address(words)
    if first is None:
        return _without_address(words)
    for word in words[:first]:
        _take_leading(word, attributes)
    addresses, remaining_words = _take_addresses(words[first:])
    if len(remaining_words) < 2 or not all(remaining_words):
        return None
    if _address(remaining_words[0]) is not None:
        raise ValueError(
            f"two addresses, {addresses[0]} and {remaining_words[0]}, and either may be the client's. "
            "Write the list of X-Forwarded-For with commas, or omit one of them."
        )
    if len(addresses) > 1:
        attributes["forwardedFor"] = ", ".join(addresses)
    address_and_port = _address(addresses[0])
    if address_and_port is None:
        return Caller(None, " ".join(remaining_words[1:]), attributes)
    address, port = address_and_port
    if port is not None:
        attributes["clientPort"] = port
    return Caller(address, " ".join(remaining_words[1:]), attributes)


def _first_address(words: list[str]) -> int | None:
    for index, word in enumerate(words[:3]):
        if word.endswith(",") or "," in word:
            return index
        if _address(word) is not None:
            is_host = (
                index == 0
                and NAME_WITH_PORT.fullmatch(word)
                and len(words) > 3
                and _address(words[1]) is not None
            )
            if not is_host:
                return index
    return None


def _without_address(words: list[str]) -> Caller | None:
    host, *remaining_words = words
    attributes: dict[str, Any] = {}
    if NAME_WITH_PORT.fullmatch(host):
        _take_leading(host, attributes)
        if len(remaining_words) < 3:
            raise ValueError(
                f"{host!r} is a host with a port, and no address follows: expected HOST:PORT "
                "ADDRESS - USER [TIME]"
            )
        host, *remaining_words = remaining_words
    if len(remaining_words) < 2 or not all(remaining_words):
        return None
    if len(remaining_words) > 2 and remaining_words[0] != "-" and remaining_words[1] == "-":
        raise ValueError(
            f"{host!r} and {remaining_words[0]!r} are in the place of an address, and either may be the "
            "client's: expected HOST - USER [TIME], or a virtual host with its port"
        )
    if host not in UNKNOWN_ADDRESSES:
        if not (NAME.fullmatch(host) or host == "unix:"):
            raise ValueError(f"{host!r} is neither an address nor the name of a host")
        attributes["clientHost"] = host
    return Caller(None, " ".join(remaining_words[1:]), attributes)


def _take_leading(word: str, attributes: dict[str, Any]) -> None:
    if word == "-":
        return
    if PORT.fullmatch(word) and int(word) <= MAX_PORT and "serverPort" not in attributes:
        attributes["serverPort"] = int(word)
        return
    match = NAME_WITH_PORT.fullmatch(word)
    if "virtualHost" not in attributes and "serverPort" not in attributes:
        if match and int(match[2]) <= MAX_PORT:
            attributes |= {"virtualHost": match[1].strip("[]"), "serverPort": int(match[2])}
            return
        if NAME.fullmatch(word):
            attributes["virtualHost"] = word
            return
    raise ValueError(f"{word!r} is neither a host, a port nor an address")


def _take_addresses(words: list[str]) -> tuple[list[str], list[str]]:
    addresses: list[str] = []
    for index, word in enumerate(words):
        *before, last = word.split(",")
        addresses += [part for part in (*before, last) if part]
        is_open = word.endswith(",")
        if len(addresses) > MAX_ADDRESSES:
            raise ValueError(f"more than {MAX_ADDRESSES} addresses before the time")
        if not is_open:
            for address in addresses:
                if _address(address) is None and address not in UNKNOWN_ADDRESSES:
                    raise ValueError(f"{address!r} is not an address in a list of addresses")
            return addresses, words[index + 1 :]
    return addresses, []


def _address(word: str) -> tuple[str, int | None] | None:
    port = None
    if match := BRACKETED.fullmatch(word) or WITH_PORT.fullmatch(word):
        word = match[1]
        port = int(match[2]) if match[2] else None
        if port is not None and port > MAX_PORT:
            return None
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return None
    return word, port
