"""A real PostgreSQL in every state that may end: writes are refused for now, and succeed afterwards."""

import asyncio
import logging

import pytest
from sqlalchemy import URL

from store.ids import new_id
from tests.support.api import Api, running_api
from tests.system.database_states.roles import OwnDatabase, own_database
from tests.system.database_states.states import STATES, State

TRACK = """mutation ($id: UUID!) {
  trackOperation(input: {id: $id, kind: API, name: "GET /", durationMs: 5}) { status }
}"""
CONSUME = """mutation ($id: UUID!) {
  consume(input: {id: $id, interactionType: "chat", units: 1, labels: {userId: "ana"}}) { status }
}"""
QUANTILE = "{ operationStats { rows { durationMs { p95 } } } }"


async def code_of(api: Api, document: str) -> tuple[str | None, bool]:
    """The code of the refusal of a mutation, and whether it is called retryable."""
    variables = {"id": str(new_id())} if "$id" in document else None
    refusal = await api.refused(document, variables)
    return refusal.code, refusal.errors[0]["extensions"].get("retryable", False)


async def heal(api: Api, document: str) -> None:
    """Send the same item until it is taken: one connection after the other may be a stale one."""
    id = str(new_id())
    for _ in range(10):
        answer = (await api.raw({"query": document, "variables": {"id": id}})).json()
        if "errors" not in answer:
            return
        assert answer["errors"][0]["extensions"]["code"] == "OVERLOADED", answer
        await asyncio.sleep(0.05)
    raise AssertionError("it does not heal")


def refused(api: Api, sqlstate: str) -> int:
    """How often the database refused with this state."""
    return api.server.store.database.refusals.counts[sqlstate]


async def pass_through(api: Api, own: OwnDatabase, state: State) -> None:
    """Enter a state, look at every refusal, leave the state, and see that all is well again."""
    before = refused(api, state.sqlstate)
    await own.run(*state.enter, inside=state.inside)
    if state.cut:
        await own.cut()
    try:
        if state.cut:  # the first one finds the connections closed
            assert await code_of(api, TRACK) == ("OVERLOADED", True)
        assert await code_of(api, TRACK) == ("OVERLOADED", True)
        if state.name != "insert revoked":
            assert await code_of(api, CONSUME) == ("OVERLOADED", True)
        assert (await api.http.get("/readyz")).status_code == 503
        assert refused(api, state.sqlstate) > before, api.server.store.database.refusals.counts
    finally:
        await own.run(*state.leave, inside=state.inside)
    await heal(api, TRACK)
    await heal(api, CONSUME)
    assert (await api.http.get("/readyz")).status_code == 200


@pytest.mark.postgresql
async def test_every_state_is_told_as_retryable_and_heals(
    postgres_server: URL, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        own_database(postgres_server) as own,
        running_api(database_url=own.url, pool_wait_seconds=2, pool_size=3) as api,
    ):
        with caplog.at_level(logging.WARNING, "store.rejected_statements"):
            for state in STATES:
                await asyncio.wait_for(pass_through(api, own, state), 30)
            await pass_a_rename(api, own)
        metrics = (await api.http.get("/metrics")).text
    for state in STATES:
        assert f'trackstore_database_refusals_total{{sqlstate="{state.sqlstate}"}}' in metrics
        logged = [r for r in caplog.records if getattr(r, "sqlstate", "") == state.sqlstate]
        assert logged, state
        assert all(r.getMessage() == "the database rejected a statement" for r in logged)
    kinds = [
        (r.__dict__["sqlstate"], r.__dict__["statement"])
        for r in caplog.records
        if r.name == "store.rejected_statements"
    ]
    assert len(kinds) == len(set(kinds)), "a kind of refusal is logged once a minute"
    assert ("25006", "COPY operations") in kinds or ("25006", "INSERT operations") in kinds


async def pass_a_rename(api: Api, own: OwnDatabase) -> None:
    """The database has another name for a while."""
    await own.run("ALTER DATABASE {db} ALLOW_CONNECTIONS false")
    await own.cut()
    await own.run("ALTER DATABASE {db} RENAME TO {db}_away")
    try:
        for _ in range(2):
            assert await code_of(api, TRACK) == ("OVERLOADED", True)
        assert refused(api, "3D000")
    finally:
        await own.run("ALTER DATABASE {db}_away RENAME TO {db}")
        await own.run("ALTER DATABASE {db} ALLOW_CONNECTIONS true")
    await heal(api, TRACK)


@pytest.mark.postgresql
async def test_functions_and_tables_whose_rights_are_revoked_for_a_while(
    postgres_server: URL,
) -> None:
    """What only some questions need is refused to them alone."""
    rights = "EXECUTE ON ALL FUNCTIONS IN SCHEMA public"
    async with (
        own_database(postgres_server) as own,
        running_api(database_url=own.url, pool_size=2) as api,
    ):
        await api(TRACK, {"id": str(new_id())})
        for revoke, grant, document in (
            (f"REVOKE {rights} FROM PUBLIC, {{role}}", f"GRANT {rights} TO PUBLIC", QUANTILE),
            (
                "REVOKE SELECT ON requests FROM {role}",
                "GRANT SELECT ON requests TO {role}",
                "{ requests { totalCount } }",
            ),
        ):
            await api(document)
            await own.run(revoke, inside=True)
            before = refused(api, "42501")
            assert await code_of(api, document) == ("OVERLOADED", True)
            assert refused(api, "42501") > before
            assert (
                "errors" not in (await api.raw({"query": "{ operations { totalCount } }"})).json()
            )
            await own.run(grant, inside=True)
            await api(document)


BROKEN_LIBRARY = (
    "UPDATE pg_proc SET prolang = (SELECT oid FROM pg_language WHERE lanname = 'c'), "
    "probin = '$libdir/nothing', prosrc = 'nothing' WHERE proname = 'trackstore_quantile'"
)
LASTING = (
    (
        BROKEN_LIBRARY,
        QUANTILE,
        "58P01",
    ),
    ("ALTER FUNCTION trackstore_quantile RENAME TO elsewhere", QUANTILE, "42883"),
    ("ALTER TABLE operations RENAME COLUMN duration_ms TO elsewhere", TRACK, "42703"),
    ("ALTER TABLE operations RENAME TO elsewhere", TRACK, "42P01"),
)
"""The library of a function, a function, a column and a table that are not there."""


@pytest.mark.postgresql
async def test_what_does_not_go_away_by_itself_is_not_called_retryable(
    postgres_server: URL, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        own_database(postgres_server) as own,
        running_api(database_url=own.url, pool_size=2) as api,
    ):
        await api(TRACK, {"id": str(new_id())})
        for change, document, sqlstate in LASTING:
            await own.run(change, inside=True)
            with caplog.at_level(logging.ERROR, "store.rejected_statements"):
                refusal = await api.refused(document, {"id": str(new_id())})
            assert refusal.code == "INTERNAL", (sqlstate, refusal)
            assert "retryable" not in refusal.errors[0]["extensions"]
            assert refused(api, sqlstate) >= 1  # work in the background may meet it, too
            logged = [r for r in caplog.records if r.__dict__.get("sqlstate") == sqlstate]
            assert {record.levelname for record in logged} == {"ERROR"}
            statements = [record.__dict__["statement"] for record in logged]
            assert any(s.startswith(("SELECT operation", "COPY operation")) for s in statements)
