"""Starts ``trackstore`` commands as forks of a process that has imported their modules already.

A test run starts hundreds of servers and commands, and importing the modules takes most of a start. A
fork runs the same command from its first line on, in a process of its own, with its own folder,
environment and output.
"""

import array
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from threading import Lock
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("cli", "server")
MAX_ORDER_BYTES = 1 << 18
POLL_SECONDS = 0.01
CAN_FORK = sys.platform == "linux"


class ForkedCommand:
    """A command that runs in a fork; what tests need of ``subprocess.Popen``."""

    def __init__(self, parent: "ForkParent", pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._parent = parent

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        if self.returncode is None:
            self.returncode = self._parent.exit_code(self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once there is one; raises ``subprocess.TimeoutExpired``."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if deadline is not None and timeout is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("trackstore", timeout)
            time.sleep(POLL_SECONDS)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it without any warning."""
        self.send_signal(signal.SIGKILL)


class ForkParent:
    """The process that forks; it ends with the one that started it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._socket, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.forks", str(other.fileno())],
                cwd=ROOT, pass_fds=[other.fileno()],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            )  # fmt: skip

    def start(
        self,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        output: IO[Any],
        errors: IO[Any] | None = None,
    ) -> ForkedCommand:
        """Run ``trackstore`` with these arguments; without ``errors`` both outputs are one."""
        order = {"arguments": arguments, "folder": str(folder), "environment": dict(environment)}
        descriptors = (output.fileno(), (errors or output).fileno())
        return ForkedCommand(self, self._ask(order, *descriptors))

    def exit_code(self, pid: int) -> int | None:
        """The exit code of a fork; None while it runs."""
        code: int | None = self._ask({"pid": pid})
        return code

    def _ask(self, order: Any, *descriptors: int) -> Any:
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
        with self._lock:
            self._socket.sendmsg([json.dumps(order).encode()], ancillary if descriptors else [])
            return json.loads(self._socket.recv(MAX_ORDER_BYTES))


@cache
def fork_parent() -> ForkParent:
    """The one of this test process, started when it is first needed."""
    return ForkParent()


def take_orders(orders: socket.socket) -> list[str] | None:
    """Fork and report until the other end is closed; in a fork, return the command's arguments."""
    codes: dict[int, int] = {}
    while True:
        message, descriptors, _, _ = socket.recv_fds(orders, MAX_ORDER_BYTES, 2)
        if not message:
            return None
        order = json.loads(message)
        if "pid" in order:
            if order["pid"] not in codes:
                pid, status = os.waitpid(order["pid"], os.WNOHANG)
                if pid:
                    codes[pid] = os.waitstatus_to_exitcode(status)
            orders.send(json.dumps(codes.get(order["pid"])).encode())
            continue
        output, errors = descriptors
        pid = os.fork()
        codes.pop(pid, None)  # the number of one that ended long ago
        if pid == 0:
            orders.close()
            prepare(order, output, errors)
            return list(order["arguments"])
        os.close(output)
        os.close(errors)
        orders.send(json.dumps(pid).encode())


def prepare(order: Mapping[str, Any], output: int, errors: int) -> None:
    """Make a fork what a process of its own would be before its first line."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.dup2(output, sys.stdout.fileno())
    os.dup2(errors, sys.stderr.fileno())
    os.close(output)
    os.close(errors)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    random.seed()


def main() -> None:
    """Import the modules of all commands, then fork as ordered; in a fork, run the command."""
    for package in PACKAGES:
        path = import_module(package).__path__
        for module in walk_packages(path, f"{package}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that ordered
    arguments = take_orders(socket.socket(fileno=int(sys.argv[1])))
    if arguments is not None:
        sys.argv = ["trackstore", *arguments]
        import_module("cli").main()


if __name__ == "__main__":
    main()
