"""Cursors, page sizes and global ids that are garbage, of another order, forged or out of range."""

import base64
import json
from typing import Any

from tests.api.invalid_input.batches import operation, track
from tests.support.api import Api

PAGE = """query ($orderBy: [OperationOrder!], $first: Int, $after: String, $last: Int,
    $before: String) { operations(orderBy: $orderBy, first: $first, after: $after, last: $last,
    before: $before) { nodes { uuid } pageInfo { startCursor endCursor hasNextPage } } }"""
NODE = "query ($id: ID!) { node(id: $id) { id } }"
GARBAGE = (
    "", "x", "é", "\0", "\ud800", " ", "====", "null", "A" * 5_000, "A" * 100_000, "W10", "e30=",
    "TmFO", base64.b64encode(b"[" * 2_000).decode(), base64.b64encode(b"\xff\xfe").decode(),
)  # fmt: skip


def forge(*content: Any) -> str:
    """A cursor or id of this content."""
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def open_up(cursor: str) -> list[Any]:
    """What is inside a cursor."""
    content: list[Any] = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return content


async def cursor_of(api: Api, **asked: object) -> str:
    """A cursor of the first page."""
    page = (await api(PAGE, asked))["operations"]
    cursor: str = page["pageInfo"]["startCursor"]
    return cursor


async def test_cursors_that_are_none(api: Api) -> None:
    await track(api, operation(), operation())
    good = await cursor_of(api)
    cut = [good[:-1], good[:-3], good[: len(good) // 2], good[1:], good + "A", good[::-1]]
    for cursor in (*GARBAGE, *cut, forge(), forge(1), forge("x"), forge(["x"]), forge(None)):
        for name in ("after", "before"):
            refusal = await api.refused(PAGE, {name: cursor})
            assert refusal.code == "BAD_USER_INPUT"
            assert refusal.errors[0]["extensions"]["argumentPath"] == [name]
            assert "cursor" in refusal.message.lower()


async def test_cursors_of_another_order(api: Api) -> None:
    await track(api, operation(durationMs=5, api={"statusCode": 200}))
    newest = await cursor_of(api)
    for order in (
        [{"field": "DURATION_MS"}],
        [{"field": "OCCURRED_AT", "direction": "ASC"}],
        [{"field": "OCCURRED_AT"}, {"field": "DURATION_MS"}],
    ):
        refusal = await api.refused(PAGE, {"orderBy": order, "after": newest})
        assert refusal.code == "BAD_USER_INPUT"
        assert (
            "belongs to a different order. Use the orderBy that it was created with."
            in refusal.message
        )
        mine = await cursor_of(api, orderBy=order)
        assert (await api(PAGE, {"orderBy": order, "after": mine}))["operations"]["nodes"] == []
        assert (await api.refused(PAGE, {"after": mine})).code == "BAD_USER_INPUT"
    for document in (
        "query ($after: String) { requests(after: $after) { totalCount } }",
        "query ($after: String) { sessions(after: $after) { totalCount } }",
        "query ($after: String) { interactions(after: $after) { totalCount } }",
    ):
        assert (await api.refused(document, {"after": newest})).code == "BAD_USER_INPUT"


async def test_forged_cursors_are_refused_or_find_nothing_strange(api: Api) -> None:
    await track(api, *(operation(durationMs=n, api={"statusCode": 200 + n}) for n in range(3)))
    strange: tuple[Any, ...] = (
        None, True, -1, 2**31, 2**40, 2**63 - 1, -(2**63), 2**63, 10**40, 1.5, 1e308, 1e999, "NaN",
        "x", "\0\ud800", "a" * 32, "", [], {}, [1], {"a": 1},
    )  # fmt: skip
    for order in (
        [{"field": "OCCURRED_AT"}],
        [{"field": "STATUS_CODE"}],
        [{"field": "DURATION_MS", "direction": "ASC"}],
        [{"field": "TOKENS_ORIGINAL"}],
        [{"field": "COST_SAVED", "direction": "ASC"}],
    ):
        content = open_up(await cursor_of(api, orderBy=order))
        for place in range(1, len(content)):
            for value in strange:
                forged = forge(*content[:place], value, *content[place + 1 :])
                body = {"query": PAGE, "variables": {"orderBy": order, "after": forged}}
                answer = await api.raw(body)
                assert answer.status_code == 200
                for error in answer.json().get("errors", []):
                    assert error["extensions"]["code"] == "BAD_USER_INPUT", (order, place, value)
        for wrong in ([*content, 1], content[:-1], content[:1]):
            refusal = await api.refused(PAGE, {"orderBy": order, "after": forge(*wrong)})
            assert refusal.code == "BAD_USER_INPUT"


async def test_page_sizes(api: Api) -> None:
    await track(api, *(operation() for _ in range(3)))
    for name in ("first", "last"):
        empty = (await api(PAGE, {name: 0}))["operations"]
        assert (empty["nodes"], empty["pageInfo"]["endCursor"]) == ([], None)
        assert len((await api(PAGE, {name: 1_000}))["operations"]["nodes"]) == 3
        for size in (-1, 1_001, 2**31 - 1, -(2**31)):
            refusal = await api.refused(PAGE, {name: size})
            assert refusal.code == "BAD_USER_INPUT"
            cursor = "after with pageInfo.endCursor"
            if name == "last":
                cursor = "before with pageInfo.startCursor"
            assert refusal.message == (
                f"{name} must not exceed 1,000 (got {size:,}). Use {cursor} to read more."
                if size > 0
                else f"{name} must not be negative (got {size:,}). Use 0 to 1,000."
            )
        for strange in (2**31, 1.5, "10", True):
            assert (await api.refused(PAGE, {name: strange})).code == "BAD_USER_INPUT"
    both = await api.refused(PAGE, {"first": 1, "last": 1})
    assert (both.code, "cannot be combined" in both.message) == ("BAD_USER_INPUT", True)
    inner = """query ($first: Int) { requests { totalCount } sessions(first: $first) { totalCount }
        interactions(first: $first) { totalCount } }"""
    assert (await api.refused(inner, {"first": 1_001})).code == "BAD_USER_INPUT"


async def test_global_ids_that_are_none(api: Api) -> None:
    hexes = "a" * 32
    forged = (
        forge(), forge("Operation"), forge("Operation", "o"), forge("Operation", "o", 1, "zz"),
        forge("Operation", "o", 2**62, hexes), forge("Operation", "o", -1, hexes),
        forge("Operation", "o", 1.5, hexes), forge("Operation", 5, 1, hexes),
        forge("Operation", "o", True, hexes), forge("Operation", "o", 1, hexes, 1),
        forge("Request", "o", 5), forge("Request", hexes), forge("Stage", "o", hexes),
        forge("Stage", "o", hexes, 5), forge("Event", "o", hexes, 2**63),
        forge("Event", "o", hexes, "1"), forge("Interaction", "o", "2026-13-01", hexes),
        forge("CircuitBreaker", "o", 5), forge("CircuitBreaker", "o", None),
        forge("Session", "o", {"a": 1}), forge("Nothing", "o"), forge("__class__"), forge("\ud800"),
        forge(["Operation"]), forge(5, "o"),
    )  # fmt: skip
    for id in (*GARBAGE, *forged):
        refusal = await api.refused(NODE, {"id": id})
        assert refusal.code == "BAD_USER_INPUT", id
        assert refusal.errors[0]["extensions"]["argumentPath"] == ["id"]
        assert (await api.refused("query ($id: ID!) { nodes(ids: [$id]) { id } }", {"id": id})).code
    many = await api.refused(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["x"] * 1_001}
    )
    assert (many.code, "more than 1,000 ids (got 1,001)." in many.message) == (
        "BAD_USER_INPUT",
        True,
    )


async def test_global_ids_of_what_is_not_there(api: Api) -> None:
    hexes = "a" * 32
    for id in (
        forge("Operation", "o", 1, hexes), forge("Operation", "\0\ud800", 1, hexes),
        forge("Request", "o", hexes), forge("Session", "*", hexes), forge("Limit", "o", hexes),
        forge("Stage", "o", hexes, "\0"), forge("Event", "o", hexes, 2**63 - 1),
        forge("Interaction", "o", "2026-01-01", hexes), forge("CircuitBreaker", "o", "\ud800"),
        forge("ApiKey", "*", hexes),
    ):  # fmt: skip
        assert await api(NODE, {"id": id}) == {"node": None}
