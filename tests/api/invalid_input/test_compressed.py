"""Compressed bodies: read within the bound of any other body, or refused with the reason."""

import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.api import Api

VIEWER = b'{"query": "{ viewer { name } }"}'
ANSWER = {"data": {"viewer": {"name": "open"}}}
LIMIT = 64 * 1024


def packed(content: bytes) -> bytes:
    """The same bytes each time: no hour of the day in them."""
    return gzip.compress(content, mtime=0)


pytestmark = pytest.mark.parametrize("server_settings", [{"max_body_bytes": LIMIT}])


async def in_pieces(content: bytes, size: int = 7) -> AsyncIterator[bytes]:
    """The same bytes, as a slow network brings them."""
    for start in range(0, len(content), size):
        yield content[start : start + size]


READ = [
    ("gzip", packed(VIEWER)),
    ("x-gzip", packed(VIEWER)),
    (" GZIP ", packed(VIEWER)),
    ("deflate", zlib.compress(VIEWER)),
    ("identity", VIEWER),
    ("", VIEWER),
]


async def test_bodies_that_are_read(api: Api) -> None:
    for encoding, body in READ:
        for sent in (body, in_pieces(body)):
            answer = await api.raw(sent, headers={"Content-Encoding": encoding})
            assert answer.json() == ANSWER


REFUSED = [
    ("br", b"x", 415, "Use gzip, deflate, or no encoding"),
    ("zstd", b"x", 415, "Use gzip, deflate, or no encoding"),
    ("gzip, gzip", packed(packed(VIEWER)), 415, "Use gzip, deflate"),
    ("\xff" * 500, VIEWER, 415, "Use gzip, deflate"),
    ("gzip", VIEWER, 400, "The body is not valid gzip"),
    ("gzip", b"", 400, "The body is incomplete"),
    ("gzip", packed(VIEWER)[:-1], 400, "The body is incomplete"),
    ("gzip", packed(VIEWER)[:15], 400, "The body is incomplete"),
    ("gzip", packed(VIEWER) + b"more", 400, "data follows its end"),
    ("gzip", packed(VIEWER) * 2, 400, "data follows its end"),
    ("gzip", packed(VIEWER)[:-8] + b"\0" * 8, 400, "The body is not valid gzip"),
    ("deflate", packed(VIEWER), 400, "The body is not valid deflate"),
    ("gzip", packed(b"{"), 400, "The body is not valid JSON"),
    ("gzip", packed(b" " * (LIMIT + 1)), 413, "must not exceed 65,536 bytes"),
    ("deflate", zlib.compress(b" " * (LIMIT + 1)), 413, "must not exceed 65,536 bytes"),
]


async def test_bodies_that_are_refused(api: Api) -> None:
    for encoding, body, status, message in REFUSED:
        for sent in (body, in_pieces(body)):
            headers: Any = {"Content-Encoding": encoding.encode("latin-1")}
            answer = await api.raw(sent, headers=headers)
            assert answer.status_code == status, encoding
            (error,) = answer.json()["errors"]
            assert error["extensions"]["code"] == "BAD_USER_INPUT"
            assert message in error["message"]
            if status == 415:
                assert answer.headers["accept-encoding"] == "gzip, deflate"


async def test_a_bomb_takes_no_memory(api: Api) -> None:
    bomb = packed(b" " * 50_000_000)
    assert len(bomb) < LIMIT
    await api.raw(VIEWER)
    tracemalloc.start()
    try:
        answer = await api.raw(bomb, headers={"Content-Encoding": "gzip"})
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert answer.status_code == 413
    assert peak < 5_000_000
