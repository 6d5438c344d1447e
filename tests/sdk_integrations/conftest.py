"""Fixtures: a server for each module and dialect, and trackers that send to it."""

from tests.sdk.conftest import make_tracker, server

__all__ = ["make_tracker", "server"]
