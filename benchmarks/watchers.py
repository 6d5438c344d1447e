"""The subscribers: a process of its own with thousands of websockets, told what to do by lines of JSON.

It notes the number of each event that comes and when it came, and does nothing else with it.
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
"""Where a message says its place in the log, and which event of the run it tells of."""
LONGEST_LINE = 1 << 26
AT_ONCE = 64
LONGEST_CONNECT = 120.0
PAUSE = 0.005


@dataclass(slots=True)
class Group:
    """Watchers of one server, and what they got since they were last asked."""

    watchers: list["Watcher"] = field(default_factory=list)
    numbers: "array[int]" = field(default_factory=lambda: array("q"))
    times: "array[int]" = field(default_factory=lambda: array("q"))
    repeated: int = 0
    disordered: int = 0
    sample: str = ""
    trouble: str = ""


class Watcher(asyncio.Protocol):
    """One subscriber. ``steps`` are sent one by one, each when the server has answered the last."""

    def __init__(self, group: Group, room: str, hello: bytes, steps: Sequence[bytes]) -> None:
        self.room = room
        self.last = -1
        self.missing: set[int] = set()
        self._group = group
        self._hello = hello
        self._steps = list(steps)
        self._rest = b""
        self._is_open = self._is_closing = False
        self._transport: asyncio.Transport | None = None
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done with its first message, or when there will be none."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for a websocket."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._hello)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody should hang up on us."""
        if not self._is_closing:
            self._fail(f"a connection was lost: {exc!r}")

    def data_received(self, data: bytes) -> None:
        """Take all whole frames; what they are is noted with the time of this call."""
        now = time.time_ns()
        if self._rest:
            data = self._rest + data
        if not self._is_open:
            data = self._opened(data)
        done = 0
        for kind, start, end in frames_in(data):
            if kind == TEXT:
                self._take(data, start, end, now)
            elif kind == PING and self._transport is not None:
                self._transport.write(frame(data[start:end], PONG))
            elif kind == CLOSE:
                self._fail(f"closed by the server: {data[start:end]!r}")
            done = end
        self._rest = data[done:]

    def _opened(self, data: bytes) -> bytes:
        """What follows the answer to the handshake."""
        head, end, rest = data.partition(b"\r\n\r\n")
        if not end:
            return data
        if b" 101 " not in head:
            self._fail(f"no websocket: {head[:200]!r}")
        self._is_open = True
        self._step()
        return rest

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
        if self.last < 0:
            self.last = seq
            self.ready.set_result(None)
            return
        if seq == self.last + 1:
            self.last = seq
        else:
            self._stumble(seq)
        at = data.index(NUMBER, start, end) + len(NUMBER)
        group = self._group
        group.numbers.append(int(data[at : at + DIGITS]))
        group.times.append(now)
        if not group.sample:
            group.sample = data[start:end].decode()

    def _stumble(self, seq: int) -> None:
        """It was not the next one."""
        if seq > self.last:
            self.missing.update(range(self.last + 1, seq))
            self.last = seq
        elif seq in self.missing:
            self.missing.discard(seq)
            self._group.disordered += 1
        else:
            self._group.repeated += 1

    def lost(self, until: int) -> int:
        """How many events up to that one did not come."""
        return len(self.missing) + max(0, until - self.last)

    def _fail(self, what: str) -> None:
        """The first trouble of a group is told."""
        self._group.trouble = self._group.trouble or what
        if not self.ready.done():
            self.ready.set_result(None)

    def close(self) -> None:
        """Hang up."""
        self._is_closing = True
        if self._transport is not None:
            self._transport.abort()


async def connect(group: Group, told: Mapping[str, Any]) -> None:
    """Open the connections, some at once, and wait until each has its first message."""
    loop, gate = asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE)

    async def one(path: str, room: str, steps: Sequence[str]) -> None:
        hello, messages = handshake(path, told["protocol"]), [step.encode() for step in steps]
        async with gate:
            watcher = Watcher(group, room, hello, messages)
            group.watchers.append(watcher)
            await loop.create_connection(lambda: watcher, "127.0.0.1", told["port"])
            await watcher.ready

    async with asyncio.timeout(LONGEST_CONNECT), asyncio.TaskGroup() as tasks:
        for watched in told["watched"]:
            tasks.create_task(one(*watched))


async def collect(group: Group, told: Mapping[str, Any]) -> dict[str, Any]:
    """Wait until everybody has everything, as long as may be; write down what came, and forget it."""
    until: Mapping[str, int] = told["until"]
    ends = time.monotonic() + told["seconds"]
    waiting = [w for w in group.watchers if w.room in until]
    while waiting and not group.trouble and time.monotonic() < ends:
        await asyncio.sleep(PAUSE)
        waiting = [watcher for watcher in waiting if watcher.last < until[watcher.room]]
    write(group, Path(told["file"]))
    found = {
        "received": len(group.numbers),
        "lost": sum(w.lost(until.get(w.room, w.last)) for w in group.watchers),
        "repeated": group.repeated,
        "disordered": group.disordered,
        "sample": group.sample,
    }
    group.numbers, group.times = array("q"), array("q")
    group.repeated = group.disordered = 0
    return found


def write(group: Group, path: Path) -> None:
    """All numbers, then all times, as this machine keeps them."""
    with path.open("wb") as file:
        group.numbers.tofile(file)
        group.times.tofile(file)


async def obey(groups: dict[str, Group], told: Mapping[str, Any]) -> dict[str, Any]:
    """One order."""
    group = groups.setdefault(told["group"], Group())
    found: dict[str, Any] = {}
    match told["do"]:
        case "connect":
            await connect(group, told)
        case "collect":
            found = await collect(group, told)
        case "close":
            for watcher in groups.pop(told["group"]).watchers:
                watcher.close()
        case unknown:
            raise ValueError(unknown)
    return {**found, "trouble": group.trouble}


async def main() -> None:
    """Obey until there is nobody who orders."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    gc.disable()  # a pause here would be seen as one of the server's
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    groups: dict[str, Group] = {}
    while line := await reader.readline():
        try:
            answer = await obey(groups, json.loads(line))
        except (OSError, TimeoutError) as error:
            answer = {"trouble": repr(error)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main())
