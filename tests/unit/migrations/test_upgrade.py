"""Up, down and up again, and what the runner says of a database on the way."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect

from migrations.connections import with_connection
from migrations.revision import NEWEST
from migrations.runner import check, current, downgrade, pending, upgrade
from models import Base
from tests.unit.migrations.stub_migrations import execute

FIRST = "0001 Every table of the tracking store"


def tables(url: str) -> set[str]:
    def names(connection: Connection) -> set[str]:
        return set(inspect(connection).get_table_names())

    return with_connection(url, names)


def test_up_down_and_up_again(empty_database_url: str) -> None:
    url = empty_database_url
    upgrade(url)
    assert (current(url), check(url)) == (NEWEST, [])
    assert tables(url) == {*Base.metadata.tables, "alembic_version"}
    downgrade(url, "base")
    assert current(url) is None
    assert tables(url) == {"alembic_version"}
    upgrade(url)
    assert (current(url), check(url)) == (NEWEST, [])


def test_pending_names_what_an_upgrade_will_do(empty_database_url: str) -> None:
    assert FIRST in pending(empty_database_url)
    upgrade(empty_database_url, "0001")
    assert FIRST not in pending(empty_database_url)
    upgrade(empty_database_url)
    assert pending(empty_database_url) == []


def test_every_step_is_reported(empty_database_url: str) -> None:
    said: list[str] = []
    upgrade(empty_database_url, "0001", said.append)
    upgrade(empty_database_url, "0001", said.append)
    downgrade(empty_database_url, "base", said.append)
    assert said == [
        f"applying {FIRST}",
        "nothing to do: the database is already at this revision",
        f"undoing {FIRST}",
    ]


def test_an_empty_database_lacks_every_table(empty_database_url: str) -> None:
    missing = {f"table {name} is missing" for name in Base.metadata.tables}
    assert missing <= set(check(empty_database_url))


async def test_all_of_it_may_be_called_under_a_running_loop(empty_database_url: str) -> None:
    assert current(empty_database_url) is None
    upgrade(empty_database_url)
    assert (check(empty_database_url), pending(empty_database_url)) == ([], [])


def test_every_spelling_of_an_address_is_taken(empty_database_url: str) -> None:
    scheme, _, rest = empty_database_url.partition("://")
    plain = scheme.partition("+")[0]
    upgrade(f"{plain}://{rest}")
    assert current(f"{plain}://{rest}") == NEWEST
    if plain == "postgresql":
        assert current(f"postgres://{rest}") == NEWEST
        assert current(f"postgresql+psycopg://{rest}") == NEWEST
        asked = "&" if "?" in rest else "?"
        assert current(f"postgres://{rest}{asked}sslmode=disable") == NEWEST


@pytest.mark.sqlite
def test_looking_at_a_missing_file_makes_none(tmp_path: Path) -> None:
    file = tmp_path / "absent" / "store.db"
    url = f"sqlite+aiosqlite:///{file}"
    assert (current(url), pending(url)[0], len(check(url)) > 0) == (None, FIRST, True)
    assert not file.parent.exists()
    upgrade(url)
    assert check(url) == []


@pytest.mark.sqlite
def test_sqlite_is_left_in_wal_mode(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    upgrade(url)
    assert execute(url, "PRAGMA journal_mode") == [("wal",)]
