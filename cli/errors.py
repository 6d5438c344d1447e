"""Exit codes, and the error that ends a command."""

EXIT_FAILURE = 1
"""A check failed, or something that had to be there was not."""
EXIT_USAGE = 2
"""The command line or a setting is wrong; nothing was tried."""


class CommandError(Exception):
    """The command cannot continue; the message says why and what to do."""
