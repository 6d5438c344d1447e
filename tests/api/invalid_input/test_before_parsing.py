"""What is refused before it is parsed, on every way that a request can take."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from server.http.json_size import CHUNK_BYTES, holds_more_values
from tests.support.api import Api, Json
from tests.support.databases import Databases
from tests.support.processes import ServerProcess, server_process

MIB = 2**20
VIEWER = "{ viewer { name } }"
EVENT_STREAM = {"Accept": "text/event-stream"}
PARTS = {"Accept": "multipart/mixed;subscriptionSpec=1.0"}


async def refusals(api: Api, body: Json) -> list[Any]:
    """The first error that each way of HTTP answers a POST with."""
    answers = [
        await api.raw(body),
        await api.raw(body, headers=EVENT_STREAM),
        await api.raw(body, headers=PARTS),
        await api.http.post("/export", json=body),
    ]
    assert [answer.status_code for answer in answers] == [400] * 4
    return [answer.json()["errors"][0]["message"] for answer in answers]


@pytest.mark.parametrize("server_settings", [{"max_document_bytes": 2_000}])
@pytest.mark.parametrize("filler", ["#" + "x" * 1_990, "," * 2_000, "#" + "\u20ac" * 670])
async def test_documents_are_bounded_in_bytes(api: Api, filler: str) -> None:
    expected = (
        "The document must not exceed 2,000 bytes. Send values as variables, "
        "or split it into several requests."
    )
    document = f"{VIEWER} {filler}"
    assert await refusals(api, {"query": document}) == [expected] * 4
    for method in ("GET", "HEAD"):
        answer = await api.raw(method=method, params={"query": document})
        assert answer.status_code == 400
    fits = f"{VIEWER} #".ljust(2_000, "x")
    assert (await api.raw({"query": fits})).json() == {"data": {"viewer": {"name": "open"}}}


@pytest.mark.parametrize("inner", ["[]", "{}", "1", '""', '{"a":1}', "[[[]]]"])
async def test_values_are_counted_before_they_are_made(api: Api, inner: str) -> None:
    items = ",".join([inner] * 1_000_001)
    body = f'{{"query": "{VIEWER}", "variables": {{"x": [{items}]}}}}'.encode()
    for headers in ({}, EVENT_STREAM, PARTS):
        answer = await api.raw(body, headers=headers)
        assert answer.status_code == 400
        (error,) = answer.json()["errors"]
        assert (
            error["message"]
            == "The request must not exceed 1,000,000 values. Split it into several requests."
        )


@pytest.mark.parametrize(
    ("literal", "words"),
    [
        ("9" * 5_000, "too many digits"),
        ("9" * 400_000, "too many digits"),
        ("1e" + "9" * 400, "Int"),
        ("[" * 5_000, "nested too deeply"),
        ("{a:" * 5_000, "nested too deeply"),
        ('"' + "\\u0041" * 80_000 + '"', "Int"),
        ('"""' + "\n x" * 100_000 + '"""', "Int"),
    ],
)
async def test_dear_literals_end_in_a_sentence(api: Api, literal: str, words: str) -> None:
    refused = await api.refused(f"{{ operations(first: {literal}) {{ totalCount }} }}")
    assert words in refused.message
    assert len(refused.message) < 1_010


async def test_time_zones_of_a_document(api: Api) -> None:
    zones = ["UTC", "Europe/Berlin", "Asia/Tokyo", "America/Lima", "Europe/Berlin"]

    def document(names: list[str]) -> str:
        where = (
            'where: {occurredAt: {since: "2026-11-01T00:00:00Z", until: "2026-11-02T00:00:00Z"}}'
        )
        fields = [
            f'z{n}: operationStats({where}, bucket: {{unit: DAY, zone: "{zone}"}}) {{ rows {{ count }} }}'
            for n, zone in enumerate(names)
        ]
        return "{" + " ".join(fields) + "}"

    assert len(await api(document(zones))) == 5
    refused = await api.refused(document([*zones, "Asia/Kolkata"]))
    assert (
        refused.message
        == "bucket.zone: A document must not use more than 4 time zones. Send several requests."
    )


def test_values_are_counted_as_they_are() -> None:
    """Against the parsed text, for texts full of what JSON is made of, around the ends of chunks."""
    maker = random.Random(16)

    def text() -> str:
        return "".join(maker.choice(',[]{}:"\\/ a\u20ac\n') for _ in range(maker.randrange(12)))

    def value(depth: int) -> Any:
        kind = maker.randrange(5 if depth else 2)
        if kind < 2:
            return text() if kind else maker.randrange(100)
        if kind < 4:
            return [value(depth - 1) for _ in range(maker.randrange(6))]
        return {text(): value(depth - 1) for _ in range(maker.randrange(6))}

    def size(item: Any) -> int:
        inner = (
            item.values() if isinstance(item, dict) else item if isinstance(item, list) else None
        )
        return 0 if inner is None else max(1, len(inner)) + sum(map(size, inner))

    for _ in range(400):
        item = value(4)
        content = json.dumps(item, ensure_ascii=maker.random() < 0.5).encode()
        count = size(item)
        assert not holds_more_values(content, count)
        if count > 1:
            assert holds_more_values(content, count - 1) or len(content) < count
    for pad in range(CHUNK_BYTES - 3, CHUNK_BYTES + 3):
        content = b'["' + b"," * pad + b'\\\\",1,"' + b"," * 100 + b'"]'
        assert holds_more_values(content, 2)
        assert not holds_more_values(content, 3)


def peak(server: ServerProcess) -> int:
    """The most memory, in bytes, that a server ever held."""
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


@pytest.mark.sqlite
def test_thirty_megabytes_of_nothing_cost_little(databases: Databases, tmp_path: Path) -> None:
    """They took 850 MB while they were parsed."""
    nothing = "[]," * (10 * MIB) + "[]"
    with databases.migrated() as url, server_process(url, tmp_path) as server:
        before = peak(server)
        address = f"{server.url.replace('http', 'ws')}/graphql"
        for message in (
            f'{{"type":"ping","payload":{{"x":[{nothing}]}}}}',
            f'{{"id":"1","type":"subscribe","payload":{{"query":"{VIEWER}","variables":{{"x":[{nothing}]}}}}}}',
        ):
            with connect(
                address, subprotocols=[Subprotocol("graphql-transport-ws")], compression=None
            ) as socket:
                socket.send('{"type":"connection_init"}')
                socket.recv()
                socket.send(message)
                with pytest.raises(Exception, match="4400"):
                    socket.recv(timeout=60)
        assert peak(server) - before < 300 * MIB
