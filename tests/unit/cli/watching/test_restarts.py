"""A server that is stopped, killed and started again while it is watched: nothing lost, nothing twice."""

import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.support.processes import ServerProcess, server_process
from tests.unit.cli.watching.calls import Caller
from tests.unit.cli.watching.watcher import (
    PATIENCE_SECONDS,
    Watcher,
    terminal,
    until,
    watching,
)

EVENTS = 60
"""Of each request, between two restarts."""


class Restarted:
    """A server that comes back on the same port."""

    def __init__(self, database_url: str, folder: Path, stack: ExitStack) -> None:
        self._given = (database_url, folder)
        self._stack = stack
        self._server = self._start()
        self.url = self._server.url

    def _start(self, port: int = 0) -> ServerProcess:
        return self._stack.enter_context(server_process(*self._given, port=port))

    def kill(self) -> None:
        """End it for good."""
        self._server.kill()

    def restart(self, *, kill: bool) -> None:
        """Stop it, gently or not, and start another one in its place."""
        if kill:
            self.kill()
        else:
            self._server.terminate()
            assert self._server.wait() == 0
        self._server = self._start(httpx.URL(self.url).port or 0)


@pytest.fixture
def restarted(database_url: str, tmp_path: Path) -> Iterator[Restarted]:
    """The server of this test."""
    with ExitStack() as stack:
        yield Restarted(database_url, tmp_path, stack)


def has_lines(watcher: Watcher, count: int) -> bool:
    """Whether it has printed so many."""
    return len(watcher.lines()) >= count


@contextmanager
def telling(caller: Caller, ids: list[str]) -> Iterator[None]:
    """Log events of these requests in turn, by itself, whatever becomes of the server."""

    def tell() -> None:
        for number in range(EVENTS):
            for id in ids:
                caller.say(id, f"event {number}")

    thread = threading.Thread(target=tell)
    thread.start()
    yield
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()


def test_the_lines_of_one_request_are_its_log(restarted: Restarted, tmp_path: Path) -> None:
    caller = Caller(restarted.url)
    id = caller.create()
    caller.do("start", id)
    with watching(tmp_path, restarted.url, id, "--json") as watcher:
        until(lambda: len(watcher.lines()) == 2, "it does not begin")
        for kill in (False, True):
            goal = len(watcher.lines()) + 5
            with telling(caller, [id]):
                until(partial(has_lines, watcher, goal), "nothing comes")
                restarted.restart(kill=kill)
            until(lambda: f"event {EVENTS - 1}" in watcher.lines()[-1], "it does not go on")
            caller.say(id, "calm")
            until(lambda: "calm" in watcher.lines()[-1], "it does not go on")
        caller.do("complete", {"requestId": id})
        assert watcher.process.wait(PATIENCE_SECONDS) == 0
    assert watcher.events() == caller.log(id)
    assert len(watcher.events()) == 2 + 2 * EVENTS + 2 + 1
    assert watcher.errors().count("connection lost") == 2
    assert watcher.errors().count("reconnected") == 2


def test_the_lines_of_all_are_all_their_logs(restarted: Restarted, tmp_path: Path) -> None:
    caller = Caller(restarted.url)
    before = caller.create()
    with watching(tmp_path, restarted.url, "--all", "--json") as watcher:
        until(lambda: "watching" in watcher.errors(), "it does not begin")
        ids = [before, caller.create(), caller.create()]
        for kill in (False, True):
            goal = len(watcher.lines()) + 5
            with telling(caller, ids):
                until(partial(has_lines, watcher, goal), "nothing comes")
                restarted.restart(kill=kill)
        logs = [event for id in ids for event in caller.log(id)]
        expected = [event for event in logs if (event["requestId"], event["seq"]) != (before, 1)]
        until(partial(has_lines, watcher, len(expected)), "it does not go on")
        assert watcher.interrupt() == 130
    found = watcher.events()
    cursors = [event.pop("feedCursor") for event in found]
    assert len(set(cursors)) == len(found)
    for id in ids:
        assert [e for e in found if e["requestId"] == id] == [
            e for e in expected if e["requestId"] == id
        ]
    assert len(found) == len(expected) == 2 + 2 * EVENTS * len(ids)
    with watching(tmp_path, restarted.url, "--all", "--json", "--after", cursors[-4]) as watcher:
        until(partial(has_lines, watcher, 3), "it does not go on after a cursor")
        assert [event["feedCursor"] for event in watcher.events()] == cursors[-3:]


def test_what_happens_before_the_first_event_came_is_not_lost(
    restarted: Restarted, tmp_path: Path
) -> None:
    """No event, no cursor of an event: the place where it began is held all the same."""
    caller = Caller(restarted.url)
    with watching(tmp_path, restarted.url, "--all") as watcher:
        until(lambda: "watching" in watcher.errors(), "it does not begin")
        restarted.restart(kill=True)
        id = caller.create()
        until(watcher.lines, "the event is lost")
        assert watcher.lines()[0].split()[1:4] == [id, "1", "request.created"]
        assert watcher.interrupt() == 130
    assert watcher.errors().splitlines()[-1] == "stopped watching"


def test_a_server_that_stays_away_ends_it(restarted: Restarted, tmp_path: Path) -> None:
    caller = Caller(restarted.url)
    id = caller.create()
    with watching(tmp_path, restarted.url, id, "--away", "1") as watcher:
        until(watcher.lines, "it does not begin")
        restarted.kill()
        assert watcher.process.wait(PATIENCE_SECONDS) == 1
    assert "has been unavailable for 1 s" in watcher.errors()


@pytest.mark.sqlite
def test_a_screen_shows_that_the_server_is_away(restarted: Restarted) -> None:
    caller = Caller(restarted.url)
    id = caller.create(title="Fractions", stages=[{"name": "script"}])
    caller.do("start_stage", {"requestId": id, "stage": "script"})
    with terminal(restarted.url, id) as screen:
        screen.shows("● live")
        screen.shows("▶ script")
        restarted.restart(kill=False)
        screen.shows("○ connection lost")
        caller.do("progress", {"requestId": id, "stage": "script", "done": 4, "total": 10})
        screen.shows("4 of 10")
        caller.do("fail", {"requestId": id, "stage": "script", "message": "no paper"})
        assert screen.wait() == 3
        last = screen.text()[screen.text().rindex("Fractions") :]
    assert "script: no paper" in last
    assert "request.failed" in last
    assert last.count("stage.progressed") == 1


def test_ctrl_c_ends_a_screen_of_all(restarted: Restarted) -> None:
    caller = Caller(restarted.url)
    caller.create(title="Fractions")
    with terminal(restarted.url, "--all") as screen:
        screen.shows("1 active")
        caller.create(title="Volcanoes")
        screen.shows("2 active")
        screen.shows("Volcanoes")
        screen.process.send_signal(signal.SIGINT)
        assert screen.wait() == 130
        assert "stopped watching" in screen.text()
