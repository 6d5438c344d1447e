"""Whose address counts: that of the connection, unless a proxy that is trusted says another."""

from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest

from tests.support.databases import Databases
from tests.support.processes import server_process

NEW_KEY = """mutation {
  createApiKey(input: {name: "k", organizationId: "acme", scopes: [READ]}) { secret }
}"""


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


@pytest.mark.sqlite
@pytest.mark.parametrize("trusted", ["127.0.0.1", "192.0.2.1"])
def test_scheme_and_host_behind_a_proxy(tmp_path: Path, trusted: str) -> None:
    """Redirects are relative: nothing that a proxy changed on the way can stand in them."""
    settings: dict[str, Any] = {"trusted_proxies": trusted, "allowed_hosts": "*"}
    proxied = {"Host": "track.example.com", "X-Forwarded-Proto": "https"}
    with (
        server_process(None, tmp_path, **settings) as server,
        httpx.Client(base_url=server.url, headers=proxied, timeout=30) as http,
    ):
        for path in ("/graphql/", "/export/?format=csv&query=%7Ba%7D", "/livez/", "/metrics/"):
            answer = http.post(path) if path[1] in "ge" else http.get(path)
            assert answer.status_code == 307
            location = answer.headers["location"]
            meant = path.replace("/?", "?").removesuffix("/")
            for origin in ("https://track.example.com", "https://example.com/track"):
                assert urljoin(f"{origin}{path}", location) == f"{origin}{meant}"
        for raw in (
            b"//evil.example/",
            b"/%2Fevil.example/",
            b"/a.example/",
            b"/graphql//",
            b"/x/",
        ):
            address = httpx.URL(server.url).copy_with(raw_path=raw)
            for method in ("GET", "POST"):
                answer = http.request(method, address)
                assert answer.status_code == 404
                assert "location" not in answer.headers
        body = {"query": "{ viewer { name } }"}
        assert http.post("/graphql/", json=body).headers["location"] == "../graphql"
        followed = httpx.post(f"{server.url}/graphql/", json=body, follow_redirects=True)
        assert followed.json() == {"data": {"viewer": {"name": "open"}}}
        created = http.post("/graphql", json={"query": NEW_KEY}).json()
        secret = {"key": created["data"]["createApiKey"]["secret"]}
        answer = http.post("/sign-in", json=secret)
        assert answer.json()["signedIn"] is True
        is_believed = trusted == "127.0.0.1"
        assert ("Secure" in answer.headers["set-cookie"]) is is_believed
