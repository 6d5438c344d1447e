"""Every link inside the documentation leads somewhere, and every page of it can be reached."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.house.checkout import ROOT, files

BLOCK = re.compile(r"^(```|~~~).*?^\1", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`[^`\n]+`")
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)

DECISIONS = Path("docs/decisions")
MAX_README_WORDS = 700
MAX_DECISION_WORDS = 300
SETTING = re.compile(r"\[(TRACKSTORE_\w+)\]\([\w./]*settings\.md#([\w-]+)\)")
PATH = re.compile(
    r"`((?:models|store|schema|resolvers|subscriptions|server|cli|migrations|sdk|dashboard|tests)/[\w./-]+)`"
)


def test_every_link_leads_somewhere() -> None:
    broken = [
        f"{page}: {link}" for page in _pages() for link in _links(page) if not _resolves(page, link)
    ]
    assert not broken


def test_every_page_is_reached_from_the_readme() -> None:
    pages = {page for page in _pages() if page.parts[0] == "docs"}
    reached: set[Path] = set()
    ahead = {Path("README.md")} & set(_pages())
    while ahead:
        reached |= ahead
        ahead = {target for page in ahead for target in _targets(page)} & set(_pages()) - reached
    assert not pages - reached, "link them from the page that comes before"


def test_the_readme_is_short() -> None:
    words = len(_read(Path("README.md")).split())
    assert words <= MAX_README_WORDS, f"README.md has {words} words: move some to docs/tutorial.md"


def test_llms_txt_links_to_pages() -> None:
    text = (ROOT / "llms.txt").read_text(encoding="utf-8")
    assert text.startswith("# Trackstore\n\n> ")
    assert "\n## " in text
    linked = {Path(match[1].partition("#")[0]) for match in LINK.finditer(text)}
    assert not linked - set(files()), "links of llms.txt are relative to the root"
    guides = {p for p in _pages() if p.parts[:2] in {("docs", "guide"), ("docs", "reference")}}
    assert not guides - linked, "list every guide and reference page in llms.txt"


def test_decisions_are_numbered_without_gap_and_listed() -> None:
    decisions = [page for page in _pages() if page.parent == DECISIONS and page.name != "README.md"]
    numbers = [page.name[:5] for page in decisions]
    assert numbers == [f"{number:04}-" for number in range(1, len(decisions) + 1)]
    if decisions:
        listed = [target for target in _targets(DECISIONS / "README.md") if target in decisions]
        assert listed == decisions, "docs/decisions/README.md lists every decision in order"


def test_a_decision_fits_on_one_screen() -> None:
    words = {page: len(_read(page).split()) for page in _pages() if page.parent == DECISIONS}
    long = {page.name: count for page, count in words.items() if count > MAX_DECISION_WORDS}
    assert not long, "move the details to a page in docs/internals"


def test_links_to_settings_name_their_section() -> None:
    sections = re.split(r"^## ", _read(Path("docs/reference/settings.md")), flags=re.MULTILINE)
    section_of = {
        name: section.partition("\n")[0].lower().replace(" ", "-")
        for section in sections
        for name in re.findall(r"^\| `(\w+)`", section, re.MULTILINE)
    }
    links = [(page, *link) for page in _pages() for link in SETTING.findall(_read(page))]
    assert links
    wrong = [f"{page}: {name}" for page, name, anchor in links if section_of.get(name) != anchor]
    assert not wrong, "the setting is in another section"


def test_every_path_that_a_page_names_exists() -> None:
    known = {str(path) for file in files() for path in (file, *file.parents)}
    pages = [page for page in _pages() if page != Path("CHANGELOG.md")]
    named = [(page, path) for page in pages for path in PATH.findall(_read(page))]
    assert named
    missing = [f"{page}: {path}" for page, path in named if path.rstrip("/") not in known]
    assert not missing, "the file was moved or renamed: correct the page"


@cache
def _pages() -> tuple[Path, ...]:
    return tuple(file for file in files() if file.suffix == ".md")


def _read(page: Path) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def _links(page: Path) -> Iterator[str]:
    for match in LINK.finditer(INLINE.sub("", BLOCK.sub("", _read(page)))):
        link = match[1] or match[2]
        if not ELSEWHERE.match(link):
            yield link


def _target(page: Path, link: str) -> Path:
    """Give the file that a link means, relative to the root; a folder means its README."""
    name = link.partition("#")[0]
    target = (ROOT / page.parent / name).resolve() if name else ROOT / page
    target = target / "README.md" if target.is_dir() else target
    return target.relative_to(ROOT) if target.is_relative_to(ROOT) else target


def _targets(page: Path) -> list[Path]:
    return [_target(page, link) for link in _links(page)]


def _resolves(page: Path, link: str) -> bool:
    target = _target(page, link)
    if (ROOT / page.parent / link).is_dir():
        return True
    if target not in files():
        return False
    anchor = link.partition("#")[2]
    return not anchor or target.suffix != ".md" or anchor in _anchors(target)


def _anchors(page: Path) -> set[str]:
    """Give the anchors that a page's headings get when it is shown."""
    headings = HEADING.findall(BLOCK.sub("", _read(page)))
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}
