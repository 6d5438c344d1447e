"""Whose address counts: that of the connection, unless a proxy that is trusted says another."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.databases import Databases
from tests.processes import server_process


def statuses(url: str, addresses: list[str]) -> list[int]:
    """What is answered to a wrong key that is said to come from each address in turn."""
    found = []
    for number, address in enumerate(addresses):
        headers = {"X-Forwarded-For": address, "Authorization": f"Bearer wrong-{number}"}
        answer = httpx.post(
            f"{url}/graphql", json={"query": "{ viewer { name } }"}, headers=headers, timeout=30
        )
        found.append(answer.status_code)
    return found


@pytest.mark.parametrize(
    ("trusted", "expected"),
    [("127.0.0.1", [401, 401, 429, 401]), ("", [401, 401, 429, 429])],
)
def test_wrong_keys_by_address(
    databases: Databases, tmp_path: Path, trusted: str, expected: list[int]
) -> None:
    settings: dict[str, Any] = {"max_wrong_keys": 2, "trusted_proxies": trusted}
    with databases.migrated() as url, server_process(url, tmp_path, **settings) as server:
        others = ["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2"]
        assert statuses(server.url, others) == expected
