"""Programs without a server that track and end, each by ``python -m ...run_script NAME RUN``."""

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from trackstore import get_tracker

ITEMS = range(20)
CHILDREN = 2


def track(run: str, items: range = ITEMS) -> None:
    """Track one operation for each item."""
    for item in items:
        get_tracker().track_operation(
            kind="TOOL", name="script", workspace_id=run, correlation_id=str(item)
        )


def ready() -> None:
    """Tell the test that everything is tracked, and wait to be ended."""
    print("ready", flush=True)  # noqa: T201 the test waits for it
    while True:
        time.sleep(0.05)


# ---------------------------------------------------------------------- programs that end themselves


def ends(run: str) -> None:
    # The last line is reached.
    track(run)


def exits(run: str) -> None:
    # The program exits with a status of its own.
    track(run)
    sys.exit(3)


def raises(run: str) -> None:
    # An exception is not handled.
    track(run)
    raise LookupError("of this program")


def cancelled_loop(run: str) -> None:
    # The main task is cancelled from inside.
    async def main() -> None:
        track(run)
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().call_soon(task.cancel)
        await asyncio.sleep(60)

    asyncio.run(main())


def daemon_thread(run: str) -> None:
    # A daemon thread tracks until the interpreter has gone.
    is_done = threading.Event()

    def work() -> None:
        track(run)
        is_done.set()
        while True:
            time.sleep(0.05)

    threading.Thread(target=work, daemon=True).start()
    is_done.wait()


def forked(run: str) -> None:
    # A process forks after use; the child ends by ``sys.exit``.
    track(run, range(10))
    if os.fork() == 0:
        track(run, range(10, 15))
        sys.exit(0)
    os.wait()
    track(run, range(15, 20))


def invocation(run: str) -> None:
    # An invocation flushes at its end; then the platform takes the process away.
    track(run)
    assert get_tracker().flush(10).is_done
    os.kill(os.getpid(), signal.SIGKILL)


def terminated_pool(run: str, method: str) -> None:
    # The block of a pool ends, and with it its workers, by a signal.
    with multiprocessing.get_context(method).Pool(CHILDREN) as pool:
        pool.starmap(track, [(run, range(n, n + 5)) for n in range(0, 20, 5)])


def pool_fork(run: str) -> None:
    terminated_pool(run, "fork")


def pool_spawn(run: str) -> None:
    terminated_pool(run, "spawn")


def pool_forkserver(run: str) -> None:
    terminated_pool(run, "forkserver")


def missed_signal(run: str) -> None:
    # A child gets the signal while its main thread waits outside Python, and is not woken by it.
    context = multiprocessing.get_context("fork")
    child = context.Process(target=wait_outside_python, args=(run, context.Semaphore(0)))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGTERM, child.exitcode


def wait_outside_python(run: str, semaphore: Any) -> None:
    track(run)

    def end_later() -> None:
        time.sleep(0.2)
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    threading.Thread(target=end_later, daemon=True).start()
    semaphore.acquire()


def executor(run: str) -> None:
    # The workers of a process pool of ``concurrent.futures`` end when the program does.
    with ProcessPoolExecutor(CHILDREN) as pool:
        for n in range(0, 20, 5):
            pool.submit(track, run, range(n, n + 5)).result()


def recovers(run: str) -> None:
    """Send what earlier programs left in the spool."""
    del run
    tracker = get_tracker()
    deadline = time.monotonic() + 20
    while not tracker.stats().recovered and time.monotonic() < deadline:
        time.sleep(0.01)
    assert tracker.flush(20).is_done


# ---------------------------------------------------------------------- programs that are ended


def waits(run: str) -> None:
    # The main thread sleeps.
    track(run)
    ready()


def waits_in_loop(run: str) -> None:
    # The event loop of the main thread sleeps.
    async def main() -> None:
        track(run)
        print("ready", flush=True)  # noqa: T201 the test waits for it
        await asyncio.sleep(60)

    asyncio.run(main())


def handles(run: str) -> None:
    # A handler that the program set before it tracked ends it, in an orderly way.
    def stop(number: int, frame: Any) -> None:
        del frame
        print("handled", number, flush=True)  # noqa: T201 the test reads it
        sys.exit(5)

    signal.signal(signal.SIGTERM, stop)
    track(run)
    ready()


def handles_later(run: str) -> None:
    # A handler that is set afterwards calls the one before it.
    track(run)
    previous = signal.getsignal(signal.SIGTERM)

    def stop(number: int, frame: Any) -> None:
        print("handled", number, flush=True)  # noqa: T201 the test reads it
        assert callable(previous)
        previous(number, frame)

    signal.signal(signal.SIGTERM, stop)
    ready()


def handles_in_loop(run: str) -> None:
    # The event loop handles the signal, and the program ends without exit handlers.
    async def main() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        track(run)
        print("ready", flush=True)  # noqa: T201 the test waits for it
        await stop.wait()
        print("handled", flush=True)  # noqa: T201 the test reads it
        await asyncio.sleep(0)
        os._exit(5)

    asyncio.run(main())


def ignores(run: str) -> None:
    """SIGTERM is ignored, as by ``nohup`` SIGHUP is: that stays so."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    track(run)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
    ready()


def busy(run: str) -> None:
    # The main thread tracks without a pause, and is interrupted inside of that.
    os.environ["TRACKSTORE_QUEUE_ITEMS"] = "1000000"
    item = 0
    while True:
        track(run, range(item, item + 1))
        item += 1
        if item == len(ITEMS):
            print("ready", flush=True)  # noqa: T201 the test waits for it


PROGRAMS: tuple[Callable[[str], None], ...] = (
    recovers, ends, exits, raises, cancelled_loop, daemon_thread, forked, invocation, pool_fork, pool_spawn,
    pool_forkserver, missed_signal, executor, waits, waits_in_loop, handles, handles_later, handles_in_loop,
    ignores, busy,
)  # fmt: skip
