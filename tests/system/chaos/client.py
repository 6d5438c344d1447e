"""One client process: does what its part says while the parent lets it, and keeps a journal.

    python -m tests.system.chaos.client < configuration

The first line of standard input is its ``Configuration`` as JSON. Then ``go`` starts the work,
``pause`` lets it finish what it began and answers ``paused``, and the end of the input ends it.
"""

import asyncio
import json
import random
import sys
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.system.chaos.journal import Journal
from tests.system.chaos.traffic.gate import Gate, Role, Site, Tenant
from tests.system.chaos.traffic.limits import use_limits
from tests.system.chaos.traffic.records import send_operations, send_requests
from tests.system.chaos.traffic.sdk import track
from tests.system.chaos.traffic.watchers import watch

ROLES: dict[str, tuple[Role, ...]] = {
    "raw": (send_operations, send_requests, use_limits, use_limits),
    "limits": (use_limits, use_limits, use_limits),
    "sdk": (track,),
    "watchers": (watch,),
}


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a client process is told when it starts."""

    part: str
    name: str
    seed: str
    urls: list[str]
    tenants: list[Tenant]
    journal: str
    folder: str
    cursors: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def parse(cls, line: str) -> "Configuration":
        """Read it from JSON."""
        values: dict[str, Any] = json.loads(line)
        values["tenants"] = [Tenant(**tenant) for tenant in values["tenants"]]
        return cls(**values)

    def line(self) -> str:
        """Return it as one line of JSON."""
        return json.dumps(asdict(self))


async def _serve(configuration: Configuration, lines: "asyncio.Queue[str]") -> None:
    journal = Journal(Path(configuration.journal))
    gate = Gate()
    tasks: list[asyncio.Task[None]] = []
    for tenant in configuration.tenants:
        for number, role in enumerate(ROLES[configuration.part]):
            seed = f"{configuration.seed}/{configuration.name}/{tenant.organization}/{number}"
            site = Site(
                name=f"{configuration.name}-{tenant.organization}-{number}",
                urls=configuration.urls,
                tenant=tenant,
                dice=random.Random(seed),
                journal=journal,
                gate=gate,
                folder=Path(configuration.folder),
                cursors=configuration.cursors.get(tenant.organization, {}),
            )
            tasks.append(asyncio.create_task(role(site)))
    command = asyncio.create_task(_obey(gate, lines))
    try:
        done, _ = await asyncio.wait([command, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in [command, *tasks]:
            task.cancel()
        await asyncio.gather(command, *tasks, return_exceptions=True)


async def _obey(gate: Gate, lines: "asyncio.Queue[str]") -> None:
    while line := (await lines.get()).strip():
        command, _, rest = line.partition(" ")
        if command == "go":
            gate.open(json.loads(rest))
        elif command == "pause":
            await gate.close()
        sys.stdout.write(f"{command}\n")
        sys.stdout.flush()


async def _run(configuration: Configuration) -> None:
    lines: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, "")

    threading.Thread(target=read, daemon=True).start()
    await _serve(configuration, lines)


def main() -> None:
    """Run the client that standard input describes."""
    asyncio.run(_run(Configuration.parse(sys.stdin.readline())))


if __name__ == "__main__":
    main()
