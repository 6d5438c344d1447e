"""The processes that run statements, as the server process sees them."""

import atexit
import subprocess
import sys
import threading
from multiprocessing import Pipe
from multiprocessing.connection import Connection

from store.isolation.messages import Close, Failure, Rows, Statement, encoder, read_answer

GRACE_SECONDS = 0.5
"""How much later than its deadline a statement may answer: then its process is killed.

The database looks at the clock between its own steps. It cannot while a function of ours computes.
"""
MAX_IDLE = 3
"""Processes that are kept for the next statements, some 15 MB each."""


class WorkerLostError(Exception):
    """The process ended while it ran a statement."""


class WorkerTimeoutError(Exception):
    """The statement took too long, or nobody waits for it any more; its process was killed."""


class Worker:
    def __init__(self) -> None:
        self._pipe, child_pipe = Pipe()
        with child_pipe:
            self._process = subprocess.Popen(  # noqa: S603  # our own module
                [sys.executable, "-P", "-m", "store.isolation.worker", str(child_pipe.fileno())],
                pass_fds=(child_pipe.fileno(),),
                stdin=subprocess.DEVNULL,
            )
        self._killed = False

    def run(self, statement: Statement) -> Rows | Failure:
        """Run a statement; blocks. Raises ``WorkerTimeoutError`` or ``WorkerLostError``."""
        return self._ask(statement, statement.seconds + GRACE_SECONDS)

    def close_file(self) -> None:
        """Close the database file; blocks. Raises what ``run`` raises."""
        self._ask(Close(), GRACE_SECONDS)

    def _ask(self, request: Statement | Close, seconds: float) -> Rows | Failure:
        pipe: Connection = self._pipe
        try:
            pipe.send_bytes(encoder.encode(request))
            if not pipe.poll(seconds):
                self.kill()
                raise WorkerTimeoutError
            answer: Rows | Failure = read_answer(pipe.recv_bytes())
        except (EOFError, OSError) as error:
            raise (WorkerTimeoutError if self._killed else WorkerLostError) from error
        return answer

    def kill(self) -> None:
        self._killed = True
        self._process.kill()

    @property
    def is_usable(self) -> bool:
        # It says nothing without being asked: what could be read is the end of its pipe.
        return not (self._killed or self._pipe.poll()) and self._process.poll() is None

    def close(self) -> None:
        self._pipe.close()
        self._process.kill()
        self._process.wait()


class Workers:
    """Processes of this server process: started when they are needed, kept for the next statement.

    They hold no state that matters. How many there are is bounded by those who call: the gate of
    questions.
    """

    def __init__(self) -> None:
        self._idle: list[Worker] = []
        self._lock = threading.Lock()
        atexit.register(self.close)

    def take(self) -> Worker:
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.is_usable:
                    return worker
                worker.close()
        return Worker()

    def give_back(self, worker: Worker) -> None:
        with self._lock:
            if worker.is_usable and len(self._idle) < MAX_IDLE:
                self._idle.append(worker)
                return
        worker.close()

    def close_files(self) -> None:
        """Have all that run nothing close their database files; blocks."""
        for worker in self._take_all():
            try:
                worker.close_file()
            except (WorkerLostError, WorkerTimeoutError):
                worker.kill()
            self.give_back(worker)

    def close(self) -> None:
        for worker in self._take_all():
            worker.close()

    def _take_all(self) -> list[Worker]:
        with self._lock:
            idle, self._idle = self._idle, []
        return idle


WORKERS = Workers()
