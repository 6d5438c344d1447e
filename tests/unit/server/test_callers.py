"""Callers held apart: how much each may have under way, how long it may take, how often it may guess."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from server.access.admission import (
    MAX_TRACKED_ADDRESSES,
    Admission,
    TooManyWrongKeysError,
    WrongKeys,
    network_of,
)
from store.auth.access import open_principal
from store.errors import TooManyRequestsError
from tests.support.api import Api, StartApi
from tests.system.durability.blocking import writes_blocked

VIEWER = "{ viewer { name } }"
KEY = """mutation { createApiKey(input: {name: "k", scopes: [READ], organizationId: "acme"}) {
    secret } }"""


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


async def new_key(api: Api) -> str:
    """A key that works."""
    token: str = (await api(KEY))["createApiKey"]["secret"]
    return token


def stalled(body: bytes, until: asyncio.Event) -> Callable[[], Any]:
    """A body whose end does not come before ``until``."""

    async def pieces() -> Any:
        yield body[:5]
        await until.wait()
        yield body[5:]

    return pieces


@pytest.mark.parametrize("server_settings", [{"max_operations": 3}])
async def test_operations_at_once_are_counted_by_key(api: Api) -> None:
    mine, others = api.as_key(await new_key(api)), api.as_key(await new_key(api))
    go = asyncio.Event()
    body = b'{"query": "{ viewer { name } }"}'
    waiting = [asyncio.create_task(mine.raw(stalled(body, go)())) for _ in range(3)]
    await asyncio.sleep(0.3)
    refused = await mine.raw({"query": VIEWER})
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1
    (error,) = refused.json()["errors"]
    assert error["extensions"] == {"code": "OVERLOADED", "retryable": True}
    assert (await others.raw({"query": VIEWER})).status_code == 200
    assert (await api.raw({"query": VIEWER})).status_code == 200
    go.set()
    assert [answer.status_code for answer in await asyncio.gather(*waiting)] == [200] * 3
    assert (await mine.raw({"query": VIEWER})).status_code == 200
    assert (await mine.raw(b"{")).status_code == 400  # a refusal gives its place back, too
    for _ in range(5):
        assert (await mine.raw({"query": VIEWER})).status_code == 200


def test_places_are_given_back() -> None:
    admission, principal = Admission(2), open_principal("o")
    admission.enter(principal)
    admission.enter(principal)
    with pytest.raises(TooManyRequestsError):
        admission.enter(principal)
    admission.leave(principal)
    admission.enter(principal)
    assert admission.running == 2
    admission.leave(principal)
    admission.leave(principal)
    assert admission.running == 0


@pytest.mark.parametrize("server_settings", [{"operation_seconds": 0.4}])
async def test_an_operation_that_takes_too_long(api: Api, database_url: str) -> None:
    """A stranger holds the table; the writer waits for it longer than an operation may take."""
    change = 'mutation { trackOperation(input: {kind: API, name: "n"}) { uuid } }'
    async with writes_blocked(database_url):
        answer = await api.raw({"query": change})
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    (error,) = answer.json()["errors"]
    assert error["message"] == "The operation took longer than 0.4 s."
    assert error["extensions"] == {"code": "TIMEOUT", "retryable": True}
    for _ in range(3):
        assert (await api.raw({"query": VIEWER})).status_code == 200


async def test_keys_are_not_guessed_quickly(start_api: StartApi) -> None:
    api = await start_api(max_wrong_keys=5)
    good, unseen = await new_key(api), await new_key(api)
    assert (await api.as_key(good).raw({"query": VIEWER})).status_code == 200
    guesses = [f"tsk_{'0' * 31}{n}_{'x' * 43}" for n in range(5)]
    for guess in guesses:
        assert (await api.as_key(guess).raw({"query": VIEWER})).status_code == 401
    for guess in (guesses[0], "nonsense", f"{unseen}x"):
        answer = await api.as_key(guess).raw({"query": VIEWER})
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert "Too many wrong API keys" in answer.json()["errors"][0]["message"]
    # Neither those with a key nor those without one are kept out by their neighbours.
    assert (await api.as_key(unseen).raw({"query": VIEWER})).status_code == 200
    assert (await api.as_key(good).raw({"query": VIEWER})).status_code == 200
    assert (await api.raw({"query": VIEWER})).status_code == 200


def test_wrong_keys_run_out_and_come_back() -> None:
    clock = Clock()
    wrong = WrongKeys(6, clock)
    for _ in range(6):
        wrong.count("10.0.0.1")
    with pytest.raises(TooManyWrongKeysError) as refused:
        wrong.count("10.0.0.1")
    assert refused.value.retry_seconds == 10
    wrong.count("10.0.0.2")
    clock.now += 10
    wrong.count("10.0.0.1")
    with pytest.raises(TooManyWrongKeysError):
        wrong.count("10.0.0.1")
    clock.now += 3_600
    for _ in range(6):
        wrong.count("10.0.0.1")


def test_addresses_are_remembered_within_bounds() -> None:
    wrong = WrongKeys(1, Clock())
    for number in range(MAX_TRACKED_ADDRESSES + 10):
        wrong.count(f"host-{number}")
    assert len(wrong._buckets) == MAX_TRACKED_ADDRESSES
    assert (
        network_of("2001:db8:1:2:3:4:5:6") == network_of("2001:db8:1:2::1") == "2001:db8:1:2::/64"
    )
    assert network_of("fe80::1%eth0") == "fe80::/64"
    assert network_of("::x") == "::x"
