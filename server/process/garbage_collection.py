"""How the garbage collector runs: rarely, and without looking at what lives as long as the server."""

import gc

ALLOCATIONS = 50_000
"""New containers between two looks at the youngest ones; Python's own default is 700.

A bulk mutation makes about ten containers per operation, and none of them is in a cycle: they are
freed by their reference counts. With the default the collector would look at them, and at much of
what lives longer, some hundred times per mutation; that took a fifth of the time.
"""
YOUNG_PASSES, MIDDLE_PASSES = 20, 50


def freeze_gc() -> None:
    """Call once when everything is imported and wired: what exists now is not looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS, YOUNG_PASSES, MIDDLE_PASSES)
    gc.enable()


def pause_gc() -> None:
    """Call before anything is imported: nothing of it is garbage, until ``freeze_gc``."""
    gc.disable()
