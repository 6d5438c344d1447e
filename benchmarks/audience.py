"""Control the process of subscribers: connect, collect, close."""

import asyncio
import json
import sys
from array import array
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.servers import MAX_STOP_SECONDS, ROOT, environment

MAX_DRAIN_SECONDS = 60.0
"""Time for all sent events to arrive."""


class DeliveryError(RuntimeError):
    """Report lost, repeated or reordered events, or an ended stream, which void the numbers."""


@dataclass(frozen=True, slots=True)
class Watched:
    path: str
    room: str
    steps: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Receipts:
    """Hold which events arrived, and when, in nanoseconds of the machine's clock."""

    numbers: Sequence[int]
    times: Sequence[int]
    lost: int
    repeated: int
    disordered: int
    sample: str


class Audience:
    """Hold all subscribers of a run, one group per server."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self._process = process
        self._file = folder / "receipts"

    async def connect(
        self, group: str, port: int, watched: Sequence[Watched], protocol: str | None = None
    ) -> None:
        subscribers = [(w.path, w.room, list(w.steps)) for w in watched]
        await self._order("connect", group, port=port, protocol=protocol, watched=subscribers)

    async def collect(self, group: str, until: Mapping[str, int]) -> Receipts:
        """Return what arrived since the last call, after the last event of each room.

        Raises ``DeliveryError`` unless everything arrived once and in order.
        """
        order = {"until": until, "seconds": MAX_DRAIN_SECONDS, "file": str(self._file)}
        report = await self._order("collect", group, **order)
        numbers, times = array("q"), array("q")
        with self._file.open("rb") as file:
            numbers.fromfile(file, report["received"])
            times.fromfile(file, report["received"])
        counts = {name: int(report[name]) for name in ("lost", "repeated", "disordered")}
        if any(counts.values()):
            raise DeliveryError(f"{group}: {counts} of {len(numbers):,} events")
        return Receipts(numbers, times, **counts, sample=report["sample"])

    async def close(self, group: str) -> None:
        await self._order("close", group)

    async def _order(self, do: str, group: str, **parameters: Any) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps({"do": do, "group": group, **parameters}).encode() + b"\n")
        await stdin.drain()
        reply: dict[str, Any] = json.loads(
            await stdout.readline() or b'{"trouble": "the process has ended"}'
        )
        if reply["trouble"]:
            raise DeliveryError(f"{group}: {reply['trouble']}")
        return reply


@asynccontextmanager
async def audience(folder: Path) -> AsyncIterator[Audience]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.watchers",
        cwd=ROOT,
        env=environment({}),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Audience(process, folder)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), MAX_STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
