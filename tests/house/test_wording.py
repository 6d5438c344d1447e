"""Markdown pages use the words of the field; pages that are not converted yet are listed."""

import re
from pathlib import Path

from tests.house.checkout import ROOT, files

FOLDER = Path(__file__).parent


def _entries(name: str) -> list[str]:
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _pattern(phrase: str) -> re.Pattern[str]:
    words = r"\s+".join(r"\w+" if word == "*" else re.escape(word) for word in phrase.split())
    return re.compile(rf"\b{words}\b", re.IGNORECASE)


REPLACEMENTS = dict(entry.split(" => ") for entry in _entries("banned_words.txt"))
PATTERNS = {phrase: _pattern(phrase) for phrase in REPLACEMENTS}


def _banned_in(text: str) -> set[str]:
    return {phrase for phrase, pattern in PATTERNS.items() if pattern.search(text)}


def _pages_with_banned_words() -> dict[str, set[str]]:
    pages = [file for file in files() if file.suffix == ".md" or file.name == "llms.txt"]
    words = {str(page): _banned_in((ROOT / page).read_text(encoding="utf-8")) for page in pages}
    return {page: banned for page, banned in words.items() if banned}


def test_converted_pages_use_no_banned_word() -> None:
    unconverted = set(_entries("unconverted_pages.txt"))
    problems = {
        page: {word: REPLACEMENTS[word] for word in words}
        for page, words in _pages_with_banned_words().items()
        if page not in unconverted
    }
    assert not problems, "write the replacement instead"


def test_the_list_of_unconverted_pages_shrinks() -> None:
    converted = set(_entries("unconverted_pages.txt")) - set(_pages_with_banned_words())
    assert not converted, "remove these pages from unconverted_pages.txt"


def test_a_banned_word_is_seen_across_a_line_break() -> None:
    assert _banned_in("The work was Called\noff. Amend it.") == {"called off"}


def test_a_star_stands_for_one_word() -> None:
    assert _banned_in("3 weeks is no span such as 90m") == {"no * such as"}
    assert not _banned_in("There is no key, such as a token")
