"""The process of subscribers as a run sees it: opened, asked what came, closed."""

import asyncio
import json
import sys
from array import array
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.servers import LONGEST_STOP, ROOT, environment

LONGEST_DRAIN = 60.0
"""Seconds in which everything that was sent must have come."""


class Unfaithful(RuntimeError):
    """Events were lost, came twice or in another order, or a stream ended: numbers mean nothing."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One subscriber: the path it connects to, what it watches, and what it says first."""

    path: str
    room: str
    steps: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Receipts:
    """Which events came, and when: nanoseconds of the machine's clock."""

    numbers: Sequence[int]
    times: Sequence[int]
    lost: int
    repeated: int
    disordered: int
    sample: str


class Audience:
    """All subscribers of a run; those of one server are a group."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self._process = process
        self._file = folder / "receipts"

    async def connect(
        self, group: str, port: int, watched: Sequence[Watched], protocol: str | None = None
    ) -> None:
        """Open them; each has had its first message then."""
        them = [(w.path, w.room, list(w.steps)) for w in watched]
        await self._order("connect", group, port=port, protocol=protocol, watched=them)

    async def collect(self, group: str, until: Mapping[str, int]) -> Receipts:
        """What came since the last time; waits for the last event of each room.

        Raises ``Unfaithful`` unless everything came, once, in order.
        """
        told = {"until": until, "seconds": LONGEST_DRAIN, "file": str(self._file)}
        found = await self._order("collect", group, **told)
        numbers, times = array("q"), array("q")
        with self._file.open("rb") as file:
            numbers.fromfile(file, found["received"])
            times.fromfile(file, found["received"])
        counts = {name: int(found[name]) for name in ("lost", "repeated", "disordered")}
        if any(counts.values()):
            raise Unfaithful(f"{group}: {counts} of {len(numbers):,} events")
        return Receipts(numbers, times, **counts, sample=found["sample"])

    async def close(self, group: str) -> None:
        """Hang up all of them."""
        await self._order("close", group)

    async def _order(self, do: str, group: str, **more: Any) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps({"do": do, "group": group, **more}).encode() + b"\n")
        await stdin.drain()
        answer: dict[str, Any] = json.loads(await stdout.readline() or b'{"trouble": "it died"}')
        if answer["trouble"]:
            raise Unfaithful(f"{group}: {answer['trouble']}")
        return answer


@asynccontextmanager
async def audience(folder: Path) -> AsyncIterator[Audience]:
    """A process with nobody in it yet."""
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
            await asyncio.wait_for(process.wait(), LONGEST_STOP)
        except TimeoutError:
            process.kill()
            await process.wait()
