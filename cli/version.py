"""``trackstore version``."""

import platform

from cli.output import out
from server.version import VERSION


def version() -> None:
    """Print the version."""
    out.print(f"trackstore {VERSION} (Python {platform.python_version()})")
