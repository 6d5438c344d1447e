"""C: the tool server's database is chosen by a variable, and its troubles are told without its inside."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from server.settings.model import load_settings
from tests.acceptance.documents import OPERATIONS, TRACK, TRACK_TOOL
from tests.support.api import Api, StartApi, running_api

INSIDE = ("select", "insert", "sqlite", "asyncpg", "traceback", "table", "relation", "sqlalchemy")


@pytest.fixture
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("_own_folder")
def test_c6_sqlite_is_the_default_and_the_pool_is_ten_and_twenty() -> None:
    settings = load_settings()
    assert settings.database.parsed_url.get_backend_name() == "sqlite"
    assert settings.database.file == Path("trackstore.db")
    pool = settings.store_config().pool
    assert (pool.size, pool.overflow) == (10, 20)


@pytest.mark.usefixtures("_own_folder")
async def test_c6_the_environment_names_the_database_of_production(
    database_url: str, dialect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = make_url(database_url).set(drivername=dialect)  # as people write it
    monkeypatch.setenv("DATABASE_URL", plain.render_as_string(hide_password=False))
    operation = {"kind": "TOOL", "name": "read"}
    for _ in range(2):  # what one server wrote the next one finds
        async with running_api() as api:
            await api(TRACK, {"input": operation})
    async with running_api() as api:
        assert (await api(OPERATIONS))["operations"]["totalCount"] == 2


@pytest.mark.usefixtures("_own_folder")
async def test_c6_the_pool_lends_as_many_connections_as_it_was_told(start_api: StartApi) -> None:
    api = await start_api(pool_size=2, pool_overflow=1, pool_wait_seconds=30)
    pool = api.server.store.config.pool
    assert (pool.size, pool.overflow) == (2, 1)
    documents = [api(OPERATIONS) for _ in range(20)]  # more callers than connections: they wait
    answers = await asyncio.gather(*documents)
    assert {answer["operations"]["totalCount"] for answer in answers} == {0}


async def test_c7_bad_input_is_refused_with_what_was_expected(api: Api) -> None:
    good = {"tool": "read", "mode": "full", "tokensOriginal": 10, "tokensActual": 5}
    for changes, expected in (
        ({"tool": "shout"}, "read, search"),
        ({"mode": "loud"}, "full, overview, symbol, references, semantic, tri_index"),
        ({"tokensOriginal": "many"}, "Invalid integer 'many'"),
        ({"tokensOriginal": -1}, "tokensOriginal: -1 is not from 0 to"),
        ({"durationMs": -0.5}, "durationMs: -0.5 is not a finite number of at least 0"),
        ({"occurredAt": "yesterday"}, "RFC 3339, such as 2026-11-21T09:30:00Z"),
        ({"occurredAt": "2026-06-01T08:00:00"}, "no time zone. Add Z or an offset"),
        ({"sessionId": ""}, "sessionId: is empty: give at least one character"),
        ({"requestId": "r1"}, "Invalid UUID"),
        ({"parameters": ["a"]}, "must be a JSON object, not a list"),
        ({"filePath": "x" * 9_000}, "9,000 characters, at most 8,192"),
    ):
        refusal = await api.refused(TRACK_TOOL, {"input": good | changes})
        assert refusal.code == "BAD_USER_INPUT"
        assert expected in refusal.message
    assert (await api(OPERATIONS))["operations"]["totalCount"] == 0


async def test_c7_a_database_that_does_not_answer_is_said_to_be_away(start_api: StartApi) -> None:
    api = await start_api(pool_size=1, pool_overflow=0, pool_wait_seconds=0.2)
    async with AsyncExitStack() as lent:
        engine = api.server.store.database.dialect.connections.read_engine
        for _ in range(engine.pool.size()):  # type: ignore[attr-defined]  # both pools have one
            _ = await lent.enter_async_context(engine.connect())
        refusal = await api.refused(OPERATIONS)
    assert refusal.code == "OVERLOADED"
    assert refusal.errors[0]["extensions"]["retryable"] is True
    assert "database is not available right now: try again" in refusal.message
    assert (await api(OPERATIONS))["operations"]["totalCount"] == 0


async def test_c7_an_error_of_the_database_is_reported_without_its_inside(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    async with api.server.store.database.write() as connection:
        await connection.execute(text("ALTER TABLE operations RENAME TO operations_elsewhere"))
    for document, variables in (
        (OPERATIONS, None),
        (TRACK, {"input": {"kind": "TOOL", "name": "read"}}),
    ):
        refusal = await api.refused(document, variables)
        assert refusal.code == "INTERNAL"
        error_id = refusal.errors[0]["extensions"]["errorId"]
        assert error_id in refusal.message
        assert not [word for word in INSIDE if word in str(refusal.errors).lower()]
        assert any(getattr(record, "error_id", None) == error_id for record in caplog.records)
    answer = await api("{ viewer { name } requests { totalCount } }")  # the rest goes on
    assert answer["requests"]["totalCount"] == 0
