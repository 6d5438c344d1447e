"""Commands that start while the tables are hidden say so, and never make a second set of tables."""

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import URL

from cli.database import update_tables
from cli.database_checks import check_database
from migrations.errors import HiddenTablesError
from migrations.runner import check, downgrade, pending, upgrade
from server.settings.model import load_settings
from tests.system.database_states.roles import OwnDatabase, own_database
from tests.system.database_states.states import STATES, State

HIDING = [
    state
    for state in STATES
    if state.name in ("usage of the schema revoked", "schema renamed", "another search_path")
]
COUNT = "SELECT 1 / (count(*) = 1)::int FROM pg_class WHERE relname = 'alembic_version'"
"""Fails unless there is one set of tables."""


def update(url: str) -> None:
    update_tables(load_settings(database_url=url, migrate_on_start="yes"))


def undo(url: str) -> None:
    downgrade(url, "base")


def doctor(url: str) -> str:
    findings = list(check_database(load_settings(database_url=url)))
    return " ".join(str(finding.detail) for finding in findings)


async def refusal_of(command: Callable[[str], object], url: str) -> str:
    with pytest.raises(HiddenTablesError) as caught:
        await asyncio.to_thread(command, url)
    return str(caught.value)


@pytest.mark.postgresql
@pytest.mark.parametrize("state", HIDING, ids=lambda state: str(state.name))
async def test_hidden_tables_are_no_new_database(postgres_server: URL, state: State) -> None:
    async with own_database(postgres_server) as own:
        await own.run(*state.enter, inside=state.inside)
        try:
            for command in (pending, check, upgrade, update, undo):
                text = await refusal_of(command, own.url)
                assert text.startswith("the tables are in the schema"), (command, text)
                assert ("GRANT USAGE" in text) == ("usage" in state.name), text
            assert "the tables are in the schema" in await asyncio.to_thread(doctor, own.url)
            await own.run(COUNT, inside=True)
        finally:
            await own.run(*state.leave, inside=state.inside)
        assert await asyncio.to_thread(pending, own.url) == []


@pytest.mark.postgresql
async def test_a_second_store_is_made_where_it_is_meant(postgres_server: URL) -> None:
    async with own_database(postgres_server) as own:
        await prepare_schema(own)
        assert "--second-store" in await refusal_of(upgrade, own.url)
        await asyncio.to_thread(lambda: upgrade(own.url, second_store=True))
        assert await asyncio.to_thread(pending, own.url) == []
        await asyncio.to_thread(upgrade, own.url)


@pytest.mark.postgresql
async def test_tables_of_another_program_hide_nothing(postgres_server: URL) -> None:
    async with own_database(postgres_server) as own:
        await own.run(
            "DROP SCHEMA public CASCADE",
            "CREATE SCHEMA public AUTHORIZATION {role}",
            "CREATE SCHEMA other",
            "CREATE TABLE other.alembic_version (version_num text)",
            "CREATE TABLE other.operations (id int)",
            inside=True,
        )
        await asyncio.to_thread(upgrade, own.url)
        assert await asyncio.to_thread(pending, own.url) == []


async def prepare_schema(own: OwnDatabase) -> None:
    await own.run("CREATE SCHEMA second AUTHORIZATION {role}", inside=True)
    await own.run("ALTER ROLE {role} SET search_path = second")
