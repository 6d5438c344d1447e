"""``trackstore settings``: the present values, without passwords."""

import pytest

from server.settings.table import describe_settings, markdown
from tests.unit.cli.conftest import Run


def test_every_setting_is_listed(run: Run) -> None:
    result = run("settings")
    assert result.exit_code == 0
    assert all(row.variable in result.stdout for row in describe_settings())


def test_what_differs(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "All settings have their defaults" in run("settings", "--changed").stderr
    monkeypatch.setenv("TRACKSTORE_PORT", "9000")
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hush@h/d")
    monkeypatch.setenv("TRACKSTORE_PROT", "1")
    result = run("settings", "--changed")
    assert len(result.stdout.splitlines()) == 4
    assert "9000" in result.stdout
    assert "postgresql://me:***@h/d" in result.stdout
    assert "hush" not in result.output
    assert "TRACKSTORE_PROT is not a setting. Did you mean TRACKSTORE_PORT?" in result.stderr


def test_the_page(run: Run) -> None:
    assert run("settings", "--markdown").stdout == markdown()
