"""Websockets whose caller is not known yet: few from one address, and only for a few seconds."""

from collections import OrderedDict
from collections.abc import Callable

from server.access.admission import network_of

MAX_PENDING_SOCKETS = 2_000
"""Of all addresses together, in one process."""


class PendingSockets:
    """Sockets that wait for an accepted ``connection_init``.

    Where there are too many, the one that has waited for longest is closed for the new one: whoever
    only opens sockets keeps nobody out, at the same address neither.
    """

    def __init__(self, per_address: int, most: int = MAX_PENDING_SOCKETS) -> None:
        self._per_address = per_address
        self._most = most
        self._addresses: dict[str, OrderedDict[object, Callable[[], None]]] = {}
        self._all: OrderedDict[object, str] = OrderedDict()
        self.evicted = 0
        """Sockets that were closed for new ones."""

    def __len__(self) -> int:
        return len(self._all)

    def enter(self, address: str, socket: object, end: Callable[[], None]) -> None:
        """Add a socket; ``end`` closes it without waiting."""
        network = network_of(address)
        sockets = self._addresses.get(network, ())
        if len(sockets) >= self._per_address:
            self._evict(next(iter(sockets)))
        if len(self._all) >= self._most:
            self._evict(next(iter(self._all)))
        self._addresses.setdefault(network, OrderedDict())[socket] = end
        self._all[socket] = network

    def leave(self, socket: object) -> None:
        """Remove a socket that was accepted or closed; removing it again changes nothing."""
        network = self._all.pop(socket, None)
        if network is not None:
            sockets = self._addresses[network]
            del sockets[socket]
            if not sockets:
                del self._addresses[network]

    def end_all(self) -> None:
        """Close all of them."""
        for socket in list(self._all):
            end = self._addresses[self._all[socket]][socket]
            self.leave(socket)
            end()

    def _evict(self, socket: object) -> None:
        end = self._addresses[self._all[socket]][socket]
        self.leave(socket)
        self.evicted += 1
        end()
