"""Configure the garbage collector to run rarely, and to skip long-lived objects."""

import gc

MIN_ALLOCATIONS = 50_000
"""New containers between two collections of the youngest generation; Python's default is 700.

A bulk mutation makes about ten containers per operation, none of them in a cycle, so they are
freed by reference counts. With the default the collector would scan them, and much of what lives
longer, some hundred times per mutation, which took a fifth of the time.
"""
YOUNG_PASSES, MIDDLE_PASSES = 20, 50


def freeze_gc() -> None:
    """Exclude everything that exists now from collection; call after imports and wiring."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(MIN_ALLOCATIONS, YOUNG_PASSES, MIDDLE_PASSES)
    gc.enable()


def pause_gc() -> None:
    """Disable the collector during imports, until ``freeze_gc``."""
    gc.disable()
