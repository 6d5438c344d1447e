"""What an installation says of itself."""

from datetime import UTC, datetime

from migrations.revision import NEWEST
from server.version import VERSION
from tests.support.api import Api, StartApi

ABOUT = """{ about { version startedAt now queuedEntries
    database { kind version migration newestMigration isCurrent } } }"""
KEY = """mutation { createApiKey(input: {name: "k", scopes: [INGEST], organizationId: "acme"}) {
    secret } }"""


async def test_it_says_what_runs_and_on_what(start_api: StartApi, dialect: str) -> None:
    began = datetime(2026, 11, 21, 12, tzinfo=UTC)
    moments = [began]
    api = await start_api(clock=lambda: moments[0])
    moments[0] = datetime(2026, 11, 21, 13, tzinfo=UTC)
    about = (await api(ABOUT))["about"]
    database = about.pop("database")
    assert about == {
        "version": VERSION,
        "startedAt": "2026-11-21T12:00:00Z",
        "now": "2026-11-21T13:00:00Z",
        "queuedEntries": 0,
    }
    assert database["kind"].lower() == dialect
    assert all(part.isdigit() for part in database["version"].split("."))
    assert (database["migration"], database["newestMigration"]) == (NEWEST, NEWEST)
    assert database["isCurrent"] is True


async def test_it_needs_read(api: Api) -> None:
    secret = (await api(KEY))["createApiKey"]["secret"]
    assert (await api.as_key(secret).refused(ABOUT)).code == "FORBIDDEN"
