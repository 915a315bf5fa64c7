"""The words of every outcome that the contract declares, in both languages, with every fact and with none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest

from functions.connect.envelope import NEEDS
from functions.connect.prompts import speak
from functions.connect.steps import STEPS
from functions.connect.steps.advice import ADVICE_TOPICS
from functions.connect.steps.session import GOALS, METHODS
from functions.http.words import of_payment
from hotline.kit.languages import LANGUAGES
from hotline.kit.money import Money
from hotline.lockout.model import Cause, DecisionKind
from hotline.lockout.policy import FIRST_STEPS
from hotline.payments.failures import FAILURES, FailureCode, NextStep, WorksWhen
from hotline.payments.model import MovementStatus
from hotline.refunds.model import RefundState
from hotline.wording.catalogue import find
from hotline.wording.speech import SSML_CHARACTERS_MAX
from hotline.wording.values import Opening, locale_of
from tests.support.longest_answers import answers
from tests.support.spoken_prompt import prompt
from tests.support.sweeps import sweep
from tests.support.told_matters import every_matter

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MONEY = Money(12850, "CNY")
NASTY = 'Tom & <Jerry\'s> "Café"\x07 咖啡'
PAYMENT = {"kind": "payment", "amount": MONEY, "merchant": "Blue Cup", "initiated_at": NOW, "status": "failed"}
OPENING = Opening(NOW + timedelta(days=40), NOW + timedelta(days=40, hours=9))
FULL: dict[str, dict[str, object]] = {
    "start": {"known": True},
    "send_code": {"channel": "voice", "goal": "unlock", "no_call": False, "same_line": True},
    "announce_code": {"wallet": "Demo Wallet", "goal": "unlock"},
    "read_code": {"code": "012345", "goal": "unlock", "valid_for": timedelta(minutes=9)},
    "check_code": {"tries_left": 2},
    "choose_account": {"items": [{"place": 1, "hint": "4711"}, {"place": 2, "hint": "0815"}]},
    "lock_status": {
        "state": "SOFT",
        "cause": "TOO_MANY_PASSWORD",
        "since": NOW - timedelta(minutes=5),
        "until": NOW + timedelta(minutes=10),
        "self_service": "unlock",
        "asked": "unlock",
        "facts_as_of": NOW - timedelta(minutes=3),
    },
    "reset": {"until": NOW + timedelta(hours=1)},
    "checkup": {"matters": every_matter(NOW, count=2)},
    "logins": {
        "items": [
            {"at": NOW, "device": "known", "is_elsewhere": False},
            {"at": NOW, "device": "new", "is_elsewhere": True},
        ]
    },
    "not_me": {"about": "movement", "decided": True, "noticed": True, "time_zone": "Asia/Shanghai"},
    "payments": {"items": [PAYMENT, {**PAYMENT, "merchant": NASTY}, {**PAYMENT, "kind": "top_up"}], "more": True},
    "payment_by_order": {"items": [{**PAYMENT, "merchant": NASTY}], "more": False},
    "payment_answer": {
        **PAYMENT,
        "failure": "INSUFFICIENT_FUNDS",
        "caller_text": "failure.insufficient_funds",
        "money": "NOT_TAKEN",
        "held_until": NOW + timedelta(days=2),
        "held_overdue": False,
        "next_step": "top_up",
        "works_when": "after_top_up",
        "refundable": True,
        "refund_keys": ["payment_answer.refund_open"],
    },
    "refunds": {
        "items": [
            {"amount": MONEY, "merchant": NASTY, "status": state.value, "promised_on": date(2026, 11, 30)}
            for state in (RefundState.IN_REVIEW, RefundState.APPROVED, RefundState.SENT)
        ]
    },
    "balance": {
        "balance": MONEY,
        "as_of": NOW - timedelta(hours=5),
        "income_on": date(2026, 11, 22),
        "income": MONEY,
        "month_income": MONEY,
        "accrued": MONEY,
    },
    "bills": {
        "items": [
            {"biller": NASTY, "amount": MONEY, "due_on": date(2026, 11, 20), "when": "overdue"},
            {"biller": "City Power", "amount": MONEY, "due_on": date(2026, 11, 23), "when": "today"},
        ],
        "more": False,
        "paid_biller": NASTY,
        "shown_within": timedelta(days=3),
    },
    "refund_offer": {
        **PAYMENT,
        "refundable": Money(2850, "CNY"),
        "promised_on": date(2026, 11, 30),
        "reason": "movement.left",
    },
    "refund_request": {
        "amount": MONEY,
        "promised_on": date(2026, 11, 30),
        "status": "approved",
        "reason": "merchant.window",
        "refund": "482913",
    },
    "advice": {"topic": "numbers", "numbers": ("+864005550199", "+498002000001")},
    "handover": {"topic": "refund", "case": "482913", "hours": OPENING},
    "hours": {"hours": OPENING},
}
CASES = [(step.name, outcome) for step in STEPS.values() for outcome in step.outcomes]
ENGLISH, CHINESE = "en-US", "zh-CN"


def said(step: str, outcome: str, facts: Mapping[str, object], language: str = ENGLISH) -> str:
    """The words without markup; fails when the prompt is no well-formed SSML within the limit."""
    ssml = prompt(step, outcome, {"now": NOW, "time_zone": "Asia/Shanghai", **facts}, language)
    assert len(ssml) <= SSML_CHARACTERS_MAX
    root = ET.fromstring(ssml)  # noqa: S314 - our own text
    assert root.tag == "speak"
    return "".join(root.itertext())


@sweep("language", LANGUAGES)
@sweep("facts", ["all", "none"])
@sweep(("step", "outcome"), CASES)
def test_every_outcome_has_words(step: str, outcome: str, facts: str, language: str) -> None:
    if facts == "all":
        words = said(step, outcome, FULL.get(step, {}), language)
    else:
        words = "".join(ET.fromstring(prompt(step, outcome, {}, language)).itertext())  # noqa: S314 - our own text
    assert words.strip()
    assert not re.search(r"[{}|\x00-\x1f]", words)
    assert f"{step}.{outcome}" not in words
    assert (re.search("[\u4e00-\u9fff]", words) is not None) is (language == CHINESE)
    assert not words.startswith(("，", "。", ".", ","))
    assert "None" not in words


def test_an_unknown_and_a_known_number_hear_the_same() -> None:
    for language in LANGUAGES:
        words = {said("start", outcome, {}, language) for outcome in ("KNOWN", "UNKNOWN", "WITHHELD")}
        assert len(words) == 1


def test_nothing_asked_for_is_told_as_done() -> None:
    for step, outcome in (
        ("unlock", "ASKED"),
        ("pause", "ASKED"),
        ("end_pause", "ASKED"),
        ("unfreeze", "ASKED"),
        ("freeze", "ASKED"),
    ):
        assert "have asked" in said(step, outcome, {})
        assert "within a minute" in said(step, outcome, {})
        assert "申请" in said(step, outcome, {}, CHINESE)
        assert "一般1分钟内" in said(step, outcome, {}, CHINESE)


def test_a_pause_is_told_in_the_same_words_whatever_is_known() -> None:
    assert prompt("pause", "ASKED", {}, ENGLISH) == prompt("pause", "ASKED", FULL["lock_status"], ENGLISH)


def test_a_lock_is_told_with_cause_since_until_and_what_is_under_way() -> None:
    assert said("lock_status", "SOFT", FULL["lock_status"]) == (
        "Your account has been locked since 7:55 PM today. "
        "A wrong password was entered too often. "
        "The lock ends by itself in 10 minutes, at 8:10 PM today. "
        "The unlock has been requested and usually takes effect within a minute. "
        "This is how things stood at 7:57 PM today."
    )
    assert said("lock_status", "SOFT", FULL["lock_status"], CHINESE) == (
        "您的账户从今天晚上7点55分起被临时锁定。原因是密码多次输入错误。锁定将在10分钟后，也就是今天晚上8点10分自动解除。"
        "解锁申请已经提交，一般1分钟内生效。以上信息截至今天晚上7点57分。"
    )


@pytest.mark.parametrize(("facts", "told"), [({}, False), ({"facts_as_of": NOW - timedelta(minutes=3)}, True)])
def test_up_to_when_the_facts_are_known_is_said_when_the_step_says_so(facts: dict[str, object], told: bool) -> None:
    assert ("how things stood" in said("lock_status", "OPEN", facts)) is told


def test_every_cause_and_every_request_has_its_sentence() -> None:
    for language in LANGUAGES:
        plain = said("lock_status", "HARD", {}, language)
        for cause in Cause:
            assert len(said("lock_status", "HARD", {"cause": cause.value}, language)) > len(plain)
        for kind in DecisionKind:
            assert len(said("lock_status", "HARD", {"asked": kind.value}, language)) > len(plain)
        assert said("lock_status", "HARD", {"cause": "SOMETHING_NEW"}, language) == plain


def test_a_failed_payment_is_told_in_full() -> None:
    facts = {**FULL["payment_answer"], "refund_keys": []}
    assert said("payment_answer", "NOT_TAKEN", facts) == (
        "Your payment of 128 yuan and 50 fen to Blue Cup at 8:00 PM today failed. "
        "There was not enough money on the balance or card. No money was taken. "
        "Please top up, or pay in another way. It will work as soon as the money is there."
    )
    assert said("payment_answer", "NOT_TAKEN", facts, CHINESE) == (
        "您今天晚上8点向Blue Cup付款128元5角，没有成功。原因是余额或卡内资金不足。没有扣款。"
        "请充值后再付，或换一种支付方式。资金到账后就可以了。"
    )


def test_every_failure_is_told_specifically_except_risks() -> None:
    words: dict[FailureCode, str] = {}
    for code, info in FAILURES.items():
        facts = {"failure": code.value, "caller_text": info.caller_text, "next_step": info.next_step.value}
        words[code] = said("payment_answer", "NOT_TAKEN", facts)
    plain = words[FailureCode.ISSUER_DECLINED_GENERIC]
    untold = {code for code, info in FAILURES.items() if info.plain}
    assert {words[code] for code in untold} == {plain}
    specific = [text for code, text in words.items() if code not in untold]
    assert len(set(specific)) == len(specific)
    for text in words.values():
        assert not re.search("fraud|stolen|lost|risk", text)


@sweep("status", list(MovementStatus))
def test_the_words_for_a_payment_follow_its_status(status: MovementStatus) -> None:
    parts = {"authorised": "not completed", "succeeded": "went through", "failed": "failed"}
    parts |= {"unknown": "not confirmed yet", "reversed": "cancelled"}
    assert parts[status.value] in said("payment_answer", "HELD", {"status": status.value})


def test_held_money_is_not_taken_money() -> None:
    facts = {"status": "authorised", "held_until": NOW + timedelta(days=2)}
    assert "is only reserved, not taken, until November 25 at the latest" in said("payment_answer", "HELD", facts)
    overdue = said("payment_answer", "HELD", {**facts, "held_overdue": True})
    assert "should have ended by now" in overdue
    assert "November 25" not in overdue


def test_the_way_to_open_the_account_is_said_before_how_to_pay() -> None:
    facts = {**PAYMENT, "failure": "INSUFFICIENT_FUNDS", "caller_text": "failure.insufficient_funds"}
    facts |= {"next_step": "unlock_wallet", "then": "top_up", "works_when": "after_unlock"}
    english, chinese = (said("payment_answer", "NOT_TAKEN", facts, language) for language in (ENGLISH, CHINESE))
    assert english.endswith(
        "No money was taken. Please unlock your account first; the hotline can do that. "
        "Then: Please top up, or pay in another way."
    )
    assert chinese.endswith("没有扣款。请先解锁账户，热线可以办理。之后，请充值后再付，或换一种支付方式。")


@pytest.mark.soak
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("first", FIRST_STEPS)
def test_no_moment_at_which_paying_works_is_named_while_the_account_is_shut(first: NextStep, language: str) -> None:
    promises = [find(f"works_when.{when.value}", language) for when in WorksWhen]
    for movement, told, _ in answers(language, first):
        facts = {"status": movement.status.value, "next_step": told.next_step.value, "then": told.then}
        facts |= {"works_when": told.works_when.value, "caller_text": told.caller_text, "failure": told.failure}
        heard = said("payment_answer", told.answer.value, {k: v for k, v in facts.items() if v is not None}, language)
        written = of_payment(movement, told, locale_of(language, "Asia/Shanghai", NOW))
        for promise in promises:
            assert promise is None or (promise not in heard and promise not in written)


def test_nobody_is_told_to_pay_again_while_the_outcome_is_open() -> None:
    words = said("payment_answer", "UNKNOWN", {"next_step": "wait_for_outcome", "works_when": "when_outcome_known"})
    assert "do not pay again" in words


def test_one_failed_refund_is_told_with_its_reason_and_no_step_of_the_customer() -> None:
    item = {"status": "failed", "failure": "refund_merchant_funds"}
    reason = "The merchant has to provide the money for this refund first."
    assert reason in said("refunds", "OPEN", {"items": [item]})
    assert "ask the merchant" not in said("refunds", "OPEN", {"items": [item]})
    assert reason not in said("refunds", "OPEN", {"items": [item, item]})
    assert reason not in said("refunds", "OPEN", {"items": [{"status": "failed", "failure": None}]})


def test_a_list_is_a_menu_with_the_key_last() -> None:
    words = said("payments", "SEVERAL", {"items": [PAYMENT, {"kind": "top_up", "amount": MONEY}]})
    assert words == (
        "I found 2 payments. "
        "For 128 yuan and 50 fen to Blue Cup at 8:00 PM today, press 1. "
        "For the top-up of 128 yuan and 50 fen, press 2."
    )


def test_an_item_does_not_borrow_what_it_lacks() -> None:
    words = said("refunds", "OPEN", {"items": [{"status": "sent"}], "amount": MONEY, "merchant": "Else"})
    assert words == "You have one refund. A refund has been sent. It goes back to your original payment method."


def test_the_offer_reads_back_what_is_left_and_not_what_was_paid() -> None:
    words = said("refund_offer", "OFFERED", FULL["refund_offer"])
    assert words.startswith("This would be a refund of 28 yuan and 50 fen from Blue Cup,")
    assert "by November 30 at the latest" in words


def test_a_decision_on_a_refund_names_its_rule_and_its_promise() -> None:
    words = said("refund_request", "IN_REVIEW", FULL["refund_request"])
    assert "this merchant takes things back" in words
    assert "an answer by November 30" in words
    assert words.endswith("Your reference is 482, 913.")
    assert "It is approved" in said("refund_request", "EXISTS", FULL["refund_request"])
    assert "refunded already" in said("refund_offer", "NOT_ELIGIBLE", FULL["refund_offer"])


def test_a_payment_that_the_caller_did_not_make_goes_to_a_person_with_a_date() -> None:
    assert "you can report that now" in said("refund_offer", "ROUTE_DISPUTE", {})
    words = said("refund_request", "ROUTE_DISPUTE", FULL["refund_request"])
    assert "you will have an answer by November 30 at the latest" in words


@pytest.mark.parametrize(("left", "words"), [(2, "2 more tries"), (1, "one more try"), (0, "newest message")])
def test_a_wrong_code_says_how_many_tries_are_left(left: int, words: str) -> None:
    assert words in said("check_code", "WRONG", {"tries_left": left})


def test_a_code_is_on_its_way_only_if_the_contact_is_registered() -> None:
    for channel in METHODS:
        assert said("send_code", "SENT", {"channel": channel, "goal": GOALS[0]}).startswith("If ")


@sweep("goal", GOALS)
def test_a_call_with_a_code_names_every_goal_and_who_is_calling(goal: str) -> None:
    for language in LANGUAGES:
        facts = {"wallet": "Demo Wallet", "goal": goal}
        announced = said("announce_code", "READY", facts, language)
        assert "Demo Wallet" in announced
        assert announced != said("announce_code", "READY", {"wallet": "Demo Wallet"}, language)
        plain = said("read_code", "READ", {"code": "012345"}, language)
        assert len(said("read_code", "READ", {"code": "012345", "goal": goal}, language)) > len(plain)


def test_a_wallet_that_an_english_voice_cannot_name_is_the_wallet() -> None:
    words = said("announce_code", "READY", {"wallet": "示例钱包", "goal": "unlock"})
    assert words.startswith("This is the wallet hotline, with a code to unlock your account")
    assert "这里是示例钱包热线" in said("announce_code", "READY", {"wallet": "示例钱包", "goal": "unlock"}, CHINESE)


def test_a_code_that_is_read_out_keeps_its_leading_zero_and_its_warning() -> None:
    words = said("read_code", "READ", FULL["read_code"])
    assert words.count("012345") == 2
    assert words.endswith("Nobody, not even we, will ever ask you for it.")
    assert "valid for 9 minutes" in words


def test_the_missing_proof_is_named() -> None:
    words = {said("unlock", "NEED_PROOF", {"needs": needs}) for needs in NEEDS}
    assert len(words) == len(NEEDS)


@sweep("topic", ADVICE_TOPICS)
def test_every_topic_of_advice_has_words_of_its_own(topic: str) -> None:
    for language in LANGUAGES:
        assert said("advice", "TOLD", {"topic": topic}, language) != said("advice", "TOLD", {}, language)


def test_the_official_numbers_are_said_group_by_group() -> None:
    words = said("advice", "TOLD", FULL["advice"])
    assert "Our official number is plus 86, 400, 555, 0199. Another is plus 49, 800" in words
    assert "in the app and on our website" in said("advice", "TOLD", {"topic": "numbers"})


def test_a_language_that_is_not_spoken_is_answered_in_english() -> None:
    assert said("unlock", "OPEN", {}, "fr-FR") == said("unlock", "OPEN", {})


def test_a_payment_of_some_days_ago_is_told_by_its_day() -> None:
    ago = {**PAYMENT, "initiated_at": NOW - timedelta(days=20)}
    assert " on November 3 failed" in said("payment_answer", "NOT_TAKEN", ago)
    assert said("payment_answer", "NOT_TAKEN", ago, CHINESE).startswith("您11月3日向")


@sweep(
    ("state", "first"),
    [
        ("SOFT", "Please note: your account is locked. For details"),
        ("HARD", "Please note: your account is locked. For details"),
        ("HOLD", "Please note: your account is on hold"),
        ("FROZEN", "Please note: your account is frozen"),
        ("PAUSED", "Please note: payments from your account are paused"),
        ("OPEN", "Thank you. I have found your account."),
    ],
)
def test_a_caller_who_has_chosen_an_account_that_is_shut_hears_that_first(state: str, first: str) -> None:
    assert said("choose_account", "CHOSEN", {"state": state, "cause": "TOO_MANY_PASSWORD"}).startswith(first)


def test_a_refund_that_only_a_person_can_pay_out_is_followed_by_the_key_for_one_once() -> None:
    items = [{"status": "failed", "amount": MONEY}, {"status": "returned_back", "amount": MONEY}]
    assert said("refunds", "OPEN", {"items": items}).count("press 0") == 1
    assert "press 0" not in said("refunds", "OPEN", {"items": [{"status": "sent"}]})


def test_words_are_slower_for_those_who_need_it_and_a_menu_waits_longer() -> None:
    slow = speak("payments", "SEVERAL", FULL["payments"], [ENGLISH], most=3, slow=True)
    assert len(slow) == 3
    assert all(part.startswith('<speak><prosody rate="slow">') for part in slow)
    assert all(part.endswith("</prosody></speak>") for part in slow)
    (menu,) = speak("choose_account", "CHOOSE", FULL["choose_account"], [ENGLISH], slow=True)
    assert menu.endswith('</prosody><break time="8s"/></speak>')
    assert "prosody" not in speak("unlock", "OPEN", {}, [ENGLISH])[0]


def test_both_languages_are_said_one_after_the_other() -> None:
    (one,) = speak("unlock", "OPEN", {}, tuple(LANGUAGES))
    assert one.index("您的账户") < one.index("Your account")
    assert speak("handover", "QUEUE", FULL["handover"], tuple(LANGUAGES), most=2)[1].startswith(
        "<speak>I am connecting"
    )
