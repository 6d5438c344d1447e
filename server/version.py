"""Read the version of this installation."""

from importlib.metadata import version

DISTRIBUTION = "trackstore-server"
VERSION = version(DISTRIBUTION)
