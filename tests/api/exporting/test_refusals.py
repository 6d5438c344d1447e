"""What cannot be exported is refused before the first byte; what breaks later ends visibly."""

import asyncio
from typing import Any

import httpx
import pytest

from models.enums import AccessScope
from server.app import create_app
from server.exporting import parquet
from server.settings.model import load_settings
from store.errors import QueryTimeoutError
from tests.api.exporting.calls import PLAIN, export, json_rows, record, refusal
from tests.support.api import Api, StartApi


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("{ viewer { name } }", "viewer is not a list"),
        ("{ operations { nodes { uuid } totalCount } }", "select operations { nodes { ... } }"),
        ("{ operations { edges { node { uuid } } } }", "select operations { nodes { ... } }"),
        ("{ operationStats { totals { count } } }", "select operationStats { rows { ... } }"),
        ("{ a: prices { name } b: prices { name } }", "exactly one root field"),
        ("{ __schema { types { name } } }", "exactly one root field"),
        ("{ operations(last: 5) { nodes { uuid } } }", "runs forward"),
        ("{ operations(first: -5) { nodes { uuid } } }", "Use 0 or more"),
        ('{ operations(after: "x") { nodes { uuid } } }', "Invalid cursor"),
        ("{ operations { nodes { nothing } } }", "Cannot query field 'nothing'"),
        ("{ operations ", "Syntax Error"),
        ("query A { prices { name } } query B { prices { name } }", "operationName"),
        ("query ($exportSize: Int) { operations(first: $exportSize) { nodes { uuid } } }",
         "$exportSize"),
        ("query ($n: Int!) { operations(first: $n) { nodes { uuid } } }", "n: Expected a value"),
        ('mutation { revokeApiKey(input: {keyId: "x"}) { name } }', ""),
        ("{ operationStats(limit: 0) { rows { count } } }", "limit must be from 1 to"),
    ],
)  # fmt: skip
async def test_the_mend_is_told(api: Api, query: str, said: str) -> None:
    status, error = await refusal(api, query)
    assert (status, error["extensions"]["code"]) == (400, "BAD_USER_INPUT")
    assert said in error["message"]


async def test_a_mutation_is_not_run(api: Api) -> None:
    query = (
        'mutation { setPrice(input: {kind: TOOL, name: "a", inputPer1k: 1}) { price { name } } }'
    )
    status, error = await refusal(api, query)
    assert (status, "Only a query can be exported" in error["message"]) == (400, True)
    assert (await api("{ prices { name } }"))["prices"] == []


async def test_formats_and_options_are_checked(api: Api) -> None:
    assert "Use csv, jsonl, parquet" in (await refusal(api, PLAIN, format="xml"))[1]["message"]
    assert "guard or keep" in (await refusal(api, PLAIN, formulas="no"))[1]["message"]


async def test_parquet_without_its_library_says_how_to_get_it(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "pyarrow", None)
    _, error = await refusal(api, PLAIN, format="parquet")
    assert "trackstore-server[parquet]" in error["message"]


async def test_keys_and_scopes_are_those_of_graphql(api: Api) -> None:
    document = "mutation ($key: ApiKeyInput!) { createApiKey(input: $key) { secret } }"

    async def caller(organization: str, scope: AccessScope) -> Api:
        key = {"name": "k", "organizationId": organization, "scopes": [scope.name]}
        return api.as_key((await api(document, {"key": key}))["createApiKey"]["secret"])

    await record(api, 5, labels={"organizationId": "acme"})
    await record(api, 3, labels={"organizationId": "other"})
    reader = await caller("acme", AccessScope.READ)
    query = "{ operations { nodes { organizationId } } }"
    rows = json_rows(await export(reader, query, format="jsonl"))
    assert rows == [{"organizationId": "acme"}] * 5
    sums = await export(reader, "{ operationStats { rows { count } } }")
    assert sums.text == "count\r\n5\r\n"
    writer = await caller("acme", AccessScope.INGEST)
    assert (await refusal(writer, query))[0] == 403
    status, error = await refusal(api.as_key("nonsense"), query)
    assert (status, error["extensions"]["code"]) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize("server_settings", [{"max_export_rows": 20, "max_page_size": 10,
                                              "default_page_size": 10}])  # fmt: skip
async def test_too_many_rows_are_refused_or_cut_visibly(api: Api) -> None:
    await record(api, 30)
    query = "{ operations(first: %d) { nodes { uuid } } }"
    _, error = await refusal(api, query % 21)
    assert "must not exceed 20 rows" in error["message"]
    assert len(json_rows(await export(api, query % 20, format="jsonl"))) == 20
    with pytest.raises(AssertionError):  # the answer has no end
        await export(api, PLAIN, format="jsonl")
    assert api.server.exports().running == 0


@pytest.mark.parametrize("server_settings", [{"max_page_size": 10, "default_page_size": 10}])
async def test_an_error_in_the_middle_leaves_the_answer_without_an_end(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await record(api, 30)
    asked, ask = [], api.server.exports()._executor.execute

    async def fail(*given: Any) -> bytes:
        asked.append(given)
        if len(asked) > 2:
            raise QueryTimeoutError("too slow")
        return await ask(*given)

    monkeypatch.setattr(api.server.exports()._executor, "execute", fail)
    with pytest.raises(AssertionError):
        await export(api, PLAIN)
    assert len(asked) == 3
    asked[:] = [(), ()]
    assert (await refusal(api, PLAIN))[0] == 503


@pytest.mark.parametrize("server_settings", [{"max_exports": 1}])
async def test_exports_at_once_are_bounded(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    come, go, ask = asyncio.Event(), asyncio.Event(), api.server.exports()._executor.execute

    async def wait(*given: Any) -> bytes:
        come.set()
        await go.wait()
        return await ask(*given)

    monkeypatch.setattr(api.server.exports()._executor, "execute", wait)
    first = asyncio.create_task(export(api, PLAIN))
    await come.wait()
    refused = await export(api, PLAIN)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
    assert refused.json()["errors"][0]["extensions"] == {"code": "OVERLOADED", "retryable": True}
    go.set()
    assert (await first).status_code == 200


class Caller:
    """The far side of a connection: takes ``most`` chunks, and then nothing more, or goes away."""

    def __init__(self, most: int, leaves: bool) -> None:
        self.most, self.leaves = most, leaves
        self.chunks = 0
        self.ended = False
        self.gone = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] != "http.response.body":
            return
        self.chunks += 1
        self.ended = not message.get("more_body")
        if self.chunks >= self.most:
            if not self.leaves:
                await asyncio.Event().wait()
            self.gone.set()
            await asyncio.sleep(0)


@pytest.mark.parametrize("leaves", [True, False])
async def test_a_caller_that_takes_no_more_ends_the_work(start_api: StartApi, leaves: bool) -> None:
    settings = {"max_page_size": 10, "default_page_size": 10, "export_stall_seconds": 0.2}
    api = await start_api(**settings)
    await record(api, 200)
    exports, caller = api.server.exports(), Caller(3, leaves)
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/export",
        "headers": [],
        "query_string": str(httpx.QueryParams({"query": PLAIN})).encode(),
    }
    async with asyncio.timeout(10):
        await exports(scope, caller.receive, caller.send)
    assert (caller.chunks, caller.ended, exports.running) == (3, False, 0)


async def test_other_methods_are_not_served(api: Api) -> None:
    assert (await api.http.delete("/export")).status_code == 405
    app = create_app(load_settings())
    assert "/export" in {getattr(route, "path", "") for route in app.routes}
