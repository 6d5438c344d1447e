"""Keys that cannot be looked up are not wrong keys."""

import asyncio
from pathlib import Path

import pytest
import websockets

from migrations.runner import upgrade
from tests.api.live.serving import served
from tests.api.live.test_access import key
from tests.support.postgres import PostgresCluster

VIEWER = {"query": "{ viewer { name } }"}


@pytest.mark.postgresql
async def test_they_are_overloaded_and_not_counted(
    own_postgres: PostgresCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    url = own_postgres.url.render_as_string(hide_password=False)
    await asyncio.to_thread(upgrade, url)
    async with served(
        database_url=url, max_wrong_keys=2, key_cache_seconds=0, pool_wait_seconds=1
    ) as live:
        alice, _ = await key(live, "alice", "READ")
        await asyncio.to_thread(own_postgres.stop)
        for _ in range(4):
            answer = await alice.raw(VIEWER)
            assert answer.status_code == 503
            assert answer.json()["errors"][0]["extensions"]["code"] == "OVERLOADED"
            assert int(answer.headers["retry-after"]) >= 1
            signing_in = await live.http.post("/sign-in", json={"key": alice.token})
            assert signing_in.status_code == 503
        with pytest.raises(websockets.ConnectionClosed) as refused:
            async with alice.socket():
                pass
        assert refused.value.rcvd is not None
        assert refused.value.rcvd.code == 1013
        await asyncio.to_thread(own_postgres.start)
        assert (await alice.raw(VIEWER)).status_code == 200
        wrong = [(await live.caller(f"tsk_{n}").raw(VIEWER)).status_code for n in range(3)]
        assert wrong == [401, 401, 429]
