"""A text or payload over its limit costs itself, never the command that brings it."""

from typing import Any

import pytest

from tests.api.requests.conftest import Work
from tests.support.api import Api, Json

LONG = "x" * 9_000
BIG = {"text": "y" * 70_000}
DEEP: Json = {"a": 1}
for _ in range(30):
    DEEP = {"a": DEEP}
HUGE = {"n": 2**70}


def is_cut(text: str) -> bool:
    """Whether a text was cut and says so."""
    return len(text) == 8_192 and text.endswith("… [truncated: 9,000 characters]")


@pytest.mark.parametrize("payload", [BIG, DEEP, HUGE])
async def test_every_command_is_taken(work: Work, payload: Json) -> None:
    await work.create(title=LONG)
    await work.do(
        ("startStage", "a", {}),
        ("progressStage", "a", {"message": LONG, "data": payload}),
        ("completeStage", "a", {"output": payload}),
        ("startStage", "b", {}),
        ("failStage", "b", {"message": LONG, "details": payload}),
        ("logEvent", None, {"type": "t", "message": LONG, "data": payload}),
        ("failRequest", None, {"message": LONG, "details": payload}),
    )
    request = await work.read()
    a, b, _ = request["stages"]
    assert is_cut(request["title"])
    assert is_cut(a["message"])
    assert is_cut(b["errorMessage"])
    assert is_cut(request["error"]["message"])
    for value in (a["output"], b["error"], request["error"]["details"]):
        assert value["truncated"] is True
        assert value["bytes"] > 20
        assert value["preview"].startswith("{")
        assert len(value["preview"]) <= 1_000
    assert (a["status"], b["status"], request["status"]) == ("COMPLETED", "FAILED", "FAILED")
    done, other = Work(work.api), Work(work.api)
    await done.create()
    await done.do(("completeRequest", None, {"result": payload}))
    assert (await done.read())["result"]["truncated"] is True
    await other.create()
    await other.do(("cancelRequest", None, {"reason": LONG}))
    assert is_cut((await other.read())["cancelReason"])


async def test_the_answer_counts_them(work: Work, api: Api) -> None:
    await work.create()
    answer = await work.ingest(
        {"completeStage": {"requestId": work.id, "stage": "a", "output": BIG}},
        {"failStage": {"requestId": work.id, "stage": "b", "message": LONG, "details": BIG}},
        {"logEvent": {"requestId": work.id, "type": "fits", "message": "m", "data": {"n": 1}}},
    )
    assert (answer["accepted"], answer["truncated"]) == (3, 3)
    for field, said, count in (
        ("failStage", {"stage": "c", "message": LONG, "details": BIG}, 2),
        ("logEvent", {"type": "t", "message": LONG}, 1),
        ("completeRequest", {"result": {"n": 1}}, 0),
    ):
        kind = f"{field[0].upper()}{field[1:]}Input"
        document = f"mutation ($input: {kind}!) {{ {field}(input: $input) {{ truncated }} }}"
        told = await api(document, {"input": {"requestId": work.id, **said}})
        assert told[field]["truncated"] == count


@pytest.mark.parametrize("many", [1, 20])
async def test_long_texts_of_operations_are_cut_as_well(api: Api, many: int) -> None:
    llm = {"model": "m", "message": "q" * 300_000, "response": "r" * 10}
    long: Json = {"kind": "LLM", "name": "chat", "error": LONG, "llm": llm}
    fine: Json = {"kind": "LLM", "name": "chat", "error": "short"}
    answer = await api(
        """mutation ($o: [OperationInput!]!) { trackOperations(operations: $o) {
          accepted rejected truncated } }""",
        {"o": [long, *[fine] * (many - 1)]},
    )
    assert answer["trackOperations"] == {"accepted": many, "rejected": 0, "truncated": 2}
    nodes: list[Any] = (
        await api("{ operations(first: 50) { nodes { error message response } } }")
    )["operations"]["nodes"]
    (stored,) = [node for node in nodes if node["error"] != "short"]
    assert is_cut(stored["error"])
    assert len(stored["message"]) == 262_144
    assert stored["message"].endswith("[truncated: 300,000 characters]")
    assert stored["response"] == "r" * 10
