"""The messenger: what it sends, when it does not, and what it never says in a log."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from functions.messenger import app
from functions.messenger.letter import official_number
from functions.messenger.replies import split_replies
from hotline.accounts.model import Channel
from hotline.contracts.model import BillTold, Fact, PointKind
from hotline.identity import service as identity
from hotline.identity.model import ChallengeState, Goal
from hotline.identity.pins import PIN_REMOVED, PIN_SET
from hotline.identity.point_changes import POINT_GONE_ASKED
from hotline.intake.service import fold
from hotline.kit.aws.carriers import Outgoing, Undeliverable
from hotline.kit.doors import Context
from hotline.kit.errors import Unavailable
from hotline.kit.languages import LANGUAGES
from hotline.kit.money import Money
from hotline.kit.outbox.delivery import CLAIM_LEASE, NotDelivered
from hotline.kit.store import Key, Reason, ReasonCode, Table, TransactionCancelled
from hotline.kit.store.expressions import from_item
from hotline.lockout.outgoing import Notice
from hotline.payments.reminder_choice import CONFIRMATIONS
from hotline.payments.service import REMINDER_MESSAGES
from hotline.refunds import due as refunds_due
from hotline.refunds import expiries, late_words, outgoing
from hotline.wording.messages import is_known
from tests.support import outbox_entries
from tests.support.function_settings import started
from tests.support.log_lines import lines, logged
from tests.support.messenger_in_hand import Post
from tests.support.outbox_entries import (
    EMAIL,
    EMAIL_POINT,
    PHONE,
    PHONE_POINT,
    RING,
    challenge,
    code_message,
    message,
    store_challenge,
    store_entry,
    stored,
    stream_event,
)

EVENTS: Final = Path(__file__).resolve().parents[2] / "events/messenger"
CODE: Final = identity.derive(RING, challenge())


@pytest.fixture
def post() -> Post:
    return Post()


# ---------------------------------------------------------------- what is sent


def test_a_code_is_derived_when_it_is_sent_and_goes_to_the_address_of_the_profile(post: Post) -> None:
    store_challenge(post.ctx, challenge())
    post.post(code_message())
    (sent,) = post.sms.sent
    assert sent.address == PHONE
    assert sent.body == (
        f"【Demo Wallet】验证码{CODE}，用于解锁账户，10分钟内有效。"
        "仅在您拨打我们热线时按键输入。任何人（包括客服）都不会向您索要。官方热线：+86 400 555 0199"
    )
    assert stored(post.ctx)["delivered_at"] == "2026-11-23T12:00:00.000Z"


def test_an_english_code_names_its_goal_and_the_time_that_is_left(post: Post) -> None:
    store_challenge(post.ctx, challenge())
    post.wait(timedelta(minutes=2))
    post.post(code_message(language="en-US"))
    assert post.sms.sent[0].body == (
        f"Demo Wallet: {CODE} is your code to unlock your account, valid for 8 minutes. "
        "Only key it in on your call to us. Nobody, not even we, will ever ask you for it. "
        "Official hotline: +86 400 555 0199"
    )


@pytest.mark.parametrize("goal", list(Goal))
def test_every_goal_has_its_words_in_a_code_message(post: Post, goal: Goal) -> None:
    store_challenge(post.ctx, challenge(goal=goal))
    for place, language in enumerate(LANGUAGES):
        facts = {"challenge_id": outbox_entries.CHALLENGE, "goal": goal.value}
        post.post(code_message(f"out_{place}", language=language, facts=facts))
    assert all(re.search("用于.+，|code to .+, valid", sent.body) for sent in post.sms.sent)
    assert len(post.sms.sent) == len(LANGUAGES)


def test_an_email_has_a_subject_without_the_code_and_a_line_for_each_sentence(post: Post) -> None:
    store_challenge(post.ctx, challenge(point=EMAIL_POINT))
    code = identity.derive(RING, challenge(point=EMAIL_POINT))
    post.post(code_message(channel="email", point=EMAIL_POINT, language="en-US"))
    (sent,) = post.email.sent
    assert (sent.address, sent.subject) == (EMAIL, "Demo Wallet: Your code for the hotline")
    first, *others = sent.body.rstrip().split("\n\n")
    assert first == f"{code} is your code to unlock your account, valid for 10 minutes."
    assert others[-1] == "Official hotline: +49 800 2000001"
    assert post.sms.sent == []


def test_instants_and_amounts_of_an_entry_are_told_in_the_accounts_zone(post: Post) -> None:
    post.post(
        message("out_1", "lock.soft", facts={"cause": "TOO_MANY_PASSWORD", "until": "2026-11-23T12:15:00.000Z"}),
        message(
            "out_2",
            "refund.approved",
            facts={"amount": {"minor": 12850, "currency": "CNY"}, "promised_on": "2026-11-30", "order_tail": "4711"},
        ),
        message("out_3", "case.callback", facts={"case_reference": "482913"}, language="en-US"),
    )
    lock, refund, callback = (sent.body for sent in post.sms.sent)
    assert "临时锁定至今天晚上8点15分" in lock
    assert "尾号4711的订单退款128.50元已批准。最迟11月30日原路到账。" in refund
    assert "reference 482 913" in callback


def test_facts_that_are_none_leave_their_sentence_out(post: Post) -> None:
    post.post(
        message(kind="lock.soft", facts={"until": "soon", "promised_on": "7", "amount": {"minor": "x"}, "n": [1]})
    )
    assert "您的账户将被临时锁定。到期自动解除。" in post.sms.sent[0].body


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", ["sms", "email"])
def test_every_message_that_rooms_send_has_words(post: Post, channel: Channel, language: str) -> None:
    point = PHONE_POINT if channel == "sms" else EMAIL_POINT
    bill = BillTold("bil_1", 1, "City Power", Money(1250, "CNY"), date(2026, 12, 1), paid=False)
    fold(post.ctx, [Fact("bill", "bill.issued", "wallet", outbox_entries.NOW, outbox_entries.ACCOUNT, bill)])
    for kind in sorted(sent_by_rooms() - {"code"}):
        reminds = {"facts": {"bill_id": "bil_1", "due_on": "2026-12-01"}} if kind in REMINDER_MESSAGES.values() else {}
        post.post(message(f"out_{kind}", kind, channel=channel, point=point, language=language, **reminds))
    carrier = post.sms if channel == "sms" else post.email
    assert len(carrier.sent) == len(sent_by_rooms()) - 1
    for sent in carrier.sent:
        assert "+86 400 555 0199" in sent.body or "+49 800 2000001" in sent.body
        assert not re.search("[{}|]", sent.subject + sent.body)
        assert "\n" not in sent.subject
        assert ("\n" in sent.body) is (channel == "email")


def sent_by_rooms() -> set[str]:
    """Every message key that a room may write into the outbox."""
    return {
        "code",
        PIN_SET,
        PIN_REMOVED,
        *(f"{POINT_GONE_ASKED}.{kind.value}" for kind in PointKind),
        *(notice.value for notice in Notice),
        *outgoing._MESSAGES.values(),
        outgoing.PAYOUT_MESSAGE,
        refunds_due.ARRIVED_MESSAGE,
        refunds_due.STOPPED_MESSAGE,
        late_words.OVERDUE_MESSAGE,
        late_words.LATE_ANSWER_MESSAGE,
        expiries.REMINDER_MESSAGE,
        *refunds_due.UNPAID_MESSAGES.values(),
        *REMINDER_MESSAGES.values(),
        *CONFIRMATIONS.values(),
    }


def test_every_message_that_rooms_send_is_in_the_catalogue() -> None:
    for language in LANGUAGES:
        assert [kind for kind in sorted(sent_by_rooms()) if not is_known(kind, language)] == []


def test_the_catalogue_counts_all_places_where_rooms_write_messages() -> None:
    rooms = Path(identity.__file__).resolve().parents[1]
    writers = {
        path.relative_to(rooms).as_posix()
        for path in rooms.rglob("*.py")
        if re.search(r"\bMessage\(", path.read_text(encoding="utf-8")) and not path.is_relative_to(rooms / "kit")
    }
    # The messenger itself takes up the entry that a recovery writes; it has no words.
    assert writers == {"accounts/notices.py", "identity/challenges.py", "identity/recovery.py"}


def test_a_text_message_names_the_official_number_of_the_recipients_country() -> None:
    numbers = ("+498002000001", "+864005550199")
    assert official_number(numbers, PHONE) == "+864005550199"
    assert official_number(numbers, "+33612345678") == "+498002000001"
    assert official_number(numbers, EMAIL) == "+498002000001"


# ---------------------------------------------------------------- what is not sent


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (message(kind="no.such.message"), "unknown_message"),
        (message(account_id=None), "nobody"),
        (message(account_id="acct_unknown"), "nobody"),
        (message(point="1#00000000000000000000000000000000"), "no_address"),
        (code_message(facts={"goal": "unlock"}), "no_challenge"),
        (code_message(account_id=None), "nobody"),
    ],
)
def test_a_message_that_cannot_reach_anybody_is_dropped(post: Post, entry: Any, reason: str) -> None:
    post.post(entry)
    assert post.sms.sent == []
    assert stored(post.ctx)["dropped"] == reason
    assert "pending_pk" not in stored(post.ctx)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (challenge(decoy=True), "decoy"),
        (challenge(state=ChallengeState.REPLACED), "challenge_over"),
        (challenge(state=ChallengeState.PROVED), "challenge_over"),
        (challenge(state=ChallengeState.SPENT), "challenge_over"),
        (challenge(point=EMAIL_POINT), "other_point"),
    ],
)
def test_a_challenge_that_is_no_longer_asked_sends_no_code(post: Post, asked: Any, reason: str) -> None:
    store_challenge(post.ctx, asked)
    post.post(code_message())
    assert post.sms.sent == []
    assert stored(post.ctx)["dropped"] == reason


@pytest.mark.parametrize(
    ("after", "sent"),
    [
        (timedelta(minutes=10, milliseconds=-1), 1),
        (timedelta(minutes=10), 0),
        (timedelta(minutes=10, milliseconds=1), 0),
    ],
)
def test_a_code_is_useless_from_its_expiry_on(post: Post, after: timedelta, sent: int) -> None:
    store_challenge(post.ctx, challenge())
    post.wait(after)
    post.post(code_message())
    assert len(post.sms.sent) == sent
    assert stored(post.ctx).get("dropped") == (None if sent else "too_late")


def test_a_removed_number_still_gets_notices_and_never_a_code(post: Post) -> None:
    outbox_entries.learn(post.ctx, outbox_entries.removed(reassigned=False))
    store_challenge(post.ctx, challenge())
    post.post(message("out_1"), code_message("out_2"))
    assert [sent.address for sent in post.sms.sent] == [PHONE]
    assert stored(post.ctx, "out_2")["dropped"] == "no_address"


def test_a_number_that_is_somebody_elses_now_gets_nothing(post: Post) -> None:
    outbox_entries.learn(post.ctx, outbox_entries.removed(reassigned=True))
    post.post(message())
    assert post.sms.sent == []
    assert stored(post.ctx)["dropped"] == "no_address"


def test_an_address_that_the_carrier_refuses_for_good_is_given_up(post: Post) -> None:
    post.sms.failure = Undeliverable()
    post.post(message())
    assert stored(post.ctx)["dropped"] == "address_refused"


# ---------------------------------------------------------------- once, again, and never lost


def test_a_batch_that_comes_again_sends_nothing_twice(post: Post) -> None:
    event = stream_event(message("out_1"), message("out_2"))
    post.post(message("out_1"), message("out_2"))
    post.run(event)
    post.run(event)
    assert len(post.sms.sent) == 2


def test_a_failed_send_raises_and_the_next_delivery_sends_it(post: Post) -> None:
    post.sms.failure = Unavailable(service_code="Throttling")
    with pytest.raises(NotDelivered):
        post.post(message())
    assert "pending_pk" in stored(post.ctx)
    post.sms.failure = None
    post.run(stream_event(message()))
    assert len(post.sms.sent) == 1


def test_one_that_fails_does_not_keep_the_others_of_its_batch(post: Post) -> None:
    post.sms.failure = Unavailable()
    entries = message("out_1"), message("out_2", channel="email", point=EMAIL_POINT), message("out_3", "no.such")
    with pytest.raises(NotDelivered) as failure:
        post.post(*entries)
    assert failure.value.facts == {"count": 1}
    assert len(post.email.sent) == 1
    assert stored(post.ctx, "out_3")["dropped"] == "unknown_message"


@pytest.mark.parametrize("number", [1, 2], ids=["claim", "mark"])
def test_a_write_whose_answer_was_lost_is_known_by_its_own_work(post: Post, number: int) -> None:
    store_entry(post.ctx, message())
    writes: list[str] = []

    def refuse_what_was_made(call: str) -> None:
        writes.extend([call] if call == "write_alone" else [])
        if call == "write_alone" and len(writes) == number:
            raise TransactionCancelled((Reason(ReasonCode.CONDITION, stored(post.ctx)),))

    post.store.after = refuse_what_was_made
    post.run(stream_event(message()))
    post.store.after = None
    assert len(post.sms.sent) == 1
    assert "delivered_at" in stored(post.ctx)


def test_a_crash_between_sending_and_marking_repeats_the_message_after_the_lease_and_not_before(post: Post) -> None:
    store_entry(post.ctx, message())

    def lose_the_mark(call: str) -> None:
        if call == "write_alone" and post.sms.sent:
            raise Unavailable

    post.store.before = lose_the_mark
    with pytest.raises(NotDelivered):
        post.run(stream_event(message()))
    post.store.before = None
    for wait, sent in ((timedelta(), 1), (CLAIM_LEASE - timedelta(milliseconds=1), 1), (timedelta(milliseconds=1), 2)):
        post.wait(wait)
        if sent == 1:
            with pytest.raises(NotDelivered):
                post.run(stream_event(message()))
        else:
            post.run(stream_event(message()))
        assert len(post.sms.sent) == sent
    assert "delivered_at" in stored(post.ctx)


def test_an_entry_for_the_bus_is_none_of_the_messengers(post: Post) -> None:
    post.post(outbox_entries.decision())
    assert post.sms.sent == []
    assert "pending_pk" in stored(post.ctx)


def test_a_missing_key_is_a_failure_that_keeps_the_message(post: Post) -> None:
    store_challenge(post.ctx, challenge())
    post.ctx = Context(store=post.ctx.store, clock=post.ctx.clock, ids=post.ctx.ids, lookup_keys=post.ctx.lookup_keys)
    with pytest.raises(NotDelivered):
        post.post(code_message())
    assert "pending_pk" in stored(post.ctx)


# ---------------------------------------------------------------- what is logged


def test_logs_hold_ids_and_closed_words_and_neither_address_nor_text(post: Post) -> None:
    store_challenge(post.ctx, challenge())
    with logged() as log:
        post.sms.failure = RuntimeError(f"cannot reach {PHONE}")
        with pytest.raises(NotDelivered) as failure:
            post.post(code_message("out_1"))
        post.sms.failure = None
        post.run(stream_event(code_message("out_1")))
        post.post(message("out_2", "no.such.message"))
    assert [line["event"] for line in lines(log)] == ["HL022", "HL020", "HL021"]
    assert [line.get("reason") for line in lines(log)] == ["RuntimeError", None, "unknown_message"]
    said = json.dumps(lines(log)) + repr(failure.value) + str(failure.value.__cause__) + str(failure.value.__context__)
    for secret in (PHONE, PHONE.lstrip("+"), EMAIL, CODE, PHONE_POINT, "Demo Customer"):
        assert secret not in said


def test_the_outbox_holds_neither_code_nor_address(post: Post) -> None:
    store_challenge(post.ctx, challenge())
    post.post(code_message())
    held = json.dumps([*post.store.items(Table.OUTBOX)])
    assert CODE not in held
    assert PHONE not in held


# ---------------------------------------------------------------- every event file

SENT_BY_FILE: Final[Mapping[str, tuple[str, ...]]] = {
    "code_by_sms": (f"sms {PHONE}",),
    "code_by_voice": (f"sms {PHONE}",),
    "code_for_a_decoy": (),
    "no_new_entries": (),
    "notice_by_email": (f"email {EMAIL}",),
    "point_of_nobody": (),
    "redrive": (f"sms {PHONE}",),
    "redrive_malformed": (),
    "text_replies": (),
    "refund_approved_to_all_points": (f"sms {PHONE}", f"email {EMAIL}"),
    "unknown_message": (),
}


def test_every_event_file_is_run() -> None:
    assert {path.stem for path in EVENTS.glob("*")} == set(SENT_BY_FILE)


@pytest.mark.parametrize("name", SENT_BY_FILE)
def test_an_event_file_sends_what_it_should(post: Post, name: str) -> None:
    event = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    store_challenge(post.ctx, challenge())
    store_challenge(post.ctx, challenge(outbox_entries.DECOY, decoy=True))
    if name == "redrive":
        store_entry(post.ctx, message())
    for record in event["Records"]:
        image = from_item(record.get("dynamodb", {}).get("NewImage", {}))
        if image and record["eventName"] == "INSERT":
            outbox_entries.put(post.ctx, Key(Table.OUTBOX, image["PK"]), image)
    post.run(split_replies(event)[1])  # type: ignore[arg-type]
    sent = [f"sms {one.address}" for one in post.sms.sent] + [f"email {one.address}" for one in post.email.sent]
    assert tuple(sent) == SENT_BY_FILE[name]
    post.run(split_replies(event)[1])  # type: ignore[arg-type]
    assert len(post.sms.sent) + len(post.email.sent) == len(sent)


# ---------------------------------------------------------------- the handler


def test_the_handler_takes_its_settings_from_the_environment(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"HOTLINE_NUMBERS": "+864005550199"}
    sent: list[Outgoing] = []
    monkeypatch.setattr(app, "_context_of_start", lambda: post.ctx)
    monkeypatch.setattr("hotline.kit.aws.carriers.SnsSms.send", lambda _, outgoing: sent.append(outgoing))
    store_entry(post.ctx, message())
    with started("messenger", given):
        app.handler(stream_event(message()), None)
    assert sent[0].address == PHONE
    assert sent[0].body.endswith("官方热线：+86 400 555 0199")
