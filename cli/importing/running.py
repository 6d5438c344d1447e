"""Runs an import as its options say, and tells how it ended."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import typer

from cli.failures import MISUSED, REFUSED
from cli.importing.columns import ColumnMappingError
from cli.importing.options import ImportOptions
from cli.importing.pipeline import Import, Read, Result
from cli.importing.preview import PreviewSender, print_preview
from cli.importing.reporting import make_reporter, print_summary
from cli.importing.sending import ApiSender
from cli.importing.sources import STDIN, SourceError, open_source, total_bytes
from cli.interruption import EXIT_CODE, InterruptedImportError, Interruption
from cli.output import complain, say
from cli.remote import RemoteClient


@contextmanager
def mistakes_told() -> Iterator[None]:
    """Show each mistake on a line of its own, and what would have been possible."""
    try:
        yield
    except ColumnMappingError as mistakes:
        for problem in mistakes.problems:
            complain(problem)
        for hint in mistakes.hints:
            say(hint)
        raise typer.Exit(MISUSED) from None


def run_import(options: ImportOptions, read: Read) -> None:
    """Import; exits with 1, 2 or 130 where it did not end well."""
    started = time.monotonic()
    with Interruption() as interruption, mistakes_told():
        _try_beginnings(options.files, read, interruption)
        result = (
            _preview(options, read, interruption)
            if options.dry_run
            else _send(options, read, interruption)
        )
    tally = result.tally
    if options.dry_run:
        print_preview(tally)
    elif not options.quiet or not tally.is_clean or tally.unsent:
        print_summary(tally, time.monotonic() - started)
    _end(options, result)


def _try_beginnings(files: list[Path], read: Read, interruption: Interruption) -> None:
    """Read the first record of every file: what does not fit is refused before anything is sent."""
    for path in files:
        if path != STDIN and path.is_file():
            with (
                open_source(path, interruption) as source,
                suppress(SourceError, InterruptedImportError),
            ):
                next(read(source), None)


def _send(options: ImportOptions, read: Read, interruption: Interruption) -> Result:
    with RemoteClient(options.server, options.key, stop=interruption.wished) as remote:
        remote.viewer("INGEST")
        with make_reporter(total_bytes(options.files), options.quiet) as reporter:
            job = Import(read, interruption, reporter, options.batch)
            return job.run(options.files, ApiSender(remote, options.in_flight, job.answered))


def _preview(options: ImportOptions, read: Read, interruption: Interruption) -> Result:
    with make_reporter(None, quiet=True) as reporter:
        job = Import(read, interruption, reporter, options.batch)
        return job.run(options.files, PreviewSender(job.answered))


def _end(options: ImportOptions, result: Result) -> None:
    tally = result.tally
    if result.failure is not None:
        complain(str(result.failure))
    if result.failure is not None or result.interrupted:
        until = result.stored_until
        where = f"at {until.source}:{until.line}" if until else "before the first answer"
        say(
            f"stopped {where}. Run the same command again to go on: what is stored already "
            "is recognised"
        )
    if result.interrupted:
        raise typer.Exit(EXIT_CODE)
    nothing_fits = tally.read > 0 and tally.malformed == tally.read
    if (
        result.failure is not None
        or result.broken_sources
        or nothing_fits
        or (options.strict and not tally.is_clean)
    ):
        raise typer.Exit(REFUSED)
