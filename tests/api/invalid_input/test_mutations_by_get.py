"""GET and HEAD execute no mutation, whatever is accepted and however the document is named."""

import json

import pytest

from server.graphql.persisted_documents import digest
from tests.support.api import Api

KEYS = "{ apiKeys { name } }"
MINT = 'mutation Mint { createApiKey(input: {name: "k", scopes: [READ], organizationId: "a"}) { secret } }'
ACCEPTS = (
    "application/json",
    "application/graphql-response+json",
    "text/event-stream",
    "text/event-stream, application/json;q=0.1",
    "multipart/mixed;subscriptionSpec=1.0",
    "multipart/mixed;subscriptionSpec=1.0, application/json",
    "text/csv",
    "*/*",
)


@pytest.mark.parametrize("path", ["/graphql", "/export"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_nothing_is_changed(api: Api, method: str, path: str) -> None:
    id = digest(MINT)
    persisted = json.dumps({"persistedQuery": {"version": 1, "sha256Hash": id}})
    both = f"query Look {KEYS} {MINT}"
    ways = [
        {"query": MINT},
        {"query": both, "operationName": "Mint"},
        {"query": MINT, "extensions": persisted},
        {"extensions": persisted},
        {"documentId": f"sha256:{id}"},
    ]
    for accept in ACCEPTS:
        for params in ways:
            answer = await api.http.request(
                method, path, params=params, headers={"Accept": accept}, timeout=10
            )
            assert answer.status_code in (400, 404, 405, 406), (accept, params, answer.text)
    assert (await api(KEYS))["apiKeys"] == []


@pytest.mark.parametrize("accept", ["text/event-stream", "multipart/mixed;subscriptionSpec=1.0"])
async def test_what_streams_by_get_goes_on(api: Api, accept: str) -> None:
    params = {"query": "{ viewer { name } }"}
    answer = await api.raw(method="GET", params=params, headers={"Accept": accept})
    assert answer.status_code == 200
    assert '{"viewer":{"name":"open"}}' in answer.text
    answer = await api.raw({"query": MINT}, headers={"Accept": accept})
    assert '"secret":"tsk_' in answer.text
    answer = await api.raw(method="GET", params={"query": MINT}, headers={"Accept": accept})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert answer.json()["errors"][0]["message"] == "Send mutations by POST."
