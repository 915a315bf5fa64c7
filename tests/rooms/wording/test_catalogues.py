"""The catalogues: both languages say the same things, and what is shipped is what translators wrote."""

from __future__ import annotations

import gettext
import io
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from hotline.contracts.model import MovementKind
from hotline.identity.model import Goal
from hotline.kit.languages import CHINESE, ENGLISH, LANGUAGES, language_or_english
from hotline.lockout.model import Cause, DecisionKind, LockState
from hotline.payments.failures import FAILURES, NextStep, WorksWhen
from hotline.refunds.model import RefundState
from hotline.wording.catalogue import PLACEHOLDER, WORDINGS, fill, find, sentences
from hotline_local.words.catalogues import (
    FLOW_PREFIX,
    MalformedCatalogue,
    compile_source,
    compiled_file,
    read_source,
    source_file,
    usable_texts,
)

VALUES = ("value.", "currency.")
WORDS = ("kind.", "goal.", "lock.cause.", "lock.asked.")
"""Messages that stand inside others, so that nothing can be filled into them."""


@cache
def source(language: str) -> Mapping[str, tuple[str, ...]]:
    """The messages that the hotline puts together. Fixed prompts have rules of their own in tests/flows. Values, which
    only Chinese has no patterns for, are in test_wording_values."""
    messages = usable_texts(read_source(source_file(language)))
    return {key: texts for key, texts in messages.items() if not key.startswith((FLOW_PREFIX, *VALUES))}


def placeholders(text: str) -> set[str]:
    return set(PLACEHOLDER.findall(text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_that_of_its_source(language: str) -> None:
    assert compiled_file(language).read_bytes() == compile_source(read_source(source_file(language))), "make words"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_messages(language: str) -> None:
    assert source(language).keys() == source(ENGLISH).keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_but_chinese_has_patterns_for_values(language: str) -> None:
    patterns = {key for key in usable_texts(read_source(source_file(language))) if key.startswith(VALUES)}
    english = {key for key in usable_texts(read_source(source_file(ENGLISH))) if key.startswith(VALUES)}
    assert patterns == (set() if language == CHINESE else english)


def test_a_message_knows_the_same_facts_in_every_language() -> None:
    for key in source(ENGLISH):
        assert len({frozenset(placeholders("\n".join(source(language)[key]))) for language in LANGUAGES}) == 1, key


def test_the_table_of_languages_offers_each_by_a_key_and_a_voice_of_its_own() -> None:
    languages = LANGUAGES.values()
    for chosen in ("tag", "name", "key", "voice"):
        assert len({getattr(language, chosen) for language in languages}) == len(languages)
    # 0 is a person, 9 repeats, * goes back.
    assert all(language.key in "12345678" for language in languages)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_brace_belongs_to_a_fact_and_no_text_is_empty(language: str) -> None:
    for key, texts in source(language).items():
        for text in texts:
            assert text.strip()
            assert not re.search("[{}]", PLACEHOLDER.sub("", text)), key
            assert all(line.strip() for line in text.split("\n")), key
            assert all(wording.strip() for line in text.split("\n") for wording in line.split(WORDINGS)), key


def test_the_chinese_catalogue_says_you_politely_and_in_chinese() -> None:
    for key, texts in source(CHINESE).items():
        assert "你" not in "".join(texts), key
        assert re.search("[\u4e00-\u9fff]", "".join(texts)), key


def test_a_word_has_one_wording_and_no_facts() -> None:
    for key, texts in source(ENGLISH).items():
        if key.startswith(WORDS):
            assert not placeholders(texts[0])
            assert "\n" not in texts[0]
            assert WORDINGS not in texts[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_closed_word_of_the_rooms_has_its_words(language: str) -> None:
    keys = [
        *(f"kind.{kind.value}" for kind in MovementKind),
        *(f"goal.{goal.value}" for goal in Goal),
        *(f"lock.cause.{cause.value}" for cause in Cause),
        *(f"lock.asked.{kind.value}" for kind in DecisionKind),
        *(f"lock_status.{state.value}" for state in LockState if state is not LockState.ERASED),
        *(f"lock_status.{state}.asked" for state in ("HOLD", "FROZEN", "PAUSED")),
        *(f"lock_status.{end}" for end in ("HOLD.new_password", "FROZEN.person", "FROZEN.asked.person")),
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


HELD: Final = re.compile(r"\b(hold|HOLD)\b")
NAMED_ALONE: Final = re.compile(r"choose_account\.CHOSEN\.|lock\.still\.|.*\.subject$")
"""Texts that name a hold and leave it to another one to tell of it."""
COMES_IN: Final = {ENGLISH: "money can (still )?come in", CHINESE: "只能收款|收款不受影响"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_that_tells_of_a_hold_says_that_money_comes_in(language: str) -> None:
    held = {key for key in source(language) if HELD.search(key) and not NAMED_ALONE.match(key)}
    assert held >= {"lock_status.HOLD", "lock_status.HOLD.asked", "checkup.lock.hold", "message.hold.told"}
    # The check-up and the digest say of a freeze, too, what it stops.
    for key in sorted(held | {"checkup.lock.frozen", "under_way.frozen"}):
        assert re.search(COMES_IN[language], find(key, language) or "", re.IGNORECASE), key


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


def test_a_plural_form_may_have_other_facts_beside_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hotline.wording.catalogue.find", lambda *_: "{n} of {what}")
    assert fill("any.key", ENGLISH, 1200, what="them") == "1,200 of them"


def test_an_unknown_key_has_no_text_and_neither_has_the_empty_one() -> None:
    assert find("no.such.message", ENGLISH) is None
    assert find("no.such.message", ENGLISH, 2) is None
    assert find("", ENGLISH) is None


def test_a_language_that_is_not_spoken_becomes_english() -> None:
    assert language_or_english("fr-FR") == ENGLISH
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


def test_a_filled_in_value_is_not_filled_again() -> None:
    assert filled("{a}", a="{b} | {c}", b="no") == ["{b} | {c}"]


HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'


def a_source(folder: Path, text: str) -> Path:
    path = folder / "words.po"
    path.write_text(HEADER + text, encoding="utf-8")
    return path


@pytest.mark.parametrize("language", LANGUAGES)
def test_fixed_prompts_are_not_shipped_to_the_functions(language: str) -> None:
    source_ids = {entry.msgid for entry in read_source(source_file(language))}
    with compiled_file(language).open("rb") as file:
        compiled_ids = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    assert any(key.startswith(FLOW_PREFIX) for key in source_ids)
    assert not any(str(key).startswith(FLOW_PREFIX) for key in compiled_ids)


def test_a_text_that_a_translator_has_to_look_at_is_not_shipped(tmp_path: Path) -> None:
    entries = 'msgid "a"\nmsgstr "good"\n\n#, fuzzy\nmsgid "b"\nmsgstr "a guess"\n\nmsgid "c"\nmsgstr ""\n'
    source = read_source(a_source(tmp_path, entries))
    assert usable_texts(source) == {"a": ("good",)}
    catalogue = gettext.GNUTranslations(io.BytesIO(compile_source(source)))
    assert [catalogue.gettext(key) for key in "abc"] == ["good", "b", "c"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_waits_for_a_translator(language: str) -> None:
    source = read_source(source_file(language))
    assert [entry.msgid for entry in source if not entry.translated()] == []


@pytest.mark.parametrize(
    "text",
    [
        'msgid "a"\nmsgstr "b"\n\nmsgid "a"\nmsgstr "c"\n',
        'msgid a\nmsgstr "b"\n',
        'msgid "a"\nmsgid "b"\nmsgstr "c"\n',
        "msgid 7\n",
        'msgid "a\nmsgstr "b"\n',
    ],
)
def test_a_malformed_source_is_refused_by_name(tmp_path: Path, text: str) -> None:
    with pytest.raises(MalformedCatalogue, match=r"words\.po"):
        read_source(a_source(tmp_path, text))
