"""Exports: streams the rows of a list as CSV, JSON Lines or Parquet."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, NoReturn
from urllib.parse import urlsplit

import httpx

from trackstore.calls import connection_failure, data_of, encode_request
from trackstore.connection import display_url
from trackstore.errors import IncompleteExportError, WrongAddressError
from trackstore.settings import Settings

ExportFormat = Literal["csv", "jsonl", "parquet"]
PAGE_SECONDS = 120.0
"""The server sends each page within seconds."""
TRUNCATED_HEADER = "Trackstore-Truncated"


@dataclass(frozen=True, slots=True)
class Export:
    """Body of an export.

    ``is_truncated``: the server has more rows than the ``limit`` in the document.
    """

    is_truncated: bool
    _response: httpx.Response

    def __iter__(self) -> Iterator[bytes]:
        """Yield the body in pieces. Raises ``IncompleteExportError`` if the server breaks off."""
        try:
            yield from self._response.iter_bytes()
        except httpx.TransportError as error:
            raise IncompleteExportError(
                f"the server ended the export before it was complete ({error})"
            ) from None


def export_url(url: str) -> str:
    """Return the URL of the exports next to a GraphQL endpoint."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/").removesuffix("/graphql")
    return parts._replace(path=f"{path}/export").geturl()


@contextmanager
def open_export(
    http: httpx.Client,
    settings: Settings,
    document: str,
    variables: Mapping[str, Any] | None,
    parameters: Mapping[str, str],
) -> Iterator[Export]:
    address = export_url(settings.url)
    request = http.build_request(
        "POST",
        address,
        params=dict(parameters),
        content=encode_request(document, variables),
        timeout=httpx.Timeout(PAGE_SECONDS, connect=settings.connect_seconds),
    )
    try:
        response = http.send(request, stream=True)
    except httpx.TransportError as error:
        raise connection_failure(error, address) from None
    try:
        if response.status_code != httpx.codes.OK:
            _raise_refusal(response, address)
        yield Export(response.headers.get(TRUNCATED_HEADER) == "true", response)
    finally:
        response.close()


def _raise_refusal(response: httpx.Response, address: str) -> NoReturn:
    try:
        response.read()
        data_of(response)
    except httpx.TransportError as error:
        raise connection_failure(error, address) from None
    except WrongAddressError:
        pass  # the message below names the endpoint that was called
    status = response.status_code
    raise WrongAddressError(
        f"{display_url(address)} is not an export endpoint of Trackstore (HTTP {status})",
        status=status,
    )
