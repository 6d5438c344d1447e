"""Runs an import, and ends the command with the right exit code."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import typer

from cli.errors import EXIT_FAILURE, EXIT_USAGE
from cli.importing.columns import ColumnMappingError
from cli.importing.options import ImportOptions
from cli.importing.pipeline import Import, Read, Result
from cli.importing.preview import PreviewSender, print_preview
from cli.importing.progress import print_summary, progress_reporter
from cli.importing.sending import ApiSender
from cli.importing.sources import STDIN, SourceError, open_source, total_bytes
from cli.interrupts import EXIT_INTERRUPTED, InterruptedImportError, Interrupts
from cli.output import complain, say
from cli.remote import RemoteClient


@contextmanager
def mapping_errors_reported() -> Iterator[None]:
    """Print each problem of a mapping on its own line, with hints."""
    try:
        yield
    except ColumnMappingError as mistakes:
        for problem in mistakes.problems:
            complain(problem)
        for hint in mistakes.hints:
            say(hint)
        raise typer.Exit(EXIT_USAGE) from None


def run_import(options: ImportOptions, read: Read) -> None:
    """Run the import; exit with 1, 2 or 130 if it did not succeed."""
    started = time.monotonic()
    with Interrupts() as interrupts, mapping_errors_reported():
        _check_first_records(options.files, read, interrupts)
        result = (
            _preview(options, read, interrupts)
            if options.dry_run
            else _send(options, read, interrupts)
        )
    counts = result.counts
    if options.dry_run:
        print_preview(counts)
    elif not options.quiet or not counts.is_clean or counts.unsent:
        print_summary(counts, time.monotonic() - started)
    _end(options, result)


def _check_first_records(files: list[Path], read: Read, interrupts: Interrupts) -> None:
    """Read the first record of every file, so that a wrong mapping is refused before anything is sent."""
    for path in files:
        if path != STDIN and path.is_file():
            with (
                open_source(path, interrupts) as source,
                suppress(SourceError, InterruptedImportError),
            ):
                next(read(source), None)


def _send(options: ImportOptions, read: Read, interrupts: Interrupts) -> Result:
    with RemoteClient(options.server, options.key, stop=interrupts.requested) as remote:
        remote.viewer("INGEST")
        with progress_reporter(total_bytes(options.files), options.quiet) as reporter:
            job = Import(read, interrupts, reporter, options.batch)
            return job.run(options.files, ApiSender(remote, options.in_flight, job.add_result))


def _preview(options: ImportOptions, read: Read, interrupts: Interrupts) -> Result:
    with progress_reporter(None, quiet=True) as reporter:
        job = Import(read, interrupts, reporter, options.batch)
        return job.run(options.files, PreviewSender(job.add_result))


def _end(options: ImportOptions, result: Result) -> None:
    counts = result.counts
    if result.failure is not None:
        complain(str(result.failure))
    if result.failure is not None or result.interrupted:
        until = result.stored_until
        where = f"at {until.source}:{until.line}" if until else "before the first answer"
        say(
            f"stopped {where}. Run the same command again to continue: stored records "
            "are recognized"
        )
    if result.interrupted:
        raise typer.Exit(EXIT_INTERRUPTED)
    nothing_fits = counts.read > 0 and counts.malformed == counts.read
    if (
        result.failure is not None
        or result.broken_sources
        or nothing_fits
        or (options.strict and not counts.is_clean)
    ):
        raise typer.Exit(EXIT_FAILURE)
