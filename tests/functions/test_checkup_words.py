"""The words of a check-up by phone: the most important matters, and that there are more where not all can be said."""

from __future__ import annotations

import pytest

from functions.connect.prompts import speak
from functions.connect.steps import STEPS
from hotline.kit.languages import LANGUAGES
from hotline.security.service import Matter
from hotline.wording.speech import PROMPT_S_MAX, seconds
from tests.support.longest_answers import NOW

MORE = {"en-US": "There is more", "zh-CN": "还有其他提示"}
LAST = {"en-US": "hotline PIN", "zh-CN": "热线密码"}
FIRST = {"en-US": "Something unusual", "zh-CN": "异常"}
EVENTS = {"found_count": 2, "found_at": NOW, "device_count": 2, "device_at": NOW, "contact_changed_at": NOW}


def say(matters: tuple[Matter, ...], language: str) -> tuple[str, ...]:
    facts = {"now": NOW, "time_zone": "Asia/Shanghai", **EVENTS, "matters": matters}
    return speak("checkup", "TO_DO", facts, [language], most=STEPS["checkup"].parts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_last_matters_wait_where_all_take_too_long_and_the_caller_hears_so(language: str) -> None:
    parts = say(tuple(Matter), language)
    assert FIRST[language] in parts[0]
    assert MORE[language] in parts[-1]
    assert LAST[language] not in "".join(parts)
    assert max(map(seconds, parts)) <= PROMPT_S_MAX


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_matters_are_said_where_there_is_time(language: str) -> None:
    spoken = "".join(say((Matter.FINDINGS, Matter.NO_PIN), language))
    assert FIRST[language] in spoken
    assert LAST[language] in spoken
    assert MORE[language] not in spoken
