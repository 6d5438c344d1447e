"""The tests that only ``make test-all`` runs: kinds that search, that start many programs, or that wait.

Paths below ``tests``, of a folder or of a module without its suffix. Each states a kind of which
quicker tests exist as well: what these find beyond them is rare.
"""

from pathlib import Path

TESTS = Path(__file__).parent

DIFFERENTIAL = [
    "differential",
    "api/scaling",
    "unit/store/test_bulk_insert",
    "unit/store/test_paging",
]
"""Two ways of doing the same are compared on many inputs, or work is counted twice."""
GENERATED = [
    "fuzz",
    "api/invalid_input/test_every_argument",
    "api/invalid_input/test_expensive_documents",
    "api/invalid_input/test_sizes",
    "api/invalid_input/test_documents",
    "unit/store/aggregation/test_oracle",
    "unit/store/aggregation/test_model_prices",
    "api/isolation/test_other_tenants",
    "api/isolation/test_filters",
]
"""Every place of the schema is tried, or examples are generated."""
BROWSERS_AND_CLIENTS = [
    "browser",
    "api/protocols",
    "api/exact_numbers",
    "unit/cli/demo",
    "unit/sdk_integrations",
]
"""Programs that others wrote run against a server: browsers, Node.js, web frameworks."""
OUTAGES = [
    "system/chaos",
    "system/outages",
    "system/durability",
    "api/live/test_restarts",
    "api/live/test_lost_clients",
    "api/live/test_slow_readers",
    "unit/sdk/test_outages",
    "unit/sdk/test_programs",
    "unit/sdk/test_handover",
    "unit/sdk/test_tracker_settings",
    "unit/server/test_connections",
    "unit/server/test_proxies",
    "unit/cli/watching",
    "unit/cli/test_second_server",
    "unit/cli/test_serve",
]
"""Servers, databases and connections are stopped, killed and kept waiting."""
WHOLE_STORIES = [
    "system/test_recipes",
    "acceptance/programs",
    "system/test_add_field",
    "unit/sdk/test_invalid_input",
    "api/live/test_progress",
    "api/live/test_streaming",
    "api/live/test_moving_windows",
    "api/live/test_key_changes",
    "api/live/test_sharing",
    "api/live/test_long_filters",
    "api/live/test_unauthenticated",
    "unit/migrations/test_later_versions",
    "unit/migrations/test_starting_together",
    "unit/store/rollups/test_maintenance",
    "api/repricing",
]
"""Many steps or many subscribers in one test."""

SLOW = (*DIFFERENTIAL, *GENERATED, *BROWSERS_AND_CLIENTS, *OUTAGES, *WHOLE_STORIES)


def missing_paths() -> list[str]:
    """Return the paths that name neither a folder nor a module."""
    return [p for p in SLOW if not ((TESTS / p).is_dir() or (TESTS / f"{p}.py").is_file())]


def is_slow(path: Path) -> bool:
    """Return whether the tests of this module run in ``make test-all`` only."""
    relative = path.relative_to(TESTS).with_suffix("").as_posix()
    return any(relative == slow or relative.startswith(f"{slow}/") for slow in SLOW)
