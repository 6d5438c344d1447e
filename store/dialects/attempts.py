"""How far the attempt of a transaction has come, for the truth about its outcome."""


class AbandonedError(Exception):
    """The attempt was given up before its commit was sent: nothing of it is stored."""


class TransactionAttempt:
    """One try of one transaction.

    It either was abandoned or has sent its commit, never both: the two are decided in one step of
    the event loop.
    """

    __slots__ = ("has_sent_commit", "is_abandoned")

    def __init__(self) -> None:
        self.has_sent_commit = False
        self.is_abandoned = False

    def send_commit(self) -> None:
        """Note that the commit is sent now; raises ``AbandonedError`` where nobody waits for it."""
        if self.is_abandoned:
            raise AbandonedError
        self.has_sent_commit = True

    def abandon(self) -> bool:
        self.is_abandoned = not self.has_sent_commit
        return self.is_abandoned
