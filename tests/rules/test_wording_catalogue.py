"""The catalogues: both languages say the same things, and what is shipped is what translators wrote."""

from __future__ import annotations

import gettext
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.contracts.model import MovementKind
from hotline.identity.model import Goal
from hotline.lockout.model import Cause, DecisionKind, LockState
from hotline.payments.failures import FAILURES, NextStep, WorksWhen
from hotline.refunds.model import RefundState
from hotline.wording.catalogue import CHINESE, ENGLISH, LANGUAGES, find, spoken_language
from hotline.wording.sentences import PLACEHOLDER, WORDINGS, sentences
from hotline_local.catalogues import Entry, MalformedSource, compiled, compiled_file, read_source, source_file

WORDS = ("kind.", "goal.", "lock.cause.", "lock.asked.", "refund.rule.")
"""Messages that stand inside others, so that nothing can be filled into them."""


def source(language: str) -> dict[str, Entry]:
    return read_source(source_file(language).read_text(encoding="utf-8"))


def placeholders(text: str) -> set[str]:
    return set(PLACEHOLDER.findall(text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_that_of_its_source(language: str) -> None:
    assert compiled_file(language).read_bytes() == compiled(source(language)), "python -m hotline_local.catalogues"


def test_both_languages_have_the_same_messages() -> None:
    assert source(CHINESE).keys() == source(ENGLISH).keys()


@pytest.mark.parametrize("key", sorted(source(ENGLISH)))
def test_a_message_knows_the_same_facts_in_both_languages(key: str) -> None:
    if key:
        chinese, english = ("\n".join(source(language)[key].texts) for language in (CHINESE, ENGLISH))
        assert placeholders(chinese) == placeholders(english)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_brace_belongs_to_a_fact_and_no_text_is_empty(language: str) -> None:
    for key, entry in source(language).items():
        for text in entry.texts if key else ():
            assert text.strip()
            assert not re.search("[{}]", PLACEHOLDER.sub("", text)), key
            assert all(line.strip() for line in text.split("\n")), key
            assert all(wording.strip() for line in text.split("\n") for wording in line.split(WORDINGS)), key


def test_the_chinese_catalogue_says_you_politely_and_in_chinese() -> None:
    for key, entry in source(CHINESE).items():
        if key:
            assert "你" not in "".join(entry.texts), key
            assert re.search("[\u4e00-\u9fff]", "".join(entry.texts)), key


def test_a_word_has_one_wording_and_no_facts() -> None:
    for key, entry in source(ENGLISH).items():
        if key.startswith(WORDS):
            assert not placeholders(entry.texts[0])
            assert "\n" not in entry.texts[0]
            assert WORDINGS not in entry.texts[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_closed_word_of_the_rooms_has_its_words(language: str) -> None:
    keys = [
        *(f"kind.{kind.value}" for kind in MovementKind),
        *(f"goal.{goal.value}" for goal in Goal),
        *(f"lock.cause.{cause.value}" for cause in Cause),
        *(f"lock.asked.{kind.value}" for kind in DecisionKind),
        *(f"lock_status.{state.value}" for state in LockState if state is not LockState.ERASED),
        *(f"lock_status.{state}.asked" for state in ("HOLD", "FROZEN", "PAUSED")),
        *(f"choose_account.CHOSEN.{state}.asked" for state in ("HOLD", "FROZEN", "PAUSED")),
        *(f"next.{step.value}" for step in NextStep),
        *(f"refunds.item.{state.value}" for state in RefundState),
        *(f"refund.state.{state.value}" for state in RefundState),
    ]
    assert [key for key in keys if find(key, language) is None] == []
    silent = {"not_needed", "with_another_method", "when_outcome_known", "after_unlock", "at_once"}
    told = {when.value for when in WorksWhen if find(f"works_when.{when.value}", language) is not None}
    assert told == {when.value for when in WorksWhen} - silent


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_failure_has_words_for_the_caller_and_for_an_agent(language: str) -> None:
    for info in FAILURES.values():
        assert find(info.caller_text, language), info.code
        assert find(info.agent_text, language), info.code


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_caller_hears_the_same_of_a_risk_as_of_a_plain_decline(language: str) -> None:
    for info in FAILURES.values():
        if info.plain:
            assert find(f"failure.{info.code.value.lower()}", language) is None
            assert info.caller_text == "failure.declined"


def test_a_plain_decline_names_nobody_who_may_not_have_declined() -> None:
    for key in ("failure.declined", "next.another_method_or_agent"):
        assert not re.search("bank|issuer|merchant|card", find(key, ENGLISH) or "-", re.IGNORECASE)
        assert not re.search("银行|商家|发卡|卡", find(key, CHINESE) or "-")


def test_specific_failures_have_words_of_their_own() -> None:
    texts = [find(info.caller_text, ENGLISH) for info in FAILURES.values() if not info.plain]
    assert len(set(texts)) == len(texts) >= 12


def test_plurals_follow_the_number_in_english() -> None:
    assert find("check_code.WRONG.left", ENGLISH, 1) == "That code is not correct. You have one more try."
    assert find("check_code.WRONG.left", ENGLISH, 2) == "That code is not correct. You have {n} more tries."
    assert find("check_code.WRONG.left", CHINESE, 1) == find("check_code.WRONG.left", CHINESE, 2)


def test_an_unknown_key_has_no_text_and_neither_has_the_empty_one() -> None:
    assert find("no.such.message", ENGLISH) is None
    assert find("no.such.message", ENGLISH, 2) is None
    assert find("", ENGLISH) is None


def test_a_language_that_is_not_spoken_becomes_english() -> None:
    assert spoken_language("fr-FR") == ENGLISH
    assert find("kind.payment", "fr-FR") == "payment"


def filled(text: str, **facts: str) -> list[str]:
    def fact(name: str) -> str | None:
        return facts.get(name)

    return list(sentences(text, fact))


def test_the_first_wording_whose_facts_are_known_is_used() -> None:
    text = "Known {a}. | Only {b}. | Nothing.\nLeft out {c}.\nAlways."
    assert filled(text, a="1", b="2") == ["Known 1.", "Always."]
    assert filled(text, b="2") == ["Only 2.", "Always."]
    assert filled(text) == ["Nothing.", "Always."]


def test_what_is_filled_in_is_not_filled_again() -> None:
    assert filled("{a}", a="{b} | {c}", b="no") == ["{b} | {c}"]


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\x04"), min_size=1, max_size=20)


@given(st.dictionaries(NAMES, NAMES, max_size=8))
def test_gettext_reads_what_is_written(messages: dict[str, str]) -> None:
    header = "Content-Type: text/plain; charset=UTF-8\n"
    entries = {key: Entry((text,), plural=False) for key, text in messages.items()}
    catalogue = gettext.GNUTranslations(io.BytesIO(compiled({"": Entry((header,), plural=False), **entries})))
    assert {key: catalogue.gettext(key) for key in messages} == messages


@pytest.mark.parametrize(
    "text",
    [
        'msgid "a"\nmsgstr "b"\n\nmsgid "a"\nmsgstr "c"\n',
        'msgid "a"\n',
        'msgid a\nmsgstr "b"\n',
        'msgid "a"\nmsgid "b"\nmsgstr "c"\n',
        'msgctxt "a"\n',
        '"lost"\n',
        "msgid 7\n",
    ],
)
def test_a_malformed_source_names_its_line(text: str) -> None:
    with pytest.raises(MalformedSource, match=r"line [0-9]"):
        read_source(text)
