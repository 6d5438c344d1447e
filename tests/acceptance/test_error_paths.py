"""A1, B1, C7: errors of the typed mutations name the fields of the input that was sent."""

import pytest

from tests.support.api import Api, Json

TRACK: dict[str, tuple[str, Json]] = {
    "trackToolOperation": ("ToolOperationInput", {"tool": "read", "mode": "full", "tokensOriginal": 9,
                                                  "tokensActual": 3}),
    "trackApiOperation": ("ApiOperationInput", {"route": "v1/memory", "method": "POST"}),
    "trackChat": ("ChatInput", {"message": "Why?"}),
}  # fmt: skip


@pytest.mark.parametrize(
    ("mutation", "changes", "path"),
    [
        ("trackToolOperation", {"tokensPrevented": 1}, ["tokensPrevented"]),
        ("trackToolOperation", {"tokensOriginal": -1}, ["tokensOriginal"]),
        ("trackToolOperation", {"parameters": ["a"]}, ["parameters"]),
        ("trackToolOperation", {"filePath": "x" * 9_000}, ["filePath"]),
        ("trackToolOperation", {"toolId": "x" * 300}, ["toolId"]),
        ("trackToolOperation", {"durationMs": -1.0}, ["durationMs"]),
        ("trackToolOperation", {"api": {"statusCode": 7}}, ["api", "statusCode"]),
        ("trackToolOperation", {"llm": {"inputTokens": -1}}, ["llm", "inputTokens"]),
        ("trackApiOperation", {"statusCode": 7}, ["statusCode"]),
        ("trackApiOperation", {"batchSize": -1}, ["batchSize"]),
        ("trackApiOperation", {"tool": {"tokensActual": -1}}, ["tool", "tokensActual"]),
        ("trackApiOperation", {"labels": {"userId": "x" * 300}}, ["labels", "userId"]),
        ("trackChat", {"inputTokens": -1}, ["inputTokens"]),
        ("trackChat", {"tokens": -1}, ["tokens"]),
        ("trackChat", {"model": "x" * 300}, ["model"]),
        ("trackChat", {"userId": "x" * 300}, ["userId"]),
        ("trackChat", {"labels": {"userId": "x" * 300}}, ["labels", "userId"]),
        ("trackChat", {"api": {"statusCode": 7}}, ["api", "statusCode"]),
    ],
)
async def test_c7_an_error_names_the_field_that_was_sent(
    api: Api, mutation: str, changes: Json, path: list[str]
) -> None:
    type, good = TRACK[mutation]
    document = f"mutation ($input: {type}!) {{ {mutation}(input: $input) {{ uuid }} }}"
    refusal = await api.refused(document, {"input": {**good, **changes}})
    assert refusal.code == "BAD_USER_INPUT"
    assert refusal.errors[0]["extensions"]["argumentPath"] == path
    assert refusal.message.startswith(".".join(path) + ": ")


async def test_c7_a_route_that_makes_a_name_too_long_is_named(api: Api) -> None:
    document = "mutation ($input: ApiOperationInput!) { trackApiOperation(input: $input) { uuid } }"
    refusal = await api.refused(document, {"input": {"route": "x" * 9_000, "method": "POST"}})
    paths = {tuple(p["path"]) for p in refusal.errors[0]["extensions"]["problems"]}
    assert paths == {("route",)}
