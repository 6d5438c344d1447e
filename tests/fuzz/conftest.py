"""A real server for each dialect, and what holds for whatever it answers."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings

from server.graphql.persisted_documents import NOT_FOUND, NOT_SUPPORTED
from store.errors import ERROR_CODES
from tests.support.databases import Databases
from tests.support.processes import ServerProcess, server_process

SECONDS = 20.0
"""What any answer may take; a busy machine needs room, a hang has none."""
LEAKS = (
    "Traceback",
    "site-packages",
    "sqlalchemy",
    "asyncpg",
    "sqlite3",
    "SELECT ",
    "0x7f",
    "Error(",
)
"""What only the inside of a server says."""

KNOWN_CODES = {*ERROR_CODES, NOT_FOUND[1], NOT_SUPPORTED[1]}

BOUNDED = settings(
    max_examples=3,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
"""A few examples for each of very many places; failures are rare and are not shrunk."""


class Target:
    """One server that is asked anything."""

    def __init__(self, server: ServerProcess, http: httpx.Client) -> None:
        self.server = server
        self.http = http

    def ask(self, **request: Any) -> None:
        """Send a request of any kind; the answer must be one that a caller can work with."""
        answer = self.http.request(**{"method": "POST", "url": "/graphql", **request})
        assert answer.status_code < 500, (request, answer.text[:2_000])
        if request.get("method") == "HEAD" or answer.status_code == 204:
            return
        content = answer.json()
        assert "errors" in content or "data" in content, content
        for error in content.get("errors", ()):
            code = error["extensions"]["code"]
            assert code in KNOWN_CODES, error
            assert code != "INTERNAL", (request, error)
            assert not any(leak in error["message"] for leak in LEAKS), (request, error)

    def asks(self, query: str, variables: Any = None) -> None:
        """Send a document."""
        self.ask(json={"query": query, "variables": variables})


@pytest.fixture(scope="session")
def target(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A server that must have nothing to complain of when all is asked."""
    folder = tmp_path_factory.mktemp("fuzzing")
    with (
        databases.migrated() as url,
        server_process(url, folder) as server,
        httpx.Client(base_url=server.url, timeout=SECONDS) as http,
    ):
        yield Target(server, http)
        assert httpx.get(f"{server.url}/readyz").status_code == 200
        assert server.complaints() == []
