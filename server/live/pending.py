"""Bound WebSockets whose caller is not known yet, per address and in time."""

from collections import OrderedDict
from collections.abc import Callable

from server.access.admission import network_of

MAX_PENDING_SOCKETS = 2_000
"""For all addresses of one process."""


class PendingSockets:
    """Track sockets that wait for an accepted ``connection_init``.

    Beyond the bound the one waiting longest is closed for the new one, so that opening sockets keeps
    nobody out, not even at the same address.
    """

    def __init__(self, per_address: int, max_sockets: int = MAX_PENDING_SOCKETS) -> None:
        self._per_address = per_address
        self._max_sockets = max_sockets
        self._addresses: dict[str, OrderedDict[object, Callable[[], None]]] = {}
        self._networks: OrderedDict[object, str] = OrderedDict()
        self.evicted = 0
        """Sockets closed to make room for new ones."""

    def __len__(self) -> int:
        return len(self._networks)

    def enter(self, address: str, socket: object, end: Callable[[], None]) -> None:
        network = network_of(address)
        sockets = self._addresses.get(network, ())
        if len(sockets) >= self._per_address:
            self._evict(next(iter(sockets)))
        if len(self._networks) >= self._max_sockets:
            self._evict(next(iter(self._networks)))
        self._addresses.setdefault(network, OrderedDict())[socket] = end
        self._networks[socket] = network

    def leave(self, socket: object) -> None:
        network = self._networks.pop(socket, None)
        if network is not None:
            sockets = self._addresses[network]
            del sockets[socket]
            if not sockets:
                del self._addresses[network]

    def close_all(self) -> None:
        for socket in list(self._networks):
            end = self._addresses[self._networks[socket]][socket]
            self.leave(socket)
            end()

    def _evict(self, socket: object) -> None:
        end = self._addresses[self._networks[socket]][socket]
        self.leave(socket)
        self.evicted += 1
        end()
