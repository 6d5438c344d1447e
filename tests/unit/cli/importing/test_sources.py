"""Files and standard input as lines."""

import gzip
import io
import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from cli.importing.sources import (
    MAX_LINE_BYTES,
    STDIN,
    SourceError,
    open_source,
    total_bytes,
)
from cli.interrupts import InterruptedImportError, Interrupts

PATIENCE_SECONDS = 20.0


def lines(path: Path) -> list[tuple[int, bytes]]:
    with open_source(path, Interrupts()) as source:
        return list(source.lines())


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_plain_and_packed_whatever_their_name(tmp_path: Path, pack: type[bytes]) -> None:
    file = tmp_path / "access.log"
    file.write_bytes(pack(b"a\r\n\nb"))
    assert lines(file) == [(1, b"a\r\n"), (2, b"\n"), (3, b"b")]
    assert total_bytes([file, file]) == 2 * file.stat().st_size


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert lines(tmp_path / "empty") == []


def test_several_packed_files_in_one(tmp_path: Path) -> None:
    (tmp_path / "two.gz").write_bytes(gzip.compress(b"a\n") + gzip.compress(b"b\n"))
    assert lines(tmp_path / "two.gz") == [(1, b"a\n"), (2, b"b\n")]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = io.TextIOWrapper(io.BytesIO(gzip.compress(b"a\nb\n")))
    monkeypatch.setattr(sys, "stdin", packed)
    assert lines(STDIN) == [(1, b"a\n"), (2, b"b\n")]
    assert total_bytes([STDIN]) is None


def test_a_line_without_end_is_never_held_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "binary"
    file.write_bytes(b"x" * (3 * MAX_LINE_BYTES) + b"\ny\n")
    (first, long), second = lines(file)
    assert (first, len(long)) == (1, MAX_LINE_BYTES + 1)
    assert second == (2, b"y\n")


@pytest.mark.parametrize(
    "harm", [lambda b: b[:-12], lambda b: b[:-40] + b"\0" * 40], ids=["cut", "damaged"]
)
def test_a_damaged_file_gives_what_it_can(tmp_path: Path, harm: type[bytes]) -> None:
    file = tmp_path / "cut.gz"
    content = b"".join(b"%d\n" % (n * n * 7919) for n in range(50_000))
    file.write_bytes(harm(gzip.compress(content)))
    read: list[int] = []
    with (
        pytest.raises(SourceError, match=r"cut.gz cannot be read any further"),
        open_source(file, Interrupts()) as source,
    ):
        read.extend(number for number, _ in source.lines())
    assert len(read) > 10_000


def test_the_first_wish_to_stop_reaches_a_wait_for_input() -> None:
    reading, writing = os.pipe()
    main = threading.get_ident()
    with Interrupts() as interrupts, os.fdopen(writing, "wb"), os.fdopen(reading, "rb") as pipe:
        pipe_path = Path(f"/dev/fd/{pipe.fileno()}")
        timer = threading.Timer(0.3, lambda: signal.pthread_kill(main, signal.SIGINT))
        watchdog = threading.Timer(PATIENCE_SECONDS, lambda: os.kill(os.getpid(), signal.SIGALRM))
        timer.start()
        watchdog.start()
        try:
            with (
                pytest.raises(InterruptedImportError),
                open_source(pipe_path, interrupts) as source,
            ):
                list(source.lines())
        finally:
            timer.join()
            watchdog.cancel()
        assert interrupts.requested.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is not interrupts._handle
