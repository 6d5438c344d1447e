"""What a run is about: a database, its servers, and a proxy before each of them."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from migrations.runner import upgrade
from tests.support.postgres import PostgresCluster, postgres_cluster
from tests.support.processes import Json, ServerProcess
from tests.support.scratch import scratch_folder
from tests.system.chaos.moved_clock import MovedClock
from tests.system.chaos.proxy import LOOPBACK, FaultProxy
from tests.system.chaos.small_disk import SmallDisk, small_disk
from tests.system.chaos.traffic.gate import Tenant

DISK_MEGABYTES = 700
READY_SECONDS = 60.0
START_SECONDS = 180.0
"""How long servers may take to start on a machine that is busy with other things."""
SERVERS = {"sqlite": 1, "postgresql": 2}
SETTINGS: dict[str, object] = {
    "access": "open",  # a key that is sent is checked all the same
    "statement_seconds": 6,
    "lock_seconds": 4,
    "pool_wait_seconds": 2,
    "pool_size": 5,
    "pool_overflow": 5,
    "live_ping_seconds": 1,
    "live_poll_seconds": 2,
    "live_stall_seconds": 10,
    "shutdown_seconds": 5,
    "stall_sweep_seconds": 2,
}

ORGANIZATIONS = ("acme", "globex")
CREATE_KEY = """mutation ($organization: ID!) {
  createApiKey(input: {
    name: "client", scopes: [INGEST, READ, MANAGE], organizationId: $organization
  }) { secret }
}"""
CURSORS = "{ feedCursors { requestEvents operationFeed } }"


@dataclass
class Node:
    """One server and the proxy that its clients reach it through."""

    port: int
    proxy: FaultProxy
    server: ServerProcess
    environment: dict[str, str] = field(default_factory=dict)
    """Of the server, beside that of the run: where its code lies, if it is of another version."""

    @property
    def url(self) -> str:
        """Where clients call."""
        return f"http://{LOOPBACK}:{self.proxy.port}"

    @property
    def direct_url(self) -> str:
        """Where the server itself answers."""
        return f"http://{LOOPBACK}:{self.port}"


@dataclass
class Installation:
    """Everything that a fault can be caused in."""

    database: str
    database_url: str
    """The database itself, as the checks read it."""
    server_url: str
    """The database as the servers reach it."""
    folder: Path
    postgres: PostgresCluster | None
    disk: SmallDisk | None
    clock: MovedClock | None
    database_proxy: FaultProxy | None
    nodes: list[Node] = field(default_factory=list)
    ended: list[ServerProcess] = field(default_factory=list)
    """Servers whose place was taken by another one."""

    def start_server(
        self, port: int, environment: Mapping[str, str] | None = None
    ) -> ServerProcess:
        """Start a server process; ``wait_until_ready`` waits for it."""
        clock = self.clock.environment if self.clock else {}
        return ServerProcess(
            self.server_url, self.folder, SETTINGS, port, {**clock, **(environment or {})}
        )

    @staticmethod
    def is_running(node: Node) -> bool:
        """Return False for a server that could not start; one that has served must not end by itself."""
        if node.server.process.poll() is None:
            return True
        if any(line.get("event") == "serving" for line in node.server.log()):
            raise RuntimeError(f"a server has ended by itself:\n{node.server.log_tail()[-1500:]}")
        return False

    def replace_server(self, node: Node) -> None:
        """Start a server in the place of one that is gone."""
        self.ended.append(node.server)
        node.server = self.start_server(node.port, node.environment)

    async def wait_until_ready(self, seconds: float = READY_SECONDS) -> str | None:
        """Return when every server is ready; else what it says after so many seconds.

        A server that could not start, because the database was not there, is started again, as a
        supervisor does; one that has served must not end by itself.
        """
        deadline = time.monotonic() + seconds
        async with httpx.AsyncClient(timeout=5.0) as http:
            for number, node in enumerate(self.nodes):
                said = "nothing"
                while said != "ready":
                    try:
                        if not self.is_running(node):
                            self.replace_server(node)
                    except RuntimeError as error:
                        return f"server {number}: {error}"
                    if time.monotonic() > deadline:
                        return f"server {number} is not ready: {said}"
                    try:
                        answer = await http.get(f"{node.direct_url}/readyz")
                        said = "ready" if answer.status_code == 200 else answer.text
                    except httpx.TransportError as error:
                        said = repr(error)
                    await asyncio.sleep(0.05)
        return None

    async def ask(self, document: str, variables: Json, key: str | None = None) -> Json:
        """Ask the first server directly, while no fault lasts."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        body = {"query": document, "variables": variables}
        async with httpx.AsyncClient(timeout=30.0, headers=headers) as http:
            answer = await http.post(f"{self.nodes[0].direct_url}/graphql", json=body)
        told: dict[str, Any] = answer.json()
        if told.get("errors") or "data" not in told:
            raise RuntimeError(f"no fault explains the answer {json.dumps(told)[:500]}")
        data: Json = told["data"]
        return data

    async def make_tenants(self) -> tuple[list[Tenant], dict[str, dict[str, str]]]:
        """Return organizations with keys, and where the feeds of each stand."""
        tenants, cursors = [], {}
        for organization in ORGANIZATIONS:
            made = await self.ask(CREATE_KEY, {"organization": organization})
            tenant = Tenant(organization, made["createApiKey"]["secret"])
            found = await self.ask(CURSORS, {}, tenant.key)
            cursors[organization] = found["feedCursors"]
            tenants.append(tenant)
        return tenants, cursors


def _end(node: Node) -> None:
    node.server.end()


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        return int(listener.getsockname()[1])


@asynccontextmanager
async def installation(database: str, *, with_clock: bool) -> AsyncIterator[Installation]:
    """Start a database and its servers; they are gone at the end."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(scratch_folder("trackstore-chaos-"))
        disk = stack.enter_context(small_disk(DISK_MEGABYTES))
        postgres = proxy = None
        if database == "postgresql":
            within = disk.folder if disk else None
            postgres = stack.enter_context(postgres_cluster(within=within))
            database_url = postgres.url.render_as_string(hide_password=False)
            proxy = stack.enter_context(FaultProxy.to_database(database_url))
            server_url = proxy.database_url(database_url)
        else:
            file = (disk.folder if disk else folder) / "trackstore.db"
            database_url = server_url = f"sqlite+aiosqlite:///{file}"
        await asyncio.to_thread(upgrade, database_url)
        clock = MovedClock.build(folder) if with_clock else None
        made = Installation(
            database, database_url, server_url, folder, postgres, disk, clock, proxy
        )
        for _ in range(SERVERS[database]):
            port = free_port()
            node_proxy = stack.enter_context(FaultProxy.to_port(port))
            node = Node(port, node_proxy, made.start_server(port))
            stack.callback(_end, node)
            made.nodes.append(node)
        unready = await made.wait_until_ready(START_SECONDS)
        if unready:
            raise RuntimeError(unready)
        yield made
