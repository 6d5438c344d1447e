"""Build batches of request, stage and event entries as the client library sends them."""

from typing import Any

from store.ids import new_id

STAGES = ("fetch", "analyse", "store")
ENTRIES_PER_REQUEST = 20
REQUESTS_PER_BATCH = 5
BATCH = ENTRIES_PER_REQUEST * REQUESTS_PER_BATCH


def request_entries() -> list[dict[str, Any]]:
    id = str(new_id())
    entries: list[dict[str, Any]] = [
        {
            "createRequest": {
                "id": id,
                "type": "index",
                "title": "Index a repository",
                "labels": {"userId": "user-1", "workspaceId": "workspace-1"},
                "stages": [{"name": name, "weight": 1.0} for name in STAGES],
                "attributes": {"files": 120},
            }
        },
        {"startRequest": {"requestId": id, "eventId": str(new_id())}},
    ]
    for stage in STAGES:
        entries += stage_entries({"requestId": id, "stage": stage})
    entries += [
        {
            "logEvent": {
                "requestId": id,
                "type": "note",
                "message": f"file {n} was read",
                "data": {"file": f"src/module_{n}.py", "lines": 40 * n},
                "eventId": str(new_id()),
            }
        }
        for n in range(5)
    ]
    result = {"files": 120, "skipped": 3}
    entries.append(
        {"completeRequest": {"requestId": id, "result": result, "eventId": str(new_id())}}
    )
    return entries


def stage_entries(stage: dict[str, Any]) -> list[dict[str, Any]]:
    def entry(command: str, **values: Any) -> dict[str, Any]:
        return {command: {**stage, "attempt": 1, "eventId": str(new_id()), **values}}

    return [
        entry("startStage"),
        entry("progressStage", done=40, total=120, message="a third"),
        entry("progressStage", done=80, total=120, message="two thirds"),
        entry("completeStage", output={"rows": 120}),
    ]


def mixed_entries() -> list[dict[str, Any]]:
    return [entry for _ in range(REQUESTS_PER_BATCH) for entry in request_entries()]
