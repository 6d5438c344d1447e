"""Prints the answers in the documentation again: ``python -m tests.docs.renew [PAGE ...]``."""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from migrations.runner import upgrade
from tests.docs.examples import ESCAPE, Example, examples_of, lay_out, pages, read
from tests.docs.running import run_examples, running_server
from tests.house.checkout import ROOT


def printed(example: Example, output: str) -> str:
    """An output as its page prints it."""
    if example.language == "json":
        return lay_out(json.loads(output)) + "\n"
    return ESCAPE.sub("", output).strip() + "\n"


def renew(page: Path) -> None:
    """Run the examples of a page on a fresh SQLite file, and put their answers into it."""
    examples = list(examples_of(page))
    with TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'trackstore.db'}"
        upgrade(url)
        with running_server(url, folder) as address:
            outputs = run_examples(examples, url, address, folder)
    text = read(page)
    answers = list(zip(examples, outputs, strict=True))
    for example, output in sorted(answers, key=lambda answer: answer[0].span, reverse=True):
        start, end = example.span
        text = text[:start] + printed(example, output) + text[end:]
    (ROOT / page).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    for chosen in [Path(name) for name in sys.argv[1:]] or pages():
        renew(chosen)
