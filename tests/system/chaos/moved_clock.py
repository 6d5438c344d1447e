"""The clock of the servers, moved while they run.

A library of forty lines stands between a server and the clock of its machine (``LD_PRELOAD``) and
adds an offset that it finds in a file. libfaketime does the same and more, but takes a lock at every
look at the clock: the server became five times slower and ran into its own deadlines. A C compiler
must be there; where it is not, the run leaves this fault out and says so. Clocks that go by elapsed
time (CLOCK_MONOTONIC) stay as they are, as they do where an operator or NTP sets the time.
"""

import os
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Self

SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *offset;
static int (*next_gettime)(clockid_t, struct timespec *);

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("MOVED_CLOCK_FILE");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    next_gettime = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    if (file < 0) return;
    void *found = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    if (found != MAP_FAILED) offset = found;
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    if (!next_gettime) start();
    int failed = next_gettime(clock, now);
    if (!failed && offset && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += *offset;
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec found;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &found)) return -1;
    now->tv_sec = found.tv_sec;
    now->tv_usec = found.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *now) {
    struct timespec found;
    if (clock_gettime(CLOCK_REALTIME, &found)) return -1;
    if (now) *now = found.tv_sec;
    return found.tv_sec;
}
"""
NUMBER = struct.Struct("@q")


class MovedClock:
    """How far the clock of the processes with ``environment`` is off."""

    def __init__(self, library: Path, file: Path) -> None:
        self._file = file
        file.write_bytes(NUMBER.pack(0))
        self.environment = {"LD_PRELOAD": str(library), "MOVED_CLOCK_FILE": str(file)}

    @classmethod
    def build(cls, folder: Path) -> Self | None:
        """Compile the library in ``folder``; None where there is no C compiler."""
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if compiler is None or os.name != "posix":
            return None
        source, library = folder / "moved_clock.c", folder / "moved_clock.so"
        source.write_text(SOURCE)
        options = ["-O2", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"]
        if subprocess.run([compiler, *options], capture_output=True, check=False).returncode:
            return None
        return cls(library, folder / "clock")

    def move(self, seconds: int) -> None:
        """Set the clock so many seconds ahead of the right time, or behind it."""
        with self._file.open("r+b") as file:
            file.write(NUMBER.pack(seconds))
