"""Programs of other people, as far as these tests need them: they track, fork, and end somehow.

Each is run by ``python -m tests.unit.sdk.programs NAME URL FILE`` and writes into FILE the ids of what it
tracked, a line each.
"""

import asyncio
import multiprocessing
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import trackstore
from tests.unit.sdk.stored_operations import track_many
from trackstore import Settings, Tracker

PER_PROCESS = 40
CHILDREN = 3
THREADS, PER_THREAD = 50, 40


def tell(file: str, ids: Iterable[UUID]) -> None:
    """Append ids to the file; one write, so that processes do not mix."""
    with Path(file).open("a") as output:
        output.write("".join(f"{id}\n" for id in ids))


def work(tracker: Tracker, file: str, count: int = PER_PROCESS) -> None:
    """Track some, and say which."""
    tell(file, track_many(tracker, count))


def tracker_of(url: str, **settings: Any) -> Tracker:
    # A tracker that sends nothing before its end, unless it is said otherwise.
    return Tracker(settings=Settings(url=url, **{"interval_seconds": 30.0, **settings}).checked())


def full_queue(url: str, file: str) -> None:
    # The interpreter ends with everything still in the queue.
    work(tracker_of(url), file, 1_000)


def in_a_function(url: str, file: str) -> None:
    """Nobody holds the tracker any more when the program ends."""

    def scoped() -> None:
        work(tracker_of(url), file)

    scoped()


def server_away(url: str, file: str) -> None:
    # The program ends while nobody listens: it is held up for a bounded time.
    tracker = tracker_of("http://127.0.0.1:9", exit_seconds=0.5, interval_seconds=0.01)
    work(tracker, file)
    del url


def server_silent(url: str, file: str) -> None:
    # The same with a server that takes calls and does not answer.
    work(tracker_of(url, exit_seconds=0.5, interval_seconds=0.01), file)


def threads(url: str, file: str) -> None:
    """Fifty threads share a tracker."""
    tracker = tracker_of(url, batch_items=100, interval_seconds=0.05)
    workers = [
        threading.Thread(target=work, args=(tracker, file, PER_THREAD)) for _ in range(THREADS)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def forks(url: str, file: str) -> None:
    # A program forks while its own items wait; children track and end in their own ways.
    tracker = tracker_of(url)
    work(tracker, file)
    children = []
    for number in range(CHILDREN):
        child = os.fork()
        if child == 0:
            work(tracker, file)
            if number == 0:
                tracker.flush(10)
                os._exit(0)  # as frameworks do that want no exit handlers
            sys.exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    work(tracker, file)


def busy_forks(url: str, file: str) -> None:
    # The same while four threads track and batches are on their way.
    tracker = tracker_of(url, interval_seconds=0.01, exit_seconds=20)
    stop = threading.Event()

    def keep_on() -> None:
        while not stop.is_set():
            work(tracker, file, 5)
            stop.wait(0.02)

    busy = [threading.Thread(target=keep_on) for _ in range(4)]
    for thread in busy:
        thread.start()
    for _ in range(10):
        child = os.fork()
        if child == 0:
            work(tracker, file, 5)
            tracker.close(10)
            os._exit(0)
        os.waitpid(child, 0)
    stop.set()
    for thread in busy:
        thread.join()


def processes(url: str, file: str, method: str) -> None:
    """``multiprocessing`` with the default tracker, which each child inherits or makes."""
    trackstore.set_tracker(tracker_of(url))
    context: Any = multiprocessing.get_context(method)
    work(default(), file)
    children = [context.Process(target=child_work, args=(url, file)) for _ in range(CHILDREN)]
    for child in children:
        child.start()
    for child in children:
        child.join()


def child_work(url: str, file: str) -> None:
    # What a child does: in a spawned one the environment says where the server is.
    os.environ["TRACKSTORE_URL"] = url
    work(default(), file)


def default() -> Tracker:
    # The tracker of this program.
    tracker = trackstore.get_tracker()
    assert isinstance(tracker, Tracker)
    return tracker


def process_forked(url: str, file: str) -> None:
    """Children by fork."""
    processes(url, file, "fork")


def process_spawned(url: str, file: str) -> None:
    """Children by spawn."""
    processes(url, file, "spawn")


def pool(url: str, file: str) -> None:
    # A pool whose workers are ended by their supervisor: their spool stays.
    folder = Path(file).with_name("spool")
    tracker = tracker_of(url, spool_folder=folder)
    trackstore.set_tracker(tracker)
    with multiprocessing.get_context("fork").Pool(CHILDREN) as workers:
        workers.map(pool_work, [file] * 20)
    # Left: the with block has killed the workers. Their files are nobody's now.


def pool_work(file: str) -> None:
    """One task of the pool; what it tracked is on disk a moment later."""
    work(default(), file, 5)
    threading.Event().wait(0.3)


def early_loop(url: str, file: str) -> None:
    # The event loop is closed while everything still waits.
    tracker = tracker_of(url)

    async def main() -> None:
        async with tracker.request("job", stages=["one"]) as request, request.stage("one"):
            work(tracker, file)
        orphan = asyncio.create_task(asyncio.sleep(60))
        del orphan

    asyncio.run(main())


def killed(url: str, file: str) -> None:
    # The process is killed as soon as its items are on disk; the server cannot be reached.
    del url
    folder = Path(file).with_name("spool")
    tracker = tracker_of("http://127.0.0.1:9", spool_folder=folder)
    work(tracker, file, 500)
    while tracker.spooled < 500:
        threading.Event().wait(0.01)
    os.kill(os.getpid(), signal.SIGKILL)


def after_a_crash(url: str, file: str) -> None:
    # Started again on the same folder; tracks something of its own, too.
    folder = Path(file).with_name("spool")
    tracker = tracker_of(url, spool_folder=folder, interval_seconds=0.05)
    work(tracker, file)
    assert tracker.flush(20).is_done
    print(tracker.stats().recovered)  # noqa: T201 for the test


def limit_files(most_bytes: int) -> None:
    """Let no file of this process grow over a size, as a full disk does; -1 lets them grow."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard if most_bytes < 0 else most_bytes, hard))


def full_disk(url: str, file: str) -> None:
    # The disk is full for a while, and the server is there.
    folder = Path(file).with_name("spool")
    tracker = tracker_of(url, spool_folder=folder, interval_seconds=0.02, batch_items=50)
    limit_files(60_000)
    ids = track_many(tracker, 1_500)
    assert tracker.flush(20).is_done
    limit_files(-1)
    ids += track_many(tracker, 100)
    assert tracker.flush(20).is_done
    tell(file, ids)
    stats = tracker.stats()
    assert tracker.close(5).is_done
    print("acknowledged", stats.acknowledged, "dropped", dict(stats.dropped))  # noqa: T201 for the test


def full_disk_away(url: str, file: str) -> None:
    # The disk is full, and the server is away; later both are back.
    folder = Path(file).with_name("spool")
    away = tracker_of("http://127.0.0.1:9", spool_folder=folder, queue_items=300)
    limit_files(100_000)
    ids = track_many(away, 200)
    while away.spooled < 200:
        threading.Event().wait(0.01)
    limit_files(60_000)
    ids += track_many(away, 1_000)
    threading.Event().wait(0.3)
    stats = away.stats()
    assert stats.tracked == stats.queued + stats.dropped_total == 1_200
    assert set(stats.dropped) == {"QUEUE_FULL"}
    assert 300 <= stats.queued <= 1_200 - stats.dropped_total
    limit_files(-1)
    while away.spooled < stats.queued - 50:
        threading.Event().wait(0.01)
    left = away.close(0.2)
    assert left.left - left.spooled <= 50, "but for the batch that was sent from memory"
    here = tracker_of(url, spool_folder=folder, interval_seconds=0.02)
    while here.stats().recovered < left.spooled:
        threading.Event().wait(0.01)
    assert here.flush(20).is_done
    assert len(set(ids)) == 1_200
    print("QUEUE_FULL", stats.dropped["QUEUE_FULL"])  # noqa: T201 for the test


def full_disk_restart(url: str, file: str) -> None:
    # The disk is full of the items of a process that is gone, and the server is back.
    folder = Path(file).with_name("spool")
    away = tracker_of("http://127.0.0.1:9", spool_folder=folder)
    ids = track_many(away, 1_200)
    while away.spooled < len(ids):
        threading.Event().wait(0.01)
    assert away.close(0.1).spooled == len(ids)
    limit_files(1_000)
    here = tracker_of(url, spool_folder=folder, interval_seconds=0.02)
    ids += track_many(here, 100)
    while here.stats().recovered < 1_200:
        threading.Event().wait(0.01)
    assert here.flush(20).is_done
    stats = here.stats()
    assert (stats.acknowledged, dict(stats.dropped)) == (len(ids), {})
    assert not list(folder.glob("*.sqlite")), "the disk is free again"
    limit_files(-1)
    ids += track_many(here, 100)
    assert here.close(20).is_done
    tell(file, ids)


def signals(url: str, file: str) -> None:
    # A signal handler tracks while the code that it interrupts does.
    tracker = tracker_of(url, interval_seconds=0.05, batch_items=50)
    ids: list[UUID] = []

    def handle(*_: Any) -> None:
        ids.extend(track_many(tracker, 1))

    signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    main_ids = track_many(tracker, 5_000)
    signal.setitimer(signal.ITIMER_REAL, 0)
    tell(file, [*main_ids, *ids])


def programs() -> Iterator[Callable[[str, str], None]]:
    """Those that can be named."""
    yield from (
        full_queue, in_a_function, server_away, server_silent, threads, forks, busy_forks,
        process_forked, process_spawned, pool, early_loop, killed, after_a_crash, signals, full_disk,
        full_disk_away, full_disk_restart,
    )  # fmt: skip


if __name__ == "__main__":
    name, address, where = sys.argv[1:]
    {program.__name__: program for program in programs()}[name](address, where)
