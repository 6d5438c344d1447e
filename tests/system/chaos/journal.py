"""What a client did, line by line in a file that its death does not damage."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Line = dict[str, Any]


class Journal:
    """Appends lines; each is in the file when ``write`` returns."""

    def __init__(self, file: Path) -> None:
        self._file = file.open("a", encoding="utf-8")

    def write(self, kind: str, **values: Any) -> None:
        """Append one line. ``at`` is the time by the clock that all processes share."""
        self._file.write(json.dumps({"kind": kind, "at": time.monotonic(), **values}) + "\n")
        self._file.flush()


class JournalReader:
    """Reads what was appended since the last time."""

    def __init__(self, file: Path) -> None:
        self._path = file
        self._offset = 0

    def read(self) -> Iterator[Line]:
        """Yield the new lines; a line that is not finished stays for the next time."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._offset += len(line)
                yield json.loads(line)
