"""How amounts, times, references and names are put into words."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.contracts.limits import CURRENCIES
from hotline.kit.money import Money, Rate
from hotline.wording.amounts import NAMES, speak_money, speak_rate, write_money, write_rate
from hotline.wording.catalogue import find
from hotline.wording.rendering import (
    DIGITS_MAX,
    NAME_CHARACTERS_MAX,
    clean,
    escape,
    render_spoken,
    render_written,
    sayable_in_english,
    speak_digits,
    speak_phone,
    write_phone,
)
from hotline.wording.times import (
    speak_date,
    speak_day,
    speak_duration,
    speak_lately,
    speak_latest,
    speak_moment,
    speak_opening,
    speak_time,
    speak_usual,
)
from hotline.wording.values import Dictated, Digits, Lately, Locale, Opening, Reference, Word, locale_of
from hotline_local.currencies import make_text
from tests.support.iso4217 import minor_digits_in_circulation
from tests.support.sweeps import sweep

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
NOON_UTC = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@sweep(
    ("minor", "words"),
    [
        (12850, "128元5角"), (12805, "128元零5分"), (12855, "128元5角5分"), (12800, "128元"), (50, "5角"), (5, "5分"),
        (55, "5角5分"), (0, "0元"), (-1, "负1分"), (-12850, "负128元5角"), (100_000_000, "1000000元"),
    ],
)  # fmt: skip
def test_yuan_jiao_and_fen_are_said_as_people_say_them(minor: int, words: str) -> None:
    assert speak_money(Money(minor, "CNY"), "zh-CN") == words


@sweep(
    ("minor", "currency", "words"),
    [
        (12850, "USD", "128 dollars and 50 cents"), (101, "USD", "1 dollar and 1 cent"), (100, "USD", "1 dollar"),
        (50, "USD", "50 cents"), (0, "USD", "0 dollars"), (-250, "EUR", "minus 2 euros and 50 cents"),
        (128_500, "USD", "1,285 dollars"), (1285, "JPY", "1,285 yen"), (12850, "CNY", "128 yuan and 50 fen"),
        (101, "GBP", "1 pound and 1 penny"), (12500, "KWD", "12.500 Kuwaiti dinars"), (12850, "XTS", "128.50 X T S"),
        (-1, "USD", "minus 1 cent"), (1_285_000, "KWD", "1,285 Kuwaiti dinars"),
        (1000, "INR", "10 Indian rupees"), (100, "INR", "1 Indian rupee"),
    ],
)  # fmt: skip
def test_amounts_are_said_in_english_with_singular_plural_and_spelled_unknown_currencies(
    minor: int, currency: str, words: str
) -> None:
    assert speak_money(Money(minor, currency), "en-US") == words


@sweep(
    ("minor", "currency", "words"),
    [
        (12850, "USD", "128.5美元"), (12800, "EUR", "128欧元"), (1200, "JPY", "1200日元"), (12805, "HKD", "128.05港元"),
        (12500, "KWD", "12.5科威特第纳尔"), (100, "XTS", "1 X T S"), (200, "SGD", "两新加坡元"),
        (1200, "GBP", "12英镑"),
        (350, "AUD", "3.5澳元"), (1010, "CAD", "10.1加元"), (100, "CHF", "1瑞士法郎"), (2, "KRW", "两韩元"),
        (20, "VND", "20越南盾"), (1000, "MOP", "10澳门元"), (550, "TWD", "5.5新台币"), (25, "THB", "0.25泰铢"),
        (2000, "KWD", "两科威特第纳尔"), (1000, "INR", "10印度卢比"), (-200, "EUR", "负两欧元"),
    ],
)  # fmt: skip
def test_foreign_amounts_are_said_in_chinese(minor: int, currency: str, words: str) -> None:
    assert speak_money(Money(minor, currency), "zh-CN") == words


def test_amounts_are_written_with_all_their_digits() -> None:
    assert write_money(Money(123456, "CNY"), "zh-CN") == "1,234.56元"
    assert write_money(Money(123456, "CNY"), "en-US") == "CNY 1,234.56"
    assert write_money(Money(-1285, "JPY"), "en-US") == "JPY -1,285"
    assert [write_money(Money(minor, "EUR"), "en-US") for minor in (-1, 0, 1)] == ["EUR -0.01", "EUR 0.00", "EUR 0.01"]
    assert write_money(Money(12500, "KWD"), "zh-CN") == "12.500科威特第纳尔"
    assert write_money(Money(1000, "INR"), "zh-CN") == "10.00印度卢比"
    assert write_money(Money(1000, "XTS"), "zh-CN") == "XTS 10.00"
    assert write_money(Money(-123456, "USD"), "zh-CN") == "-1,234.56美元"


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_every_currency_of_the_contracts_is_said_by_a_name(language: str) -> None:
    for currency in CURRENCIES:
        for minor in (1, 700):
            said = speak_money(Money(minor, currency), language)
            assert not re.search(r"\b[A-Z] [A-Z]\b|[<>&]", said), said
            assert language == "en-US" or not re.search(
                "[A-Za-z]", said + write_money(Money(minor, currency), language)
            )


def test_the_names_of_currencies_are_those_of_the_library() -> None:
    assert NAMES.read_text(encoding="utf-8") == make_text(), "make currencies"


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_every_currency_is_said_and_written_in_its_own_size(language: str) -> None:
    for currency, digits in minor_digits_in_circulation().items():
        seven = Money(7 * 10**digits, currency)
        for words in (speak_money(seven, language), write_money(seven, language)):
            assert [Decimal(number) for number in re.findall(r"[0-9.,]+", words)] == [7], words
        smallest = write_money(Money(1, currency), language)
        assert [Decimal(number) for number in re.findall(r"[0-9.,]+", smallest)] == [Decimal(1).scaleb(-digits)], (
            currency
        )


@sweep(
    ("ppm", "percent"),
    [(24_370, "2.437"), (9, "0.000"), (0, "0.000"), (-1, "-0.000"), (-12_345, "-1.234"), (1_000_000, "100.000")],
)
def test_a_rate_has_three_digits_and_is_cut(ppm: int, percent: str) -> None:
    assert write_rate(Rate(ppm)) == speak_rate(Rate(ppm), "zh-CN") == f"{percent}%"
    assert speak_rate(Rate(ppm), "en-US") == f"{percent} percent"


@given(st.integers(-(10**12), 10**12), st.sampled_from(["CNY", "USD", "JPY", "KWD", "XTS"]))
def test_spoken_amounts_need_no_escaping(minor: int, currency: str) -> None:
    for language in ("zh-CN", "en-US"):
        words = speak_money(Money(minor, currency), language)
        assert words == escape(words).replace("&apos;", "'")


@sweep(
    ("hour", "minute", "words"),
    [
        (0, 0, "凌晨0点"), (1, 1, "凌晨1点零1分"), (5, 59, "凌晨5点59分"), (6, 0, "早上6点"), (8, 59, "早上8点59分"),
        (9, 9, "上午9点零9分"), (11, 10, "上午11点10分"), (12, 0, "中午12点"), (12, 59, "中午12点59分"),
        (13, 0, "下午1点"), (17, 11, "下午5点11分"), (18, 0, "晚上6点"), (23, 59, "晚上11点59分"),
    ],
)  # fmt: skip
def test_the_time_of_day_is_said_in_chinese(hour: int, minute: int, words: str) -> None:
    instant = datetime(2026, 11, 23, hour, minute, tzinfo=SHANGHAI)
    assert speak_time(instant, Locale("zh-CN", SHANGHAI)) == words


@sweep(
    ("hour", "words"),
    [(0, "12:00 AM"), (1, "1:00 AM"), (11, "11:00 AM"), (12, "12:00 PM"), (13, "1:00 PM"), (23, "11:00 PM")],
)
def test_the_time_of_day_is_said_in_english(hour: int, words: str) -> None:
    assert speak_time(datetime(2026, 11, 23, hour, 0, tzinfo=BERLIN), Locale("en-US", BERLIN)) == words


def test_an_instant_is_told_in_the_accounts_zone_and_near_days_by_name() -> None:
    locale = Locale("en-US", SHANGHAI, now=NOON_UTC)
    assert speak_moment(NOON_UTC, locale) == "8:00 PM today"
    assert speak_moment(NOON_UTC + timedelta(hours=4), locale) == "12:00 AM tomorrow"
    assert speak_moment(NOON_UTC - timedelta(days=1), locale) == "8:00 PM yesterday"
    assert speak_moment(NOON_UTC + timedelta(days=2), locale) == "8:00 PM on November 25"
    assert speak_moment(NOON_UTC + timedelta(days=2), Locale("zh-CN", SHANGHAI, NOON_UTC)) == "11月25日晚上8点"
    for days, name in ((-2, "11月21日"), (-1, "昨天"), (0, "今天"), (1, "明天")):
        told = speak_moment(NOON_UTC + timedelta(days=days), Locale("zh-CN", SHANGHAI, NOON_UTC))
        assert told == f"{name}晚上8点"


def test_without_a_present_time_every_day_is_told_with_its_year() -> None:
    english, chinese = Locale("en-US", SHANGHAI), Locale("zh-CN", SHANGHAI)
    assert speak_moment(NOON_UTC, english) == "8:00 PM on November 23, 2026"
    assert speak_moment(NOON_UTC, chinese) == "2026年11月23日晚上8点"
    assert speak_lately(NOON_UTC, english, placed=True) == "on November 23, 2026"
    assert speak_opening(Opening(NOON_UTC, None), english) == "from 8 PM on November 23, 2026"
    assert speak_opening(Opening(NOON_UTC, None), chinese) == "2026年11月23日晚上8点起"
    assert speak_day(NOON_UTC.date(), english) == "November 23, 2026"
    assert speak_usual(NOON_UTC.date(), english) == "on November 23, 2026"
    assert speak_latest(NOON_UTC.date(), chinese, about=False) == "2026年11月23日"


def test_without_a_zone_days_and_times_are_those_of_utc() -> None:
    late = NOON_UTC.replace(hour=23)
    english, chinese = Locale("en-US", None, late), Locale("zh-CN", None, late)
    assert speak_moment(late, english) == "11:00 PM UTC today"
    assert speak_lately(late - timedelta(days=1), english, placed=False) == "11:00 PM UTC yesterday"
    assert speak_opening(Opening(late, None), chinese) == "今天协调世界时晚上11点起"
    assert speak_opening(Opening(late, late + timedelta(hours=1)), english) == "from 11 PM UTC to midnight today"
    assert speak_day(late.date(), english) == "November 23"
    assert speak_usual(late.date(), english) == "today"
    assert speak_latest(late.date() + timedelta(days=1), chinese, about=False) == "明天"


@sweep("month", range(1, 13))
def test_every_month_has_its_name_and_number(month: int) -> None:
    day = date(2026, month, 9)
    assert speak_date(day, "en-US", NOON_UTC.date()) == f"{day:%B} 9"
    assert speak_date(day, "zh-CN", NOON_UTC.date()) == f"{month}月9日"


@sweep(
    ("days", "english", "chinese"),
    [
        (-1, "at 8:00 PM yesterday", "昨天晚上8点"),
        (1, "at 8:00 PM tomorrow", "明天晚上8点"),
        (-2, "on November 21", "11月21日"),
        (2, "on November 25", "11月25日"),
        (-364, "on November 24", "11月24日"),
        (-365, "on November 23, 2025", "2025年11月23日"),
        (60, "on January 22, 2027", "2027年1月22日"),
    ],
)
def test_an_instant_that_is_not_near_is_told_by_its_day(days: int, english: str, chinese: str) -> None:
    at = NOON_UTC + timedelta(days=days)
    assert speak_lately(at, Locale("en-US", SHANGHAI, NOON_UTC), placed=True) == english
    assert speak_lately(at, Locale("zh-CN", SHANGHAI, NOON_UTC), placed=True) == chinese
    assert render_spoken(Lately(at), Locale("en-US", SHANGHAI, NOON_UTC)) == english.split(" ", 1)[1]


def test_the_day_of_an_instant_is_that_of_the_listeners_zone() -> None:
    """At 20:00 UTC it is the next day in Shanghai, and on the last day of a year the next year."""
    evening = NOON_UTC.replace(hour=20)
    later = Locale("en-US", SHANGHAI, NOON_UTC + timedelta(days=9))
    assert speak_lately(evening, later, placed=True) == "on November 24"
    turn = Locale("en-US", SHANGHAI, datetime(2026, 12, 31, 20, tzinfo=UTC))
    assert speak_day(date(2027, 1, 5), turn) == "January 5"
    assert speak_usual(date(2026, 12, 30), turn) is None
    assert speak_usual(date(2027, 1, 1), turn) == "today"
    assert speak_latest(date(2027, 1, 20), turn, about=False) == "January 20"
    assert speak_opening(Opening(evening, None), Locale("en-US", SHANGHAI, evening)) == "from 4 AM today"


def test_the_year_is_said_unless_it_is_this_one() -> None:
    assert speak_date(date(2027, 1, 2), "en-US", date(2026, 11, 23)) == "January 2, 2027"
    assert speak_date(date(2026, 12, 2), "en-US", date(2026, 11, 23)) == "December 2"
    assert speak_date(date(2027, 1, 2), "zh-CN") == "2027年1月2日"


def test_an_unknown_zone_is_chinas_in_chinese_and_utc_by_name_in_english() -> None:
    assert speak_time(NOON_UTC, locale_of("en-US", None)) == "12:00 PM UTC"
    assert speak_time(NOON_UTC, locale_of("en-US", "Nowhere/At-All")) == "12:00 PM UTC"
    assert speak_time(NOON_UTC, locale_of("en-US", "../../etc/passwd")) == "12:00 PM UTC"
    assert speak_time(NOON_UTC, locale_of("zh-CN", None)) == "晚上8点"
    assert speak_time(NOON_UTC, Locale("zh-CN")) == "协调世界时中午12点"


@sweep(
    ("span", "english", "chinese"),
    [
        (timedelta(seconds=1), "1 minute", "1分钟"),
        (timedelta(minutes=59, seconds=1), "1 hour", "1小时"),
        (timedelta(minutes=65), "1 hour and 5 minutes", "1小时5分钟"),
        (timedelta(minutes=1, microseconds=1), "2 minutes", "2分钟"),
        (timedelta(hours=23, minutes=59), "23 hours and 59 minutes", "23小时59分钟"),
        (timedelta(hours=24), "1 day", "1天"),
        (timedelta(hours=25), "1 day and 1 hour", "1天1小时"),
        (timedelta(hours=47, minutes=1), "2 days", "2天"),
        (timedelta(hours=24, minutes=1), "1 day and 1 hour", "1天1小时"),
        (timedelta(days=2), "2 days", "2天"),
        (timedelta(seconds=-5), "1 minute", "1分钟"),
    ],
)
def test_a_span_is_rounded_up_to_what_is_worth_saying(span: timedelta, english: str, chinese: str) -> None:
    assert speak_duration(span, "en-US") == english
    assert speak_duration(span, "zh-CN") == chinese


def test_a_reference_is_said_digit_by_digit_and_nothing_else_of_it() -> None:
    assert speak_digits("0a31") == (
        '<say-as interpret-as="digits">0</say-as> A <say-as interpret-as="digits">31</say-as>'
    )
    assert speak_digits("<7>&") == '<say-as interpret-as="digits">7</say-as>'
    assert render_spoken(Digits("--"), Locale("en-US")) is None


def test_a_reference_is_cut_at_its_limit() -> None:
    for length, said in ((DIGITS_MAX - 1, DIGITS_MAX - 1), (DIGITS_MAX, DIGITS_MAX), (DIGITS_MAX + 1, DIGITS_MAX)):
        assert speak_digits("7" * length).count("7") == said


def test_a_phone_number_is_grouped() -> None:
    assert write_phone("+864005550199") == "+86 400 555 0199"
    groups = [f'<say-as interpret-as="digits">{group}</say-as>' for group in ("86", "400", "555", "0199")]
    assert speak_phone("+864005550199", "en-US") == f"plus {', '.join(groups)}"
    assert speak_phone("+864005550199", "zh-CN") == f"加{'，'.join(groups)}"
    assert write_phone("12") == "+12"


def test_a_case_is_named_in_groups_of_three_digits() -> None:
    groups = [f'<say-as interpret-as="digits">{group}</say-as>' for group in ("123", "456", "7")]
    english, chinese = Locale("en-US"), Locale("zh-CN")
    assert render_spoken(Reference("1234567"), english) == ", ".join(groups)
    assert render_spoken(Reference("1234567"), chinese) == "，".join(groups)
    for locale in (english, chinese):
        assert render_written(Reference("1234567"), locale) == "123 456 7"
        assert render_spoken(Reference("--"), locale) is None
        assert render_written(Reference("--"), locale) is None


def test_our_own_words_may_be_others_in_writing() -> None:
    """A letter names no key to press."""
    for locale in (Locale("en-US"), Locale("zh-CN")):
        cause = "lock.cause.CUSTOMER_REQUEST"
        assert render_written(Word(cause), locale) == find(f"{cause}.written", locale.language)
        assert render_spoken(Word(cause), locale) == escape(find(cause, locale.language) or "")
        assert render_written(Word("kind.payment"), locale) == find("kind.payment", locale.language)
        assert render_written(Word("no.such.word"), locale) is None


def test_markup_is_escaped_and_what_xml_cannot_hold_is_left_out() -> None:
    assert escape("a\"b'c & <d>\x00\ufffe!") == "a&quot;b&apos;c &amp; &lt;d&gt;!"


@sweep(
    ("name", "cleaned"),
    [
        ("  Blue\tCup\n Café ", "Blue Cup Café"),
        ("a\u202eb\u200bc", "abc"),
        ("x\x00y\x1bz", "x y z"),
        ("\ud800", ""),
        ("\ue000", ""),
    ],
)
def test_a_name_loses_control_and_format_characters(name: str, cleaned: str) -> None:
    assert clean(name) == cleaned


def test_a_name_is_cut_at_its_limit() -> None:
    assert clean("n" * (NAME_CHARACTERS_MAX - 1)) == "n" * (NAME_CHARACTERS_MAX - 1)
    assert clean("n" * NAME_CHARACTERS_MAX) == "n" * NAME_CHARACTERS_MAX
    assert clean("n" * (NAME_CHARACTERS_MAX + 1)) == "n" * (NAME_CHARACTERS_MAX - 1) + "…"
    assert clean("n" * (NAME_CHARACTERS_MAX - 2) + " nn") == "n" * (NAME_CHARACTERS_MAX - 2) + "…"
    # No more than eight times the limit is looked at, however little of it can be seen.
    assert clean("\u200b" * (8 * NAME_CHARACTERS_MAX - 1) + "ab") == "a"


def test_a_dictated_code_is_said_digit_by_digit_and_whatever_else_is_in_it_is_not() -> None:
    for locale in (Locale("en-US"), Locale("zh-CN")):
        assert render_spoken(Dictated("07 <x>"), locale) == (
            '<prosody rate="slow"><say-as interpret-as="digits">0</say-as><break time="400ms"/>'
            '<say-as interpret-as="digits">7</say-as></prosody>'
        )
        assert render_spoken(Dictated("<x>"), locale) is None
        assert render_written(Dictated("071234"), locale) == "071234"


def test_an_english_voice_leaves_out_a_name_it_cannot_say() -> None:
    assert sayable_in_english("Café 24")
    assert not sayable_in_english("蓝杯 Café")
    assert not sayable_in_english("!!!")
    assert render_spoken("蓝杯咖啡", Locale("en-US")) is None
    assert render_spoken("蓝杯咖啡", Locale("zh-CN")) == "蓝杯咖啡"
    assert render_written("蓝杯咖啡", Locale("en-US")) == "蓝杯咖啡"


@given(st.text(max_size=400))
def test_a_name_is_harmless_whatever_it_holds(name: str) -> None:
    words = render_spoken(name, Locale("zh-CN"))
    assert words is None or not set(words) & set("<>\"'\n\t\x00")
    assert len(clean(name)) <= NAME_CHARACTERS_MAX


def test_numbers_words_and_lists_have_words_and_booleans_have_none() -> None:
    english, chinese = Locale("en-US"), Locale("zh-CN")
    assert (render_spoken(1234, english), render_spoken(1234, chinese)) == ("1,234", "1234")
    assert render_spoken(True, english) is None
    assert render_spoken(Word("kind.payment"), chinese) == "付款"
    assert render_spoken(Word("no.such.word"), chinese) is None
    assert render_spoken(timedelta(minutes=7), english) == "7 minutes"
    assert render_spoken(date(2026, 11, 30), english) == "November 30, 2026"
    assert render_written(Digits("0a31"), english) == "0a31"


def test_a_value_of_another_kind_is_a_bug_that_shows() -> None:
    with pytest.raises(TypeError, match="float"):
        render_spoken(1.5, Locale("en-US"))


def test_an_instant_of_any_offset_is_the_same_instant() -> None:
    elsewhere = NOON_UTC.astimezone(timezone(timedelta(hours=-8)))
    assert speak_moment(elsewhere, Locale("en-US", SHANGHAI, NOON_UTC)) == "8:00 PM today"


@sweep(
    ("begins", "ends", "english", "chinese"),
    [
        ("23T14:00", "23T22:30", "from 2 PM to 10:30 PM today", "今天下午2点到晚上10点30分"),
        ("24T08:00", "24T22:00", "from 8 AM to 10 PM tomorrow", "明天早上8点到晚上10点"),
        ("25T12:00", "25T20:00", "from 12 PM to 8 PM on Wednesday", "星期三中午12点到晚上8点"),
        ("29T08:05", "30T00:00", "from 8:05 AM to midnight on Sunday", "星期日早上8点零5分到半夜12点"),
        ("30T20:00", "31T02:00", "from 8 PM to 2 AM on November 30", "11月30日晚上8点到凌晨2点"),
        ("24T08:00", None, "from 8 AM tomorrow", "明天早上8点起"),
        ("24T08:00", "25T08:01", "from 8 AM tomorrow", "明天早上8点起"),
        ("24T08:00", "25T08:00", "from 8 AM to 8 AM tomorrow", "明天早上8点到早上8点"),
        ("24T08:00", "25T00:01", "from 8 AM to 12:01 AM tomorrow", "明天早上8点到凌晨0点零1分"),
        ("22T08:00", None, "from 8 AM yesterday", "昨天早上8点起"),
        ("21T08:00", None, "from 8 AM on November 21", "11月21日早上8点起"),
        ("26T08:00", None, "from 8 AM on Thursday", "星期四早上8点起"),
        ("27T08:00", None, "from 8 AM on Friday", "星期五早上8点起"),
        ("28T08:00", None, "from 8 AM on Saturday", "星期六早上8点起"),
    ],
)
def test_an_opening_is_said_with_its_day_and_from_when_to_when(
    begins: str, ends: str | None, english: str, chinese: str
) -> None:
    def instant(text: str) -> datetime:
        day, time = text.split("T")
        return datetime.fromisoformat(f"2026-11-01T{time}+08:00") + timedelta(days=int(day) - 1)

    opening = Opening(instant(begins), instant(ends) if ends else None)
    assert speak_opening(opening, Locale("en-US", SHANGHAI, NOON_UTC)) == english
    assert speak_opening(opening, Locale("zh-CN", SHANGHAI, NOON_UTC)) == chinese


@sweep(
    ("zone", "english", "chinese"),
    [
        ("Asia/Shanghai", "from 8 AM to 10 PM tomorrow, China time", "北京时间明天早上8点到晚上10点"),
        ("Europe/Berlin", "from 1 AM to 3 PM tomorrow, UTC plus 1 hour", "协调世界时加1小时明天凌晨1点到下午3点"),
        ("America/St_Johns", "from 8:30 PM to 10:30 AM today, UTC minus 3 hours and 30 minutes", None),
        ("UTC", "from 12 AM to 2 PM tomorrow, UTC", "协调世界时明天凌晨0点到下午2点"),
        ("America/New_York", "from 7 PM to 9 AM today, UTC minus 5 hours", "协调世界时减5小时今天晚上7点到上午9点"),
    ],
)
def test_an_opening_in_another_zone_than_the_listeners_names_the_zone(
    zone: str, english: str, chinese: str | None
) -> None:
    begins = datetime.fromisoformat("2026-11-24T08:00+08:00")
    opening = Opening(begins, begins + timedelta(hours=14), zone)
    assert speak_opening(opening, Locale("en-US", SHANGHAI, NOON_UTC)) == english
    if chinese is not None:
        assert speak_opening(opening, Locale("zh-CN", ZoneInfo("Europe/Berlin"), NOON_UTC)) == chinese


def test_two_o_clock_of_an_opening_is_said_as_it_is_spoken() -> None:
    opening = Opening(NOON_UTC.replace(hour=6), None)
    assert render_spoken(opening, Locale("zh-CN", SHANGHAI, NOON_UTC)) == "今天下午两点起"
