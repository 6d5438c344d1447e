"""Settings of a tracker may be text, numbers of a library or spans of time, wherever they come from."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.unit.sdk.invalid_values import Scalar
from trackstore import Client, InvalidSettingsError, Settings, Tracker

AS_TEXT = {
    "url": " http://127.0.0.1:9000 ",
    "api_key": "key",
    "queue_items": "100",
    "queue_bytes": "1_000_000",
    "batch_items": "50.0",
    "interval_seconds": "0.5",
    "timeout_seconds": "30",
    "spool_folder": "spool",
    "strict": "Yes",
}
EXPECTED = {
    "url": "http://127.0.0.1:9000/graphql",
    "api_key": "key",
    "queue_items": 100,
    "queue_bytes": 1_000_000,
    "batch_items": 50,
    "interval_seconds": 0.5,
    "timeout_seconds": 30,
    "spool_folder": Path("spool").absolute(),
    "strict": True,
}


def test_settings_as_text() -> None:
    values: dict[str, Any] = AS_TEXT
    environment = {f"TRACKSTORE_{name.upper()}": text for name, text in AS_TEXT.items()}
    for settings in (
        Settings.from_environment({}, **values),
        Settings.from_environment(environment),
        Settings(**values).checked(),
    ):
        assert {name: getattr(settings, name) for name in EXPECTED} == EXPECTED


def test_settings_of_other_types() -> None:
    settings = Settings(
        interval_seconds=timedelta(milliseconds=250),  # type: ignore[arg-type]
        timeout_seconds=Decimal("2.5"),  # type: ignore[arg-type]
        queue_items=Scalar(7),  # type: ignore[arg-type]
        strict=1,  # type: ignore[arg-type]
    )
    converted = (
        settings.interval_seconds,
        settings.timeout_seconds,
        settings.queue_items,
        settings.strict,
    )
    assert converted == (0.25, 2.5, 7, True)


def test_a_spool_folder_as_text(tmp_path: Path) -> None:
    with Tracker(
        "http://127.0.0.1:9", spool_folder=str(tmp_path / "spool"), exit_seconds="0.1"
    ) as tracker:
        tracker.track_operation(kind="API", name="x")
        tracker.flush(0.5)
        assert tracker.spooled == 1


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("queue_items", "many", "queue_items: must be an integer"),
        ("queue_items", "1.5", "queue_items: must be an integer"),
        ("interval_seconds", "nan", "interval_seconds: must be a number"),
        ("interval_seconds", "-1", "interval_seconds: -1 is negative"),
        ("strict", "perhaps", "strict: 'perhaps' is neither true nor false"),
        ("spool_folder", 7, "spool_folder: 7 is not a path"),
        ("spool_dir", "x", "spool_dir: The setting is unknown. Did you mean spool_folder"),
    ],
)
def test_a_wrong_setting_says_what_is_expected(name: str, value: Any, message: str) -> None:
    with pytest.raises(InvalidSettingsError, match=message):
        Tracker("http://127.0.0.1:9", **{name: value})
    if name != "spool_dir" and isinstance(value, str):
        with pytest.raises(InvalidSettingsError, match=f"(TRACKSTORE_{name.upper()}|{message})"):
            Settings.from_environment({f"TRACKSTORE_{name.upper()}": value})


@pytest.mark.parametrize(
    "key", ["tsk_a\n", " tsk_a ", "\ttsk_a\r\n", "Bearer tsk_a", "bearer  tsk_a\n"]
)
def test_a_key_is_taken_without_what_surrounds_it(key: str) -> None:
    assert Settings(api_key=key).api_key == "tsk_a"
    assert Settings.from_environment({"TRACKSTORE_API_KEY": key}).api_key == "tsk_a"


@pytest.mark.parametrize("key", ["", " ", "\n"])
def test_an_empty_key_is_none(key: str) -> None:
    assert Settings(api_key=key).api_key is None


@pytest.mark.parametrize(
    "key", ["tsk_é", "“tsk_a”", "tsk_a b", "tsk_a\nb", "tsk_\x00a", "tsk_\ud800a", "tsk_a\x7f"]
)
def test_a_key_that_no_header_can_hold_is_refused_and_not_repeated(key: str) -> None:
    for make in (
        lambda: Tracker(api_key=key),
        lambda: Client(api_key=key),
        lambda: Settings(api_key=key),
        lambda: Settings.from_environment({"TRACKSTORE_API_KEY": key}),
    ):
        with pytest.raises(
            InvalidSettingsError, match=r"(?i)api_key: a key has ASCII letters"
        ) as refused:
            make()
        assert "tsk" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:99999", "http://127.0.0.1:0", "http://127.0.0.1:x", "http://[::1"]
)
def test_an_address_with_a_port_or_host_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(InvalidSettingsError, match="is not a valid address"):
        Settings(url=url).checked()


@pytest.mark.parametrize("name", ["timeout_seconds", "connect_seconds"])
def test_no_time_for_an_answer_is_refused(name: str) -> None:
    values: dict[str, Any] = {name: 0}
    with pytest.raises(InvalidSettingsError, match=f"{name}: 0 leaves no time"):
        Tracker(**values)
