"""The bearer's account over the API: what is in force, asking for what opens or shuts it, and the proof it takes."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from functions.customer_api.settings import TokenSettings
from hotline.contracts.model import (
    AccountClosed,
    ContactPointChanged,
    DeviceRegistered,
    Fact,
    LockAction,
    LockTold,
    LoginKind,
    LoginSource,
    LoginTried,
    PasswordChanged,
    PointKind,
)
from hotline.identity.policy import CODES_PER_QUARTER_HOUR, FACTOR_LIFE
from hotline.intake.service import fold
from hotline.kit.actor import Agent
from hotline.kit.change import Change
from hotline.kit.store import Table
from hotline.security import service as security
from hotline.security.detectors import Stream
from hotline.security.items import finding_item, finding_key
from hotline.security.model import CONFIRMED_LIFE, Finding, FindingState, Verdict
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_world import ACCOUNT, OTHER, PHONE, ApiWorld
from tests.support.lock_desk import Desk, fact
from tests.support.phone import Phone, failed_logins, give, opened
from tests.support.scan_runs import ScanWorld, chain, shard_of


def decisions(store: MemoryStore) -> list[str]:
    return sorted(entry["kind"] for entry in store.items(Table.OUTBOX) if entry["to"] == "bus")


def test_a_locked_account_is_told_with_its_cause_its_end_and_words(world: ApiWorld) -> None:
    world.lock_out()
    told = world.client().ask("GET", "/v1/me/lock", headers={"Accept-Language": "en"})
    assert told.status == 200
    assert (told.json["state"], told.json["cause"]) == ("SOFT", "TOO_MANY_PASSWORD")
    assert told.json["until"] == "2026-11-23T12:15:00Z"
    assert told.json["self_service"] == "both"
    assert told.json["text"].startswith("Your account has been locked")
    assert "wrong password" in told.json["text"]


def test_the_reason_of_a_hold_that_people_look_into_is_not_told(clock: VirtualClock) -> None:
    """A customer who is looked into for money laundering must not learn it: a hold is a hold."""
    told = []
    for cause in ("COMPLIANCE", "RISK_SCORE"):
        world = ApiWorld(MemoryStore(clock), clock)
        held = LockTold(LockAction.LOCK_APPLIED, "wallet-1", 1, cause)
        give(world.ctx, [Fact("fact-held", held.action.value, "wallet", clock.now(), ACCOUNT, held)])
        told.append(world.client().ask("GET", "/v1/me/lock").json)
    assert told[0] == told[1]
    assert (told[0]["state"], told[0].get("cause")) == ("HOLD", None)
    assert "COMPLIANCE" not in str(told)


@pytest.mark.parametrize(
    ("wished", "begins"),
    [
        ("zh-CN,en;q=0.5", "您的账户"),
        ("fr,zh;q=0.4", "您的账户"),
        ("zh;q=0,en", "Your account is open"),
        (None, "Your account is open"),
        ("fr", "Your account is open"),
    ],
)
def test_the_words_are_in_the_language_that_was_asked_for_else_the_accounts(
    world: ApiWorld, wished: str | None, begins: str
) -> None:
    headers = {"Accept-Language": wished} if wished else {}
    assert world.client().ask("GET", "/v1/me/lock", headers=headers).json["text"].startswith(begins)


def test_a_sign_in_counts_as_proof_for_reading_for_ten_minutes(world: ApiWorld) -> None:
    client = world.client()
    world.clock.advance(FACTOR_LIFE - timedelta(seconds=1))
    assert client.ask("GET", "/v1/me/lock").status == 200
    world.clock.advance(timedelta(seconds=1))
    refused = client.ask("GET", "/v1/me/lock")
    assert (refused.status, refused.code) == (401, "insufficient_user_authentication")
    assert 'error="insufficient_user_authentication"' in refused.headers["WWW-Authenticate"]
    assert refused.json["operation"] == "read"
    assert refused.json["needs"] == ["sms", "email"]
    assert refused.json["challenge_url"] == "/v1/challenges"


def test_a_way_of_signing_in_that_the_issuer_vouches_for_counts_as_long_as_the_token(world: ApiWorld) -> None:
    settings = TokenSettings(trusted_acr_values=frozenset({"strong"}))
    for acr, status in (("strong", 200), ("weak", 401)):
        client = world.stale_client(claims={"acr": acr}, settings=settings)
        assert client.ask("GET", "/v1/me/lock").status == status


def test_an_unlock_asks_for_a_code_and_after_it_is_asked_of_the_wallet_once(
    world: ApiWorld, store: MemoryStore
) -> None:
    world.lock_out()
    client = world.client()
    assert client.ask("POST", "/v1/me/unlock").code == "insufficient_user_authentication"
    proved = client.prove("unlock")
    assert proved.status == 200
    assert set(proved.json["factors"]) == {"session", "sms"}
    asked = client.ask("POST", "/v1/me/unlock")
    assert (asked.status, asked.json) == (202, {"outcome": "asked"})
    assert client.ask("POST", "/v1/me/unlock").json == {"outcome": "asked"}
    assert decisions(store).count("account.unlock_requested") == 1


def test_a_code_for_looking_opens_nothing(world: ApiWorld) -> None:
    world.lock_out()
    client = world.client()
    assert client.prove("read").status == 200
    assert client.ask("POST", "/v1/me/unlock").code == "insufficient_user_authentication"


def test_a_two_step_account_needs_two_different_codes_to_unlock(store: MemoryStore, clock: VirtualClock) -> None:
    world = ApiWorld(store, clock, two_step=True)
    world.lock_out()
    client = world.client()
    client.prove("unlock")
    assert client.ask("POST", "/v1/me/unlock").json["needs"] == ["email"]
    client.prove("unlock", "email")
    assert client.ask("POST", "/v1/me/unlock").status == 202


def test_a_proof_of_one_session_is_no_proof_of_another(world: ApiWorld) -> None:
    world.lock_out()
    world.client().prove("unlock")
    assert world.client(sign_in="sid-2").ask("POST", "/v1/me/unlock").status == 401


def test_proof_ends_after_ten_minutes(world: ApiWorld) -> None:
    world.lock_out()
    client = world.client()
    client.prove("unlock")
    world.clock.advance(FACTOR_LIFE)
    assert client.ask("POST", "/v1/me/unlock").status == 401


def test_proof_by_a_contact_point_ends_with_the_contact_point(world: ApiWorld) -> None:
    world.lock_out()
    client = world.client()
    client.prove("unlock")
    now = world.clock.now()
    changed = ContactPointChanged(2, PointKind.PHONE, PHONE, "+8613800000009", now, reassigned=False)
    give(world.ctx, [Fact("fact-changed", "contact_point.changed", "wallet", now, ACCOUNT, changed)])
    assert client.ask("POST", "/v1/me/unlock").status == 401


def test_a_freeze_takes_a_fresh_sign_in_and_nothing_more(world: ApiWorld, store: MemoryStore) -> None:
    assert world.stale_client(sign_in="sid-old").ask("POST", "/v1/me/freeze").status == 401
    client = world.client()
    assert client.ask("POST", "/v1/me/freeze").json == {"outcome": "asked"}
    assert client.ask("POST", "/v1/me/freeze").json == {"outcome": "asked"}
    assert decisions(store).count("account.freeze_requested") == 1
    assert client.ask("GET", "/v1/me/lock").json["state"] == "FROZEN"


def test_an_unfreeze_takes_two_different_codes_on_every_account(world: ApiWorld, store: MemoryStore) -> None:
    client = world.client()
    client.ask("POST", "/v1/me/freeze")
    assert client.ask("GET", "/v1/me/lock").json["self_service"] == "unfreeze"
    client.prove("unfreeze")
    assert client.ask("POST", "/v1/me/unfreeze").json["needs"] == ["email"]
    client.prove("unfreeze", "email")
    assert client.ask("POST", "/v1/me/unfreeze").json == {"outcome": "asked"}
    assert client.ask("GET", "/v1/me/lock").json["asked"] == "unfreeze"
    assert decisions(store).count("account.unfreeze_requested") == 1


def test_an_account_with_too_few_factors_is_offered_no_act_that_is_then_refused(
    store: MemoryStore, clock: VirtualClock
) -> None:
    world = ApiWorld(store, clock)
    number = "+8613800000003"
    give(world.ctx, [opened("acct-3", (PointKind.PHONE, number), at=clock.now() - timedelta(days=9), two_step=True)])
    give(world.ctx, failed_logins("acct-3", 5, until=clock.now()))
    client = world.client("acct-3")
    told = client.ask("GET", "/v1/me/lock").json
    assert (told["state"], told["self_service"]) == ("SOFT", "no")
    assert client.ask("POST", "/v1/me/unlock").json["needs"] == ["agent"]
    phone = Phone(world.ctx, number)
    phone.press("start")
    phone.prove("sms", "unlock")
    assert phone.press("lock_status")["self_service"] == "no"


def test_above_two_pauses_in_seven_days_a_pause_takes_a_factor_and_is_made(world: ApiWorld, store: MemoryStore) -> None:
    """Never the word that it was asked for, and no pause."""
    for day in range(3):
        client = world.client()
        world.clock.advance(FACTOR_LIFE)
        asked = client.ask("POST", "/v1/me/pause")
        assert asked.status == (202 if day < 2 else 401)
        world.clock.advance(timedelta(days=1))
    client = world.client()
    assert client.ask("POST", "/v1/me/pause").json == {"outcome": "asked"}
    assert client.ask("GET", "/v1/me/lock").json["state"] == "PAUSED"
    assert decisions(store).count("account.pause_requested") == 3


def test_a_pause_takes_no_proof_and_its_end_takes_a_code(world: ApiWorld, store: MemoryStore) -> None:
    client = world.stale_client()
    assert client.ask("POST", "/v1/me/pause").json == {"outcome": "asked"}
    assert client.ask("POST", "/v1/me/pause").json == {"outcome": "asked"}
    assert decisions(store).count("account.pause_requested") == 1
    assert client.ask("DELETE", "/v1/me/pause").status == 401
    client.prove("end_pause")
    assert client.ask("DELETE", "/v1/me/pause").json == {"outcome": "asked"}


def test_a_reset_grant_is_given_after_a_code_and_once(world: ApiWorld, store: MemoryStore) -> None:
    client = world.client()
    client.prove("reset_grant")
    assert client.ask("POST", "/v1/me/reset-grants").status == 201
    assert client.ask("POST", "/v1/me/reset-grants").json == {"outcome": "granted"}
    assert decisions(store).count("password_reset.authorised") == 1


def test_recovery_is_pending_until_the_new_password_stands_or_its_time_is_over(world: ApiWorld) -> None:
    client = world.client()
    client.prove("reset_grant")
    client.ask("POST", "/v1/me/reset-grants")
    told = client.ask("GET", "/v1/me/lock", headers={"Accept-Language": "en"}).json
    assert told["recovery_until"] == "2026-11-23T12:30:00Z"
    assert "reset your password" in told["text"]
    world.clock.advance(timedelta(minutes=5))
    now = world.clock.now()
    give(world.ctx, [Fact("fact-password", "password.changed", "wallet", now, ACCOUNT, PasswordChanged(2))])
    assert client.ask("GET", "/v1/me/lock").json["recovery_until"] is None


def test_a_lock_that_only_a_person_may_open_is_refused_by_name(world: ApiWorld) -> None:
    client = world.client()
    client.ask("POST", "/v1/me/freeze")
    client.prove("unlock")
    refused = client.ask("POST", "/v1/me/unlock")
    assert (refused.status, refused.code) == (409, "not_self_service")


def test_a_closed_account_can_be_read_and_not_frozen(world: ApiWorld) -> None:
    closed = Fact("fact-closed", "account.closed", "wallet", world.clock.now(), ACCOUNT, AccountClosed(9))
    give(world.ctx, [closed])
    client = world.client()
    assert client.ask("GET", "/v1/me/lock").json["state"] == "CLOSED"
    for act in ("freeze", "pause"):
        assert client.ask("POST", f"/v1/me/{act}").code == "account_closed"


def test_an_account_that_the_wallet_has_not_told_of_is_unknown(world: ApiWorld) -> None:
    refused = world.client("acct-nobody").ask("GET", "/v1/me/lock")
    assert (refused.status, refused.code) == (404, "unknown_account")


def test_a_wrong_code_is_told_with_the_tries_that_are_left_and_the_third_spends_it(world: ApiWorld) -> None:
    client = world.client()
    asked = client.ask("POST", "/v1/challenges", body={"operation": "unlock", "method": "sms"}).json["id"]
    right = client.code(asked)
    wrong = ["000000" if right != "000000" else "000001", "111111" if right != "111111" else "111112"]
    first = client.enter(asked, wrong[0])
    assert (first.status, first.code, first.json["tries_left"]) == (422, "wrong_code", 2)
    assert client.enter(asked, wrong[1]).json["tries_left"] == 1
    third = "222222" if right != "222222" else "222223"
    assert (client.enter(asked, third).status, client.enter(asked, right).code) == (429, "code_spent")


def test_a_code_that_came_too_late_has_expired(world: ApiWorld) -> None:
    client = world.client()
    asked = client.ask("POST", "/v1/challenges", body={"operation": "unlock", "method": "sms"}).json
    code = client.code(asked["id"])
    world.clock.advance(timedelta(minutes=10))
    refused = client.enter(asked["id"], code)
    assert (refused.status, refused.code) == (410, "code_expired")


def test_the_same_right_answer_delivered_again_is_answered_as_before_and_a_used_code_no_more(world: ApiWorld) -> None:
    client = world.client()
    asked = client.ask("POST", "/v1/challenges", body={"operation": "unlock", "method": "sms"}).json["id"]
    code = client.code(asked)
    assert client.enter(asked, code).status == 200
    assert client.enter(asked, code).status == 200
    other = "000000" if code != "000000" else "000001"
    assert client.enter(asked, other).code == "code_spent"


def test_a_challenge_of_somebody_else_is_not_found(world: ApiWorld) -> None:
    client = world.client()
    asked = client.ask("POST", "/v1/challenges", body={"operation": "unlock", "method": "sms"}).json["id"]
    for other in (world.client(OTHER), world.client(sign_in="sid-2")):
        refused = other.enter(asked, client.code(asked))
        assert (refused.status, refused.code) == (404, "not_found")


def test_an_entry_that_is_not_six_digits_costs_no_try(world: ApiWorld) -> None:
    client = world.client()
    asked = client.ask("POST", "/v1/challenges", body={"operation": "unlock", "method": "sms"}).json["id"]
    for code, fault in (("12345", "string_pattern_mismatch"), ("1234567", "not_six_digits")):
        refused = client.enter(asked, code)
        assert (refused.status, refused.json["errors"]) == (400, [{"pointer": "#/code", "code": fault}])
    assert client.enter(asked, client.code(asked)).status == 200


def test_codes_are_limited_and_the_refusal_says_when_to_come_back(world: ApiWorld) -> None:
    client = world.client()
    body = {"operation": "unlock", "method": "sms"}
    for _ in range(CODES_PER_QUARTER_HOUR):
        assert client.ask("POST", "/v1/challenges", body=body).status == 201
        world.clock.advance(timedelta(minutes=1))
    refused = client.ask("POST", "/v1/challenges", body=body)
    wait = 60 * (15 - CODES_PER_QUARTER_HOUR)
    assert (refused.status, refused.code, refused.headers["Retry-After"]) == (429, "too_many_codes", str(wait))
    world.clock.advance(timedelta(seconds=wait))
    assert client.ask("POST", "/v1/challenges", body=body).status == 201


def test_codes_of_a_day_are_limited_and_the_refusal_says_when_there_is_room(world: ApiWorld) -> None:
    body = {"operation": "unlock", "method": "sms"}
    while (answer := world.client().ask("POST", "/v1/challenges", body=body)).status == 201:
        world.clock.advance(timedelta(minutes=20))
    wait = int(answer.headers["Retry-After"])
    assert wait > 15 * 60
    world.clock.advance(timedelta(seconds=wait - 1))
    assert world.client().ask("POST", "/v1/challenges", body=body).headers["Retry-After"] == "1"
    world.clock.advance(timedelta(seconds=1))
    assert world.client().ask("POST", "/v1/challenges", body=body).status == 201


def test_a_method_that_the_account_has_no_contact_point_for_is_refused(world: ApiWorld) -> None:
    refused = world.client(OTHER).ask("POST", "/v1/challenges", body={"operation": "unlock", "method": "email"})
    assert (refused.status, refused.code) == (422, "method_unavailable")


def test_a_code_by_voice_is_a_call_to_the_phone_and_proves_what_a_text_proves(
    store: MemoryStore, clock: VirtualClock
) -> None:
    client = ApiWorld(store, clock, voice_codes=True).client()
    asked = client.ask("POST", "/v1/challenges", body={"operation": "unlock", "method": "voice"})
    assert (asked.status, asked.json["method"]) == (201, "voice")
    (entry,) = (item for item in store.items(Table.OUTBOX) if item["to"] == "message")
    assert (entry["channel"], entry["facts"]["challenge_id"]) == ("voice", asked.json["id"])
    proved = client.enter(asked.json["id"], client.code(asked.json["id"]))
    assert (proved.status, proved.json["factors"]) == (200, ["session", "sms"])


def test_codes_by_voice_and_by_text_are_limited_together(store: MemoryStore, clock: VirtualClock) -> None:
    client = ApiWorld(store, clock, voice_codes=True).client()
    methods = [("sms", "voice")[turn % 2] for turn in range(CODES_PER_QUARTER_HOUR)]
    bodies = [{"operation": "unlock", "method": method} for method in (*methods, "voice", "sms")]
    statuses = [client.ask("POST", "/v1/challenges", body=body).status for body in bodies]
    assert statuses == [*[201] * CODES_PER_QUARTER_HOUR, 429, 429]


def test_where_no_calls_are_made_a_code_by_voice_is_refused_and_none_is_sent(
    world: ApiWorld, store: MemoryStore
) -> None:
    before = [*store.items(Table.OUTBOX)]
    refused = world.client().ask("POST", "/v1/challenges", body={"operation": "unlock", "method": "voice"})
    assert (refused.status, refused.code) == (422, "voice_unavailable")
    assert [*store.items(Table.OUTBOX)] == before


def test_a_challenge_names_no_payment_since_its_code_would_be_good_for_any(world: ApiWorld) -> None:
    asked = {"operation": "refund", "method": "sms", "target": "mov-1"}
    assert world.client().ask("POST", "/v1/challenges", body=asked).status == 400


def test_security_tells_two_step_contact_points_by_kind_and_no_values(world: ApiWorld) -> None:
    told = world.client().ask("GET", "/v1/me/security")
    assert told.json["two_step"] is False
    assert sorted(point["kind"] for point in told.json["contact_points"]) == ["email", "phone"]
    assert "one@customer.example" not in str(told.json)
    assert told.json["findings"] is None


def test_security_tells_findings_while_a_factor_beyond_the_sign_in_is_proved(
    world: ApiWorld, store: MemoryStore
) -> None:
    scan = ScanWorld(store)
    scan.come_in(*chain(account=ACCOUNT))
    assert len(scan.scan(shard_of(ACCOUNT)).raised) == 1
    client = world.client()
    assert client.ask("GET", "/v1/me/security").json["findings"] is None
    client.prove("unlock")
    (finding,) = client.ask("GET", "/v1/me/security").json["findings"]
    assert finding["severity"] == "critical"
    world.clock.advance(FACTOR_LIFE)
    client.signed_in_at = world.clock.now()
    assert client.ask("GET", "/v1/me/security").json["findings"] is None


def judge(world: ApiWorld, verdict: Verdict) -> None:
    """A person says whether the finding fnd_1 was right."""
    change = Change(actor=Agent("agent-1", "case-1"), cause="test", now=world.clock.now(), ids=world.ctx.ids)
    read = world.ctx.store.batch_get(list(security.verdict_keys(ACCOUNT, "fnd_1")))
    security.contribute_verdict(change, read, ACCOUNT, "fnd_1", verdict, judged_by="agent-1", zone="UTC")
    change.commit(world.ctx.store)


@pytest.mark.parametrize(
    ("rule", "verdicts", "is_told"),
    [
        ("code_flooding", [Verdict.CONFIRMED], True),
        ("code_flooding", [Verdict.FALSE_ALARM, Verdict.CONFIRMED], True),
        ("code_flooding", [Verdict.FALSE_ALARM], False),
        ("code_flooding", [Verdict.UNCLEAR], False),
        ("code_flooding", [Verdict.CONFIRMED, Verdict.FALSE_ALARM], False),
        ("pass_through", [Verdict.CONFIRMED], False),
    ],
)
def test_a_confirmed_finding_stays_to_be_read_with_what_to_do_and_no_other(
    world: ApiWorld, store: MemoryStore, rule: str, verdicts: list[Verdict], is_told: bool
) -> None:
    at = world.clock.now()
    of_account = (Stream.ACCOUNT, ACCOUNT, ACCOUNT)
    finding = Finding("fnd_1", rule, 1, "high", *of_account, at, at, {}, (), holds=False, rules="rules")
    store.load([(finding_key(finding), finding_item(finding, found_at=at, state=FindingState.OPEN))])
    for verdict in verdicts:
        judge(world, verdict)
    client = world.client()
    english = {"Accept-Language": "en"}
    assert client.ask("GET", "/v1/me/security", headers=english).json["findings"] is None
    client.prove("unlock")
    told = client.ask("GET", "/v1/me/security", headers=english).json
    assert [one["id"] for one in told["findings"]] == (["fnd_1"] if is_told else [])
    # It is dealt with, so it is nothing that waits.
    assert "findings" not in [one["matter"] for one in told["matters"]]
    if is_told:
        (found,) = told["findings"]
        assert found["confirmed_at"] is not None
        assert "It was not you" in found["text"]
        assert "nobody got in" in found["text"]
        assert "Payments from your account are not stopped." in found["text"]
        # Each word has a millisecond of its own.
        world.clock.advance(CONFIRMED_LIFE + timedelta(milliseconds=len(verdicts)))
        client.signed_in_at = world.clock.now()
        client.prove("unlock")
        assert client.ask("GET", "/v1/me/security").json["findings"] == []


def test_a_confirmed_finding_says_that_money_is_kept_from_leaving_once_the_wallet_has_confirmed_it(
    world: ApiWorld, store: MemoryStore
) -> None:
    at = world.clock.now()
    finding = Finding("fnd_1", "drain", 1, "high", Stream.ACCOUNT, ACCOUNT, ACCOUNT, at, at, {}, (), False, "rules")
    store.load([(finding_key(finding), finding_item(finding, found_at=at, state=FindingState.OPEN))])
    judge(world, Verdict.CONFIRMED)
    client = world.client()
    client.prove("unlock")

    def read() -> str:
        return str(client.ask("GET", "/v1/me/security", headers={"Accept-Language": "en"}).json["findings"][0]["text"])

    client.ask("POST", "/v1/me/freeze")
    assert "Your account is being frozen." in read()
    assert "money can come in" not in read()
    desk = Desk(store, world.clock)
    desk.acknowledge()
    assert "Your account is frozen: money can come in, but not out. Choose a new password in the app." in read()


def test_a_client_who_only_signed_in_does_not_hear_in_words_either_that_something_was_found(
    world: ApiWorld, store: MemoryStore
) -> None:
    at = world.clock.now()
    of_account = (Stream.ACCOUNT, ACCOUNT, ACCOUNT)
    finding = Finding("fnd_1", "code_flooding", 1, "high", *of_account, at, at, {}, (), holds=False, rules="rules")
    store.load([(finding_key(finding), finding_item(finding, found_at=at, state=FindingState.OPEN))])
    client = world.client()
    told = client.ask("GET", "/v1/me/security").json
    assert (told["findings"], [one["matter"] for one in told["matters"]]) == (None, ["two_step_off", "no_pin"])
    client.prove("unlock")
    told = client.ask("GET", "/v1/me/security").json
    assert [one["id"] for one in told["findings"]] == ["fnd_1"]
    assert [one["matter"] for one in told["matters"]] == ["findings", "two_step_off", "no_pin"]


def test_security_says_what_to_do_and_which_devices_signed_in(world: ApiWorld) -> None:
    sign_in(world, "tablet", "CN", timedelta(days=9))
    sign_in(world, "phone", "US", timedelta(hours=1))
    told = world.client().ask("GET", "/v1/me/security", headers={"Accept-Language": "en"})
    assert [matter["matter"] for matter in told.json["matters"]] == ["new_device", "two_step_off", "no_pin"]
    new, off, _ = told.json["matters"]
    assert new["at"] == "2026-11-23T11:00:00Z"
    assert new["text"].startswith("A new device was added to your account at ")
    assert new["text"].endswith("If that was not you, freeze the account.")
    assert (off["at"], off["text"].startswith("Two-step verification is off:")) == (None, True)
    assert [(one["device"], one["country"], one["elsewhere"]) for one in told.json["logins"]] == [
        ("new", "US", True),
        (None, "CN", True),
    ]
    assert "tablet" not in str(told.json)


def test_security_tells_of_new_devices_and_contact_points_behind_findings(world: ApiWorld) -> None:
    now = world.clock.now()
    for days in (1, 2):
        registered = DeviceRegistered(f"device-{days}")
        fold(world.ctx, [fact("device.registered", now - timedelta(days=days), registered, account=ACCOUNT)])
    added = ContactPointChanged(7, PointKind.PHONE, None, "+8613800000177", now, reassigned=False)
    fold(world.ctx, [fact("contact_point.changed", now, added, account=ACCOUNT)])
    told = world.client().ask("GET", "/v1/me/security", headers={"Accept-Language": "zh-CN"}).json["matters"]
    assert [matter["matter"] for matter in told][:2] == ["new_device", "contact_changed"]
    assert "2台设备" in told[0]["text"]
    assert [datetime.fromisoformat(matter["at"]) for matter in told[:2]] == [now - timedelta(days=1), now]
    assert told[1]["text"].endswith("不是您本人操作的，请冻结账户。")
    world.clock.advance(timedelta(days=7))
    later = world.client().ask("GET", "/v1/me/security").json["matters"]
    assert {"new_device", "contact_changed"}.isdisjoint(matter["matter"] for matter in later)


def test_a_login_that_was_not_the_owners_is_denied_once_and_freezes(world: ApiWorld, store: MemoryStore) -> None:
    sign_in(world, "phone", "US", timedelta(hours=1))
    client = world.client()
    (login,) = client.ask("GET", "/v1/me/security").json["logins"]
    body = {"about": "login", "id": login["id"]}
    for _ in range(2):
        denied = client.ask("POST", "/v1/me/repudiations", body=body)
        assert (denied.status, denied.json) == (202, {"outcome": "asked"})
    assert client.ask("GET", "/v1/me/lock").json["state"] == "FROZEN"
    assert decisions(store).count("account.freeze_requested") == 1
    entries = [item for item in store.items(Table.HOTLINE) if item.get("reason") == "login.repudiated"]
    assert len([item for item in entries if item["SK"].startswith("ENTRY#")]) == 1


def test_a_payment_that_was_not_the_owners_is_denied_by_its_id(world: ApiWorld, store: MemoryStore) -> None:
    world.pay("mov-1")
    body = {"about": "movement", "id": "mov-1"}
    assert world.client().ask("POST", "/v1/me/repudiations", body=body).status == 202
    assert decisions(store).count("account.freeze_requested") == 1


@pytest.mark.parametrize("about", ["login", "movement"])
def test_a_login_or_payment_that_there_is_not_is_not_denied(world: ApiWorld, store: MemoryStore, about: str) -> None:
    denied = world.client().ask("POST", "/v1/me/repudiations", body={"about": about, "id": "no-such"})
    assert denied.code == "not_found"
    assert decisions(store) == []


def test_a_denial_needs_a_fresh_sign_in_or_a_code(world: ApiWorld) -> None:
    body = {"about": "login", "id": "no-such"}
    refused = world.stale_client().ask("POST", "/v1/me/repudiations", body=body)
    assert refused.code == "insufficient_user_authentication"


def sign_in(world: ApiWorld, device: str, country: str, ago: timedelta) -> None:
    tried = LoginTried(
        f"try-{device}", LoginSource(device_id=device, country=country), LoginKind.PASSWORD, succeeded=True
    )
    give(world.ctx, [Fact(f"login-{device}", "login.succeeded", "wallet", world.clock.now() - ago, ACCOUNT, tried)])
