"""Encode and locate WebSocket frames at minimal cost."""

from collections.abc import Iterator

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
MASK = bytes(4)
"""A zero mask leaves the payload unchanged; the server unmasks it as usual."""
SHORT, LONG = 126, 127


def handshake(path: str, protocol: str | None = None) -> bytes:
    protocol_header = f"Sec-WebSocket-Protocol: {protocol}\r\n" if protocol else ""
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{protocol_header}\r\n"
    ).encode()


def frame(payload: bytes, kind: int = TEXT) -> bytes:
    size = len(payload)
    if size < SHORT:
        length = bytes((0x80 | size,))
    elif size < 1 << 16:
        length = bytes((0x80 | SHORT,)) + size.to_bytes(2, "big")
    else:
        length = bytes((0x80 | LONG,)) + size.to_bytes(8, "big")
    return bytes((0x80 | kind,)) + length + MASK + payload


def frames_in(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield kind, start and end of each complete payload; servers neither mask nor split."""
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
