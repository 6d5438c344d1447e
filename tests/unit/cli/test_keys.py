"""``trackstore keys`` on both databases: made, shown once, listed, revoked."""

import asyncio

import pytest

from cli.database import with_store
from models.enums import AccessScope
from server.settings.model import load_settings
from store.auth.access import Principal, TenantBounds
from store.store import Store
from tests.unit.cli.conftest import Run


@pytest.fixture(autouse=True)
def _database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)


def principal(database_url: str, secret: str) -> Principal | None:
    """Whom a key speaks for."""
    return with_store(
        load_settings(database_url=database_url), lambda store: store.keys.authenticate(secret)
    )


def made(run: Run, *arguments: str) -> str:
    """The secret of a new key."""
    result = run("keys", "create", *arguments, "--quiet")
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    return result.stdout.strip()


def test_a_key_works_as_it_was_asked_for(run: Run, database_url: str) -> None:
    secret = made(
        run, "billing", "-o", "acme", "--scope", "read", "-s", "MANAGE",
        "--namespace", "eu", "--workspace", "w1", "--expires", "90d",
    )  # fmt: skip
    found = principal(database_url, secret)
    assert found is not None
    assert found.name == "billing"
    assert found.scopes == {AccessScope.READ, AccessScope.MANAGE}
    assert found.bounds == TenantBounds("acme", "eu", "w1")


def test_without_options_it_reports_and_reads_the_default_organization(
    run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKSTORE_DEFAULT_ORGANIZATION", "home")
    found = principal(database_url, made(run, "service"))
    assert found is not None
    assert found.scopes == {AccessScope.INGEST, AccessScope.READ}
    assert found.bounds == TenantBounds("home")


def test_an_administrator_of_all(run: Run, database_url: str) -> None:
    found = principal(database_url, made(run, "root", "--all-organizations", "--scope", "admin"))
    assert found is not None
    assert found.bounds == TenantBounds()


def test_the_secret_alone_is_on_standard_output(run: Run) -> None:
    result = run("keys", "create", "service")
    assert result.exit_code == 0
    (secret,) = result.stdout.splitlines()
    assert secret.startswith("tsk_")
    assert secret not in result.stderr
    assert "not shown again" in result.stderr
    assert "Authorization: Bearer" in result.stderr
    assert secret.split("_", 2)[2][:20] not in run("keys", "list").output


def test_the_list_says_how_to_begin(run: Run) -> None:
    result = run("keys", "list")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "There are no keys. Create one: trackstore keys create NAME" in result.stderr


def test_the_list_shows_keys_and_their_state(run: Run) -> None:
    made(run, "one", "-o", "acme")
    made(run, "two", "-o", "other", "--expires", "2h")
    lines = run("keys", "list").stdout.splitlines()
    assert len(lines) == 4
    assert all("active" in line for line in lines[2:])
    only = run("keys", "list", "--organization", "acme").stdout
    assert "one" in only
    assert "two" not in only


def test_a_revoked_key_is_refused_and_listed_as_such(run: Run, database_url: str) -> None:
    secret = made(run, "service")
    id = run("keys", "list").stdout.splitlines()[2].split()[0]
    for _ in range(2):  # again changes nothing
        result = run("keys", "revoke", id)
        assert result.exit_code == 0
        assert "service is revoked" in result.stderr
    assert principal(database_url, secret) is None
    assert "revoked" in run("keys", "list").stdout


def test_a_key_that_does_not_exist_is_1(run: Run) -> None:
    result = run("keys", "revoke", "0199a5a0-0000-7000-8000-000000000000")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: API key 0199a5a0")


@pytest.mark.parametrize(
    "arguments",
    [
        ["create", "x", "--expires", "yesterday"],
        ["create", "x", "--scope", "everything"],
        ["create", "x", "-o", "acme", "--all-organizations"],
        ["revoke", "not-an-id"],
        ["create"],
    ],
)
def test_what_cannot_be_meant_is_2(run: Run, arguments: list[str]) -> None:
    assert run("keys", *arguments).exit_code == 2


def test_a_name_that_is_too_long_is_1(run: Run) -> None:
    result = run("keys", "create", "x" * 500)
    assert result.exit_code == 1
    assert "name: 500 characters, at most 200: shorten it" in result.stderr


def test_keys_bring_an_embedded_database_about(
    run: Run, empty_database_url: str, dialect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    result = run("keys", "create", "first")
    if dialect == "sqlite":
        assert result.exit_code == 0
    else:
        assert result.exit_code == 1
        assert "Run `trackstore migrate`" in result.stderr


def test_the_store_is_closed_when_it_fails(database_url: str) -> None:
    async def fail(store: Store) -> None:
        await store.ping()
        await asyncio.sleep(0)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        with_store(load_settings(database_url=database_url), fail)
