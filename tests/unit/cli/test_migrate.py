"""``trackstore migrate`` on both databases."""

from migrations.revision import NEWEST
from migrations.runner import current
from tests.unit.cli.conftest import Run


def test_up_and_again(run: Run, empty_database_url: str) -> None:
    first = run("migrate", "--database-url", empty_database_url)
    assert first.exit_code == 0
    assert "applying 0001" in first.stderr
    assert "is up to date" in first.stderr
    assert current(empty_database_url) == NEWEST
    again = run("migrate", "--database-url", empty_database_url)
    assert again.exit_code == 0
    assert "nothing to do" in again.stderr


def test_check_lists_what_is_pending(run: Run, empty_database_url: str) -> None:
    before = run("migrate", "--check", "--database-url", empty_database_url)
    assert before.exit_code == 1
    assert before.stdout.startswith("0001 ")
    assert current(empty_database_url) is None
    run("migrate", "--database-url", empty_database_url)
    after = run("migrate", "--check", "--database-url", empty_database_url)
    assert (after.exit_code, after.stdout) == (0, "")


def test_to_a_revision(run: Run, empty_database_url: str) -> None:
    result = run("migrate", "--to", "0001", "--database-url", empty_database_url)
    assert result.exit_code == 0
    assert current(empty_database_url) == "0001"


def test_an_unknown_revision_is_1(run: Run, database_url: str) -> None:
    result = run("migrate", "--to", "4711", "--database-url", database_url)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: no migration path to revision 4711")


def test_down_asks_first(run: Run, database_url: str) -> None:
    refused = run("migrate", "--down", "base", "--database-url", database_url, input="n\n")
    assert refused.exit_code == 1
    assert "Data of newer tables is lost" in refused.stderr
    assert current(database_url) == NEWEST
    told = run("migrate", "--down", "base", "--yes", "--database-url", database_url)
    assert told.exit_code == 0
    assert current(database_url) is None


def test_options_that_exclude_each_other_are_2(run: Run) -> None:
    assert run("migrate", "--check", "--to", "0001").exit_code == 2
