"""Docstrings, comments, texts and pages are in plain sentences, as CONTRIBUTING.md asks (Language)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Final

import pytest

from hotline.kit.logging import Event
from hotline_local.launcher.paths import ROOT
from tests.support.sentences import Sentence, comments, docstrings, page_sentences, split_sentences, texts
from tests.support.sweeps import sweep

WORDS_MAX: Final = 25
"""Longer sentences are read twice. The writing guides of GOV.UK have the same limit."""
CODE: Final = ("layers", "functions", "local", "tests", "benchmarks", "docs/examples")
DEPLOYED_OR_SHOWN: Final = ("layers", "functions", "local")
OTHER_PAGES: Final = ("README.md", "CONTRIBUTING.md", "desk/README.md")
PAGES: Final = (*sorted((ROOT / "docs").glob("*.md")), *(ROOT / name for name in OTHER_PAGES))
TEST_NAME: Final = re.compile(r"^\s*(?:async )?def test_(\w+)", re.MULTILINE)
NOUN_CLAUSE: Final = re.compile(
    r"[\W_]*(?:(?:What|Who|Whom|Whose|Which)(?:ever)?\b"
    r"|That (?:an?|the|no|it|its|he|she|they|one|every|each|any|nothing|nobody|somebody|both|there|this|these|all)\b)"
)
"""A sentence begins with a clause in the place of its subject. A question may."""


PLACE_OR_TIME: Final = re.compile(r"[\W_]*(?:Where|When)(?:ever)?\b")
"""A text begins with a clause of place or time, and its subject comes later or not at all."""


@cache
def sentences_of(folder: str, read: Callable[[Path], Iterator[Sentence]]) -> tuple[Sentence, ...]:
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files != []
    return tuple(chain.from_iterable(map(read, files)))


def begins_with_a_clause(sentence: str) -> bool:
    return NOUN_CLAUSE.match(sentence) is not None and not sentence.rstrip("\"'`*)").endswith("?")


@pytest.mark.parametrize("folder", CODE)
@pytest.mark.parametrize("read", [docstrings, comments])
def test_a_sentence_of_the_code_begins_with_its_subject(
    folder: str, read: Callable[[Path], Iterator[Sentence]]
) -> None:
    found = sentences_of(folder, read)
    assert [str(sentence) for sentence in found if begins_with_a_clause(sentence.text)] == []


def begins_with_place_or_time(sentence: str) -> bool:
    return PLACE_OR_TIME.match(sentence) is not None and not sentence.rstrip("\"'`*)").endswith("?")


@sweep("folder", CODE)
def test_a_docstring_begins_with_its_subject(folder: str) -> None:
    """Its later sentences may begin with a condition: they say more of a subject that is known."""
    first: dict[str, Sentence] = {}
    for sentence in sentences_of(folder, docstrings):
        first.setdefault(sentence.place, sentence)
    assert [str(sentence) for sentence in first.values() if begins_with_place_or_time(sentence.text)] == []


@sweep("folder", CODE)
@sweep("read", [docstrings, comments])
def test_a_sentence_of_the_code_is_short(folder: str, read: Callable[[Path], Iterator[Sentence]]) -> None:
    found = sentences_of(folder, read)
    assert [str(sentence) for sentence in found if sentence.words > WORDS_MAX] == []


@pytest.mark.parametrize("folder", DEPLOYED_OR_SHOWN)
def test_a_text_of_the_code_begins_with_its_subject(folder: str) -> None:
    found = sentences_of(folder, texts)
    assert [str(one) for one in found if begins_with_a_clause(one.text) and one.words > 3] == []


def test_a_name_of_a_test_begins_with_its_subject() -> None:
    names = [
        name for file in (ROOT / "tests").rglob("test_*.py") for name in TEST_NAME.findall(file.read_text("utf-8"))
    ]
    assert len(names) > 1000
    assert [name for name in names if begins_with_a_clause(name.replace("_", " ").capitalize())] == []


@sweep("page", PAGES)
def test_a_sentence_of_a_page_begins_with_its_subject(page: Path) -> None:
    assert [str(sentence) for sentence in page_sentences(page) if begins_with_a_clause(sentence.text)] == []


def test_a_log_sentence_is_one_short_sentence() -> None:
    for event in Event:
        (sentence,) = split_sentences(event.sentence)
        assert sentence.endswith("."), event
        assert len(sentence.split()) <= WORDS_MAX, event


@sweep(
    "sentence",
    [
        "What falls due, once a minute.",
        "Who has published no policy has approved nothing.",
        "Whoever asks often must wait.",
        "`Whose` accounts a call may pause.",
        "That a code was sent is not told.",
    ],
)
def test_the_rule_refuses_a_clause_as_subject(sentence: str) -> None:
    assert begins_with_a_clause(sentence)


@sweep(
    "sentence",
    ["What has changed?", "A merchant without a policy approves nothing.", "That is for good.", "Whether it was sent."],
)
def test_the_rule_lets_other_sentences_pass(sentence: str) -> None:
    assert not begins_with_a_clause(sentence)


@sweep(
    ("sentence", "refused"),
    [
        ("Where a login came from.", True),
        ("When the account was opened; None before that.", True),
        ("`Whenever` it is asked for.", True),
        ("When is it asked for?", False),
        ("The time at which it was asked for.", False),
        ("Whereabouts of a call.", False),
    ],
)
def test_the_rule_refuses_a_clause_of_place_or_time_in_front(sentence: str, *, refused: bool) -> None:
    assert begins_with_place_or_time(sentence) is refused


def test_sentences_are_found_where_they_stand() -> None:
    this_file = Path(__file__)
    assert [found.text for found in docstrings(this_file)][:2] == [
        "Docstrings, comments, texts and pages are in plain sentences, as CONTRIBUTING.md asks (Language).",
        "Longer sentences are read twice.",
    ]
    # This comment is one text of two lines,
    # with a second sentence. Here it is.
    assert [found.text for found in comments(this_file)] == [
        "This comment is one text of two lines, with a second sentence.",
        "Here it is.",
    ]
    assert list(split_sentences("One.\n\n- Two. Three (see 4).\n\n    code = 5\n")) == [
        "One.",
        "- Two.",
        "Three (see 4).",
    ]
