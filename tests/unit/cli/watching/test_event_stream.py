"""Server-sent events, however they are cut and whatever ends their lines."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.watch import event_stream
from cli.watch.event_stream import EventStream, EventTooLongError, Message

STREAM = (
    ": hello\n\n"
    "event: next\ndata: one\ndata:two\nid: 7\nretry: 3\n\n"
    ":\n\n"
    "data: a line\u2028that\x85goes on\x0bhere\n\n"
    "event: nothing\n\n"
    "data\n\n"
    "event: complete\ndata:\n\n"
    "event: next\ndata: not ended\n"
)
MESSAGES = [
    Message("next", "one\ntwo"),
    Message("message", "a line\u2028that\x85goes on\x0bhere"),
    Message("message", ""),
    Message("complete", ""),
]


@given(end=st.sampled_from(["\n", "\r\n", "\r"]), cuts=st.lists(st.integers(0, 200)))
def test_messages_are_the_same_however_they_are_cut(end: str, cuts: list[int]) -> None:
    content = STREAM.replace("\n", end).encode()
    places = [0, *sorted(min(cut, len(content)) for cut in cuts), len(content)]
    stream = EventStream()
    found = [
        message for start, stop in pairwise(places) for message in stream.feed(content[start:stop])
    ]
    assert found == MESSAGES


def test_bytes_one_by_one() -> None:
    stream = EventStream()
    content = STREAM.replace("\n", "\r\n").encode()
    assert [m for n in range(len(content)) for m in stream.feed(content[n : n + 1])] == MESSAGES


@pytest.mark.parametrize("content", [b"data: " + b"x" * 100, b"data: xxxxxxxxxx\n" * 8])
def test_what_never_ends_is_given_up(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "MOST_BYTES", 150)
    stream = EventStream()
    stream.feed(content)
    with pytest.raises(EventTooLongError):
        stream.feed(content)


def test_many_messages_are_no_long_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "MOST_BYTES", 150)
    stream = EventStream()
    assert sum(len(stream.feed(b"data: xxxxx\n\n")) for _ in range(100)) == 100
