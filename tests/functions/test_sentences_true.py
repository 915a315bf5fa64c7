"""No sentence contradicts the account's state, promises what was not done, or claims to know what nobody said.

Every answer of every step is rendered over generated accounts and held against rules. Each rule is shown to find a
sentence that breaks it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.connect.envelope import EMPTY
from functions.connect.steps import STEPS
from functions.connect.steps.advice import ADVICE_TOPICS
from functions.connect.steps.handover import HANDOVER_REASONS, HANDOVER_TOPICS
from functions.wallet_events.batch import take_in
from hotline.contracts.model import Fact, LockAction, PointKind
from hotline.kit.clock import to_text
from hotline.kit.doors import Context
from hotline.kit.spread import partition_count, partition_name
from hotline.kit.store import Index, Key, Query, Table
from hotline.lockout import service as lockout
from hotline.lockout.model import LockState
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from hotline_local.worlds.closed_hours import close_line
from tests.support import facts, lock_desk
from tests.support.phone import Phone, context, failed_logins, give, opened, words
from tests.support.sweeps import sweep

pytestmark = pytest.mark.soak

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ACCOUNT, NUMBER, EMAIL = "acct-mei", "+8613800000001", "mei@customer.example"


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer in words, and all that was so when it was given."""

    step: str
    outcome: str
    text: str
    decisions: int = 0
    """Decisions and messages that the step itself wrote."""
    messages: int = 0
    shut_by: tuple[str, ...] = ()
    """The states in force once the step has had its request granted."""
    behind: bool = False
    topic: str | None = None
    has_email: bool = True


def claims(pattern: str, text: str) -> bool:
    """Whether a sentence says so, other than on a condition: If your number .., 如果您的号码 .."""
    sentences = re.split(r"(?<=[.。])\s*", text)
    return any(re.search(pattern, one) and not re.match("If |如果", one) for one in sentences)


def says_that_it_works(heard: Heard) -> bool:
    works = (
        r"account is open|Nothing is locked|[Yy]ou can pay again|^Please pay again|it will work|should work"
        "|没有被锁定|状态正常|之后就可以付款|^请重新付款|马上就可以|应该可以再试|到账后就可以"
    )
    return bool(heard.shut_by) and claims(works, heard.text)


def promises_a_message_that_nobody_gets(heard: Heard) -> bool:
    promised = (
        r"You will get a message|texting it to you|Every contact of the account is told|I am sending"
        "|我们会发消息通知您|用短信发给您|账户的所有联系方式都会收到通知"
    )
    return heard.messages == 0 and claims(promised, heard.text)


def claims_to_have_asked(heard: Heard) -> bool:
    return heard.decisions == 0 and claims(r"\bI have asked\b|has been noted|已为您申请|申请已经登记", heard.text)


def calls_a_view_old(heard: Heard) -> bool:
    return not heard.behind and claims("This is how things stood|以上信息截至", heard.text)


def knows_what_nobody_said(heard: Heard) -> bool:
    return heard.topic is None and claims(
        r"noted (that it is|what it is) about|已登记您要办理|情况已经登记", heard.text
    )


def wants_an_email_of_an_account_without_an_address(heard: Heard) -> bool:
    return not heard.has_email and claims("a code that I send by e-mail|发送到您邮箱的验证码", heard.text)


RULES: tuple[Callable[[Heard], bool], ...] = (
    says_that_it_works,
    promises_a_message_that_nobody_gets,
    claims_to_have_asked,
    calls_a_view_old,
    knows_what_nobody_said,
    wants_an_email_of_an_account_without_an_address,
)
GOOD = Heard("freeze", "ASKED", "", decisions=1, messages=1, topic="security", behind=True)
FALSE: tuple[tuple[Callable[[Heard], bool], Heard, str, str], ...] = (
    (says_that_it_works, replace(GOOD, shut_by=("SOFT",)), "Your account is open.", "您的账户状态正常，没有被锁定。"),
    (says_that_it_works, replace(GOOD, shut_by=("HOLD",)), "Done. Then you can pay again.", "好的。之后就可以付款了。"),
    (says_that_it_works, replace(GOOD, shut_by=("HARD",)), "Top up. It will work: it will work.", "应该可以再试。"),
    (promises_a_message_that_nobody_gets, replace(GOOD, messages=0), "You will get a message.", "我们会发消息通知您。"),
    (
        promises_a_message_that_nobody_gets,
        replace(GOOD, messages=0),
        "I am texting it to you.",
        "编号也会用短信发给您。",
    ),
    (claims_to_have_asked, replace(GOOD, decisions=0), "I have asked for the freeze.", "已为您申请冻结账户。"),
    (calls_a_view_old, replace(GOOD, behind=False), "This is how things stood at noon.", "以上信息截至中午12点。"),
    (knows_what_nobody_said, replace(GOOD, topic=None), "I have noted what it is about.", "您的情况已经登记。"),
    (
        wants_an_email_of_an_account_without_an_address,
        replace(GOOD, has_email=False),
        "For this I also need a code that I send by e-mail.",
        "还需要一个发送到您邮箱的验证码。",
    ),
)


@sweep(("rule", "so", "english", "chinese"), FALSE)
def test_a_rule_finds_a_sentence_that_breaks_it_and_leaves_it_where_it_is_true(
    rule: Callable[[Heard], bool], so: Heard, english: str, chinese: str
) -> None:
    for text in (english, chinese):
        assert rule(replace(so, text=text))
        assert not rule(replace(GOOD, text=text))
        assert not rule(replace(so, text="Thank you. 谢谢。"))


def test_a_sentence_with_a_condition_is_no_promise() -> None:
    on_a_condition = replace(GOOD, decisions=0, text="If your number belongs to an account, I have asked to pause it.")
    assert not claims_to_have_asked(on_a_condition)


def test_every_rule_has_a_sentence_that_breaks_it() -> None:
    assert {rule for rule, *_ in FALSE} == set(RULES)


# --- accounts


def _applied(action: LockAction, cause: str, *, until: timedelta | None = None) -> Fact:
    end = NOW + until if until is not None else None
    return replace(lock_desk.told(action, NOW - timedelta(hours=1), cause, until=end, name=cause), subject=ACCOUNT)


SHUT: Mapping[str, tuple[Fact, ...]] = {
    "open": (),
    "password": tuple(failed_logins(ACCOUNT, 5, until=NOW)),
    "many passwords": tuple(failed_logins(ACCOUNT, 12, until=NOW)),
    "risk": (_applied(LockAction.LOCK_APPLIED, "RISK_SCORE", until=timedelta(days=2)),),
    "compliance": (_applied(LockAction.LOCK_APPLIED, "COMPLIANCE"),),
    "agent": (_applied(LockAction.LOCK_APPLIED, "AGENT"),),
    "stolen password": (_applied(LockAction.LOCK_APPLIED, "COMPROMISED_CREDENTIAL"),),
    "dormant": (_applied(LockAction.LOCK_APPLIED, "DORMANT"),),
    "other": (_applied(LockAction.LOCK_APPLIED, "OTHER"),),
    "frozen": (_applied(LockAction.FREEZE_APPLIED, "CUSTOMER_REQUEST"),),
    "paused": (_applied(LockAction.PAUSE_APPLIED, "CUSTOMER_REQUEST", until=timedelta(hours=20)),),
    "paused and held": (
        _applied(LockAction.PAUSE_APPLIED, "CUSTOMER_REQUEST", until=timedelta(hours=20)),
        _applied(LockAction.LOCK_APPLIED, "RISK_SCORE", until=timedelta(days=2)),
    ),
}
ENDS = {"end_pause": LockState.PAUSED, "unfreeze": LockState.FROZEN}


@dataclass(frozen=True, slots=True)
class World:
    """An account, its feed, and a caller."""

    shut: str
    two_step: bool
    with_email: bool
    late: timedelta
    language: str
    proved: tuple[str, ...]
    presses: tuple[tuple[str, Mapping[str, str]], ...] = field(default=())
    closed: bool = False


STEPS_PRESSED: tuple[tuple[str, Mapping[str, str]], ...] = (
    *((name, {}) for name in ("lock_status", "unlock", "reset", "pause", "end_pause", "unfreeze", "freeze", "refunds")),
    ("hours", {}),
    ("payments", {"purpose": "failed"}),
    ("payments", {"purpose": "refund"}),
    ("payment_by_order", {"tail": "4711"}),
    ("payment_answer", {"choice": "1"}),
    ("refund_offer", {"choice": "1"}),
    ("refund_request", {"choice": "1", "reason": "duplicate"}),
    *(("advice", {"topic": topic}) for topic in ADVICE_TOPICS[:2]),
    *(
        ("handover", {"topic": topic, "reason": reason})
        for topic in (EMPTY, *HANDOVER_TOPICS[:3])
        for reason in HANDOVER_REASONS
    ),
)
"""The steps that a caller may take after the opening; `start` to `choose_account` come before them."""
WORLDS = st.builds(
    World,
    shut=st.sampled_from(sorted(SHUT)),
    two_step=st.booleans(),
    with_email=st.booleans(),
    late=st.sampled_from([timedelta(), timedelta(seconds=90), timedelta(minutes=30)]),
    language=st.sampled_from(["zh-CN", "en-US"]),
    proved=st.sampled_from([(), ("sms",), ("sms", "email")]),
    presses=st.lists(st.sampled_from(STEPS_PRESSED), min_size=3, max_size=10).map(tuple),
    closed=st.booleans(),
)


def begin(world: World) -> tuple[Context, Phone]:
    ctx = context(MemoryStore(VirtualClock(NOW)), VirtualClock(NOW))
    points = [(PointKind.PHONE, NUMBER), *([(PointKind.EMAIL, EMAIL)] if world.with_email else [])]
    began = opened(ACCOUNT, *points, at=NOW - timedelta(days=100), two_step=world.two_step, language=world.language)
    give(ctx, [began, *SHUT[world.shut]])
    paid = {"initiated_at": to_text(NOW - timedelta(days=1)), "money": "debited"}
    give(ctx, [facts.fact("payment.succeeded", {**paid, "failure": None}, subject=ACCOUNT)])
    declined = {"movement_id": "mov_2", "initiated_at": to_text(NOW - timedelta(hours=2)), "order_no": "99"}
    give(ctx, [facts.fact("payment.failed", declined, subject=ACCOUNT, after_s=1)])
    if world.closed:
        close_line(ctx)
    of_another = facts.event("device.registered", subject="acct-other", time=to_text(NOW - world.late))
    assert take_in(facts.sqs_of([of_another]), ctx) == {"batchItemFailures": []}
    return ctx, Phone(ctx, NUMBER)


def outbox(ctx: Context) -> dict[str, str]:
    """Every entry that waits, its recipient by its id."""
    found = {}
    for number in range(partition_count(Index.PENDING)):
        pk = partition_name(Index.PENDING, number)
        for row in ctx.store.query(Query(Table.OUTBOX, pk, index=Index.PENDING)).items:
            item = ctx.store.get(Key(Table.OUTBOX, row["PK"]))
            assert item is not None
            found[item["entry_id"]] = item["to"]
    return found


def press(ctx: Context, phone: Phone, world: World, step: str, inputs: Mapping[str, str]) -> Heard:
    before = outbox(ctx)
    said = phone.press(step, **inputs)
    new = [to for entry, to in outbox(ctx).items() if entry not in before]
    view = lockout.view_from(ctx.store.batch_get(lockout.lock_keys(ACCOUNT)), ACCOUNT, NOW)
    shut = tuple(part.state.value for part in view.components if part.state is not ENDS.get(step))
    topic = inputs.get("topic")
    return Heard(
        step,
        said["outcome"],
        words(said),
        decisions=new.count("bus"),
        messages=new.count("message"),
        shut_by=shut,
        behind=world.late > timedelta(minutes=2),
        topic=None if topic in (None, EMPTY) else topic,
        has_email=world.with_email,
    )


def prove(phone: Phone, method: str) -> None:
    if phone.press("send_code", method=method, goal="refund")["outcome"] == "SENT":
        phone.press("check_code", code=phone.code)
        phone.press("choose_account")


def hear_all(world: World) -> list[Heard]:
    ctx, phone = begin(world)
    heard = [press(ctx, phone, world, "start", {})]
    heard.append(press(ctx, phone, world, "set_language", {"language": world.language}))
    for method in world.proved:
        prove(phone, method)
    return heard + [press(ctx, phone, world, step, inputs) for step, inputs in world.presses]


def false(heard: list[Heard]) -> list[tuple[str, Any]]:
    return [(rule.__name__, one) for one in heard for rule in RULES if rule(one)]


@given(WORLDS)
def test_every_answer_is_true_of_the_account_and_of_what_was_done(world: World) -> None:
    assert false(hear_all(world)) == []


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
@pytest.mark.parametrize("shut", sorted(SHUT))
def test_every_step_is_true_for_every_cause_that_shuts_an_account(shut: str, language: str) -> None:
    world = World(shut, False, True, timedelta(), language, ("sms", "email"), STEPS_PRESSED + STEPS_PRESSED[:8])
    heard = hear_all(world)
    assert false(heard) == []
    assert all(one.outcome in STEPS[one.step].outcomes for one in heard)


def test_the_accounts_reach_what_the_rules_are_about() -> None:
    """A rule that no answer comes near would hold of anything."""
    heard: list[Heard] = []
    late = timedelta(minutes=30)
    for shut in SHUT:
        heard += hear_all(
            World(shut, False, True, late, "en-US", ("sms", "email"), STEPS_PRESSED, closed=shut == "open")
        )
    said = (
        "I have asked",
        "You will get a message",
        "how things stood",
        "texting it",
        "it is about",
        "noted your call",
    )
    assert [words_said for words_said in said if not any(words_said in one.text for one in heard)] == []
    assert {one.outcome for one in heard} >= {"ASKED", "OPEN", "FROZEN", "NOT_SELF_SERVICE", "GRANTED", "CLOSED_HOURS"}
    assert {one.step for one in heard} >= {step for step, _ in STEPS_PRESSED}
