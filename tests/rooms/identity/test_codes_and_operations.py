"""The operations table, the limits of codes, and turns: pure rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.identity import codes
from hotline.identity import service as identity
from hotline.identity.challenges import Withheld, channel_of, to_give_out
from hotline.identity.counters import name_counters
from hotline.identity.items import challenge_from, challenge_item, counters_from, with_counters
from hotline.identity.model import Challenge, ChallengeState, Goal, Operation
from hotline.identity.policy import (
    CODES_PER_DAY,
    CODES_PER_QUARTER_HOUR,
    FACTOR_BLOCK,
    FACTOR_OF_METHOD,
    FACTORS,
    REQUIREMENTS,
    SLOW,
    USUAL,
    WRONG_IN_A_ROW,
    WRONG_PER_DAY,
    FactorCounters,
    Pace,
    after_send,
    after_wrong,
    count_missing,
    find_send_time,
    is_blocked_today,
    is_row_full,
    may_send,
    missing_factors,
    missing_of_customer,
    seen_since,
    with_new_row,
)
from hotline.identity.ways import Way
from hotline.kit.actor import FactorKind, Proof, ProvedFactor, Purpose
from hotline.kit.keyring import Keyring
from hotline.kit.store import hotline_key
from hotline.sessions import turns
from hotline.sessions.items import key_of, proof_from, session_from, session_item
from hotline.sessions.model import AskedChallenge, Identified, Offer, SessionState, Target, TurnRecord
from tests.support.sweeps import sweep

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
KEY = hotline_key("CONTACT#c", "CALL")
RING = Keyring("2", {"1": b"a" * 32, "2": b"b" * 32})


def factor(kind: FactorKind, purpose: Purpose = Purpose.ACT, minutes: int = 5) -> ProvedFactor:
    return ProvedFactor(kind, purpose, "2#point", NOW + timedelta(minutes=minutes))


def proof(
    *factors: ProvedFactor,
    two_step: bool | None = False,
    account_id: str | None = "acct",
    kinds_at_risk: int | None = None,
) -> Proof:
    return Proof(KEY, account_id, factors, two_step, kinds_at_risk)


SMS, EMAIL, SESSION = factor(FactorKind.SMS), factor(FactorKind.EMAIL), factor(FactorKind.SESSION)
SMS_LOOK = factor(FactorKind.SMS, Purpose.LOOK)


@pytest.mark.parametrize("operation", [Operation.REFUND, Operation.UNLOCK, Operation.RESET_GRANT])
def test_acting_needs_one_factor_or_two_different_ones_with_two_step(operation: Operation) -> None:
    assert missing_factors(operation, proof(), NOW) == ("sms", "email", "pin")
    assert missing_factors(operation, proof(SMS), NOW) is None
    assert missing_factors(operation, proof(SMS, two_step=True), NOW) == ("email", "pin")
    assert missing_factors(operation, proof(SMS, EMAIL, two_step=True), NOW) is None


@sweep(
    ("two_step", "missing", "needs", "need"),
    [(False, 1, ("sms",), "sms"), (True, 2, (), "agent"), (None, 2, (), "agent")],
)
@sweep("operation", [Operation.REFUND, Operation.UNLOCK, Operation.RESET_GRANT, Operation.SET_PIN])
def test_a_customer_with_a_phone_alone_needs_an_agent_only_where_two_steps_are_asked_for(
    operation: Operation, two_step: bool | None, missing: int, needs: tuple[str, ...], need: str
) -> None:
    phone_alone = call(account_id="acct", two_step=two_step, targets={FactorKind.SMS: Target("2#point", "acct")})
    assert count_missing(operation, proof_from(phone_alone), NOW) == missing
    assert identity.reachable_needs(operation, phone_alone, NOW) == needs
    assert identity.next_need(operation, phone_alone, NOW) == need
    assert identity.could_prove(operation, phone_alone, NOW) is bool(needs)


def test_missing_factors_are_counted_down_with_each_one_and_never_below_nothing() -> None:
    counts = [count_missing(Operation.UNFREEZE, proof(*proved), NOW) for proved in ((), (SMS,), (SMS, EMAIL))]
    assert counts == [2, 1, 0]
    assert count_missing(Operation.REFUND, proof(SMS, EMAIL), NOW) == 0


STEPPED_UP = frozenset(
    {
        *(Operation.REFUND, Operation.UNLOCK, Operation.RESET_GRANT),
        *(Operation.END_PAUSE, Operation.UNFREEZE, Operation.SET_PIN),
    }
)


def test_high_risk_asks_one_factor_more_for_money_and_unlocks_and_never_less_for_anything() -> None:
    for operation, row in REQUIREMENTS.items():
        for two_step in (False, True, None):
            usual, raised = row.factors_for(two_step), row.factors_for(two_step, at_risk=True)
            assert raised - usual == (1 if operation in STEPPED_UP else 0), operation
            assert raised <= len(FACTORS)


def test_everything_that_a_caller_does_with_money_or_a_lock_is_stepped_up_and_nothing_that_protects() -> None:
    rows = {operation: row for operation, row in REQUIREMENTS.items() if not row.agent and row.one_step > 0}
    assert {operation for operation, row in rows.items() if row.purpose is Purpose.ACT} == STEPPED_UP
    protecting = {operation for operation, row in REQUIREMENTS.items() if row.purpose is not Purpose.ACT}
    assert {Operation.PAUSE, Operation.FREEZE, Operation.DISPUTE, Operation.READ} <= protecting
    assert not protecting & STEPPED_UP


@pytest.mark.parametrize("operation", [Operation.REFUND, Operation.UNLOCK, Operation.RESET_GRANT])
def test_a_caller_at_high_risk_is_asked_for_the_second_factor(operation: Operation) -> None:
    assert missing_factors(operation, proof(SMS, kinds_at_risk=2), NOW) == ("email", "pin")
    assert missing_factors(operation, proof(SMS, EMAIL, kinds_at_risk=2), NOW) is None
    assert missing_factors(operation, proof(SMS, EMAIL, two_step=True, kinds_at_risk=2), NOW) == ("pin",)


@given(
    operation=st.sampled_from(sorted(STEPPED_UP)),
    two_step=st.sampled_from([False, True, None]),
    kinds=st.integers(0, 3),
    proved=st.sets(st.sampled_from([FactorKind.SMS, FactorKind.EMAIL, FactorKind.PIN])),
)
def test_proof_that_is_enough_at_high_risk_is_enough_without_and_a_person_asks_for_what_the_account_has(
    operation: Operation, two_step: bool | None, kinds: int, proved: set[FactorKind]
) -> None:
    factors = [factor(kind) for kind in sorted(proved)]
    at_risk = proof(*factors, two_step=two_step, kinds_at_risk=kinds)
    usual = proof(*factors, two_step=two_step)
    if missing_factors(operation, at_risk, NOW) is None:
        assert missing_of_customer(operation, at_risk, NOW) is None
    if missing_of_customer(operation, at_risk, NOW) is None:
        assert missing_factors(operation, usual, NOW) is None
        assert len(proved) >= min(kinds, REQUIREMENTS[operation].factors_for(two_step, at_risk=True))


@sweep("kinds", [0, 1, 2, 3])
def test_a_person_may_unlock_at_high_risk_with_all_that_the_account_has(kinds: int) -> None:
    one = proof(SMS, kinds_at_risk=kinds)
    assert missing_factors(Operation.UNLOCK, one, NOW) == ("email", "pin")
    assert missing_of_customer(Operation.UNLOCK, one, NOW) == (None if kinds < 2 else ("email", "pin"))
    assert missing_of_customer(Operation.UNFREEZE, one, NOW) == ("email", "pin")


def test_high_risk_leaves_a_customer_with_a_phone_alone_to_a_person_and_one_with_more_to_the_second_factor() -> None:
    at_phone = {FactorKind.SMS: Target("2#point", "acct")}
    alone = call(account_id="acct", kinds_at_risk=1, targets=at_phone)
    assert identity.next_need(Operation.UNLOCK, alone, NOW) == "agent"
    assert identity.reachable_needs(Operation.UNLOCK, alone, NOW, for_agent=True) == ("sms",)
    assert identity.next_need(Operation.FREEZE, alone, NOW) == "sms"
    more = replace(alone, kinds_at_risk=2, targets={**at_phone, FactorKind.EMAIL: Target("2#mail", "acct")})
    assert identity.reachable_needs(Operation.UNLOCK, more, NOW) == ("sms", "email")
    proved = replace(more, factors=(SMS,))
    assert identity.next_need(Operation.UNLOCK, proved, NOW) == "email"
    assert identity.next_need(Operation.UNLOCK, replace(proved, pin=True, targets=at_phone), NOW) == "pin"


def test_a_factor_proved_for_looking_does_not_act_and_one_proved_for_acting_does_both() -> None:
    assert missing_factors(Operation.READ, proof(SMS_LOOK), NOW) is None
    assert missing_factors(Operation.UNLOCK, proof(SMS_LOOK), NOW) == ("sms", "email", "pin")
    assert missing_factors(Operation.READ, proof(SMS), NOW) is None


def test_a_factor_ends_at_its_minute() -> None:
    until_now = ProvedFactor(FactorKind.SMS, Purpose.ACT, "p", NOW)
    just_good = ProvedFactor(FactorKind.SMS, Purpose.ACT, "p", NOW + timedelta(milliseconds=1))
    assert missing_factors(Operation.READ, proof(until_now), NOW) == ("sms", "email", "pin")
    assert missing_factors(Operation.READ, proof(just_good), NOW) is None


def test_factors_without_a_chosen_account_open_nothing() -> None:
    assert missing_factors(Operation.READ, proof(SMS, account_id=None), NOW) is not None


def test_unfreezing_needs_two_factors_even_without_two_step() -> None:
    assert missing_factors(Operation.UNFREEZE, proof(SMS), NOW) == ("email", "pin")
    assert missing_factors(Operation.UNFREEZE, proof(SMS, EMAIL), NOW) is None


def test_an_app_session_reads_and_freezes_but_does_not_act_with_money() -> None:
    assert missing_factors(Operation.READ, proof(SESSION), NOW) is None
    assert missing_factors(Operation.FREEZE, proof(SESSION), NOW) is None
    assert missing_factors(Operation.REFUND, proof(SESSION), NOW) is not None


@sweep("operation", [op for op, needed in REQUIREMENTS.items() if needed.agent])
def test_a_caller_cannot_prove_an_operation_that_needs_an_agent(operation: Operation) -> None:
    assert missing_factors(operation, proof(SMS, EMAIL, SESSION), NOW) == ()


def test_every_operation_has_its_row() -> None:
    assert set(REQUIREMENTS) == set(Operation)


def test_three_codes_in_a_quarter_of_an_hour_and_eight_in_a_day() -> None:
    counters = FactorCounters()
    for _ in range(CODES_PER_QUARTER_HOUR):
        assert may_send(counters, NOW)
        counters = after_send(counters, NOW)
    assert not may_send(counters, NOW)
    assert not may_send(counters, NOW + timedelta(minutes=14, seconds=59))
    assert may_send(counters, NOW + timedelta(minutes=15))
    at = NOW
    counters = FactorCounters()
    for _ in range(CODES_PER_DAY):
        assert may_send(counters, at)
        counters = after_send(counters, at)
        at += timedelta(minutes=16)
    assert not may_send(counters, at)
    assert may_send(counters, NOW + timedelta(hours=24))


def test_the_eighth_wrong_code_of_a_day_blocks_the_factor_for_a_day() -> None:
    counters = FactorCounters()
    for _ in range(WRONG_PER_DAY - 1):
        counters = after_wrong(counters, NOW)
    assert not is_blocked_today(counters, NOW)
    counters = after_wrong(counters, NOW)
    assert is_blocked_today(counters, NOW)
    assert not may_send(counters, NOW)
    assert is_blocked_today(counters, NOW + FACTOR_BLOCK - timedelta(seconds=1))
    assert not is_blocked_today(counters, NOW + FACTOR_BLOCK)


def test_a_new_code_resets_no_count_and_proof_only_the_row() -> None:
    counters = after_wrong(after_wrong(FactorCounters(), NOW), NOW)
    assert after_send(counters, NOW).wrong_in_a_row == 2
    right = with_new_row(counters)
    assert (right.wrong_in_a_row, len(right.wrong)) == (0, 2)


def test_the_hundredth_wrong_code_in_a_row_ends_the_factor_until_the_row_begins_anew() -> None:
    assert not is_row_full(FactorCounters(wrong_in_a_row=WRONG_IN_A_ROW - 1))
    full = FactorCounters(wrong=(NOW,), wrong_in_a_row=WRONG_IN_A_ROW)
    assert is_row_full(full)
    assert not is_row_full(with_new_row(full))
    assert is_row_full(seen_since(full, NOW - timedelta(milliseconds=1)))
    assert not is_row_full(seen_since(full, NOW))


def challenge(**changes: object) -> Challenge:
    base = Challenge(
        id="chl_1",
        key_version="2",
        purpose=Purpose.ACT,
        goal=Goal.UNLOCK,
        factor=FactorKind.SMS,
        point="2#abc",
        expires_at=NOW + timedelta(minutes=10),
        tries_left=3,
        state=ChallengeState.OPEN,
        decoy=False,
        language="zh-CN",
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def test_a_code_is_six_digits_and_depends_on_key_challenge_purpose_and_point() -> None:
    first = codes.derive(RING, challenge())
    assert codes.is_code(first)
    assert first == codes.derive(RING, challenge())
    others = [
        challenge(id="chl_2"),
        challenge(purpose=Purpose.LOOK),
        challenge(point="2#abd"),
        challenge(key_version="1"),
    ]
    assert len({first, *(codes.derive(RING, other) for other in others)}) == 5


def test_the_right_code_of_a_decoy_does_not_match() -> None:
    digits = codes.derive(RING, challenge())
    assert codes.matches(RING, challenge(), digits)
    assert not codes.matches(RING, challenge(decoy=True), digits)
    assert not codes.matches(RING, challenge(), "not a code")


@sweep("text", ["", "12345", "1234567", "12345a", "１２３４５６"])
def test_a_text_that_is_not_six_plain_digits_is_no_code(text: str) -> None:
    assert not codes.is_code(text)


def call(**changes: object) -> SessionState:
    base = SessionState("contact", "ref_1", 3, NOW, NOW, True)
    return replace(base, **changes)  # type: ignore[arg-type]


RECORD = TurnRecord(2, "send_code", "print", "SENT", ("chl_1",))


def test_the_same_request_is_replayed_and_a_second_press_is_a_second_request() -> None:
    stored = call(turns=(RECORD,))
    assert turns.decide(stored, turn=2, step="send_code", inputs_fingerprint="print") == turns.Replay(RECORD)
    assert turns.decide(stored, turn=3, step="send_code", inputs_fingerprint="print") == turns.Attempt(3, "print")


def test_a_lost_answer_lets_the_caller_go_on_and_an_older_turn_does_nothing() -> None:
    stored = call(turns=(RECORD,))
    assert isinstance(turns.decide(stored, turn=2, step="check_code", inputs_fingerprint="x"), turns.Attempt)
    assert isinstance(turns.decide(stored, turn=1, step="check_code", inputs_fingerprint="x"), turns.TooOld)
    assert isinstance(turns.decide(stored, turn=4, step="check_code", inputs_fingerprint="x"), turns.TooOld)


def test_only_the_last_four_turns_are_kept() -> None:
    records: tuple[TurnRecord, ...] = ()
    for number in range(6):
        records = turns.with_record(records, replace(RECORD, turn=number))
    assert [record.turn for record in records] == [2, 3, 4, 5]


@pytest.mark.parametrize("pace", [USUAL, SLOW])
@given(
    sent=st.lists(st.integers(0, 3000), max_size=10),
    wrong=st.lists(st.integers(0, 3000), max_size=10),
    blocked=st.none() | st.integers(-100, 2000),
)
def test_the_next_code_may_be_sent_from_the_instant_that_is_named_and_not_before(
    pace: Pace, sent: list[int], wrong: list[int], blocked: int | None
) -> None:
    def ago(minutes: int) -> datetime:
        return NOW - timedelta(minutes=minutes)

    until = ago(-blocked) if blocked is not None else None
    counters = FactorCounters(tuple(map(ago, sent)), tuple(map(ago, wrong)), 0, until)
    at = find_send_time(counters, NOW, pace)
    assert may_send(counters, at, pace)
    assert at == NOW or not may_send(counters, at - timedelta(seconds=1), pace)


def test_a_fingerprint_tells_inputs_apart_and_does_not_show_them() -> None:
    code = turns.fingerprint(RING, "check_code", {"code": "123456"})
    assert code != turns.fingerprint(RING, "check_code", {"code": "123457"})
    assert code != turns.fingerprint(RING, "send_code", {"code": "123456"})
    assert "123456" not in code


def test_a_call_comes_back_from_its_item_as_it_was() -> None:
    full = call(
        turns=(RECORD,),
        language="zh-CN",
        calling=Identified("2#a", ("acct1", "acct2")),
        typed=Identified("2#b", ()),
        targets={FactorKind.SMS: Target("2#a", "acct1"), FactorKind.EMAIL: Target("2#e", None)},
        account_id="acct1",
        two_step=True,
        time_zone="Europe/London",
        factors=(EMAIL, SMS),
        challenge=AskedChallenge("chl_1", "2#a"),
        offers=(Offer("MOVE#x", "m1"), Offer("MOVE#y", None)),
        topic="refund",
        case_id="case_1",
    )
    for state in (full, call()):
        assert session_from({**session_item(state), **key_of(state).attributes()}) == state


def test_a_challenge_comes_back_from_its_item_and_holds_no_code() -> None:
    stored = challenge_item(challenge())
    assert challenge_from(stored) == challenge()
    assert codes.derive(RING, challenge()) not in str(stored)


def test_a_challenge_from_before_there_were_calls_is_told_in_english() -> None:
    stored = {name: value for name, value in challenge_item(challenge()).items() if name != "language"}
    assert challenge_from(stored) == challenge(language="en-US")


@sweep(
    ("changes", "reason"),
    [
        ({"state": ChallengeState.PROVED}, "challenge_over"),
        ({"state": ChallengeState.SPENT}, "challenge_over"),
        ({"state": ChallengeState.REPLACED}, "challenge_over"),
        ({"point": "2#abd"}, "other_point"),
        ({"decoy": True}, "decoy"),
        ({"expires_at": NOW}, "too_late"),
        ({"expires_at": NOW - timedelta(milliseconds=1)}, "too_late"),
    ],
)
def test_a_code_is_given_out_while_it_is_waited_for_and_at_its_own_point_only(
    changes: dict[str, object], reason: str
) -> None:
    points = ("2#abc", "1#abc")
    assert to_give_out(challenge_item(challenge(**changes)), points, NOW) == Withheld(reason)
    last = challenge(expires_at=NOW + timedelta(milliseconds=1))
    assert to_give_out(challenge_item(last), points, NOW) == last
    assert to_give_out(None, points, NOW) == Withheld("no_challenge")


def test_a_code_by_voice_is_the_factor_that_a_text_message_is_and_goes_to_phones_only() -> None:
    assert {FACTOR_OF_METHOD["sms"], FACTOR_OF_METHOD["voice"]} == {FactorKind.SMS}
    assert channel_of(FactorKind.SMS, by_call=True) == "voice"
    assert channel_of(FactorKind.SMS, by_call=False) == "sms"
    assert channel_of(FactorKind.EMAIL, by_call=True) == "email"


def test_counters_of_one_factor_leave_those_of_the_other_and_the_owners_alone() -> None:
    sent = after_send(FactorCounters(), NOW)
    by_app = name_counters(FactorKind.SMS, Way.APP, sent)
    item = with_counters({"owners": {"a": {}}, "rev": 4}, by_app, now=NOW)
    wrong = name_counters(FactorKind.EMAIL, Way.RECOVERY, after_wrong(FactorCounters(), NOW))
    both = with_counters(item, wrong, now=NOW)
    assert counters_from(both, FactorKind.SMS, "app") == sent
    assert counters_from(both, FactorKind.SMS, "stranger") == FactorCounters()
    assert counters_from(both, FactorKind.EMAIL, "stranger").wrong == (NOW,)
    assert both["owners"] == {"a": {}}
    assert "expires_at_epoch_s" not in both
    assert "expires_at_epoch_s" in with_counters(None, by_app, now=NOW)
