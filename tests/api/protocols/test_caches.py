"""Clients that normalise answers give each one back as it came: no two objects melt into one."""

import json
from pathlib import Path
from typing import Any

import httpx

import schema
from tests.api.protocols.answers import MUTATIONS, QUERIES, documents, scene
from tests.api.protocols.node import run_node
from tests.support.processes import ServerProcess, server_process

SCHEMA = Path(schema.__file__).with_name("schema.graphql")


def ask(server: ServerProcess, query: str, variables: Any = None) -> dict[str, Any]:
    """The data of an answer without errors."""
    body = {"query": query, "variables": variables or {}}
    answer = httpx.post(f"{server.url}/graphql", json=body, timeout=30).json()
    assert "errors" not in answer, (query, answer)
    data: dict[str, Any] = answer["data"]
    return data


def test_no_cache_changes_an_answer(database_url: str, tmp_path: Path) -> None:
    with server_process(database_url, tmp_path) as server:
        for document, variables in scene():
            ask(server, document, variables)
        answers = [
            {"name": name, "query": query, "variables": {}, "data": ask(server, query)}
            for name, query in documents()
        ]
        assert not server.complaints()
    assert len(answers) == len(QUERIES) + len(MUTATIONS)
    file = tmp_path / "answers.json"
    file.write_text(json.dumps(answers))
    changed = run_node("caches.mjs", str(SCHEMA), str(file))
    assert changed == {"apollo": [], "graphcache": [], "relay": []}


def test_a_cache_would_melt_two_results_of_one_id(tmp_path: Path) -> None:
    """The test itself finds the fault: results that carry the id of their record as ``id``."""
    query = "mutation ingest { ingest { __typename results { __typename id status } } }"
    results = [
        {"__typename": "ItemResult", "id": "1", "status": status}
        for status in ("ACCEPTED", "DUPLICATE")
    ]
    ingest = {"__typename": "TrackPayload", "results": results}
    data = {"ingest": ingest}
    file = tmp_path / "answers.json"
    file.write_text(json.dumps([{"name": "melted", "query": query, "variables": {}, "data": data}]))
    sdl = tmp_path / "schema.graphql"
    sdl.write_text(
        "interface Node { id: ID! } type Query { node: Node } type Mutation { ingest: TrackPayload! }"
        "type TrackPayload { results: [ItemResult!]! } type ItemResult { id: ID status: String! }"
    )
    changed = run_node("caches.mjs", str(sdl), str(file))
    assert changed == {"apollo": ["melted"], "graphcache": ["melted"], "relay": ["melted"]}
