"""Outgoing calls of ``requests`` carry ``traceparent`` and ``X-Correlation-ID`` of the context."""

from typing import Any

import requests
from requests.adapters import BaseAdapter

from trackstore.context import headers_of


class PropagatingAdapter(BaseAdapter):
    """Adds the headers, then lets the adapter that was mounted before send the call."""

    def __init__(self, inner: BaseAdapter) -> None:
        super().__init__()
        self.inner = inner

    def send(
        self, request: requests.PreparedRequest, *args: Any, **named: Any
    ) -> requests.Response:
        """Send with the headers of the present context; those that the call brings stay."""
        for name, value in headers_of().items():
            request.headers.setdefault(name, value)
        return self.inner.send(request, *args, **named)

    def close(self) -> None:
        """Close the inner adapter."""
        self.inner.close()


def propagate(session: requests.Session) -> requests.Session:
    """Put the headers on every call of this session, whatever its adapters; gives it back.

    ``session = propagate(requests.Session())``. Without a context nothing is added.
    """
    for prefix, adapter in list(session.adapters.items()):
        if not isinstance(adapter, PropagatingAdapter):
            session.mount(prefix, PropagatingAdapter(adapter))
    return session
