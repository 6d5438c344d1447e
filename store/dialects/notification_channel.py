"""What rings in every other server process when something has changed: a hint, never the change."""

from collections.abc import Callable
from typing import Protocol

MAX_HINT_BYTES = 7_900
"""Of one hint: PostgreSQL carries less than 8,000 bytes with a notification."""


class NotificationChannel(Protocol):
    async def listen(self, on_message: Callable[[str], None], on_lost: Callable[[], None]) -> None:
        """Hear hints from now on, until ``close``: also those of this process.

        ``on_lost`` is called where the connection broke: what came meanwhile was not heard. Raises an
        error of the driver where there is no connection; ``listen`` may then be called again.
        """

    async def notify(self, hints: list[str]) -> None:
        """Send hints, each shorter than ``MAX_HINT_BYTES``; raises as ``listen`` does."""

    async def close(self) -> None: ...
