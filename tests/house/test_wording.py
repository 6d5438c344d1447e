"""Pages and code use the words of the field; what is not converted yet is listed."""

import ast

from tests.house.checkout import ROOT, files, trees
from tests.house.code_words import (
    BANNED_NAMES,
    banned_bindings,
    banned_texts,
    is_converted,
    source_of,
)
from tests.house.words import REPLACEMENTS, banned_words_in, entries

# These files list the banned words.
WORD_LISTS = "tests/house/"


def _pages_with_banned_words() -> dict[str, set[str]]:
    pages = [file for file in files() if file.suffix == ".md" or file.name == "llms.txt"]
    words = {str(page): banned_words_in((ROOT / page).read_text("utf-8")) for page in pages}
    return {page: banned for page, banned in words.items() if banned}


def test_converted_pages_use_no_banned_word() -> None:
    unconverted = set(entries("unconverted_pages.txt"))
    problems = {
        page: {word: REPLACEMENTS[word] for word in words}
        for page, words in _pages_with_banned_words().items()
        if page not in unconverted
    }
    assert not problems, "write the replacement instead"


def test_the_list_of_unconverted_pages_shrinks() -> None:
    converted = set(entries("unconverted_pages.txt")) - set(_pages_with_banned_words())
    assert not converted, "remove these pages from unconverted_pages.txt"


def test_converted_code_binds_no_banned_name() -> None:
    problems = [
        f"{file}:{line} {name}: {BANNED_NAMES[name.strip('_')]}"
        for file, tree in trees()
        if is_converted(file)
        for line, name in banned_bindings(tree)
    ]
    assert not problems, "name it by the noun of what it is"


def test_converted_code_uses_no_banned_word() -> None:
    problems = [
        f"{file}:{line} {phrase}: {REPLACEMENTS[phrase]}"
        for file, _ in trees()
        if is_converted(file) and not file.as_posix().startswith(WORD_LISTS)
        for line, phrase in banned_texts(source_of(file))
    ]
    assert not problems, "write the replacement instead"


def test_unconverted_folders_exist() -> None:
    assert all((ROOT / entry).exists() for entry in entries("unconverted_packages.txt"))


def test_a_banned_word_is_seen_across_a_line_break() -> None:
    assert banned_words_in("The door Stands\nopen. Nearby turns.") == {"stands open"}


def test_a_star_stands_for_one_word() -> None:
    assert banned_words_in("3 weeks is no span such as 90m") == {"no * such as"}
    assert not banned_words_in("There is no key, such as a token")


def test_banned_names_and_words_are_seen_in_code() -> None:
    source = '''
def read(asked, *, rows):
    """Read the rows by turns."""
    for one in rows:  # stands open
        self._found = one
    match asked:
        case [whole, *mine]:
            return f"{asked} is told"
'''
    names = [name for _, name in banned_bindings(ast.parse(source))]
    assert sorted(names) == ["_found", "asked", "mine", "one", "whole"]
    assert [phrase for _, phrase in banned_texts(source)] == ["by turns", "stands open", "is told"]
