"""Files and standard input as lines: plain or gzip, each line bounded, interruptible while waiting."""

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

from cli.failures import CommandError
from cli.interruption import Interruption

STDIN = Path("-")
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
GZIP_MAGIC = b"\x1f\x8b"
MAX_LINE_BYTES = 2**20
"""More is no line of a log or table but a file of another kind, and is not held in memory."""


class SourceError(CommandError):
    """The source cannot be read any further."""


@dataclass(frozen=True, slots=True)
class Source:
    """An open source."""

    name: str
    stream: io.BufferedIOBase
    raw: BinaryIO | None
    interruption: Interruption

    def position(self) -> int:
        """Bytes of the file that are read, as it lies on the disk; 0 of standard input."""
        return self.raw.tell() if self.raw is not None else 0

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Every line with its number, from 1, and with its end.

        Of a line that is too long comes its beginning, one byte more than the most.
        """
        number = 0
        while line := self._read():
            number += 1
            yield number, line
            while len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
                line = self._read()

    def _read(self) -> bytes:
        self.interruption.waiting = True
        try:
            return self.stream.readline(MAX_LINE_BYTES + 1)
        except (EOFError, zlib.error, OSError) as error:
            raise SourceError(f"{self.name} cannot be read further: {error}") from None
        finally:
            self.interruption.waiting = False


@contextmanager
def open_source(path: Path, interruption: Interruption) -> Iterator[Source]:
    """Open a file, or standard input for ``-``; what is packed by gzip is unpacked."""
    if path == STDIN:
        with interruption.wait():  # for the first bytes, which say whether it is packed
            stream = _unpacked(_standard_input())
        yield Source("standard input", stream, None, interruption)
        return
    with interruption.wait():  # for the writer of a pipe
        raw = path.open("rb", buffering=0)
    with raw:
        with interruption.wait():
            stream = _unpacked(io.BufferedReader(raw))
        yield Source(str(path), stream, raw if raw.seekable() else None, interruption)


def total_bytes(paths: list[Path]) -> int | None:
    """Bytes of all files together; None where one of them has no size."""
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
