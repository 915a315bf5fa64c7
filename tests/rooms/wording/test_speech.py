"""Speech is well-formed SSML within its limit, whatever the facts hold."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.wording.speech import SSML_CHARACTERS_MAX, Speech, UnknownMessage
from hotline.wording.values import Digits, Locale
from tests.support.spoken_prompt import ssml


def spoken_text(text: str) -> str:
    return "".join(ET.fromstring(text).itertext())  # noqa: S314 - our own text


def test_sentences_stand_apart_in_english_and_together_in_chinese() -> None:
    for language, text in (
        ("en-US", "Sorry, I cannot do that right now. Please try again "),
        ("zh-CN", "抱歉，现在暂时无法办理。请过几分钟再试"),
    ):
        speech = Speech(Locale(language), {})
        speech.say("TRY_LATER")
        assert spoken_text(ssml(speech)).startswith(text)


@given(st.text(max_size=200), st.text(max_size=50))
def test_the_speech_stays_well_formed_whatever_is_filled_in(merchant: str, reference: str) -> None:
    for language in ("zh-CN", "en-US"):
        speech = Speech(Locale(language), {"merchant": merchant, "refund": Digits(reference)})
        speech.say("refunds.item.approved")
        speech.say("refund.reference")
        assert ET.fromstring(ssml(speech)).tag == "speak"  # noqa: S314 - our own text


def test_a_name_cannot_speak_markup() -> None:
    speech = Speech(Locale("en-US"), {"hours": '</speak><audio src="x"/>'})
    speech.say("handover.CLOSED_HOURS")
    (said,) = [*ET.fromstring(ssml(speech)).iter()]  # noqa: S314 - our own text
    assert '<audio src="x"/>' in (said.text or "")


def test_a_sentence_over_the_limit_is_left_out() -> None:
    speech = Speech(Locale("en-US"), {})
    lengths = []
    for _ in range(100):
        speech.say("INVALID")
        lengths.append(len(ssml(speech)))
    sentence = lengths[1] - lengths[0]
    assert SSML_CHARACTERS_MAX - sentence - 1 <= max(lengths) <= SSML_CHARACTERS_MAX


def test_a_speech_is_never_silent_and_never_says_a_key() -> None:
    with pytest.raises(ValueError, match="without words"):
        ssml(Speech(Locale("en-US"), {}))
    with pytest.raises(UnknownMessage):
        Speech(Locale("en-US"), {}).say("no.such.message")
    with pytest.raises(UnknownMessage):
        Speech(Locale("en-US"), {}).say_first("no.such.message", "nor.this")


def test_facts_given_with_a_message_go_before_the_others() -> None:
    speech = Speech(Locale("en-US"), {"refund": Digits("1111")})
    speech.say("refund.reference", refund=Digits("2222"))
    assert spoken_text(ssml(speech)) == "Your reference is 2222."
    silent = Speech(Locale("en-US"), {"refund": Digits("1111")})
    silent.say("refund.reference", refund=None)
    with pytest.raises(ValueError, match="without words"):
        ssml(silent)


def test_a_word_is_the_first_that_the_catalogue_has() -> None:
    speech = Speech(Locale("en-US"), {})
    word = speech.word("lock.asked.True", "lock.asked")
    assert word is not None
    assert word.key == "lock.asked"
    assert speech.word("no.such.word") is None
    speech.say_if_known("no.such.message")
    with pytest.raises(ValueError, match="without words"):
        ssml(speech)
