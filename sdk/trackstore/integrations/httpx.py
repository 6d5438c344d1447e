"""Adds ``traceparent`` and ``X-Correlation-ID`` to outgoing calls of ``httpx``."""

from typing import TypeVar

import httpx

from trackstore.context import headers_of

Client = TypeVar("Client", bound=httpx.Client | httpx.AsyncClient)


def propagate(client: Client) -> Client:
    """Add the headers to every call of this client, unless the call sets its own; return the client.

    ``client = propagate(httpx.AsyncClient())``. Without a context nothing is added.
    """
    hook = _add_async if isinstance(client, httpx.AsyncClient) else _add
    hooks = client.event_hooks
    if hook not in hooks["request"]:
        hooks["request"].append(hook)
        client.event_hooks = hooks
    return client


def _add(request: httpx.Request) -> None:
    for name, value in headers_of().items():
        request.headers.setdefault(name, value)


async def _add_async(request: httpx.Request) -> None:
    _add(request)
