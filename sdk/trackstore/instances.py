"""The name of this process, by which the server tells the reports of several processes apart."""

import os
import secrets
import socket

MAX_HOST_CHARACTERS = 100


class _Process:
    """A name that a forked child does not share, nor a process that has the same number later."""

    def __init__(self) -> None:
        self._pid = -1
        self._name = ""

    def name(self) -> str:
        """Return host, process number and eight random digits."""
        pid = os.getpid()
        if pid != self._pid:
            host = socket.gethostname()[:MAX_HOST_CHARACTERS]
            self._name, self._pid = f"{host}:{pid}:{secrets.token_hex(4)}", pid
        return self._name


process_name = _Process().name
