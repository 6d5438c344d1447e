"""Start the command line for scripts that were installed while it was ``server.cli``."""

from cli import main

__all__ = ["main"]
