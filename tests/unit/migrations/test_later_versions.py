"""A next revision: drafted from the models, applied, gone back from, failed and killed."""

from pathlib import Path

import pytest

from migrations.errors import SchemaTooNewError
from migrations.revision import NEWEST
from migrations.runner import check, current, downgrade, upgrade
from tests.unit.migrations.stub_migrations import LaterVersion, execute

NEXT = f"{int(NEWEST) + 1:04d}"
NEW_MODEL = '''

class OperationNote(Base):
    """A note."""

    __tablename__ = "operation_notes"
    __table_args__ = ({"info": BY_MONTH.info()},)

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    occurred_at: Mapped[datetime] = mapped_column(primary_key=True)
    data: Mapped[dict[str, Any] | None]
'''


@pytest.fixture
def later(tmp_path: Path) -> LaterVersion:
    """A later version of the code, as yet like this one."""
    return LaterVersion(tmp_path)


def test_a_revision_is_drafted_from_the_models(
    later: LaterVersion, empty_database_url: str
) -> None:
    assert later.alembic("check").returncode == 0
    model = later.folder / "models" / "operations.py"
    model.write_text(model.read_text() + NEW_MODEL)
    assert later.alembic("check").returncode != 0
    drafted = later.alembic("revision", "--autogenerate", "-m", "Notes on operations")
    assert drafted.returncode == 0, drafted.stderr
    file = later.folder / "migrations" / "versions" / f"{NEXT}_notes_on_operations.py"
    text = file.read_text()
    assert "from models.types import CleanText, Instant, Json" in text
    assert 'postgresql_partition_by="RANGE (occurred_at)"' in text
    assert later.alembic("check").returncode == 0

    upgraded = later.call("upgrade", empty_database_url)
    assert upgraded.returncode == 0, upgraded.stderr
    assert later.call("check", empty_database_url).stdout == "[]\n"


def test_a_database_is_upgraded_step_by_step(later: LaterVersion, database_url: str) -> None:
    later.add_revision(
        NEXT,
        NEWEST,
        'op.add_column("prices", sa.Column("note", sa.Text()))',
        'op.drop_column("prices", "note")',
    )
    assert later.call("pending", database_url).stdout == f"['{NEXT} Something later']\n"
    assert later.call("upgrade", database_url).returncode == 0
    assert later.call("pending", database_url).stdout == "[]\n"
    with pytest.raises(SchemaTooNewError):
        upgrade(database_url)
    assert later.call("downgrade", database_url, NEWEST).returncode == 0
    assert check(database_url) == []


def test_a_revision_that_fails_leaves_nothing(later: LaterVersion, database_url: str) -> None:
    later.add_revision(
        NEXT, NEWEST, 'op.execute("CREATE TABLE half (id INTEGER)"); op.execute("SELECT nonsense")'
    )
    failed = later.call("upgrade", database_url)
    assert "MigrationFailedError: the database refused the migration:" in failed.stderr
    assert "nonsense" in failed.stderr
    assert (current(database_url), check(database_url)) == (NEWEST, [])


def test_a_killed_migration_leaves_nothing(later: LaterVersion, database_url: str) -> None:
    later.add_revision(
        NEXT,
        NEWEST,
        'op.execute("CREATE TABLE half (id INTEGER)"); print(flush=True); time.sleep(60)',
    )
    process = later.start(
        "-c", "import sys, migrations.runner as r; r.upgrade(sys.argv[1])", database_url
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.kill()
    process.communicate()
    downgrade(database_url, "base")
    upgrade(database_url)
    assert (current(database_url), check(database_url)) == (NEWEST, [])


def test_the_command_line_runs_on_a_named_database(
    later: LaterVersion, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    unnamed = later.alembic("upgrade", "head")
    assert "name the database: -x url=... or DATABASE_URL" in unnamed.stderr
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    upgraded = later.alembic("upgrade", "head")
    assert upgraded.returncode == 0, upgraded.stderr
    assert f"applied {NEWEST}" in upgraded.stderr
    monkeypatch.delenv("DATABASE_URL")
    assert NEWEST in later.alembic("-x", f"url={empty_database_url}", "current").stdout
    assert later.alembic("-x", f"url={empty_database_url}", "check").returncode == 0
    execute(empty_database_url, "UPDATE alembic_version SET version_num = '9999'")
    too_new = later.alembic("-x", f"url={empty_database_url}", "upgrade", "head")
    assert too_new.returncode != 0
    assert "9999" in too_new.stderr


@pytest.mark.parametrize("scheme", ["sqlite:///x.db", "postgresql:///x"])
def test_the_statements_can_be_written_out(later: LaterVersion, scheme: str) -> None:
    written = later.alembic("-x", f"url={scheme}", "upgrade", "head", "--sql")
    assert written.returncode == 0, written.stderr
    assert "CREATE TABLE operations" in written.stdout
    assert ("PARTITION BY RANGE (occurred_at)" in written.stdout) == scheme.startswith("postgresql")


def test_the_history_needs_no_database(later: LaterVersion) -> None:
    assert "<base> -> 0001" in later.alembic("history").stdout
