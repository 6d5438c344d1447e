"""Adds ``traceparent`` and ``X-Correlation-ID`` to outgoing calls of ``requests``."""

from typing import Any

import requests
from requests.adapters import BaseAdapter

from trackstore.context import headers_of


class PropagatingAdapter(BaseAdapter):
    """Adds the headers, then sends by the adapter that was mounted before."""

    def __init__(self, inner: BaseAdapter) -> None:
        super().__init__()
        self.inner = inner

    def send(
        self, request: requests.PreparedRequest, *args: Any, **named: Any
    ) -> requests.Response:
        for name, value in headers_of().items():
            request.headers.setdefault(name, value)
        return self.inner.send(request, *args, **named)

    def close(self) -> None:
        self.inner.close()


def propagate(session: requests.Session) -> requests.Session:
    """Add the headers to every call of this session, whatever its adapters; return the session.

    ``session = propagate(requests.Session())``. Without a context nothing is added.
    """
    for prefix, adapter in list(session.adapters.items()):
        if not isinstance(adapter, PropagatingAdapter):
            session.mount(prefix, PropagatingAdapter(adapter))
    return session
