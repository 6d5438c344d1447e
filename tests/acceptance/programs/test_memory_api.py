"""A: the memory API reports by hand, by the helper and by the middleware, and loses nothing."""

from datetime import UTC, datetime

import httpx

from tests.acceptance.documents import SET_LIMIT, USAGE
from tests.acceptance.programs.launching import (
    COUNTERS,
    OPERATIONS,
    ask,
    assert_nothing_dropped,
    operations,
    serving,
)
from tests.support.absent_arguments import without_absent_arguments
from tests.support.processes import Json, ServerProcess
from trackstore.redaction import fingerprint

HEADERS = {
    "Authorization": "Bearer ana-token", "X-API-Key": "sk-memory-1", "X-Client-Type": "papr_plugin",
    "User-Agent": "memory-client/1.4",
}  # fmt: skip


def use(http: httpx.Client) -> tuple[str, str]:
    """Make each call once, failures too; return the ids of the first memories."""

    def status(method: str, path: str, **more: object) -> int:
        return http.request(method, path, headers=HEADERS, **more).status_code  # type: ignore[arg-type]

    added = http.post("/v1/memory", headers=HEADERS, json={"content": "Test memory"}).json()
    failed = http.post("/v1/memory", headers=HEADERS, json={"content": ""})
    assert (failed.status_code, failed.json()["memoryId"]) == (500, None)
    batch = [{"content": "one"}, {"content": "two"}]
    ids = http.post("/v1/memory/batch", headers=HEADERS, json=batch).json()["memoryIds"]
    assert status("POST", "/v1/memory/batch", json=[*batch, {"content": ""}]) == 500
    first: str = added["memoryId"]
    assert status("GET", f"/v1/memory/{first}") == 200
    assert status("PUT", f"/v1/memory/{first}") == 200
    assert status("POST", "/v1/memory/search", json={"content": "o"}) == 200
    assert status("DELETE", f"/v1/memory/{first}") == 200
    assert status("GET", f"/v1/memory/{first}") == 404
    return first, ids[0]


def limit_of(server: ServerProcess, **said: object) -> None:
    limit = {
        "organizationId": "org_7", "subject": "WORKSPACE", "subjectId": "ws_12",
        "interactionType": "api_operation", "maximum": 100, **said,
    }  # fmt: skip
    ask(server, SET_LIMIT, input=limit)


def test_a1_to_a7_each_call_is_one_row_and_one_count(server: ServerProcess) -> None:
    limit_of(server)
    # The batch that fails raises through its handler, which uvicorn prints with its traceback.
    with serving(
        server, "examples.memory_api:app", may_warn="ValueError: content is empty"
    ) as http:
        first, second = use(http)
        rows = operations(server, 9, workspaceId={"eq": "ws_12"})
    told = [
        (o["name"], o["operationType"], o["statusCode"], o["resourceId"], o["countsAgainstLimits"])
        for o in reversed(rows)
    ]
    assert told == [
        ("POST v1/memory", "add_memory", 200, first, True),
        ("POST v1/memory", "add_memory", 500, None, True),
        ("POST v1/memory/batch", "add_memory_batch", 200, second, True),
        ("POST v1/memory/batch", "add_memory_batch", 500, None, True),
        ("GET v1/memory/{memory_id}", "get_memory", 200, first, False),
        ("PUT v1/memory/{memory_id}", "update_memory", 200, first, True),
        ("POST v1/memory/search", "search_memory", 200, None, False),
        ("DELETE v1/memory/{memory_id}", "delete_memory", 200, first, True),
        ("GET v1/memory/{memory_id}", "get_memory", 404, first, False),
    ]
    for row in rows:
        assert (row["kind"], row["userId"], row["organizationId"], row["developerId"]) == (
            "API", "ana", "org_7", "dev_9",
        )  # fmt: skip
        assert row["durationMs"] < 5_000
        if row["statusCode"] == 200:
            assert (row["client"], row["ipAddress"], row["userAgent"]) == (
                "papr_plugin", "127.0.0.1", "memory-client/1.4",
            )  # fmt: skip
            assert row["apiKeyId"] == fingerprint("sk-memory-1")
    by_hand, by_helper = rows[-2], rows[-4]
    assert (by_hand["outcome"], len(by_hand["attributes"]["error"])) == ("ERROR", 200)
    assert (by_helper["outcome"], len(by_helper["error"]), by_helper["batchSize"]) == (
        "ERROR", 200, 3,
    )  # fmt: skip
    _check_as_their_guide_does(server, first)
    assert_nothing_dropped(server)


def _check_as_their_guide_does(server: ServerProcess, first: str) -> None:
    newest = ask(server, OPERATIONS, where={"route": {"eq": "v1/memory"}}, first=1)["nodes"]
    assert [(o["statusCode"], o["method"]) for o in newest] == [(500, "POST")]
    added = ask(server, OPERATIONS, where={"resourceId": {"eq": first}})
    assert added["totalCount"] == 5
    assert added["nodes"][-1]["name"] == "POST v1/memory"
    today = datetime.now(UTC)
    counted = counters(server)
    assert counted["v1/memory", "POST"] == (2, today.month, today.year, True)
    assert {key: value[0] for key, value in counted.items()} == {
        ("v1/memory", "POST"): 2,
        ("v1/memory/batch", "POST"): 2,
        ("v1/memory/{memory_id}", "GET"): 2,
        ("v1/memory/{memory_id}", "PUT"): 1,
        ("v1/memory/{memory_id}", "DELETE"): 1,
        ("v1/memory/search", "POST"): 1,
    }
    subject = {"organizationId": "org_7", "subject": "WORKSPACE", "subjectId": "ws_12"}
    (level,) = ask(server, without_absent_arguments(USAGE, {"subject": {}}), subject=subject)
    assert (level["used"], level["remaining"]) == (6, 94)


def counters(server: ServerProcess) -> dict[tuple[str, str], tuple[int, int, int, bool]]:
    where: Json = {"interactionType": {"eq": "api_operation"}, "workspaceId": {"eq": "ws_12"}}
    nodes = ask(server, COUNTERS, where=where)["nodes"]
    found: dict[tuple[str, str], tuple[int, int, int, bool]] = {}
    for c in nodes:
        key = c["route"], c["method"]
        units = c["units"] + (found[key][0] if key in found else 0)
        found[key] = units, c["month"], c["year"], c["countsAgainstLimits"]
    return found


def test_a2_a_call_of_nobody_is_left_out(server: ServerProcess) -> None:
    with serving(server, "examples.memory_api:app", may_warn="workspace") as http:
        assert http.post("/v1/memory", json={"content": "x"}).status_code == 422
        stranger = {"Authorization": "Bearer nobody"}
        assert http.get("/v1/memory/x", headers=stranger).status_code == 401
    operations(server, 0)
    assert_nothing_dropped(server)
