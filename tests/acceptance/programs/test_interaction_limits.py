"""D: the multi-tenant API checks its limits and counts in one call, whatever comes at once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx

from tests.acceptance.documents import SET_LIMIT
from tests.acceptance.programs.launching import COUNTERS, ask, assert_nothing_dropped, serving
from tests.support.processes import Json, ServerProcess

ACME = {"Authorization": "APIKey acme-1"}
MINIS = 25


def set_limit(server: ServerProcess, **said: object) -> None:
    limit = {"organizationId": "org_abc123", "subject": "ORGANIZATION", "interactionType": "mini"}
    ask(server, SET_LIMIT, input={**limit, **said})


def this_month() -> dict[str, int]:
    today = datetime.now(UTC)
    return {"year": today.year, "month": today.month}


def counts(http: httpx.Client, by: str, id: str, key: str = "acme-1") -> Json:
    headers = {"Authorization": f"APIKey {key}"}
    answer = http.get(f"/v1/interactions/{by}/{id}", params=this_month(), headers=headers)
    found: Json = answer.raise_for_status().json()
    return found


def test_d1_to_d5_counts_limits_and_answers(server: ServerProcess) -> None:
    set_limit(server, maximum=MINIS)
    set_limit(server, interactionType="premium", maximum=0, period="LIFETIME")
    with serving(server, "examples.interaction_limits:app") as http:
        for _ in range(3):
            assert http.post("/v1/memory", headers=ACME).json() == {"done": "add_memory_v1"}
        batch = http.post("/v1/memory/batch", headers=ACME, json=["text"] * 5)
        assert batch.json() == {"done": "add_memory_batch_v1"}
        another = {"Authorization": "APIKey acme-2"}
        assert http.post("/v1/memory", headers=another).status_code == 200
        other = {"Authorization": "APIKey other"}
        assert http.post("/v1/memory/search", headers=other).status_code == 200

        too_many = http.post("/v1/memory/batch", headers=ACME, json=["text"] * 17)
        assert too_many.status_code == 429
        assert "17 mini" in too_many.json()["error"]
        assert "16 of 25 left" in too_many.json()["error"]
        assert int(too_many.headers["Retry-After"]) == too_many.json()["retry_after"] > 0
        never = http.post("/v1/memory/search", headers=ACME)
        assert (never.status_code, "Retry-After" in never.headers) == (403, False)
        assert "premium" in never.json()["error"]

        breakdown = {"add_memory_v1": 4, "add_memory_batch_v1": 5}
        assert counts(http, "organization", "org_abc123") == {"total": 9, "breakdown": breakdown}
        first = {"total": 8, "breakdown": {"add_memory_batch_v1": 5, "add_memory_v1": 3}}
        assert counts(http, "namespace", "ns_xyz789") == first
        assert counts(http, "api_key", "key_def456") == first
        assert counts(http, "namespace", "ns_9") == {"total": 0, "breakdown": {}}
        assert counts(http, "organization", "org_other", "other")["breakdown"] == {"search_v1": 1}
        params = {**this_month(), "month": this_month()["month"] % 12 + 1}
        empty = http.get("/v1/interactions/organization/org_abc123", params=params, headers=ACME)
        assert empty.json() == {"total": 0, "breakdown": {}}
    where = {"apiKeyId": {"eq": "key_def456"}, "operationType": {"eq": "add_memory_v1"}}
    (counter,) = ask(server, COUNTERS, where=where)["nodes"]
    assert counter == {
        "interactionType": "mini", "operationType": "add_memory_v1", "units": 3, "calls": 3,
        "route": None, "method": None, "countsAgainstLimits": True, **this_month(),
        "workspaceId": "ws_1", "userId": "ana", "organizationId": "org_abc123",
        "namespaceId": "ns_xyz789", "apiKeyId": "key_def456",
    }  # fmt: skip
    assert_nothing_dropped(server)


def test_d4_calls_at_once_never_pass_the_limit(server: ServerProcess) -> None:
    set_limit(server, maximum=MINIS)
    with serving(server, "examples.interaction_limits:app") as http:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: http.post("/v1/memory", headers=ACME), range(60)))
        assert Counter(a.status_code for a in answers) == {200: MINIS, 429: 60 - MINIS}
        assert counts(http, "organization", "org_abc123")["total"] == MINIS
    assert_nothing_dropped(server)
