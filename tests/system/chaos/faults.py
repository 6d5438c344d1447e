"""The faults of a run: each is caused, lasts for a while, and is healed before the round ends."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import make_url

from tests.system.chaos.database_access import execute, hold
from tests.system.chaos.installation import Installation, Node
from tests.system.chaos.proxy import Direction, FaultProxy

TERMINATE = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
)
LOCKED_TABLES = ("operations", "limits", "limit_usages", "requests", "operation_rollups")
CLOCK_STEPS_SECONDS = (-90, -20, 20, 90, 3600)
START_TRIES = 20

Cause = Callable[[Installation, random.Random], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong. Two faults of one ``place`` do not happen at once."""

    name: str
    place: str
    cause: Cause
    is_possible: bool = True
    """Whether this machine can cause it."""


async def _last(dice: random.Random, least: float, most: float) -> None:
    await asyncio.sleep(dice.uniform(least, most))


# ---------------------------------------------------------------------------- a server


def _node(world: Installation, dice: random.Random) -> Node:
    return dice.choice(world.nodes)


async def kill_server(world: Installation, dice: random.Random) -> None:
    """End a server as a power cut does, and start another one."""
    node = _node(world, dice)
    if world.is_running(node):
        await asyncio.to_thread(node.server.kill)
    await _last(dice, 0, 1)
    world.replace_server(node)


async def stop_server(world: Installation, dice: random.Random) -> None:
    """Replace a server as a deployment does."""
    node = _node(world, dice)
    if world.is_running(node):
        node.server.terminate()
        await asyncio.to_thread(node.server.wait)
    world.replace_server(node)


async def freeze_server(world: Installation, dice: random.Random) -> None:
    """Let a server hang for some seconds."""
    node = _node(world, dice)
    if not world.is_running(node):
        return
    node.server.process.send_signal(signal.SIGSTOP)
    await _last(dice, 1, 4)
    node.server.process.send_signal(signal.SIGCONT)


# ---------------------------------------------------------------------------- a network


async def _disturb(proxy: FaultProxy, dice: random.Random) -> None:
    match dice.choice(["cut", "hang", "hang_answers", "delay", "refuse"]):
        case "cut":
            for _ in range(dice.randint(1, 4)):
                proxy.cut()
                await _last(dice, 0.1, 0.5)
        case "hang":
            proxy.hang()
            await _last(dice, 1, 8)
            proxy.cut()  # what hangs stays silent until its owner, or this, gives it up
        case "hang_answers":
            proxy.hang(Direction.TO_CLIENT, new=dice.random() < 0.5)
            await _last(dice, 1, 5)
        case "delay":
            proxy.delay(dice.uniform(0.02, 0.3))
            await _last(dice, 1, 4)
        case _:
            proxy.refuse()
            await _last(dice, 0.5, 4)
    proxy.forward()


async def disturb_clients(world: Installation, dice: random.Random) -> None:
    """Cut, hang or delay the connections of clients to a server."""
    await _disturb(_node(world, dice).proxy, dice)


async def disturb_database(world: Installation, dice: random.Random) -> None:
    """Cut, hang or delay the connections of the servers to PostgreSQL."""
    assert world.database_proxy is not None
    await _disturb(world.database_proxy, dice)


# ---------------------------------------------------------------------------- PostgreSQL


async def _start_postgres(world: Installation) -> None:
    """Start PostgreSQL; after a crash or a full disk it may need more than one try."""
    assert world.postgres is not None
    for left in reversed(range(START_TRIES)):
        try:
            await asyncio.to_thread(world.postgres.start)
            await execute(world.database_url, "SELECT 1")
        except Exception:
            if not left:
                raise
            await asyncio.sleep(0.5)
        else:
            return


async def restart_postgres(world: Installation, dice: random.Random) -> None:
    """Stop PostgreSQL in order, or as in a crash, and start it some time later."""
    assert world.postgres is not None
    mode: Literal["fast", "immediate"] = dice.choice(["fast", "immediate"])
    await asyncio.to_thread(world.postgres.stop, mode)
    await _last(dice, 0, 4)
    await _start_postgres(world)


async def pause_postgres(world: Installation, dice: random.Random) -> None:
    """Let every process of PostgreSQL hang."""
    assert world.postgres is not None
    world.postgres.pause()
    try:
        await _last(dice, 1, 8)
    finally:
        world.postgres.resume()


async def make_postgres_read_only(world: Installation, dice: random.Random) -> None:
    """Refuse writes, as a server that is not the primary one any more does."""
    setting = "ALTER SYSTEM {} default_transaction_read_only {}"
    reload = "SELECT pg_reload_conf()"
    await execute(world.database_url, setting.format("SET", "= on"), reload)
    try:
        await _last(dice, 1, 4)
    finally:
        await execute(world.database_url, setting.format("RESET", ""), reload)


async def refuse_logins(world: Installation, dice: random.Random) -> None:
    """End all connections to the database and refuse new ones."""
    elsewhere = make_url(world.database_url).set(database="template1")
    url = elsewhere.render_as_string(hide_password=False)
    allow = "ALTER DATABASE postgres ALLOW_CONNECTIONS {}"
    await execute(url, allow.format("false"), TERMINATE)
    try:
        await _last(dice, 0.5, 3)
    finally:
        await execute(url, allow.format("true"))


async def terminate_backends(world: Installation, dice: random.Random) -> None:
    """End the connections of the servers from the side of PostgreSQL, some times."""
    for _ in range(dice.randint(1, 5)):
        await execute(world.database_url, TERMINATE)
        await _last(dice, 0.05, 0.6)


async def lock_table(world: Installation, dice: random.Random) -> None:
    """Hold a lock that a person at a console forgot."""
    lock = f"LOCK TABLE {dice.choice(LOCKED_TABLES)} IN ACCESS EXCLUSIVE MODE"
    await hold(world.database_url, ("BEGIN", lock), dice.uniform(1, 6))


async def fill_disk(world: Installation, dice: random.Random) -> None:
    """Leave no room on the disk of the database."""
    assert world.disk is not None
    await asyncio.to_thread(world.disk.fill)
    try:
        await _last(dice, 1, 5)
    finally:
        world.disk.free()
        if world.postgres is not None:
            await _start_postgres(world)


# ---------------------------------------------------------------------------- SQLite, the clock


async def lock_file(world: Installation, dice: random.Random) -> None:
    """Hold the write lock of the file in another process's connection."""
    await hold(world.database_url, ("BEGIN IMMEDIATE",), dice.uniform(1, 8))


async def move_clock(world: Installation, dice: random.Random) -> None:
    """Move the clock of the servers, and set it right again."""
    assert world.clock is not None
    world.clock.move(dice.choice(CLOCK_STEPS_SECONDS))
    try:
        await _last(dice, 1.5, 6)
    finally:
        world.clock.move(0)


def faults_of(world: Installation) -> list[Fault]:
    """Return the faults of this kind of database, the same on every machine."""
    found = [
        Fault("kill server", "server", kill_server),
        Fault("stop server", "server", stop_server),
        Fault("freeze server", "server", freeze_server),
        Fault("disturb clients", "client network", disturb_clients),
    ]
    if world.postgres is not None:
        found += [
            Fault("disturb database", "database network", disturb_database),
            Fault("restart postgres", "database", restart_postgres),
            Fault("pause postgres", "database", pause_postgres),
            Fault("read only", "database", make_postgres_read_only),
            Fault("refuse logins", "database", refuse_logins),
            Fault("terminate backends", "database", terminate_backends),
            Fault("lock table", "database", lock_table),
        ]
    else:
        found.append(Fault("lock file", "database", lock_file))
    found.append(Fault("fill disk", "database", fill_disk, world.disk is not None))
    found.append(Fault("move clock", "clock", move_clock, world.clock is not None))
    return found
