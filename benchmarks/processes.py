"""Processor time and memory of a process with all that it started."""

import time
from collections.abc import Mapping

import psutil


def tree(pid: int) -> list[psutil.Process]:
    """The process and its descendants, as far as they still run."""
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def cpu_seconds(pid: int) -> float:
    """Processor seconds of the tree since it started, ended children included."""
    total = 0.0
    for process in tree(pid):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def resident_bytes(pid: int) -> int:
    """Resident memory of the tree; pages that its processes share are counted in each."""
    total = 0
    for process in tree(pid):
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


class CpuMeter:
    """Processor seconds used since the meter was made: this process as ``client``, others by name."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = pids
        self._begun = {name: cpu_seconds(pid) for name, pid in pids.items()}
        self._own = time.process_time()

    def read(self) -> dict[str, float]:
        """Seconds by part."""
        own = time.process_time() - self._own
        others = {name: cpu_seconds(pid) - self._begun[name] for name, pid in self._pids.items()}
        return {"client": own, **others}
