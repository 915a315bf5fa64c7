"""The words of a check-up by phone: the most important matters, and that there are more where not all can be said."""

from __future__ import annotations

from datetime import datetime
from itertools import product

import pytest

from functions.connect.prompts import speak
from functions.connect.steps import STEPS
from hotline.kit.languages import LANGUAGES
from hotline.security.checkup import ASKED, NOT_STOPPED
from hotline.security.service import Matter
from hotline.wording.catalogue import find
from hotline.wording.speech import PROMPT_S_MAX, seconds
from tests.support.longest_answers import NOW, TIMES
from tests.support.sweeps import sweep
from tests.support.told_matters import matter_at

MORE = {"en-US": "There is more", "zh-CN": "还有其他提示"}
SHUT = ("hold", "frozen", "paused", "soft", "hard")
FORMS = (*SHUT, *(f"{state}{ASKED}" for state in SHUT), NOT_STOPPED)
LAST = {"en-US": "hotline PIN", "zh-CN": "热线密码"}
FIRST = {"en-US": "Something unusual", "zh-CN": "异常"}
GRAVEST = {"en-US": "It was not you", "zh-CN": "不是您本人操作的"}


def say(matters: tuple[Matter, ...], language: str) -> tuple[str, ...]:
    told = tuple(matter_at(matter, NOW, count=2) for matter in matters)
    facts = {"now": NOW, "time_zone": "Asia/Shanghai", "matters": told}
    return speak("checkup", "TO_DO", facts, [language], most=STEPS["checkup"].parts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_last_matters_wait_where_all_take_too_long_and_the_caller_hears_so(language: str) -> None:
    parts = say(tuple(Matter), language)
    assert GRAVEST[language] in parts[0]
    assert MORE[language] in parts[-1]
    assert LAST[language] not in "".join(parts)
    assert max(map(seconds, parts)) <= PROMPT_S_MAX


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_matters_are_said_where_there_is_time(language: str) -> None:
    spoken = "".join(say((Matter.FINDINGS, Matter.NO_PIN), language))
    assert FIRST[language] in spoken
    assert LAST[language] in spoken
    assert MORE[language] not in spoken


@pytest.mark.parametrize("language", LANGUAGES)
@sweep(("at", "count", "form"), [*product(TIMES, (1, 2, 20), FORMS)])
def test_whether_money_is_kept_from_leaving_is_never_left_for_another_call(
    at: datetime, count: int, form: str, language: str
) -> None:
    every = tuple(matter_at(matter, at, count=count, form=form) for matter in Matter)
    facts = {"now": NOW, "time_zone": "Asia/Shanghai", "matters": every}
    parts = speak("checkup", "TO_DO", facts, [language], most=STEPS["checkup"].parts)
    lock = find(f"checkup.lock.{form}", language)
    assert lock is not None
    assert lock in "".join(parts)
