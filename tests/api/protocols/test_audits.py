"""GraphQL over HTTP as the audits of graphql-http have it, against a real server."""

from pathlib import Path

from tests.api.protocols.node import run_node
from tests.support.processes import server_process

AUDITS = 61


def test_every_audit_passes(database_url: str, tmp_path: Path) -> None:
    with server_process(database_url, tmp_path) as server:
        results = run_node("audits.mjs", f"{server.url}/graphql")
        assert not server.complaints()
    assert len(results) == AUDITS
    assert [found for found in results if found["status"] != "ok"] == []
