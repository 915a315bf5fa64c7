"""Text messages and e-mail say the same sentences, between the wallet's name and the official number."""

from __future__ import annotations

from datetime import date
from typing import Final

import pytest

from hotline.wording.messages import Email, email, is_known, join, plain_text, text_message
from hotline.wording.values import Locale, Phone

ENGLISH, CHINESE = Locale("en-US"), Locale("zh-CN")
FACTS: Final = {"wallet": "Demo Wallet", "number": Phone("+864005550199"), "due_on": date(2026, 12, 10)}
SENTENCES: Final = (
    "One of your bills is due on December 10, 2026.",
    "If you have paid it already, ignore this message.",
    "You can switch reminders off on our hotline or in the app.",
)
FOOTER: Final = "Official hotline: +86 400 555 0199"


def test_a_text_message_begins_with_the_wallets_name_and_ends_with_the_official_number() -> None:
    assert text_message("bill.due", FACTS, ENGLISH) == " ".join(["Demo Wallet:", *SENTENCES, FOOTER])
    assert text_message("reminders.off", {}, ENGLISH) == "Wallet hotline: You will get no more reminders of bills."


def test_sentences_of_a_chinese_message_stand_without_a_gap() -> None:
    text = text_message("bill.due", FACTS, CHINESE)
    assert " " not in text.replace("Demo Wallet", "").replace("+86 400 555 0199", "")
    assert text.count("。") >= len(SENTENCES)


def test_an_email_has_a_subject_of_one_line_and_a_paragraph_for_each_sentence() -> None:
    assert email("bill.due", FACTS, ENGLISH) == Email(
        "Demo Wallet: A bill is due soon", "\n\n".join([*SENTENCES, FOOTER]) + "\n"
    )


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("bill.due", "You have had 6 reminders of bills within a day, so for now no more follow:"),
        ("reminders.off", "You have been told of this 6 times within a day, so for now no more messages of this kind"),
    ],
)
def test_the_last_message_of_its_kind_says_so_before_the_official_number(message: str, words: str) -> None:
    *_, last, footer = email(message, {**FACTS, "times": 6}, ENGLISH).body.strip().split("\n\n")
    assert last.startswith(words)
    assert footer == FOOTER


def test_a_message_that_the_catalogue_does_not_have_is_a_bug_that_shows() -> None:
    assert is_known("bill.due", "en-US")
    assert not is_known("no.such", "en-US")
    for write in (text_message, email):
        with pytest.raises(LookupError, match=r"message\.no\.such"):
            write("no.such", FACTS, ENGLISH)


def test_any_text_of_the_catalogue_may_be_written_and_is_empty_without_one() -> None:
    assert plain_text("message.bill.due", FACTS, ENGLISH) == " ".join(SENTENCES)
    assert plain_text("no.such.message", FACTS, ENGLISH) == ""


def test_texts_are_joined_without_the_empty_ones() -> None:
    assert join(["One.", "", "Two."], ENGLISH) == "One. Two."
    assert join(["一。", "", "二。"], CHINESE) == "一。二。"
