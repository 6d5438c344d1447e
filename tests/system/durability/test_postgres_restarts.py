"""PostgreSQL restarted under load: retryable answers only, recovery without help, nothing lost."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import httpx
import pytest

from migrations.runner import upgrade
from tests.support.postgres import PostgresCluster
from tests.support.processes import Answer, ServerProcess, ask, client_of, server_process
from tests.system.durability.loads import PAUSE_SECONDS, Load
from tests.system.durability.stored import check_stored, count_against_limits

pytestmark = pytest.mark.postgresql

Mode = Literal["fast", "immediate"]

READ = """{
  operations(first: 20) { totalCount nodes { uuid request { uuid } } }
  requests(first: 5) { nodes { uuid stages { name attempts { status } } events { nodes { seq } } } }
}"""
SINGLE = """mutation ($input: OperationInput!) {
  trackOperation(input: $input) { status operation { name } }
}"""
KEY = """mutation {
  createApiKey(input: { name: "reader", scopes: [READ], organizationId: "default" }) { secret }
}"""
RECOVERY_TRIES = 200
"""So often a caller may be told to try again after the restart, at 20 times a second."""


@pytest.fixture
def served(own_postgres: PostgresCluster, tmp_path: Path) -> Iterator[ServerProcess]:
    """A server on a PostgreSQL of its own; keys are looked up for every call."""
    url = own_postgres.url.render_as_string(hide_password=False)
    upgrade(url)
    # Fewer connections than callers, so that waiting for one is part of the test.
    settings = {"key_cache_seconds": 0, "pool_size": 4, "pool_overflow": 2}
    with server_process(url, tmp_path, **settings) as server:
        yield server


async def watch(
    http: httpx.AsyncClient, document: str, token: str | None, over: Callable[[], bool]
) -> list[Answer]:
    """Ask the same again and again; give the answers that held errors."""
    errors = []
    while not over():
        answer = await ask(http, document, token=token)
        if answer.errors:
            errors.append(answer)
        await asyncio.sleep(PAUSE_SECONDS)
    return errors


async def restart(postgres: PostgresCluster, load: Load) -> None:
    """Restart in the middle of the load, once in each way."""
    modes: tuple[Mode, Mode] = ("fast", "immediate")
    for mode in modes:
        await load.wait_for(batches=4)
        await asyncio.to_thread(postgres.restart, mode)


async def recover(http: httpx.AsyncClient, document: str) -> None:
    """Return once the document is answered again."""
    for _ in range(RECOVERY_TRIES):
        if not (await ask(http, document)).errors:
            return
        await asyncio.sleep(PAUSE_SECONDS)
    pytest.fail("it does not recover")


async def test_callers_are_told_to_try_again_and_nothing_is_lost(
    own_postgres: PostgresCluster, served: ServerProcess
) -> None:
    load = Load.of(clients=6, batches=8, items=100)
    async with client_of(served) as http:
        await count_against_limits(http)
        token = (await ask(http, KEY)).taken()["createApiKey"]["secret"]

        def over() -> bool:
            return not load.left

        *answers, _, _ = await asyncio.gather(
            watch(http, READ, None, over),
            watch(http, READ, token, over),
            restart(own_postgres, load),
            load.run(http),
        )
        told = [*load.refusals, *(answer for found in answers if found for answer in found)]
        assert told, "nobody noticed the restart: it proves nothing"
        strange = [answer for answer in told if not answer.is_retryable]
        assert not strange
        assert {answer.status for answer in told} <= {200, 503}
        await recover(http, READ)
        await check_stored(http, load)
    assert not served.complaints()


async def become_ready(http: httpx.AsyncClient) -> None:
    """Return when /readyz says so: it remembers a refused write for a few seconds."""
    for _ in range(RECOVERY_TRIES):
        if (await http.get("/readyz")).status_code == 200:
            return
        await asyncio.sleep(PAUSE_SECONDS)
    pytest.fail("it does not become ready")


async def test_readiness_follows_the_database(
    own_postgres: PostgresCluster, served: ServerProcess
) -> None:
    async with client_of(served) as http:
        assert (await http.get("/readyz")).status_code == 200
        token = (await ask(http, KEY)).taken()["createApiKey"]["secret"]
        await asyncio.to_thread(own_postgres.stop, "fast")
        unready = await http.get("/readyz")
        assert unready.status_code == 503
        assert (await http.get("/livez")).status_code == 200
        for document, variables in (
            (READ, None),
            (SINGLE, {"input": {"kind": "API", "name": "n"}}),
        ):
            answer = await ask(http, document, variables)
            assert answer.is_retryable, answer
        unknown = await ask(http, READ, token=token)  # who calls cannot be found out
        assert unknown.is_retryable
        assert unknown.status == 503
        await asyncio.to_thread(own_postgres.start)
        await recover(http, READ)
        await become_ready(http)
