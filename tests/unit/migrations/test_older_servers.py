"""Whether a server may serve tables that are newer than it knows: the newer version leaves word."""

from pathlib import Path

import pytest

from migrations.revision import NEWEST, is_up_to_date, serves_newer_tables
from tests.unit.migrations.stub_migrations import POSTGRESQL_ONLY, LaterVersion, execute

NEXT, LAST = f"{int(NEWEST) + 1:04d}", f"{int(NEWEST) + 2:04d}"
ADD = 'op.add_column("prices", sa.Column("note", sa.Text()))'
DROP = 'op.drop_column("prices", "note")'
COMMENT = "SELECT obj_description('alembic_version'::regclass, 'pg_class')"


@pytest.fixture
def later(tmp_path: Path) -> LaterVersion:
    """A later version of the code, as yet like this one."""
    return LaterVersion(tmp_path)


@POSTGRESQL_ONLY
def test_a_revision_that_only_adds_says_so(later: LaterVersion, database_url: str) -> None:
    assert not serves_newer_tables(database_url)
    later.add_revision(NEXT, NEWEST, ADD, DROP, more=f"serves_from = {NEWEST!r}")
    assert later.call("upgrade", database_url).returncode == 0
    assert serves_newer_tables(database_url)
    assert not is_up_to_date(database_url)
    assert later.call("downgrade", database_url, NEWEST).returncode == 0
    assert is_up_to_date(database_url)
    assert not serves_newer_tables(database_url)


@POSTGRESQL_ONLY
def test_a_revision_that_says_nothing_is_for_its_own_version(
    later: LaterVersion, database_url: str
) -> None:
    later.add_revision(NEXT, NEWEST, ADD, DROP, more=f"serves_from = {NEWEST!r}")
    later.add_revision(LAST, NEXT, 'op.execute("SELECT 1")')
    assert later.call("upgrade", database_url).returncode == 0
    assert execute(database_url, COMMENT) == [
        (f"revision {LAST}: servers from revision {LAST} on",)
    ]
    assert not serves_newer_tables(database_url)


@POSTGRESQL_ONLY
def test_word_of_another_revision_does_not_count(later: LaterVersion, database_url: str) -> None:
    later.add_revision(NEXT, NEWEST, ADD, DROP, more=f"serves_from = {NEWEST!r}")
    assert later.call("upgrade", database_url).returncode == 0
    execute(database_url, f"UPDATE alembic_version SET version_num = '{LAST}'")  # noqa: S608 our own
    assert not serves_newer_tables(database_url)


def test_the_statements_that_are_written_out_leave_word(later: LaterVersion) -> None:
    later.add_revision(NEXT, NEWEST, ADD, DROP, more=f"serves_from = {NEWEST!r}")
    written = later.alembic("-x", "url=postgresql:///x", "upgrade", "head", "--sql")
    assert f"'revision {NEXT}: servers from revision {NEWEST} on'" in written.stdout, written.stderr
