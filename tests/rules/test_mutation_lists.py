"""The lists of `make mutate` name what there is, and its operators change what they say they change."""

from __future__ import annotations

from collections import Counter

import pytest

from hotline.security.detectors.shipped import DETECTORS
from tests.mutation.mutants import ROOT, Equivalent, Site, find_detectors, find_sites, make_change, read_equivalents
from tests.mutation.rules import RULES, Members, Rule
from tests.mutation.trials import ask_about, changed_codes
from tests.support import sweeps
from tests.support.sweeps import sweep

EQUIVALENTS = read_equivalents()
SAMPLE = '''
"""A module."""
from enum import Enum
LIMIT = 3
NAMES = frozenset({"one", "two"})
PAIR = ("a", "b")
TABLE = {"x": Colour.RED, "y": Colour.BLUE}
def chosen(values: tuple[int, ...] = (1, 2)) -> int | None:
    """What is chosen."""
    match values:
        case () if not values:
            return None
    return min(values) if any(value in NAMES for value in values) and LIMIT < 4 else -LIMIT
'''
COLOURS: Members = {"Colour": ("RED", "BLUE")}


@sweep("rule", RULES)
def test_a_rule_and_its_tests_are_there(rule: Rule) -> None:
    assert (ROOT / rule.path).is_file()
    for group in rule.groups(at_top=True):
        assert [path for path in group if not (ROOT / path.partition("::")[0]).is_file()] == []
        assert len(set(group)) == len(group)


def test_each_rule_is_listed_once() -> None:
    assert {file for file, count in Counter(rule.file for rule in RULES).items() if count > 1} == set()


@sweep("listed", EQUIVALENTS)
def test_a_change_that_means_the_same_is_of_a_line_that_there_is(listed: Equivalent) -> None:
    (rule,) = (rule for rule in RULES if rule.file == listed.file)
    lines = [line.strip() for line in (ROOT / rule.path).read_text(encoding="utf-8").splitlines()]
    assert [line for line in listed.before.splitlines() if line not in lines] == []
    assert listed.before != listed.after
    assert len(listed.reason.split()) >= 3


def test_no_change_is_listed_twice() -> None:
    counts = Counter((listed.file, listed.before, listed.after) for listed in EQUIVALENTS)
    assert [change for change, count in counts.items() if count > 1] == []


@pytest.fixture
def changes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Site, str]]:
    """The changes to the sample: each place with the changed lines."""
    monkeypatch.setattr("tests.mutation.mutants._read", lambda rule: SAMPLE)
    made = [(site, make_change(site, COLOURS)) for site in find_sites(Rule("sample.py", ()), COLOURS)]
    return [(site, change.after) for site, change in made if change is not None]


@pytest.mark.parametrize(
    "after",
    [
        "LIMIT =  4",
        "LIMIT =  2",
        'NAMES = frozenset({ "two"})',
        'NAMES = frozenset({"one",})',
        'NAMES = frozenset({"one", "twoX"})',
        'PAIR = ("a",)',
        'TABLE = {"x": Colour.BLUE, "y": Colour.BLUE}',
        'TABLE = { "y": Colour.BLUE}',
        "case () if values:",
        "return max(values) if any(value in NAMES for value in values) and LIMIT < 4 else -LIMIT",
        "return min(values) if all(value in NAMES for value in values) and LIMIT < 4 else -LIMIT",
        "return min(values) if any(value not in NAMES for value in values) and LIMIT < 4 else -LIMIT",
        "return min(values) if any(value in NAMES for value in values) or LIMIT < 4 else -LIMIT",
        "return min(values) if any(value in NAMES for value in values) and LIMIT <= 4 else -LIMIT",
        "return min(values) if any(value in NAMES for value in values) and LIMIT < 4 else LIMIT",
    ],
)
def test_an_operator_changes_one_thing(changes: list[tuple[Site, str]], after: str) -> None:
    assert "".join(after.split()) in ["".join(made.split()) for _, made in changes]


def test_words_for_programmers_and_annotations_stay(changes: list[tuple[Site, str]]) -> None:
    assert not [made for _, made in changes if "A module" in made or "What is chosen" in made or "import" in made]
    assert not [made for _, made in changes if "int & None" in made]


def test_a_process_that_imported_a_rule_takes_changes_of_its_functions_and_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tests.mutation.mutants._read", lambda rule: SAMPLE)
    before = compile(SAMPLE, "sample.py", "exec")
    taken: Counter[tuple[bool, bool]] = Counter()
    for site in find_sites(Rule("sample.py", ()), COLOURS):
        if (change := make_change(site, COLOURS)) is None:
            continue
        codes = changed_codes(before, compile(change.source, "sample.py", "exec"))
        is_default = "def chosen" in change.after
        assert (codes is None) is (site.at_top or is_default), change.after
        assert codes is None or [code.co_name for code in codes] == ["chosen"]
        taken[site.at_top, is_default] += 1
    assert min(taken[True, False], taken[False, True], taken[False, False]) > 0


def test_helpers_of_a_detector_that_only_its_test_cases_use_stay() -> None:
    file = "security/detectors/failed_login_burst.py"
    (rule,) = (rule for rule in RULES if rule.file == file)
    lines = (ROOT / rule.path).read_text(encoding="utf-8").splitlines()
    changed = {lines[site.line - 1].strip() for site in find_sites(rule, {})}
    assert "failures: int = 10" in changed
    assert any("count=limits.failures" in line for line in changed)
    assert not [line for line in changed if line.startswith(("_APART", "return [(minute"))]


def test_tables_are_told_from_functions(changes: list[tuple[Site, str]]) -> None:
    assert {site.at_top for site, made in changes if "LIMIT =" in made} == {True}
    assert {site.at_top for site, made in changes if "return" in made} == {False}


def rule_of(file: str) -> Rule:
    (rule,) = (rule for rule in RULES if rule.file == file)
    return rule


def test_a_change_of_a_file_changes_its_own_detector_and_those_that_import_it() -> None:
    own = find_detectors(rule_of("security/detectors/failed_login_burst.py"))
    assert own is not None
    assert {detector.rule for detector in DETECTORS} & own == {"failed_login_burst"}
    shared = find_detectors(rule_of("security/detectors/windows.py"))
    assert shared is not None
    assert {"failed_login_burst", "success_after_attack", "drain"} <= shared
    assert "impossible_travel" not in shared
    assert find_detectors(rule_of("security/watch.py")) is None


@pytest.mark.parametrize(
    ("files", "others"),
    [
        (["security/detectors/drain.py"], False),
        (["security/detectors/drain.py", "security/watch.py"], True),
        (["security/detectors/drain.py", "security/detectors/velocity.py"], False),
    ],
)
def test_a_table_of_detectors_is_gone_through_where_a_change_may_be_noticed(
    monkeypatch: pytest.MonkeyPatch, files: list[str], *, others: bool
) -> None:
    asked: list[sweeps.Asked] = []
    monkeypatch.setattr("tests.support.sweeps.ASKED", asked)
    monkeypatch.setattr("tests.mutation.trials.ASKED", asked)
    seen: list[object] = []

    @sweep("detector", DETECTORS)
    def note(detector: object) -> None:
        seen.append(detector)

    @sweep("other", ["a", "b"])
    def note_other(other: object) -> None:
        seen.append(other)

    ask_about([rule_of(file) for file in files])
    note()
    note_other()
    changed = {file.removeprefix("security/detectors/").removesuffix(".py") for file in files}
    assert seen == [*(one for one in DETECTORS if others or one.rule in changed), "a", "b"]


def test_a_table_that_is_the_default_of_a_field_is_no_function(monkeypatch: pytest.MonkeyPatch) -> None:
    """The promised figures are asked of it, which no test of the rule itself may have as a literal."""
    sample = "LIMITS = field(default_factory=lambda: {'z': 1000})\nROOT = lambda: 2\n"
    monkeypatch.setattr("tests.mutation.mutants._read", lambda rule: sample)
    places = {(site.line, site.at_top) for site in find_sites(Rule("sample.py", ()), {})}
    assert places == {(1, True), (2, False)}
