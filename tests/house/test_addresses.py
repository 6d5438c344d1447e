"""No file says where one machine keeps its files or fetches its packages."""

import re

from tests.house.checkout import ROOT, texts

REGISTRY = re.compile(
    r"""--(?:extra-)?index-url
    | --find[-]links
    | https?://[^\s"'<>]*/simple(?:[/"'\s]|$)
    | files\.pythonhosted\.org
    | registry\.(?:npmjs\.org|yarnpkg\.com)
    | "resolved":\s*"http
    """,
    re.VERBOSE,
)
PERSONAL_PATH = re.compile(r"(?<![\w./~-])/(?:home|Users|root)/\w")


def test_no_address_of_a_registry() -> None:
    assert not _lines_with(REGISTRY), "let the package client decide where it fetches from"


def test_no_path_of_a_machine() -> None:
    assert not _lines_with(PERSONAL_PATH), "say it relative to the project"


def test_no_path_of_this_checkout() -> None:
    if len(ROOT.parts) > 2:  # a checkout at /app says nothing about a machine
        assert not _lines_with(re.compile(re.escape(str(ROOT)) + r"\b"))


def _lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{file}:{number} {line.strip()[:80]}"
        for file, text in texts()
        if pattern.search(text)
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]
