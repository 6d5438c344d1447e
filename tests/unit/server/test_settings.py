"""Settings: defaults, where they come from, and what is said of wrong ones."""

from decimal import Decimal
from pathlib import Path

import pytest

from server.access.key_requirement import Access
from server.settings.errors import SettingsError
from server.settings.model import SETTINGS, load_settings
from server.settings.table import describe_settings, markdown, misspelt_settings, present_values
from tests.house.checkout import ROOT

pytestmark = pytest.mark.usefixtures("own_folder")


def problem(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> str:
    """What is said of one wrong variable."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as raised:
        load_settings()
    (only,) = raised.value.problems
    return only


def test_the_defaults_serve_one_machine() -> None:
    settings = load_settings()
    assert settings.database.url == "sqlite:///trackstore.db"
    assert (settings.listen.host, settings.listen.port, settings.listen.workers) == (
        "127.0.0.1",
        8000,
        1,
    )
    assert (settings.pool.size, settings.pool.overflow) == (10, 20)
    assert settings.access.policy is Access.AUTO
    assert settings.requests.body_bytes == 32 * 2**20
    assert settings.pricing.default_tool_price == Decimal("0.015")
    assert settings.database.migrates_on_start


def test_call_environment_and_file_in_this_order(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "TRACKSTORE_PORT=1111\nTRACKSTORE_HOST=::1\nDATABASE_URL=sqlite:///of_file.db\n"
    (own_folder / ".env").write_text(lines, encoding="utf-8")
    monkeypatch.setenv("TRACKSTORE_PORT", "2222")
    monkeypatch.setenv("DATABASE_URL", "sqlite:///of_environment.db")
    settings = load_settings(database_url="sqlite:///of_call.db", host=None)
    assert settings.database.url == "sqlite:///of_call.db"
    assert (settings.listen.port, settings.listen.host) == (2222, "::1")


@pytest.mark.parametrize(
    ("variable", "given", "name", "value"),
    [
        ("TRACKSTORE_PORT", "", "port", 8000),
        ("TRACKSTORE_ACCESS", "KEYS", "access", Access.KEYS),
        ("TRACKSTORE_METRICS", "no", "metrics", False),
        ("TRACKSTORE_MIGRATE_ON_START", "false", "migrate_on_start", "no"),
        ("TRACKSTORE_MIGRATE_ON_START", "On", "migrate_on_start", "yes"),
        ("TRACKSTORE_MAX_BODY_BYTES", "1MiB", "max_body_bytes", 2**20),
        ("TRACKSTORE_MAX_BODY_BYTES", "2048", "max_body_bytes", 2048),
        ("TRACKSTORE_ALLOWED_HOSTS", "a.example, *.B.ex,", "allowed_hosts", ("a.example", "*.b.ex")),
        ("TRACKSTORE_SQLITE_SYNCHRONOUS", "normal", "sqlite_synchronous", "NORMAL"),
        ("TRACKSTORE_LOG_LEVEL", "DEBUG", "log_level", "debug"),
    ],
)  # fmt: skip
def test_spellings(
    monkeypatch: pytest.MonkeyPatch, variable: str, given: str, name: str, value: object
) -> None:
    monkeypatch.setenv(variable, given)
    assert SETTINGS[name].value_in(load_settings()) == value


@pytest.mark.parametrize(
    ("variable", "given", "said"),
    [
        (
            "TRACKSTORE_PORT",
            "99999",
            (
                "TRACKSTORE_PORT is '99999': expected an integer of at least 0 and at most "
                "65535. Set TRACKSTORE_PORT=8000 (the default) or remove it."
            ),
        ),
        ("TRACKSTORE_PORT", "8e3", "expected an integer"),
        ("TRACKSTORE_PORT", "tcp://10.0.0.1:80", "enableServiceLinks: false"),
        ("TRACKSTORE_WORKERS", "0", "an integer of at least 1"),
        ("TRACKSTORE_ACCESS", "none", "expected one of auto, open, keys"),
        ("TRACKSTORE_METRICS", "perhaps", "expected true or false"),
        ("TRACKSTORE_LOG_FORMAT", "xml", "expected one of auto, console, json"),
        ("TRACKSTORE_POOL_WAIT_SECONDS", "0", "a number above 0 and at most 3600"),
        ("TRACKSTORE_POOL_WAIT_SECONDS", "nan", "a number above 0"),
        ("TRACKSTORE_DEFAULT_TOOL_PRICE", "NaN", "a number of at least 0"),
        ("TRACKSTORE_MAX_BODY_BYTES", "9XB", "a size such as 32MiB of at least 1KiB and at most 1GiB"),
        ("TRACKSTORE_DEFAULT_ORGANIZATION", "x" * 201, "at most 200 characters"),
        ("TRACKSTORE_ALLOWED_HOSTS", "http://a.example", "is not a host name"),
        ("TRACKSTORE_ALLOWED_HOSTS", "a.example:80", "without scheme and port"),
        ("TRACKSTORE_DEFAULT_PAGE_SIZE", "5000", "lower the first or raise the second"),
        ("DATABASE_URL", "trackstore.db", "that is not the URL of a database"),
        ("DATABASE_URL", "mysql://h/d", "mysql is not supported. Write sqlite:///"),
        ("DATABASE_URL", "postgresql+psycopg2://h/d", "postgresql+psycopg2 is not supported"),
        ("DATABASE_URL", "sqlite://", "a database in memory ends with its connection"),
        ("DATABASE_URL", "postgresql://h/d?channel_binding=require", "does not know the parameter"),
    ],
)  # fmt: skip
def test_a_wrong_value_names_the_variable_and_the_fix(
    monkeypatch: pytest.MonkeyPatch, variable: str, given: str, said: str
) -> None:
    text = problem(monkeypatch, variable, given)
    assert text.startswith(variable)
    assert said in text
    assert "pydantic" not in text


def test_every_wrong_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKSTORE_PORT", "x")
    monkeypatch.setenv("TRACKSTORE_WORKERS", "y")
    with pytest.raises(SettingsError) as raised:
        load_settings(log_level="loud")
    assert len(raised.value.problems) == 3


def test_a_wrong_value_in_the_file_says_so(own_folder: Path) -> None:
    (own_folder / ".env").write_text("TRACKSTORE_PORT=x\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"TRACKSTORE_PORT is 'x' \(in \.env\)"):
        load_settings()


def test_a_file_that_is_no_text_says_so(own_folder: Path) -> None:
    (own_folder / ".env").write_bytes(b"TRACKSTORE_PORT=\xff\xfe\n")
    with pytest.raises(SettingsError, match=r"^\.env cannot be read: .* Fix or remove it"):
        load_settings()


@pytest.mark.parametrize(
    "url",
    [
        "mysql://me:hush@h/d",
        "postgresql://me:hush@h:port/d",
        "postgresql://me:hu@hush@h/d",
        "postgresql://me:hu@hush/hush@h/d",
        "postgresql://h/d?password=hush",
    ],
)
def test_a_password_is_never_printed(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    assert "hush" not in problem(monkeypatch, "DATABASE_URL", url)


def test_the_address_is_shown_without_its_password() -> None:
    settings = load_settings(database_url="postgresql://me:hush@h:5433/d?sslmode=require")
    assert settings.database.display_url == "postgresql://me:***@h:5433/d?sslmode=require"
    assert "hush" not in " ".join(present_values(settings).values())
    assert settings.database.file is None
    assert not settings.database.migrates_on_start


def test_the_store_gets_the_driver_and_every_bound() -> None:
    settings = load_settings(
        database_url="postgres://me:hush@h/d?sslmode=require",
        pool_size=3,
        writer_delay_ms=5,
        max_json_bytes=100,
        max_batch_items=7,
        max_page_size=50,
        default_page_size=5,
    )
    config = settings.store_config()
    assert config.database_url == "postgresql+asyncpg://me:hush@h/d?ssl=require"
    assert (config.pool.size, config.pool.overflow) == (3, 20)
    assert config.writer.delay_seconds == 0.005
    assert (config.inputs.json_bytes, config.inputs.batch_items) == (100, 7)
    assert (config.pages.default, config.pages.maximum) == (5, 50)


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(KeyError, match="no_such_setting"):
        load_settings(no_such_setting=1)


def test_bounds_of_documents_follow_from_those_of_batches_and_pages() -> None:
    settings = load_settings(max_depth=7, max_objects=8, max_batch_items=9, max_answer_rows=5_000)
    bounds = settings.document_bounds()
    assert (bounds.depth, bounds.objects.objects, bounds.objects.batch) == (7, 8, 9)
    assert (bounds.pages.default, bounds.pages.maximum) == (100, 5_000)


def test_whom_the_server_answers_to() -> None:
    here = ("localhost", "127.0.0.1", "[::1]")
    assert load_settings().answered_hosts == here
    assert load_settings(host="0.0.0.0").answered_hosts == ("*",)
    named = load_settings(host="0.0.0.0", allowed_hosts=("api.example",))
    assert named.answered_hosts == ("api.example", *here)


def test_misspelt_variables_are_found(monkeypatch: pytest.MonkeyPatch, own_folder: Path) -> None:
    monkeypatch.setenv("TRACKSTORE_PROT", "1")
    monkeypatch.setenv("TRACKSTORE_SERVICE_HOST", "10.0.0.1")
    (own_folder / ".env").write_text("TRACKSTORE_LOGLEVEL=debug\n", encoding="utf-8")
    assert misspelt_settings() == {
        "TRACKSTORE_PROT": "TRACKSTORE_PORT",
        "TRACKSTORE_LOGLEVEL": "TRACKSTORE_LOG_LEVEL",
    }


def test_every_setting_is_described() -> None:
    rows = list(describe_settings())
    assert sorted(row.name for row in rows) == sorted(SETTINGS)
    assert all(row.description.endswith(".") and row.section for row in rows)


def test_the_page_of_the_settings_is_what_the_code_says() -> None:
    page = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
    assert page == markdown(), "python -m server.settings.table > docs/reference/settings.md"
