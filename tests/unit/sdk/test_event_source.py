"""Server-sent events, however they are cut and whatever ends their lines."""

from collections.abc import AsyncIterator, Sequence
from itertools import pairwise

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackstore import event_source
from trackstore.errors import EventStreamError, MissingExtraError
from trackstore.event_source import read_events

STREAM = (
    ": hello\n\n"
    "event: next\ndata: one\ndata:two\nid: 7\n\n"
    "data: a line\u2028that\x85goes on\x0bhere\n\n"
    "event: complete\ndata:\n\n"
    "event: next\ndata: not ended\n"
)
EVENTS = [
    ("next", "one\ntwo"),
    ("message", "a line\u2028that\x85goes on\x0bhere"),
    ("complete", ""),
]


class Pieces(httpx.AsyncByteStream):
    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


async def events_in(*pieces: bytes) -> list[tuple[str, str]]:
    headers = {"Content-Type": "text/event-stream; charset=utf-8"}
    response = httpx.Response(200, headers=headers, stream=Pieces(pieces))
    return [(event.event, event.data) async for event in read_events(response)]


@given(end=st.sampled_from(["\n", "\r\n", "\r"]), cuts=st.lists(st.integers(0, 200)))
async def test_events_are_the_same_however_they_are_cut(end: str, cuts: list[int]) -> None:
    content = STREAM.replace("\n", end).encode()
    places = [0, *sorted(min(cut, len(content)) for cut in cuts), len(content)]
    assert await events_in(*(content[a:b] for a, b in pairwise(places) if a < b)) == EVENTS


async def test_bytes_one_by_one() -> None:
    content = STREAM.replace("\n", "\r\n").encode()
    assert await events_in(*(content[n : n + 1] for n in range(len(content)))) == EVENTS


@pytest.mark.parametrize("content", [b"data: " + b"x" * 100, b"data: xxxxxxxxxx\n" * 8])
async def test_an_event_without_an_end_is_refused(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_source, "MAX_EVENT_BYTES", 150)
    with pytest.raises(EventStreamError, match="an event exceeds 150 bytes"):
        await events_in(content, content)


async def test_many_events_may_exceed_the_size_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_source, "MAX_EVENT_BYTES", 150)
    assert len(await events_in(*[b"data: xxxxx\n\n"] * 100)) == 100


async def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def import_module(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(event_source, "import_module", import_module)
    with pytest.raises(MissingExtraError, match=r"pip install 'trackstore\[live\]'"):
        await events_in(b"data: x\n\n")
