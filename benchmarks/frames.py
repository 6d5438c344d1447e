"""Websocket frames at the least cost: what a client sends, and where the next frame of a server lies."""

from collections.abc import Iterator

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
MASK = bytes(4)
"""A mask of zeros leaves the payload as it is: a server unmasks it all the same."""
SHORT, LONG = 126, 127


def handshake(path: str, protocol: str | None = None) -> bytes:
    """The request that asks for a websocket; the key is that of RFC 6455."""
    asked = f"Sec-WebSocket-Protocol: {protocol}\r\n" if protocol else ""
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{asked}\r\n"
    ).encode()


def frame(payload: bytes, kind: int = TEXT) -> bytes:
    """A whole message of a client."""
    size = len(payload)
    if size < SHORT:
        length = bytes((0x80 | size,))
    elif size < 1 << 16:
        length = bytes((0x80 | SHORT,)) + size.to_bytes(2, "big")
    else:
        length = bytes((0x80 | LONG,)) + size.to_bytes(8, "big")
    return bytes((0x80 | kind,)) + length + MASK + payload


def frames_in(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Kind, start and end of each payload that is there whole; a server neither masks nor splits."""
    at, end = 0, len(data)
    while end - at >= 2:
        size, start = data[at + 1], at + 2
        if size >= SHORT:
            start += 2 if size == SHORT else 8
            if end < start:
                return
            size = int.from_bytes(data[at + 2 : start], "big")
        if end - start < size:
            return
        yield data[at] & 0x0F, start, start + size
        at = start + size
