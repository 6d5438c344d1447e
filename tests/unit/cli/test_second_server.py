"""A second server on one SQLite file is refused, by whatever name it knows the file."""

import subprocess
from pathlib import Path

import httpx
import pytest

from tests.support.processes import PATIENCE_SECONDS, ServerProcess, run_command, server_process
from tests.unit.sdk.network import wait_until


def start(url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Start another server, which is to end by itself."""
    return run_command("serve", "--port", "0", "--database-url", url, folder=folder)


@pytest.mark.sqlite
def test_it_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "data")
    (tmp_path / "linked.db").symlink_to(tmp_path / "data" / "t.db")
    with server_process(f"sqlite:///{tmp_path}/data/t.db", tmp_path) as first:
        for spelling in ("./data/../data/t.db", "link/t.db", "linked.db"):
            second = start(f"sqlite:///{spelling}", tmp_path)
            assert second.returncode == 1, (spelling, second.stderr)
            assert f"Another server (process {first.process.pid}) uses" in second.stderr
        commands_work_beside_it(tmp_path)
        assert httpx.get(f"{first.url}/readyz").status_code == 200
        first.kill()
        with server_process(f"sqlite:///{tmp_path}/linked.db", tmp_path) as next_one:
            assert httpx.get(f"{next_one.url}/readyz").status_code == 200


def commands_work_beside_it(folder: Path) -> None:
    """Everything but ``serve`` may use the file of a running server."""
    for command in (
        ("keys", "create", "k", "--all-organizations"),
        ("migrate",),
        ("doctor",),
    ):
        done = run_command(*command, "--database-url", "sqlite:///data/t.db", folder=folder)
        assert "Another server" not in done.stderr + done.stdout, command
        assert done.returncode == 0, (command, done.stdout, done.stderr)


@pytest.mark.parametrize(
    "databases", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
def test_serving_is_told_once_a_worker_answers(database_url: str, tmp_path: Path) -> None:
    """With two workers, which take a while to start."""
    server = ServerProcess(database_url, tmp_path, {"access": "open", "workers": 2})
    try:
        wait_until(
            lambda: any(line.get("event") == "serving" for line in server.log()),
            3 * PATIENCE_SECONDS,  # three processes start
        )
        url = next(str(line["url"]) for line in server.log() if line.get("event") == "serving")
        assert httpx.get(url.removesuffix("/graphql") + "/livez", timeout=5).status_code == 200
    finally:
        server.end()
