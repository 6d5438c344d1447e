"""Version of this package, and the check against that of the server."""

import logging
import re
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from platform import python_version

DISTRIBUTION = "trackstore"
SERVER_DISTRIBUTION = "trackstore-server"
"""Its wheel contains this package, in the same version."""
VERSION_HEADER = "X-Trackstore-Version"
"""Response header with the version of the server."""
RELEASE = re.compile(r"(\d+)\.(\d+)")

log = logging.getLogger("trackstore")


def _installed() -> str:
    for distribution in (DISTRIBUTION, SERVER_DISTRIBUTION):
        with suppress(PackageNotFoundError):
            return version(distribution)
    return "0.0.0"  # run from a source tree that was not installed


VERSION = _installed()
USER_AGENT = f"trackstore-python/{VERSION} (Python {python_version()})"
_warned: set[str] = set()


def compare(server_version: str | None) -> bool:
    """Warn, once for each version, about a server of another major or minor version.

    Returns whether they match, or are unknown.
    """
    if server_version is None:
        return True
    server_release, client_release = RELEASE.match(server_version), RELEASE.match(VERSION)
    if (
        server_release is None
        or client_release is None
        or server_release.groups() == client_release.groups()
    ):
        return True
    if server_version not in _warned:
        _warned.add(server_version)
        log.warning(
            "the Trackstore server is version %s, this client %s: use the same minor version",
            server_version[:20],
            VERSION,
        )
    return False
