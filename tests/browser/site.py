"""A server with two organizations, keys for both, and sample data of ``trackstore demo``."""

import os
import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from cli.demo import prepare
from cli.demo.generator import TICK_SECONDS, TrafficGenerator
from cli.demo.simulation import Simulation
from cli.remote import RemoteClient
from tests.support.processes import COMMAND, PATIENCE_SECONDS, ServerProcess, server_process

PLAYED_SECONDS = 40
RATE = 20.0
ACORN, BIRCH = "acorn-school", "birch-academy"
CREATE_KEY = """mutation($input: ApiKeyInput!) {
  createApiKey(input: $input) { secret apiKey { uuid } }
}"""


@dataclass(frozen=True, slots=True)
class Site:
    """A server, and the key of its administrator."""

    server: ServerProcess
    database_url: str
    admin: str

    @property
    def url(self) -> str:
        return self.server.url

    def execute(self, query: str, key: str | None = None, **variables: Any) -> dict[str, Any]:
        """Execute a document and return its data; fail on errors."""
        answer = httpx.post(
            f"{self.url}/graphql",
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {key or self.admin}"},
            timeout=60,
        ).json()
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    def create_key(self, name: str, *scopes: str, organization: str = "*") -> tuple[str, str]:
        """Create a key and return its secret and id."""
        created = self.execute(
            CREATE_KEY, input={"name": name, "scopes": scopes, "organizationId": organization}
        )["createApiKey"]
        return created["secret"], created["apiKey"]["uuid"]

    def play(self, seconds: float = PLAYED_SECONDS) -> None:
        """Play so much of the demonstration, as fast as the server takes it."""
        client, simulation = RemoteClient(self.url, self.admin), Simulation(random.Random(7))
        generator = TrafficGenerator(client, simulation, prepare(client, 2, RATE))
        generator.start(RATE)
        while simulation.now < seconds:
            generator.step(TICK_SECONDS)
        client.close()


@contextmanager
def site(database_url: str, folder: Path) -> Iterator[Site]:
    """Serve a migrated database that requires keys."""
    created = subprocess.run(
        [COMMAND, "keys", "create", "admin", "--all-organizations", "--scope", "admin", "--quiet"],
        env={**os.environ, "DATABASE_URL": database_url},
        check=True,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    with server_process(database_url, folder, access="keys") as server:
        yield Site(server, database_url, created.stdout.strip())
