"""Takes the stream of an export into a file; a file that is not whole never gets its name."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import httpx
import typer
from rich.progress import (
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)

from cli.api_client import DEFAULT_SERVER, NAME_THE_SERVER, headers_of, key_hint
from cli.failures import REFUSED, CommandError
from cli.interruption import EXIT_CODE
from cli.output import complain, err, warn
from models.private_files import open_private
from server.access.key_requirement import is_loopback
from server.exporting.formats import Format

TIMEOUT = httpx.Timeout(120, connect=5)
"""A page comes within seconds; two minutes without one are a failure."""
PART = ".part"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to ask of which address."""

    url: httpx.URL
    origin: str
    """Where the address comes from."""
    document: str
    variables: Mapping[str, Any]
    format: Format
    keep_formulas: bool


class Sink(Protocol):
    """Where bytes go."""

    def write(self, content: bytes, /) -> object: ...


def receive(
    wanted: Wanted, key: str | None, output: Path | None, quiet: bool
) -> tuple[int | None, int]:
    """How many rows (None where that cannot be counted) and bytes were written."""
    with _sink(output) as sink, _client(wanted, key) as client:
        try:
            with _asked(client, wanted) as response:
                _require_success(response, wanted, key_hint(key))
                return _copy(response, sink, wanted.format, quiet)
        except httpx.ConnectError as error:
            raise CommandError(
                f"no server answers at {wanted.url} ({wanted.origin}; {error}): start one with "
                f"`trackstore serve`, or {NAME_THE_SERVER}"
            ) from None
        except httpx.TransportError as error:
            raise CommandError(
                f"the server ended the export before it was whole ({error}): its log says why; "
                "very large exports can be split by --since and --until"
            ) from None
        except BrokenPipeError:
            # Whoever reads us has enough, as head does.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(REFUSED) from None
        except KeyboardInterrupt:
            complain("stopped: nothing is complete")
            raise typer.Exit(EXIT_CODE) from None


@contextmanager
def _sink(output: Path | None) -> Iterator[BinaryIO]:
    """Standard output, or a file beside the one wanted that takes its place in the end.

    The file is for this account alone: rows hold what users wrote.
    """
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = output.with_name(output.name + PART)
    try:
        part.unlink(missing_ok=True)
        with os.fdopen(open_private(part), "wb") as file:
            yield file
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)


def _client(wanted: Wanted, key: str | None) -> httpx.Client:
    headers = headers_of(key)
    # A proxy of the environment cannot know the servers of this machine.
    return httpx.Client(
        headers=headers, timeout=TIMEOUT, trust_env=not is_loopback(wanted.url.host)
    )


@contextmanager
def _asked(client: httpx.Client, wanted: Wanted) -> Iterator[httpx.Response]:
    parameters = {"format": wanted.format.value}
    if wanted.keep_formulas:
        parameters["formulas"] = "keep"
    body = {"query": wanted.document, "variables": dict(wanted.variables)}
    with client.stream("POST", wanted.url, params=parameters, json=body) as response:
        yield response


def _require_success(response: httpx.Response, wanted: Wanted, key_note: str) -> None:
    if response.status_code == httpx.codes.OK:
        if response.headers.get("trackstore-truncated") == "true":
            warn("there are more rows than the limit in the query")
        return
    response.read()
    try:
        message = response.json()["errors"][0]["message"]
    except (ValueError, LookupError, TypeError):
        raise CommandError(
            f"{wanted.url} is no export address of Trackstore (HTTP {response.status_code}): "
            f"{NAME_THE_SERVER}, such as {DEFAULT_SERVER}"
        ) from None
    if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        message = f"{message} ({key_note})"
    raise CommandError(message)


def _copy(
    response: httpx.Response, sink: Sink, format: Format, quiet: bool
) -> tuple[int | None, int]:
    size, rows = 0, 0
    columns = (
        SpinnerColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    hidden = quiet or not err.is_terminal
    with Progress(*columns, console=err, transient=True, disable=hidden) as bar:
        task = bar.add_task("", total=None)
        for chunk in response.iter_bytes():
            sink.write(chunk)
            size += len(chunk)
            rows += chunk.count(b"\n")
            text = f"{rows:,} rows" if format is Format.JSONL else ""
            bar.update(task, completed=size, description=text)
    return (rows if format is Format.JSONL else None), size
