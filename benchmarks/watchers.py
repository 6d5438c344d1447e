"""Run the subscribers: a process with thousands of WebSockets, controlled by lines of JSON.

It records the number and arrival time of each event, and nothing else.
"""

import asyncio
import gc
import json
import resource
import sys
import time
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import uvloop

from benchmarks.frames import CLOSE, PING, PONG, TEXT, frame, frames_in, handshake

SEQ, NUMBER, DIGITS = b'"seq":', b'"message":"@', 8
"""Locate the seq of the log entry and the number of the event in a message."""
MAX_LINE_BYTES = 1 << 26
MAX_CONCURRENT_CONNECTS = 64
MAX_CONNECT_SECONDS = 120.0
PAUSE = 0.005


@dataclass(slots=True)
class Group:
    watchers: list["Watcher"] = field(default_factory=list)
    numbers: "array[int]" = field(default_factory=lambda: array("q"))
    times: "array[int]" = field(default_factory=lambda: array("q"))
    repeated: int = 0
    disordered: int = 0
    sample: str = ""
    trouble: str = ""


class Watcher(asyncio.Protocol):
    """Subscribe once; each of ``steps`` is sent after the answer to the one before."""

    def __init__(self, group: Group, room: str, hello: bytes, steps: Sequence[bytes]) -> None:
        self.room = room
        self.last_seq = -1
        self.missing: set[int] = set()
        self._group = group
        self._hello = hello
        self._steps = list(steps)
        self._unparsed = b""
        self._is_open = self._is_closing = False
        self._transport: asyncio.Transport | None = None
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Resolved by the first message, or when none will arrive."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._hello)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._is_closing:
            self._fail(f"a connection was lost: {exc!r}")

    def data_received(self, data: bytes) -> None:
        now = time.time_ns()
        if self._unparsed:
            data = self._unparsed + data
        if not self._is_open:
            data = self._opened(data)
        parsed_bytes = 0
        for kind, start, end in frames_in(data):
            if kind == TEXT:
                self._take(data, start, end, now)
            elif kind == PING and self._transport is not None:
                self._transport.write(frame(data[start:end], PONG))
            elif kind == CLOSE:
                self._fail(f"closed by the server: {data[start:end]!r}")
            parsed_bytes = end
        self._unparsed = data[parsed_bytes:]

    def _opened(self, data: bytes) -> bytes:
        head, end, remaining = data.partition(b"\r\n\r\n")
        if not end:
            return data
        if b" 101 " not in head:
            self._fail(f"no websocket: {head[:200]!r}")
        self._is_open = True
        self._step()
        return remaining

    def _step(self) -> None:
        if self._steps and self._transport is not None:
            self._transport.write(frame(self._steps.pop(0)))

    def _take(self, data: bytes, start: int, end: int, now: int) -> None:
        at = data.find(SEQ, start, end)
        if at < 0:
            if not self._steps:
                self._fail(f"not an event: {data[start:end][:600]!r}")
            self._step()
            return
        seq = int(data[at + len(SEQ) : data.index(b",", at)])
        if self.last_seq < 0:
            self.last_seq = seq
            self.ready.set_result(None)
            return
        if seq == self.last_seq + 1:
            self.last_seq = seq
        else:
            self._stumble(seq)
        at = data.index(NUMBER, start, end) + len(NUMBER)
        group = self._group
        group.numbers.append(int(data[at : at + DIGITS]))
        group.times.append(now)
        if not group.sample:
            group.sample = data[start:end].decode()

    def _stumble(self, seq: int) -> None:
        if seq > self.last_seq:
            self.missing.update(range(self.last_seq + 1, seq))
            self.last_seq = seq
        elif seq in self.missing:
            self.missing.discard(seq)
            self._group.disordered += 1
        else:
            self._group.repeated += 1

    def count_missing(self, until: int) -> int:
        return len(self.missing) + max(0, until - self.last_seq)

    def _fail(self, reason: str) -> None:
        self._group.trouble = self._group.trouble or reason
        if not self.ready.done():
            self.ready.set_result(None)

    def close(self) -> None:
        self._is_closing = True
        if self._transport is not None:
            self._transport.abort()


async def connect(group: Group, order: Mapping[str, Any]) -> None:
    loop, gate = asyncio.get_running_loop(), asyncio.Semaphore(MAX_CONCURRENT_CONNECTS)

    async def one(path: str, room: str, steps: Sequence[str]) -> None:
        hello, messages = handshake(path, order["protocol"]), [step.encode() for step in steps]
        async with gate:
            watcher = Watcher(group, room, hello, messages)
            group.watchers.append(watcher)
            await loop.create_connection(lambda: watcher, "127.0.0.1", order["port"])
            await watcher.ready

    async with asyncio.timeout(MAX_CONNECT_SECONDS), asyncio.TaskGroup() as tasks:
        for watched in order["watched"]:
            tasks.create_task(one(*watched))


async def collect(group: Group, order: Mapping[str, Any]) -> dict[str, Any]:
    """Wait until all events have arrived or time is up, write them to the file, and reset."""
    until: Mapping[str, int] = order["until"]
    ends = time.monotonic() + order["seconds"]
    waiting = [w for w in group.watchers if w.room in until]
    while waiting and not group.trouble and time.monotonic() < ends:
        await asyncio.sleep(PAUSE)
        waiting = [watcher for watcher in waiting if watcher.last_seq < until[watcher.room]]
    write(group, Path(order["file"]))
    report = {
        "received": len(group.numbers),
        "lost": sum(w.count_missing(until.get(w.room, w.last_seq)) for w in group.watchers),
        "repeated": group.repeated,
        "disordered": group.disordered,
        "sample": group.sample,
    }
    group.numbers, group.times = array("q"), array("q")
    group.repeated = group.disordered = 0
    return report


def write(group: Group, path: Path) -> None:
    with path.open("wb") as file:
        group.numbers.tofile(file)
        group.times.tofile(file)


async def execute_order(groups: dict[str, Group], order: Mapping[str, Any]) -> dict[str, Any]:
    group = groups.setdefault(order["group"], Group())
    report: dict[str, Any] = {}
    match order["do"]:
        case "connect":
            await connect(group, order)
        case "collect":
            report = await collect(group, order)
        case "close":
            for watcher in groups.pop(order["group"]).watchers:
                watcher.close()
        case unknown:
            raise ValueError(unknown)
    return {**report, "trouble": group.trouble}


async def main() -> None:
    max_files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (max_files, max_files))
    gc.disable()  # a pause here would look like one of the server
    reader = asyncio.StreamReader(limit=MAX_LINE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    groups: dict[str, Group] = {}
    while line := await reader.readline():
        try:
            reply = await execute_order(groups, json.loads(line))
        except (OSError, TimeoutError) as error:
            reply = {"trouble": repr(error)}
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main())
