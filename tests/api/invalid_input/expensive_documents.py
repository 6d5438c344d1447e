"""The worst documents of one kilobyte that anybody found, and what each costs until it is answered.

``python -m tests.api.invalid_input.expensive_documents`` prints them, slowest first, and with how many
calls of functions each was answered: that number is the same on any machine.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

from migrations.runner import upgrade
from tests.support.api import Api, running_api
from tests.support.databases import SqliteDatabases

SIZE = 1_024
HEADERS = {"Accept": "application/graphql-response+json"}


def filled(before: str, item: str | Callable[[int], str], after: str) -> str:
    """As many items as there is room for."""
    text, number = before, 0
    while True:
        more = item if isinstance(item, str) else item(number)
        if len(text) + len(more) + len(after) > SIZE:
            return text + after
        text, number = text + more, number + 1


def grown(make: Callable[[int], str]) -> str:
    """The largest of its kind that there is room for."""
    size = 1
    while len(make(size + 1)) <= SIZE:
        size += 1
    return make(size)


def doubled(kind: str, last: str, before: str, times: int = 2) -> str:
    """Fragments that each spread the next one more than once."""

    def make(size: int) -> str:
        spreads = (f"fragment f{i} on {kind}{{{f'...f{i + 1} ' * times}}}" for i in range(size))
        return f"{before}{''.join(spreads)}fragment f{size} on {kind}{{{last}}}"

    return grown(make)


def everyone_spreads_everyone(size: int) -> str:
    """Fragments of which each spreads all that come after it."""
    names = [f"f{i}" for i in range(size)]
    fragments = (
        f"fragment {name} on Viewer{{{' '.join(f'...{n}' for n in names[i + 1 :]) or 'name'}}}"
        for i, name in enumerate(names)
    )
    return f"{{viewer{{{' '.join(f'...{n}' for n in names)}}}}}{''.join(fragments)}"


def tower(size: int) -> str:
    """Records in records, each level twice beside itself."""
    inner = "uuid"
    for _ in range(size):
        inner = f"request{{operations(first:1){{nodes{{{inner}}}}}}}" * 2
    return f"{{operations(first:1){{nodes{{{inner}}}}}}}"


DOCUMENTS: dict[str, str] = {
    "doubled fragments": doubled("Viewer", "name", "{viewer{...f0}}"),
    "tripled fragments": doubled("Viewer", "name", "{viewer{...f0}}", 3),
    "doubled aliases": doubled("Viewer", "a:name", "{viewer{...f0}}"),
    "doubled fragments in a list": doubled("Operation", "name", "{operations{nodes{...f0}}}"),
    "doubled fragments of rows": doubled("OperationStatsRow", "count", "{operationStats{rows{...f0}}}"),
    "doubled fragments of numbers": doubled(
        "NumberStats", "p50", "{operationStats{totals{durationMs{...f0}}}}"
    ),
    "fragments that all spread all": grown(everyone_spreads_everyone),
    "fragments in a circle": "{viewer{...a}}fragment a on Viewer{...b ...b}fragment b on Viewer{...a ...a}",
    "a tower": grown(tower),
    "one field again and again": filled("{viewer{", "name ", "}}"),
    "inline fragments": filled("{viewer{", "...{name}", "}}"),
    "unknown fields": filled("{viewer{", lambda i: f"x{i} ", "}}"),
    "unknown fields below fields": filled("{", "a{b}", "}"),
    "unknown types": filled("{a}", lambda i: f"fragment f{i} on Q{{a}}", ""),
    "__typename": filled("{", "__typename ", "}"),
    "the schema": "{__schema{types{fields{args{type{name ofType{name ofType{name}}}}}}}}",
    "braces": "{" * SIZE,
    "brackets": filled("{node(id:", "[", "){id}}"),
    "objects": filled("{operations(where:", "{not:", "){totalCount}}"),
    "filters in filters": f"{{operations(where:{'{not:' * 150}{{}}{'}' * 150}){{totalCount}}}}",
    "empty filters": filled("{operations(where:{and:[", "{},", "]}){totalCount}}"),
    "variables": filled("query(", lambda i: f"$a{i}:I ", "){viewer{name}}"),
    "directives": filled("{viewer{name ", "@a", "}}"),
    "one argument again and again": filled("{node(", "id:1 ", "){id}}"),
    "one key again and again": filled("{operations(where:{", "id:1 ", "}){totalCount}}"),
    "arguments that differ": filled("{requests{nodes{", lambda i: f"events(first:{i}){{totalCount}}", "}}}"),
    "aliases": filled("{viewer{", lambda i: f"a{i}:name ", "}}"),
    "operations": filled("", lambda i: f"query q{i}{{a}}", ""),
    "digits": filled("{operations(first:", "9", "){totalCount}}"),
    "comments": filled("{viewer{name}}", "#", ""),
    "a long name": filled("{", "operations", "}"),
}  # fmt: skip


class Calls:
    """Counts calls of functions while it is entered: steps that do not depend on the machine."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> "Calls":
        sys.setprofile(self._called)
        return self

    def __exit__(self, *exception: object) -> None:
        sys.setprofile(None)

    def _called(self, frame: Any, event: str, argument: Any) -> None:
        del frame, argument
        self.count += event in {"call", "c_call"}


async def ask(api: Api, document: str) -> tuple[float, str]:
    """Milliseconds until the answer, and what it says."""
    started = time.perf_counter()
    answer = (await api.raw({"query": document}, headers=HEADERS)).json()
    milliseconds = (time.perf_counter() - started) * 1_000
    return milliseconds, str(answer.get("errors", [{"message": "answered"}])[0]["message"])


async def measured() -> list[tuple[float, int, str, str]]:
    """Time, calls, name and answer of each document, slowest first."""
    found = []
    with (
        tempfile.TemporaryDirectory() as folder,
        chdir(folder),
        SqliteDatabases(Path(folder), upgrade).migrated() as url,
    ):
        async with running_api(database_url=url, log_level="error") as api:
            await ask(api, "{ viewer { name } }")
            for name, document in DOCUMENTS.items():
                best = min([await ask(api, document) for _ in range(3)])
                with Calls() as calls:
                    await ask(api, document + " ")
                found.append((best[0], calls.count, name, best[1]))
    return sorted(found, reverse=True)


def lines() -> Iterator[str]:
    """The report."""
    yield f"{'ms':>7} {'calls':>9}  document"
    for milliseconds, calls, name, answer in asyncio.run(measured()):
        yield f"{milliseconds:7.1f} {calls:9,}  {name} ({len(DOCUMENTS[name])} B): {answer[:70]}"


if __name__ == "__main__":
    sys.stdout.write(os.linesep.join(lines()) + os.linesep)
