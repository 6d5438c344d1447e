"""The tests that only ``make test-all`` runs: kinds that search, that start many programs, or that wait.

Paths below ``tests``, of a folder or of a module without its suffix. Each states a kind of which
quicker tests exist as well: what these find beyond them is rare.
"""

from pathlib import Path

TESTS = Path(__file__).parent

DIFFERENTIAL = ["differential", "scaling", "store/test_bulk_insert", "store/test_paging"]
"""Two ways of doing the same are compared on many inputs, or work is counted twice."""
GENERATED = [
    "fuzzing", "hostile/test_every_argument", "hostile/test_worst_documents", "hostile/test_sizes",
    "hostile/test_documents", "aggregation/test_oracle", "aggregation/test_model_prices",
    "isolation/test_strangers", "isolation/test_filters",
]  # fmt: skip
"""Every place of the schema is tried, or examples are generated."""
BROWSERS_AND_CLIENTS = ["dashboard", "protocols", "numbers", "cli_demo", "sdk_integrations"]
"""Programs that others wrote run against a server: browsers, Node.js, web frameworks."""
OUTAGES = [
    "system", "durability", "live/test_restarts", "live/test_dropped", "live/test_slow_readers",
    "sdk/test_outages", "sdk/test_programs", "sdk/test_handing_over", "sdk/test_tracker_settings",
    "server/test_connections", "server/test_proxies", "cli/watching",
    "cli/test_second_server", "cli/test_serve",
]  # fmt: skip
"""Servers, databases and connections are stopped, killed and kept waiting."""
WHOLE_STORIES = [
    "acceptance/programs", "sdk/test_odd_input", "live/test_progress", "live/test_streaming",
    "live/test_moving_windows", "live/test_key_changes", "live/test_sharing",
    "live/test_long_filters", "live/test_before_the_key", "migrations/test_later_versions",
    "migrations/test_starting_together", "rollups/test_keeping", "repricing",
]  # fmt: skip
"""Many steps or many subscribers in one test."""

SLOW = (*DIFFERENTIAL, *GENERATED, *BROWSERS_AND_CLIENTS, *OUTAGES, *WHOLE_STORIES)


def missing_paths() -> list[str]:
    """Return the paths that name neither a folder nor a module."""
    return [p for p in SLOW if not ((TESTS / p).is_dir() or (TESTS / f"{p}.py").is_file())]


def is_slow(path: Path) -> bool:
    """Return whether the tests of this module run in ``make test-all`` only."""
    relative = path.relative_to(TESTS).with_suffix("").as_posix()
    return any(relative == slow or relative.startswith(f"{slow}/") for slow in SLOW)
