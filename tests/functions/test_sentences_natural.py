"""The words that the line says and writes, as native speakers would say them: rules for whole catalogues and every
fixed prompt."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest

from hotline.kit.languages import CHINESE, ENGLISH
from hotline.kit.money import Money
from hotline.lockout.model import Cause
from hotline.wording.catalogue import find
from hotline.wording.rendering import render_spoken, render_written
from hotline.wording.values import Counted, Locale, Word, locale_of
from hotline_local.words.catalogues import read_source, source_file, usable_texts
from tests.flows.shipped import shipped
from tests.support.spoken_prompt import prompt
from tests.support.sweeps import sweep

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def catalogue(language: str) -> Iterator[tuple[str, str]]:
    """Every text of a catalogue with its key."""
    for key, texts in usable_texts(read_source(source_file(language))).items():
        yield from ((key, text) for text in texts)


def everything(language: str) -> dict[str, str]:
    """Every text of the catalogue, fixed prompts of the flows among them."""
    return dict(catalogue(language))


UNNATURAL = {
    CHINESE: {
        "退出": "退出 is to log out or to quit; money is 退款, 退回",
        "来电播报": "a code that is read out on a call is 语音电话",
        "核实您(?!的身份|账户)(?=[；。，]|$)": "核实您 needs 身份",
        "正在进行核查": "officialese, and frightening",
        "应账户持有人的要求": "the owner is spoken to, not about",
        "先告诉您": "blunt",
        "没有听[懂清]": "keys are not heard",
        "马上接听": "untrue in a queue",
        "[^一二三四五六七八九十0-9]二(?=[笔次个])": "两 before a measure word",
        "(?<![0-9零])2(?=[笔次个天点]|小时|分钟)": "a voice reads 2 as 二, so 两 before what is counted",
    },
    ENGLISH: {
        r"press pound|, then pound": "the pound is money in Britain, where the key is the hash key",
        "(?i)allow(ed)? (a new password|it)": "one resets a password; nobody allows it",
        "the way you paid": "the original payment method",
        "That is (not )?right": "a quiz show",
        "We are checking something": "no reason at all",
        "at the owner's request": "the owner is spoken to, not about",
        "Key [0-9] of the main menu says": "a puzzle",
        "^First: ": "blunt",
        "[Tt]ell it to nobody": "do not share it with anyone",
        "who you are": "we verify you",
        "so that (I|nothing|there)": "so",
        "stay on the line for a person": "thank you for holding",
    },
}


@pytest.mark.parametrize(
    ("language", "pattern"), [(language, pattern) for language, found in UNNATURAL.items() for pattern in found]
)
def test_no_sentence_has_a_word_that_native_speakers_stumble_over(language: str, pattern: str) -> None:
    stumbled = {key: text for key, text in everything(language).items() if re.search(pattern, text)}
    assert stumbled == {}, UNNATURAL[language][pattern]


def test_the_key_at_the_end_of_an_entry_is_named_for_both_sides_of_the_atlantic() -> None:
    entries = [text for text in everything(ENGLISH).values() if "Please enter" in text and "key" in text]
    assert len(entries) >= 8
    assert all("the hash or pound key" in text for text in entries)


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
def test_silence_at_a_menu_is_not_answered_with_a_key_that_repeats_what_is_repeated_anyway(language: str) -> None:
    silences = [text for name, text in everything(language).items() if name.endswith(".say_silence")]
    assert silences
    assert [text for text in silences if "9" in text] == []


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
def test_no_menu_of_proof_names_more_than_five_choices_and_a_person(language: str) -> None:
    options = [text for name, text in everything(language).items() if "say_options" in name]
    assert options
    assert all(len(re.findall(r"\d|[*]|星号|star", text)) <= 6 for text in options)


# --- numbers in Chinese


@sweep(
    ("value", "said"),
    [
        (Counted(1), "1"), (Counted(2), "两"), (Counted(3), "3"), (Counted(12), "12"), (Counted(22), "22"),
        (timedelta(hours=2), "两小时"), (timedelta(minutes=2), "两分钟"), (timedelta(days=2, hours=2), "两天两小时"),
        (timedelta(hours=12), "12小时"), (timedelta(hours=22, minutes=12), "22小时12分钟"),
        (Money(200, "CNY"), "两元"), (Money(250, "CNY"), "两元5角"), (Money(20, "CNY"), "两角"),
        (Money(2, "CNY"), "两分"),
        (Money(1200, "CNY"), "12元"), (Money(1202, "CNY"), "12元零2分"), (Money(200, "USD"), "两美元"),
        (Money(250, "USD"), "2.5美元"), (Money(-200, "CNY"), "负两元"), (Money(20000, "CNY"), "200元"),
        (datetime(2026, 11, 23, 2, 2, tzinfo=UTC), "今天凌晨两点零2分"),
        (datetime(2026, 11, 23, 12, 0, tzinfo=UTC), "今天中午12点"),
        (datetime(2026, 12, 2, 14, 20, tzinfo=UTC), "12月2日下午两点20分"), (date(2026, 12, 2), "12月2日"),
    ],
)  # fmt: skip
def test_two_of_something_is_said_as_liang(value: object, said: str) -> None:
    assert render_spoken(value, Locale(CHINESE, UTC, NOW)) == said


def test_two_is_written_as_a_digit_and_a_key_is_named_by_its_digit() -> None:
    locale = locale_of(CHINESE, "Asia/Shanghai", NOW)
    assert render_written(timedelta(hours=2), locale) == "2小时"
    assert render_written(Counted(2), locale) == "2"
    assert render_spoken(2, locale) == "2"


def test_two_payments_two_tries_and_two_refunds_are_said_with_liang() -> None:
    payment = {"kind": "payment", "amount": Money(12850, "CNY"), "merchant": "演示茶馆", "initiated_at": NOW}
    assert "查到两笔付款" in said("payments", "SEVERAL", {"items": [payment] * 2}, CHINESE)
    assert "再试两次" in said("check_code", "WRONG", {"tries_left": 2}, CHINESE)
    refund = {"amount": Money(12800, "CNY"), "status": "sent"}
    assert "您有两笔退款" in said("refunds", "OPEN", {"items": [refund] * 2}, CHINESE)


def said(step: str, outcome: str, facts: Mapping[str, object], language: str) -> str:
    ssml = prompt(step, outcome, {"now": NOW, "time_zone": "Asia/Shanghai", **facts}, language)
    return "".join(ET.fromstring(ssml).itertext())  # noqa: S314 - our own text


# --- payments, refunds, locks


def test_a_payment_is_told_in_one_breath_with_who_was_paid_how_much_and_what_became_of_it() -> None:
    facts = {
        "kind": "payment", "amount": Money(12850, "CNY"), "merchant": "演示茶馆",
        "initiated_at": NOW - timedelta(days=1),
        "status": "failed", "failure": "x", "caller_text": "failure.insufficient_funds",
    }  # fmt: skip
    words = said("payment_answer", "NOT_TAKEN", facts, CHINESE)
    assert words.startswith("您昨天晚上8点向演示茶馆付款128元5角，没有成功。")
    assert words.split("。")[0].count("，") == 1


def test_a_refund_is_told_with_merchant_and_day() -> None:
    refund = {
        "amount": Money(12800, "CNY"), "merchant": "演示茶馆", "initiated_at": NOW - timedelta(days=14),
        "status": "sent", "promised_on": date(2026, 12, 10),
    }  # fmt: skip
    assert "11月9日演示茶馆那笔，退128元，已发出。最迟12月10日到账。" in said(
        "refunds", "OPEN", {"items": [refund]}, CHINESE
    )
    assert "128 yuan from" not in said("refunds", "OPEN", {"items": [refund]}, ENGLISH)
    english = {**refund, "merchant": "Demo Café", "amount": Money(1200, "USD")}
    expected = "12 dollars from Demo Café, for your payment on November 9: sent. It is with you by December 10."
    assert expected in said("refunds", "OPEN", {"items": [english]}, ENGLISH)


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
def test_a_review_is_said_to_be_needed_once(language: str) -> None:
    for reason in ("wallet.auto_approve", "wallet.request_cap", "wallet.velocity", "merchant.auto_approve", None):
        facts = {"amount": Money(12800, "CNY"), "reason": reason, "promised_on": date(2026, 12, 10)}
        words = said("refund_request", "IN_REVIEW", facts, language)
        assert len(re.findall("审核|review", words)) == 1, words


def test_the_words_of_a_risk_and_of_the_compliance_department_are_the_same() -> None:
    for language in (CHINESE, ENGLISH):
        assert find("lock.cause.RISK_SCORE", language) == find("lock.cause.COMPLIANCE", language)


def test_a_notice_of_a_lock_that_was_asked_for_says_what_to_do_if_it_was_not() -> None:
    assert said("lock_status", "FROZEN", {"cause": "CUSTOMER_REQUEST"}, ENGLISH).count("press 0") == 1
    assert "不是您申请的，请按0" in said("lock_status", "FROZEN", {"cause": "CUSTOMER_REQUEST"}, CHINESE)


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
def test_nothing_that_is_written_names_a_key_to_press(language: str) -> None:
    texts = {key: text for key, text in catalogue(language) if key.startswith(("message.", "problem."))}
    causes = {cause: render_written(Word(f"lock.cause.{cause.value}"), Locale(language)) or "" for cause in Cause}
    assert [text for text in [*texts.values(), *causes.values()] if re.search("请按|[Pp]ress [0-9]", text)] == []
    assert "press 0" in (find("lock.cause.CUSTOMER_REQUEST", ENGLISH) or "")


def test_the_key_that_a_locked_customer_is_told_leads_to_locked_accounts() -> None:
    menu = shipped().by_name["hotline-entry"].by_identifier["Main menu"]
    key = {edge.operand: edge.target for edge in menu.conditions}
    for language, pattern in ((CHINESE, "请在主菜单按([0-9])"), (ENGLISH, "press ([0-9]) at the main menu")):
        named = {
            match
            for name, text in catalogue(language)
            if name.startswith("choose_account.")
            for match in re.findall(pattern, text)
        }
        assert {key[name] for name in named} == {"Topic lockout"}
