"""Exit codes, and the error that ends a command."""

EXIT_FAILURE = 1
"""A check failed, or the command could not do its work."""
EXIT_USAGE = 2
"""The command line or a setting is invalid; nothing was done."""


class CommandError(Exception):
    """The command cannot continue; the message says why and what to do."""
