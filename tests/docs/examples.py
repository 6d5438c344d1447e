"""The examples of the documentation: commands as they stand there, and the answers printed below."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.house.checkout import ROOT, files

ADDRESS = "http://127.0.0.1:8000"
"""Where the documentation's server is; a test puts its own in this place."""

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
COMMANDS, ANSWERS, TERMINAL = "sh", ("json", "text"), "console"
CALL = re.compile(r"\$ (curl .*?'\n)", re.DOTALL)
"""A call at the top of a terminal's excerpt; its answer in JSON is the rest of it."""
WIDTH = 100

UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
PACE = re.compile(r"in [\d.]+ s, [\d,]+/s")
INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?(?:Z|\+00:00))?")
OPAQUE = re.compile(r"\bWyJ[\w-]{20,}")
SECRET = re.compile(r"\btsk_[0-9a-f]{32}_[\w-]{43}")
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
MASKED = (
    (SECRET, "secret"),
    (UUID, "id"),
    (INSTANT, "time"),
    (OPAQUE, "opaque"),
    (PACE, "pace"),
)
VOLATILE = {"durationMs", "hint", "ms", "month", "retryAfterSeconds", "year"}
"""Fields whose value is another one on each run; that they are there, and of which type, counts."""


@dataclass(frozen=True, slots=True)
class Example:
    """One block of commands, and where in its page the printed answer starts and ends."""

    page: Path
    line: int
    commands: str
    language: str
    answer: str
    span: tuple[int, int]


def pages() -> list[Path]:
    """Every page that shows examples, relative to the root."""
    documents = [f for f in files() if f == Path("README.md") or f.parts[0] == "docs"]
    return [page for page in documents if page.suffix == ".md" and list(examples_of(page))]


def read(page: Path) -> str:
    """The text of a page."""
    return (ROOT / page).read_text(encoding="utf-8")


def examples_of(page: Path) -> Iterator[Example]:
    """The blocks of commands that an answer directly follows, in their order; excerpts come last.

    An excerpt from a terminal shows at the top of a page what the page has led to at its end.
    """
    text = read(page)
    blocks = list(FENCE.finditer(text))
    for block, following in pairwise(blocks):
        between = text[block.end() : following.start()].strip()
        if block[1] == COMMANDS and following[1] in ANSWERS and not between:
            line = text.count("\n", 0, block.start()) + 1
            yield Example(page, line, block[2], following[1], following[2], following.span(2))
    for block in blocks:
        call = CALL.match(block[2]) if block[1] == TERMINAL else None
        if call is not None:
            line = text.count("\n", 0, block.start()) + 1
            span = (block.start(2) + call.end(), block.end(2))
            yield Example(page, line, call[1], "json", text[slice(*span)], span)


def documents(page: Path) -> list[str]:
    """GraphQL that a page shows without running it."""
    return [block[2] for block in FENCE.finditer(read(page)) if block[1] == "graphql"]


def calls_without_answer(page: Path) -> list[str]:
    """Blocks that call the server and do not show what it answers."""
    shown = {example.commands for example in examples_of(page)}
    blocks = [block[2] for block in FENCE.finditer(read(page)) if block[1] == COMMANDS]
    return [block for block in blocks if ADDRESS in block and block not in shown]


def script(examples: Iterable[Example], address: str, folder: Path) -> str:
    """One shell script that runs all examples, each with its output in a file of its own."""
    parts = []
    for number, example in enumerate(examples):
        commands = example.commands.replace(ADDRESS, address)
        parts.append(f"{{\n{commands}}} > '{output_of(folder, number)}' 2>&1 < /dev/null\n")
    return "".join(parts)


def output_of(folder: Path, number: int) -> Path:
    """The file that holds what an example printed."""
    return folder / f"{number:03}.txt"


def shape(language: str, text: str) -> Any:
    """What must be the same on each run: all but ids, instants, cursors, secrets, last digits."""
    if language == "json":
        try:
            return _without_chance(json.loads(text))
        except ValueError:
            return f"not JSON: {text}"
    return [_masked(line.rstrip()) for line in ESCAPE.sub("", text).strip().splitlines()]


def _without_chance(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _without_chance(part, key) for key, part in value.items()}
    if isinstance(value, list):
        return [_without_chance(part, name) for part in value]
    if name in VOLATILE and value is not None:
        return f"<{type(value).__name__}>"
    if isinstance(value, float):
        return float(f"{value:.12g}")  # databases add fractions in an order of their own
    return _masked(value) if isinstance(value, str) else value


def _masked(text: str) -> str:
    for pattern, name in MASKED:
        text = pattern.sub(f"<{name}>", text)
    return text


def lay_out(value: Any, indent: int = 0, used: int = 0) -> str:
    """JSON as the documentation prints it: on one line where it fits, else one part per line."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or not value or indent + used + len(line) <= WIDTH:
        return line
    pad = " " * (indent + 2)
    if isinstance(value, list):
        parts = [pad + lay_out(part, indent + 2) for part in value]
        return "[\n" + ",\n".join(parts) + "\n" + " " * indent + "]"
    parts = []
    for key, part in value.items():
        name = json.dumps(key, ensure_ascii=False) + ": "
        parts.append(pad + name + lay_out(part, indent + 2, len(name)))
    return "{\n" + ",\n".join(parts) + "\n" + " " * indent + "}"
