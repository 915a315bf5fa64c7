"""Files, folders, links, names and routes that the pages give are there, and each decision stands once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Final

import pytest

from functions.customer_api.access import ANY_SCOPE, PUBLIC, ROUTES
from hotline_local.launcher.paths import ROOT
from tests.support.documents import read_table
from tests.support.import_contracts import ROOMS
from tests.support.sweeps import sweep

ROOM_FOLDER: Final = ROOT / "layers/hotline/python/hotline"
PAGES: Final = tuple(sorted((*(ROOT / "docs").glob("*.md"), *ROOT.glob("README*.md"), *ROOT.glob("CONTRIBUTING*.md"))))
WITH_LINKS: Final = (*PAGES, ROOT / "local/connect_sim/README.md", ROOT / "desk/README.md")
FOLDERS: Final = (
    "docs", "tests", "layers", "functions", "local", "flows", "events", "benchmarks", "statemachines", "requirements",
)  # fmt: skip
FROM_ROOT: Final = re.compile(rf"(?<![\w./*-])(?:{'|'.join(FOLDERS)})/[\w./*-]*")
FROM_ROOMS: Final = re.compile(rf"`((?:{'|'.join(ROOMS)})/[\w./*-]+)")
LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)
NAME: Final = re.compile(r"`([A-Za-z_]\w*)`")
WITH_NAMES: Final = tuple(ROOT / name for name in ("CONTRIBUTING.md", "docs/architecture.md", "docs/extending.md"))
INVENTED: Final = frozenset({"CARD_PAUSED", "card_testing", "fr_FR", "reviewed"})
"""Names of the examples of docs/extending.md."""
TO_BE_MADE: Final = frozenset(
    {"events/connect/two_step.json", "events/customer_api/bills_200.json", "security/detectors/card_testing.py"}
)
"""Files that a reader makes who follows an example of docs/extending.md."""


def named_in(page: Path) -> Iterator[tuple[Path, str]]:
    """The paths that a page names: the folder that each is meant from, and the path, which may be a pattern."""
    text = LINK.sub("]", page.read_text(encoding="utf-8"))
    yield from ((ROOT, found.rstrip(".")) for found in FROM_ROOT.findall(text))
    yield from ((ROOM_FOLDER, found.rstrip(".")) for found in FROM_ROOMS.findall(text))


def is_there(folder: Path, path: str) -> bool:
    return any(folder.glob(path)) if "*" in path else (folder / path).exists()


@cache
def words_in_code() -> frozenset[str]:
    """Every word of the code, the tests, the template, the flows and the Makefile."""
    files = [ROOT / "template.yaml", ROOT / "Makefile", *(ROOT / "flows").glob("*.json")]
    for folder in ("functions", "layers/hotline/python", "local", "tests"):
        files += (path for path in (ROOT / folder).rglob("*.py") if path != Path(__file__))
    return frozenset(chain.from_iterable(re.findall(r"\w+", path.read_text(encoding="utf-8")) for path in files))


def anchors_in(page: Path) -> set[str]:
    """The names under which a page's headings can be linked to, as GitHub makes them."""
    headings = HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@sweep("page", PAGES)
def test_every_path_that_a_page_names_is_there(page: Path) -> None:
    missing = {path for folder, path in named_in(page) if not is_there(folder, path)}
    assert missing - TO_BE_MADE == set()


@pytest.mark.parametrize("page", WITH_NAMES, ids=lambda page: page.name)
def test_every_name_of_the_code_that_a_page_gives_is_one(page: Path) -> None:
    named = set(NAME.findall(page.read_text(encoding="utf-8")))
    assert named - words_in_code() - INVENTED == set()


def test_the_pages_name_many_paths_from_the_root_and_from_the_rooms() -> None:
    folders = [folder for page in PAGES for folder, _ in named_in(page)]
    assert folders.count(ROOT) > 200
    assert folders.count(ROOM_FOLDER) > 50


@sweep("page", WITH_LINKS)
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors_in(target), link


def test_the_page_of_the_api_has_every_route_under_its_scope() -> None:
    page = (ROOT / "docs/api.md").read_text(encoding="utf-8")
    told = {
        route.partition("?")[0]: row["Scope"]
        for row in read_table(page, "Scope")
        for route in re.findall(r"`([^`]+)`", row["Routes"])
    }
    words = {PUBLIC: "no token", ANY_SCOPE: "any"}
    assert told == {route: words.get(scope, scope) for route, scope in ROUTES.items()}


DECISIONS: Final = (ROOT / "docs/decisions.md").read_text(encoding="utf-8").split("\n\n")
DECISION: Final = re.compile(r"\*\*(.+?)\*\*.+\*\((\d{4}-\d\d-\d\d)\)\*\n?", re.DOTALL)


def test_every_decision_has_a_title_and_a_date_and_stands_once() -> None:
    paragraphs = DECISIONS[2:]
    assert paragraphs[0].startswith("## ")
    decisions = [paragraph for paragraph in paragraphs if not paragraph.startswith("## ")]
    found = {paragraph: DECISION.fullmatch(paragraph) for paragraph in decisions}
    assert [paragraph for paragraph, match in found.items() if match is None] == []
    titles = Counter(" ".join(match[1].split()) for match in map(DECISION.fullmatch, decisions) if match)
    assert [title for title, times in titles.items() if times > 1] == []


def test_the_decisions_of_an_area_are_in_the_order_of_their_dates() -> None:
    dates: list[str] = []
    for paragraph in DECISIONS[2:]:
        match = DECISION.fullmatch(paragraph)
        dates = [*dates, match[2]] if match else []
        assert dates == sorted(dates), paragraph
