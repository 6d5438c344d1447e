"""The clients of others, unchanged: a query, a mutation and a subscription with each of them."""

from pathlib import Path

import httpx
from gql import Client, GraphQLRequest
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

from tests.api.protocols.node import run_node
from tests.support.processes import ServerProcess, server_process

QUERY = "{ viewer { name } }"
MUTATION = """mutation { trackOperation(input: {kind: API, name: "gql"}) { status } }"""
SUBSCRIPTION = """subscription($id: UUID!) { requestProgress(id: $id, afterSeq: 0) { seq } }"""
ENDED = """mutation($id: UUID!) {
  createRequest(input: {id: $id, type: "short"}) { status }
  startRequest(input: {requestId: $id}) { status }
  completeRequest(input: {requestId: $id}) { status }
}"""
ID = "01a1f84a-95c0-7000-8000-00000000000c"
GOT = {
    "query": [{"name": "open"}],
    "mutation": [{"status": "ACCEPTED"}],
    "subscription": [{"seq": 1}, {"seq": 2}, {"seq": 3}],
}


def end_a_request(server: ServerProcess) -> None:
    """Three events that stand in a log."""
    body = {"query": ENDED, "variables": {"id": ID}}
    answer = httpx.post(f"{server.url}/graphql", json=body, timeout=30).json()
    assert "errors" not in answer


def test_the_clients_of_javascript(database_url: str, tmp_path: Path) -> None:
    with server_process(database_url, tmp_path) as server:
        end_a_request(server)
        results = run_node("clients.mjs", server.url, ID)
        assert not server.complaints()
    assert len(results) == 6
    assert results == dict.fromkeys(results, GOT)


REFUSED = {
    "invalid": "Cannot query field 'nothing' on type 'Subscription'.",
    "invalid query": "Cannot query field 'nam' on type 'Viewer'.",
    "no document": "Syntax Error: Expected Name, found <EOF>.",
    "wrong variable": "id: Invalid UUID 'x'.",
    "unknown record": "Request 01a1f84a-95c0-7000-8000-00000000000d not found.",
}


def test_graphql_sse_hears_why_nothing_was_executed(database_url: str, tmp_path: Path) -> None:
    with server_process(database_url, tmp_path) as server:
        results = run_node("refused.mjs", server.url)
        assert not server.complaints()
    assert len(results) == 2 * len(REFUSED)
    for name, heard in results.items():
        said = REFUSED[name.split(" ", 1)[1]]
        assert heard["end"] == "complete", name
        (answer,) = heard["next"]
        assert answer.get("data") is None, name
        (message,) = answer["messages"]
        assert message.startswith(said), name


async def test_gql(database_url: str, tmp_path: Path) -> None:
    with server_process(database_url, tmp_path) as server:
        end_a_request(server)
        socket = WebsocketsTransport(url=f"{server.url.replace('http', 'ws')}/graphql")
        http = HTTPXAsyncTransport(url=f"{server.url}/graphql", timeout=30)
        subscription = GraphQLRequest(SUBSCRIPTION, variable_values={"id": ID})
        async with Client(transport=socket, fetch_schema_from_transport=True) as session:
            assert await session.execute(GraphQLRequest(QUERY)) == {"viewer": {"name": "open"}}
            found = [item["requestProgress"] async for item in session.subscribe(subscription)]
            assert found == GOT["subscription"]
        async with Client(transport=http, fetch_schema_from_transport=True) as session:
            answer = await session.execute(GraphQLRequest(MUTATION))
            assert answer == {"trackOperation": {"status": "ACCEPTED"}}


def test_each_event_is_shown_at_once(database_url: str, tmp_path: Path) -> None:
    with server_process(database_url, tmp_path, live_ping_seconds=0.2) as server:
        results = run_node("at_once.mjs", server.url)
        assert not server.complaints()
    assert len(results) == 5
    assert all(shown == [1, 2, 3, 4] for shown in results.values()), results
