"""Workers end with the process that started them: their port is free for the next server."""

from pathlib import Path

import psutil

from tests.support.processes import PATIENCE_SECONDS, server_process


def test_workers_whose_supervisor_was_killed(
    database_url: str, tmp_path: Path, dialect: str
) -> None:
    if dialect != "postgresql":
        return  # SQLite serves one process
    with server_process(database_url, tmp_path, workers=2) as server:
        workers = psutil.Process(server.process.pid).children()
        port = int(server.url.rpartition(":")[2])
        server.kill()
        _, alive = psutil.wait_procs(workers, PATIENCE_SECONDS)
        assert not alive
        with server_process(database_url, tmp_path, port=port) as again:
            assert again.url == server.url
