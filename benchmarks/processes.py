"""Measure processor time and memory of a process tree."""

import time
from collections.abc import Mapping

import psutil


def tree(pid: int) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def cpu_seconds(pid: int) -> float:
    """Return the processor seconds of the tree since its start, including ended children."""
    total = 0.0
    for process in tree(pid):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def resident_bytes(pid: int) -> int:
    """Return the resident memory of the tree; shared pages count in each process."""
    total = 0
    for process in tree(pid):
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


class CpuMeter:
    """Measure processor seconds since creation: this process as ``client``, others by name."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = pids
        self._baseline = {name: cpu_seconds(pid) for name, pid in pids.items()}
        self._own_baseline = time.process_time()

    def read(self) -> dict[str, float]:
        own_seconds = time.process_time() - self._own_baseline
        other_seconds = {
            name: cpu_seconds(pid) - self._baseline[name] for name, pid in self._pids.items()
        }
        return {"client": own_seconds, **other_seconds}
