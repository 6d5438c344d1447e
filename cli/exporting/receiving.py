"""Receives an export into a file. An incomplete file never gets its final name."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import typer
from rich.progress import (
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)

from cli.errors import EXIT_FAILURE, CommandError
from cli.interrupts import EXIT_INTERRUPTED
from cli.output import complain, err, warn
from cli.remote import Target
from models.private_files import open_private
from trackstore.errors import IncompleteExportError
from trackstore.exporting import Export, ExportFormat

PART_SUFFIX = ".part"


@dataclass(frozen=True, slots=True)
class ExportRequest:
    document: str
    variables: Mapping[str, Any]
    format: ExportFormat
    keep_formulas: bool


class Sink(Protocol):
    def write(self, content: bytes, /) -> object: ...


def receive(
    target: Target, request: ExportRequest, output: Path | None, quiet: bool
) -> tuple[int | None, int]:
    """Return the number of rows (None if the format does not tell) and of bytes."""
    with _sink(output) as sink, target.explained_errors(), target.client() as client:
        try:
            with client.export(
                request.document,
                request.variables,
                format=request.format,
                keep_formulas=request.keep_formulas,
            ) as export:
                if export.is_truncated:
                    warn("there are more rows than the limit in the query")
                return _copy(export, sink, request.format, quiet)
        except IncompleteExportError as error:
            raise CommandError(
                f"{error}. The log of the server has the reason. "
                "Split very large exports with --since and --until."
            ) from None
        except BrokenPipeError:
            # The reader of the pipe has enough, like head.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(EXIT_FAILURE) from None
        except KeyboardInterrupt:
            complain("stopped; the export is not complete")
            raise typer.Exit(EXIT_INTERRUPTED) from None


@contextmanager
def _sink(output: Path | None) -> Iterator[BinaryIO]:
    """Open standard output, or a temporary file that gets the name of ``output`` at the end.

    Only this account may read the file: rows contain what users wrote.
    """
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = output.with_name(output.name + PART_SUFFIX)
    try:
        part.unlink(missing_ok=True)
        with os.fdopen(open_private(part), "wb") as file:
            yield file
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)


def _copy(export: Export, sink: Sink, format: ExportFormat, quiet: bool) -> tuple[int | None, int]:
    size, rows = 0, 0
    counts_rows = format == "jsonl"
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
        for chunk in export:
            sink.write(chunk)
            size += len(chunk)
            rows += chunk.count(b"\n")
            text = f"{rows:,} rows" if counts_rows else ""
            bar.update(task, completed=size, description=text)
    return (rows if counts_rows else None), size
