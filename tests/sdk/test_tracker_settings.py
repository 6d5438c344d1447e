"""Settings of a tracker may be text, numbers of a library or spans of time, wherever they come from."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.sdk.odd_values import Scalar
from trackstore import InvalidSettings, Settings, Tracker

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
    "spool_folder": Path("spool"),
    "strict": True,
}


def test_settings_as_text() -> None:
    given: dict[str, Any] = AS_TEXT
    environment = {f"TRACKSTORE_{name.upper()}": text for name, text in AS_TEXT.items()}
    for settings in (
        Settings.from_environment({}, **given),
        Settings.from_environment(environment),
        Settings(**given).checked(),
    ):
        assert {name: getattr(settings, name) for name in EXPECTED} == EXPECTED


def test_settings_of_other_types() -> None:
    settings = Settings(
        interval_seconds=timedelta(milliseconds=250),  # type: ignore[arg-type]
        timeout_seconds=Decimal("2.5"),  # type: ignore[arg-type]
        queue_items=Scalar(7),  # type: ignore[arg-type]
        strict=1,  # type: ignore[arg-type]
    )
    told = (
        settings.interval_seconds,
        settings.timeout_seconds,
        settings.queue_items,
        settings.strict,
    )
    assert told == (0.25, 2.5, 7, True)


def test_a_spool_folder_as_text(tmp_path: Path) -> None:
    with Tracker(
        "http://127.0.0.1:9", spool_folder=str(tmp_path / "spool"), exit_seconds="0.1"
    ) as tracker:
        tracker.track_operation(kind="API", name="x")
        tracker.flush(0.5)
        assert tracker.spooled == 1


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("queue_items", "many", "queue_items: 'many' is not a whole number"),
        ("queue_items", "1.5", "queue_items: '1.5' is not a whole number"),
        ("interval_seconds", "nan", "interval_seconds: 'nan' is not a number"),
        ("interval_seconds", "-1", "interval_seconds: -1 is negative"),
        ("strict", "perhaps", "strict: 'perhaps' is neither true nor false"),
        ("spool_folder", 7, "spool_folder: 7 is not a path"),
        ("spool_dir", "x", "spool_dir: The setting is unknown. Did you mean spool_folder"),
    ],
)
def test_a_wrong_setting_says_what_is_expected(name: str, value: Any, told: str) -> None:
    with pytest.raises(InvalidSettings, match=told):
        Tracker("http://127.0.0.1:9", **{name: value})
    if name != "spool_dir" and isinstance(value, str):
        with pytest.raises(InvalidSettings, match=f"(TRACKSTORE_{name.upper()}|{told})"):
            Settings.from_environment({f"TRACKSTORE_{name.upper()}": value})
