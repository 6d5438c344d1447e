"""SIGKILL under load: what was acknowledged stands, what was not is sent again, nothing is twice."""

import asyncio
from pathlib import Path

from tests.support.processes import ServerProcess, client_of, server_process
from tests.system.durability.loads import Load
from tests.system.durability.stored import check_stored, count_against_limits

CLIENTS, BATCHES, ITEMS = 4, 8, 120
KILL_AFTER = (3, 8)
"""Batches that a server of the test acknowledges before it is killed."""


async def kill_after(server: ServerProcess, load: Load, batches: int) -> None:
    """Kill the server as soon as it has acknowledged that many more batches of the load."""
    await load.wait_for(batches)
    await asyncio.to_thread(server.kill)


async def test_a_killed_server_loses_nothing_acknowledged(
    database_url: str, tmp_path: Path
) -> None:
    load = Load.of(CLIENTS, BATCHES, ITEMS)
    for round, batches in enumerate(KILL_AFTER):
        with server_process(database_url, tmp_path) as server:
            async with client_of(server) as http:
                if round == 0:
                    await count_against_limits(http)
                await asyncio.gather(
                    kill_after(server, load, batches),
                    load.run(http, until=lambda: server.process.poll() is not None),
                )
    with server_process(database_url, tmp_path) as server:
        async with client_of(server) as http:
            await load.run(http)
            await check_stored(http, load)
        assert not server.complaints()
