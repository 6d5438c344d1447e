"""A key that the database fails to look up is not a wrong key."""

import pytest
from sqlalchemy import text

from tests.support.api import StartApi
from tests.support.signing import new_key, sign_in

VIEWER = {"query": "{ viewer { name } }"}


async def test_they_are_overloaded(start_api: StartApi, caplog: pytest.LogCaptureFixture) -> None:
    api = await start_api(key_cache_seconds=0, max_wrong_keys=1)
    secret, _ = await new_key(api)
    renames = [
        f"ALTER TABLE {old} RENAME TO {new}"
        for old, new in (("api_keys", "gone"), ("gone", "api_keys"))
    ]
    for rename, status in zip(renames, (503, 200), strict=True):
        async with api.server.store.database.write() as connection:
            await connection.execute(text(rename))
        for _ in range(3):
            answer = await api.as_key(secret).raw(VIEWER)
            assert answer.status_code == status
            if status == 503:
                assert answer.json()["errors"][0]["extensions"]["code"] == "OVERLOADED"
                assert (await sign_in(api.http, secret)).status_code == 503
    assert "API key lookup failed" in caplog.text
