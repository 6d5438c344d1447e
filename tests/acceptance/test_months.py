"""Records of any month are taken, whether the database has a place for that month yet or not."""

import pytest

from tests.support.api import Api

TRACK = """
mutation($operation: OperationInput!) {
  trackOperation(input: $operation) { status operation { message response } }
}"""


@pytest.mark.parametrize("texts", [{}, {"message": "Hi"}, {"response": "Hello"}], ids=str)
async def test_an_old_month_takes_a_call_with_and_without_its_texts(
    api: Api, texts: dict[str, str]
) -> None:
    operation = {
        "kind": "LLM",
        "name": "chat",
        "occurredAt": "2009-05-17T10:00:00Z",
        "llm": {"model": "m", **texts},
    }
    payload = (await api(TRACK, {"operation": operation}))["trackOperation"]
    assert payload["status"] == "ACCEPTED"
    assert {k: v for k, v in payload["operation"].items() if v is not None} == texts
