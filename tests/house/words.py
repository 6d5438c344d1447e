"""Read the lists of words beside this file, and find banned words in texts."""

import re
from pathlib import Path

FOLDER = Path(__file__).parent


def entries(name: str) -> list[str]:
    """Return the lines of a list without comments and empty ones."""
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _pattern(phrase: str) -> re.Pattern[str]:
    words = r"\s+".join(r"\w+" if word == "*" else re.escape(word) for word in phrase.split())
    return re.compile(rf"\b{words}\b", re.IGNORECASE)


REPLACEMENTS = dict(entry.split(" => ") for entry in entries("banned_words.txt"))
PATTERNS = {phrase: _pattern(phrase) for phrase in REPLACEMENTS}


def banned_words_in(text: str) -> set[str]:
    return {phrase for phrase, pattern in PATTERNS.items() if pattern.search(text)}
