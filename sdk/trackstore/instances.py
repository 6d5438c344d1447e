"""Name of this process, which tells apart the reports of several processes."""

import os
import secrets
import socket

MAX_HOST_CHARACTERS = 100


class _Process:
    def __init__(self) -> None:
        self._pid = -1
        self._name = ""

    def name(self) -> str:
        pid = os.getpid()
        if pid != self._pid:
            host = socket.gethostname()[:MAX_HOST_CHARACTERS]
            self._name, self._pid = f"{host}:{pid}:{secrets.token_hex(4)}", pid
        return self._name


process_name = _Process().name
