"""Files and standard input as lines: plain or gzip, bounded and interruptible."""

import codecs
import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cli.errors import CommandError
from cli.interrupts import Interrupts

STDIN = Path("-")
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
GZIP_MAGIC = b"\x1f\x8b"
MAX_LINE_BYTES = 2**20
"""Maximum size of a line. Longer ones belong to another kind of file, and are not read into memory."""


class SourceError(CommandError):
    """The rest of the source cannot be read."""


@dataclass(frozen=True, slots=True)
class Source:
    name: str
    stream: io.BufferedIOBase
    raw: BinaryIO | None
    interrupts: Interrupts

    def position(self) -> int:
        """Return the number of bytes read from the file on disk; 0 for standard input."""
        return self.raw.tell() if self.raw is not None else 0

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield each line with its number, from 1, including its line end.

        A line that is too long is cut to one byte more than the maximum.
        """
        number = 0
        while line := self._read():
            number += 1
            yield number, line
            while len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
                line = self._read()

    def _read(self) -> bytes:
        self.interrupts.waiting = True
        try:
            return self.stream.readline(MAX_LINE_BYTES + 1)
        except (EOFError, zlib.error, OSError) as error:
            raise SourceError(f"{self.name} cannot be read any further: {error}") from None
        finally:
            self.interrupts.waiting = False


@contextmanager
def open_source(path: Path, interrupts: Interrupts) -> Iterator[Source]:
    """Open a file, or standard input for ``-``; decompress gzip."""
    if path == STDIN:
        with interrupts.wait():  # for the first bytes, which tell whether it is gzip
            stream = _unpacked(_standard_input())
        yield Source("standard input", stream, None, interrupts)
        return
    with interrupts.wait():  # for the writer of a pipe
        raw = path.open("rb", buffering=0)
    with raw:
        with interrupts.wait():
            stream = _unpacked(io.BufferedReader(raw))
        yield Source(str(path), stream, raw if raw.seekable() else None, interrupts)


def total_bytes(paths: list[Path]) -> int | None:
    if any(path == STDIN or not path.is_file() for path in paths):
        return None
    return sum(path.stat().st_size for path in paths)


def _standard_input() -> io.BufferedReader:
    stream = sys.stdin.buffer
    if isinstance(stream, io.BufferedReader):
        return stream
    return io.BufferedReader(stream)  # type: ignore[arg-type]  # all it needs is readinto


def _unpacked(stream: io.BufferedReader) -> io.BufferedIOBase:
    if stream.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC):
        return gzip.GzipFile(fileobj=stream)
    return stream
