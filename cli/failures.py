"""How a command ends that cannot go on: an exit code, and what it says."""

REFUSED = 1
"""A check failed, or something that had to be there was not."""
MISUSED = 2
"""The command line or a setting is wrong; nothing was tried."""


class CommandError(Exception):
    """A command will not go on; the text says why and what to do."""
