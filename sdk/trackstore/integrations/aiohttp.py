"""Adds ``traceparent`` and ``X-Correlation-ID`` to outgoing calls of ``aiohttp``."""

from types import SimpleNamespace

import aiohttp

from trackstore.context import headers_of


def trace_config() -> aiohttp.TraceConfig:
    """Return a trace config that adds the headers, unless the call sets its own.

    ``aiohttp.ClientSession(trace_configs=[trace_config()])``. Without a context nothing is added.
    """
    config = aiohttp.TraceConfig()
    config.on_request_start.append(_add_headers)
    return config


async def _add_headers(
    session: aiohttp.ClientSession,
    context: SimpleNamespace,
    params: aiohttp.TraceRequestStartParams,
) -> None:
    del session, context
    for name, value in headers_of().items():
        params.headers.setdefault(name, value)
