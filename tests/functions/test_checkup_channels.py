"""The check-up by phone and by API: both tell the same of each finding, whatever its rule and state.

The phone tells it over all askings of one call.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, Final

import pytest

from hotline.contracts.model import (
    AccountClosed,
    DeviceRegistered,
    Fact,
    FactData,
    LockAction,
    LockTold,
    LoginKind,
    LoginSource,
    LoginTried,
    PasswordChanged,
    SimChanged,
    TwoStepChanged,
)
from hotline.intake.service import fold
from hotline.kit.actor import Agent
from hotline.kit.change import Change
from hotline.kit.languages import LANGUAGES
from hotline.security import service as security
from hotline.security.checkup import TOLD_RULES, Advice, Matter
from hotline.security.detectors import Stream
from hotline.security.detectors.shipped import DETECTORS
from hotline.security.findings import Kind
from hotline.security.items import named_finding_key, state_of
from hotline.security.model import FINDING_LIFE, FindingState, Verdict
from hotline.wording.catalogue import find
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_world import ACCOUNT, PHONE, ApiWorld
from tests.support.found import finding_of, suppress, take_step
from tests.support.phone import Phone, words
from tests.support.sweeps import sweep

NOON: Final = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
"""Noon in China."""
EARLIER: Final = NOON - timedelta(hours=2)
OF_ACCOUNTS: Final = {one.rule: one for one in DETECTORS if one.stream is Stream.ACCOUNT}


def make_world() -> ApiWorld:
    clock = VirtualClock(NOON)
    return ApiWorld(MemoryStore(clock), clock)


def find_it(world: ApiWorld, rule: str, finding_id: str = "fnd_1") -> None:
    detector = OF_ACCOUNTS[rule]
    more: dict[str, Any] = {"severity": detector.severity.value, "holds": detector.holds}
    finding = finding_of(finding_id, EARLIER, account_id=ACCOUNT, rule=rule, **more)
    take_step(world.store, world.ctx.ids, world.clock.now(), Kind.RAISE, finding)


def judge(world: ApiWorld, verdict: Verdict, finding_id: str = "fnd_1") -> None:
    change = Change(actor=Agent("agent-1", "case-1"), cause="test", now=world.clock.now(), ids=world.ctx.ids)
    read = world.store.batch_get(list(security.verdict_keys(ACCOUNT, finding_id)))
    security.contribute_verdict(change, read, ACCOUNT, finding_id, verdict, judged_by="agent-1", zone="UTC")
    change.commit(world.store)


def is_judged(verdict: Verdict) -> Callable[[ApiWorld, str], None]:
    def make(world: ApiWorld, rule: str) -> None:
        find_it(world, rule)
        judge(world, verdict)

    return make


def is_told(world: ApiWorld, rule: str) -> None:
    find_it(world, rule)
    key = named_finding_key(ACCOUNT, "fnd_1")
    item = world.store.get(key)
    assert item is not None
    world.store.load([(key, {**item, "state": FindingState.TOLD.value})])


def is_withdrawn(world: ApiWorld, rule: str) -> None:
    find_it(world, rule)
    finding = finding_of("fnd_1", EARLIER, account_id=ACCOUNT, rule=rule)
    take_step(world.store, world.ctx.ids, world.clock.now(), Kind.WITHDRAW, finding)


def is_suppressed(world: ApiWorld, rule: str) -> None:
    since, until = EARLIER - timedelta(days=1), NOON + timedelta(days=1)
    suppress(world.store, world.ctx.ids, rule, account_id=ACCOUNT, now=NOON, since=since, until=until)
    find_it(world, rule)


def is_expired(world: ApiWorld, rule: str) -> None:
    find_it(world, rule)
    world.clock.advance(FINDING_LIFE + timedelta(seconds=1))


STATES: Final[Mapping[str, tuple[frozenset[FindingState], Callable[[ApiWorld, str], None]]]] = {
    "open": (frozenset({FindingState.OPEN, FindingState.TOLD}), find_it),
    "told": (frozenset({FindingState.TOLD}), is_told),
    "acknowledged": (frozenset({FindingState.ACKNOWLEDGED}), is_judged(Verdict.UNCLEAR)),
    "confirmed": (frozenset({FindingState.RESOLVED}), is_judged(Verdict.CONFIRMED)),
    "false_alarm": (frozenset({FindingState.RESOLVED}), is_judged(Verdict.FALSE_ALARM)),
    "withdrawn": (frozenset({FindingState.WITHDRAWN}), is_withdrawn),
    "suppressed": (frozenset({FindingState.SUPPRESSED}), is_suppressed),
    "expired": (frozenset({FindingState.EXPIRED}), is_expired),
}
MATTER_OF: Final = {"open": "findings", "told": "findings", "confirmed": "confirmed"}


ASKINGS_MAX: Final = len(Matter)
"""Each asking tells one matter at least."""


def call(world: ApiWorld, language: str = "en-US") -> Phone:
    """A call whose caller has proved enough for a check-up."""
    phone = Phone(world.ctx, PHONE)
    phone.press("start")
    phone.prove(goal="checkup")
    phone.press("set_language", language=language)
    return phone


def ask_all(phone: Phone) -> list[str]:
    """The words of a check-up, asking by asking, until nothing is left."""
    told: list[str] = []
    for _ in range(ASKINGS_MAX):
        said = phone.press("checkup")
        told.append(words(said))
        if said["more"] == "no":
            return told
    pytest.fail("there is always more")


def ring(world: ApiWorld, language: str = "en-US") -> str:
    """The words of a check-up by phone, over all askings."""
    return " ".join(ask_all(call(world, language)))


def ask(world: ApiWorld, language: str = "en-US") -> dict[str, Any]:
    """The check-up over the API, by a session that has proved a factor."""
    client = world.client()
    client.prove("freeze")
    told: dict[str, Any] = client.ask("GET", "/v1/me/security", headers={"Accept-Language": language}).json
    return told


def said_in(text: str) -> set[str]:
    """The sentences of a text, in the form in which both channels have them."""
    return {re.sub(r"\s", "", one) for one in re.split(r"(?<=[.?!])(?=\s|$)|(?<=。)", text) if one.strip()}


FRAME: Final = ("checkup.TO_DO", "checkup.CLEAR", "checkup.more", "checkup.all")


def advised(language: str) -> set[str]:
    """The sentences of all advice and of all that frames a check-up, which each channel has in its own words."""
    keys = [f"checkup.do.{one.value}{form}" for one in Advice for form in ("", ".written")]
    texts = [find(key, language) for key in (*keys, *FRAME)]
    return {one for text in texts if text is not None for one in said_in(text)}


def compare(world: ApiWorld, language: str) -> list[str]:
    """Assert that both channels tell the same; the matters that they tell."""
    askings, told = ask_all(call(world, language)), ask(world, language)
    frame = advised(language)
    spoken = [sentence for said in askings for sentence in said_in(said) - frame]
    written = [sentence for one in told["matters"] for sentence in said_in(one["text"]) - frame]
    assert sorted(spoken) == sorted(written)
    assert advised_in(" ".join(askings), language) == advised_in(" ".join(texts_of(told)), language, form=".written")
    more, ended = (said_in(str(find(key, language))) for key in ("checkup.more", "checkup.all"))
    assert [more <= said_in(said) for said in askings] == [True] * (len(askings) - 1) + [False]
    assert [ended <= said_in(said) for said in askings] == [False] * (len(askings) - 1) + [len(askings) > 1]
    return [one["matter"] for one in told["matters"]]


def texts_of(told: Mapping[str, Any]) -> list[str]:
    return [one["text"] for one in told["matters"]]


def advised_in(text: str, language: str, *, form: str = "") -> set[Advice]:
    """The advice of a text. Asking for a freeze stands for freezing."""
    said = said_in(text)
    found = set()
    for advice in Advice:
        sentence = find(f"checkup.do.{advice.value}{form}", language) or find(f"checkup.do.{advice.value}", language)
        if sentence is not None and said_in(sentence) <= said:
            found.add(advice)
    return found - {Advice.FREEZE} if Advice.ASK_FREEZE in found else found


@sweep(("rule", "state"), [*product(OF_ACCOUNTS, STATES)])
def test_both_tell_the_same_of_each_rule_in_each_state_in_each_language(rule: str, state: str) -> None:
    world = make_world()
    states, make = STATES[state]
    make(world, rule)
    item = world.store.get(named_finding_key(ACCOUNT, "fnd_1"))
    assert item is not None
    assert state_of(item, world.clock.now()) in states
    matters = compare(world, "en-US")
    wanted = {MATTER_OF[state]} if state in MATTER_OF and rule in TOLD_RULES else set()
    assert set(matters) & {"findings", "confirmed", "reported"} == wanted


def change_all(world: ApiWorld, rule: str) -> None:
    """Everything that a thief changes, found and held."""
    sign_in(world, "device-1", EARLIER - timedelta(days=2))
    for name, data in (
        ("password.changed", PasswordChanged(2)),
        ("two_step.changed", TwoStepChanged(3, two_step=False)),
        ("device.registered", DeviceRegistered("device-9")),
    ):
        fold(world.ctx, [Fact(f"fact-{name}", name, "wallet", EARLIER, ACCOUNT, data)])
    find_it(world, rule)
    hold(world)


def change_all_and_confirm(world: ApiWorld, rule: str) -> None:
    change_all(world, rule)
    find_it(world, rule, "fnd_2")
    judge(world, Verdict.CONFIRMED)


def deny_all(world: ApiWorld, rule: str) -> None:
    """The owner has denied what was found, and the account is frozen."""
    change_all(world, rule)
    finding = finding_of("fnd_1", EARLIER, account_id=ACCOUNT, rule=rule, logins={"event-1": EARLIER})
    take_step(world.store, world.ctx.ids, world.clock.now(), Kind.RAISE, finding)
    login = ask(world)["logins"][0]
    world.client().ask("POST", "/v1/me/repudiations", body={"about": "login", "id": login["id"]})


def change_after_confirmation(world: ApiWorld, rule: str) -> None:
    change_all_and_confirm(world, rule)
    world.clock.advance(timedelta(minutes=10))
    again = Fact("fact-again", "password.changed", "wallet", world.clock.now(), ACCOUNT, PasswordChanged(9))
    fold(world.ctx, [again])


CROWDED: Final[Mapping[str, Callable[[ApiWorld, str], None]]] = {
    "changed": change_all,
    "confirmed": change_all_and_confirm,
    "denied": deny_all,
    "changed_again": change_after_confirmation,
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", CROWDED)
def test_both_tell_the_same_where_one_answer_has_no_time_for_all(state: str, language: str) -> None:
    world = make_world()
    CROWDED[state](world, "reset_device_transfer")
    matters = compare(world, language)
    assert {"lock", "new_device", "password_changed", "two_step_ended", "no_pin"} <= set(matters)
    assert len(ask_all(call(world, language))) > 1


def test_the_rest_is_told_in_another_language_and_after_all_is_told_it_begins_anew() -> None:
    world = make_world()
    change_all(world, "reset_device_transfer")
    phone = call(world)
    first = words(phone.press("checkup"))
    phone.press("set_language", language="zh-CN")
    rest = " ".join(ask_all(phone))
    assert "Something unusual" in first
    assert "异常" not in rest
    assert "两步验证被关闭了" in rest
    again = words(phone.press("checkup"))
    assert "异常" in again


def test_a_new_matter_since_the_last_asking_is_told_with_the_rest() -> None:
    world = make_world()
    change_all(world, "reset_device_transfer")
    phone = call(world)
    phone.press("checkup")
    phone.press("freeze")
    rest = " ".join(ask_all(phone))
    assert rest.startswith("Your account is being frozen.")
    assert "Two-step verification was switched off" in rest
    assert "Something unusual" not in rest
    assert "freeze the account" not in rest


def test_a_delivery_of_a_check_up_that_comes_again_is_answered_alike() -> None:
    world = make_world()
    change_all(world, "reset_device_transfer")
    phone = call(world)
    for _ in range(2):
        asked = phone.event("checkup")
        answered = phone.deliver(asked)
        assert phone.deliver(asked) == answered
        phone.turn = answered["turn"]
    assert answered["more"] == "no"
    assert "Two-step verification was switched off" in words(answered)


def test_the_check_up_of_another_account_begins_with_its_first_matter() -> None:
    world = make_world()
    change_all(world, "reset_device_transfer")
    phone = call(world)
    first = words(phone.press("checkup"))
    phone.press("identify", phone=PHONE.removeprefix("+86"))
    phone.prove(goal="checkup")
    assert words(phone.press("checkup")) == first


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_password_that_somebody_changed_after_a_confirmation_is_told_and_silences_no_advice(language: str) -> None:
    world = make_world()
    change_after_confirmation(world, "reset_device_transfer")
    spoken, told = ring(world, language), ask(world, language)
    advice = find(f"checkup.do.{Advice.NEW_PASSWORD_UNLESS.value}", language)
    assert advice is not None
    for text in (spoken, " ".join(texts_of(told))):
        assert said_in(advice) <= said_in(text)
    assert "password_changed" in [one["matter"] for one in told["matters"]]


LOCK_WORDS: Final = {"en-US": "money can come in, not out", "zh-CN": "只能收款，不能付款"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("until", [NOON + timedelta(minutes=15), None])
def test_a_lock_after_failed_logins_says_that_money_stays(until: datetime | None, language: str) -> None:
    world = make_world()
    find_it(world, "success_after_attack")
    judge(world, Verdict.CONFIRMED)
    locked = LockTold(LockAction.LOCK_APPLIED, "wallet-1", 1, "TOO_MANY_PASSWORD", until)
    fold(world.ctx, [Fact("fact-locked", locked.action.value, "wallet", EARLIER, ACCOUNT, locked)])
    for text in (ring(world, language), ask(world, language)["matters"][1]["text"]):
        assert LOCK_WORDS[language] in text
    compare(world, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_closed_account_is_told_as_closed_and_has_nothing_to_freeze(language: str) -> None:
    world = make_world()
    change_all_and_confirm(world, "reset_device_transfer")
    client = world.client()
    client.prove("freeze")
    fold(world.ctx, [Fact("fact-closed", "account.closed", "wallet", EARLIER, ACCOUNT, AccountClosed(8))])
    told = client.ask("GET", "/v1/me/security", headers={"Accept-Language": language}).json
    matters = [one["matter"] for one in told["matters"]]
    assert matters == ["confirmed", "lock", "findings", "new_device", "password_changed", "two_step_ended"]
    assert told["matters"][1]["text"] == find("checkup.lock.closed", language)
    assert advised_in(" ".join(texts_of(told)), language, form=".written") == {Advice.LOOK}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", ["open", "confirmed"])
def test_both_tell_the_same_of_a_hold_in_each_language(state: str, language: str) -> None:
    world = make_world()
    STATES[state][1](world, "card_testing")
    compare(world, language)


SILENT: Final = sorted(set(OF_ACCOUNTS) - TOLD_RULES)


@pytest.mark.parametrize("language", LANGUAGES)
@sweep(("rule", "verdict"), [*product(SILENT, (None, *Verdict))])
def test_a_silent_finding_changes_no_word_and_no_word_denies_it(
    rule: str, verdict: Verdict | None, language: str
) -> None:
    before, after = make_world(), make_world()
    find_it(after, rule)
    if verdict is not None:
        judge(after, verdict)
    assert ring(after, language) == ring(before, language)
    assert ask(after, language)["matters"] == ask(before, language)["matters"]
    for denial in ("unusual", "found", "异常", "发现"):
        assert denial not in ring(make_world(), language)


def hold(world: ApiWorld) -> None:
    held = LockTold(LockAction.LOCK_APPLIED, "wallet-1", 1, "RISK_SCORE")
    fold(world.ctx, [Fact("fact-held", held.action.value, "wallet", EARLIER, ACCOUNT, held)])


def test_a_hold_comes_first_and_nothing_contradicts_it() -> None:
    world = make_world()
    hold(world)
    spoken = ring(world)
    assert spoken.startswith("Your account is on hold: money can come in, not out.")
    assert ask(world)["matters"][0]["matter"] == "lock"
    assert "nothing you need to do" not in spoken


def test_a_confirmed_finding_comes_first_then_the_hold_then_what_to_do() -> None:
    world = make_world()
    sign_in(world, "device-1", EARLIER)
    find_it(world, "impossible_travel")
    judge(world, Verdict.CONFIRMED)
    hold(world)
    told = ring(world)
    order = [
        "It was not you",
        "can come in, not out",
        "Choose a new password",
        "latest logins and payments",
        "a freeze",
    ]
    assert sorted(order, key=told.index) == order
    assert ask(world)["findings"][0]["text"].startswith("It was not you: our people have checked what was noticed ")


def sign_in(world: ApiWorld, device: str, at: datetime) -> None:
    tried = LoginTried(f"try-{device}", LoginSource(device_id=device), LoginKind.PASSWORD, succeeded=True)
    fold(world.ctx, [Fact(f"fact-{device}", "login.succeeded", "wallet", at, ACCOUNT, tried)])


def test_after_tries_alone_nobody_is_sent_to_logins_that_there_are_not() -> None:
    world = make_world()
    find_it(world, "failed_login_burst")
    for text in (ring(world), ask(world)["matters"][0]["text"]):
        assert "nobody got in" in text
        assert "latest" not in text
    sign_in(world, "device-1", EARLIER)
    for text in (ring(world), ask(world)["matters"][0]["text"]):
        assert "nobody got in" not in text
        assert "latest logins" in text


CHANGES: Final[tuple[tuple[str, FactData, str, str], ...]] = (
    ("password.changed", PasswordChanged(2), "password_changed", "Your password was changed at 10:00 AM today."),
    ("two_step.changed", TwoStepChanged(2, two_step=False), "two_step_ended", "was switched off at 10:00 AM today."),
    ("contact_point.sim_changed", SimChanged(2, "+8613800000001", EARLIER), "sim_changed", "was replaced at 10:00 AM"),
    ("device.registered", DeviceRegistered("device-9"), "new_device", "A new device was added"),
)


@pytest.mark.parametrize(("type_name", "data", "matter", "sentence"), CHANGES)
def test_a_change_of_late_is_told_as_what_it_is(type_name: str, data: FactData, matter: str, sentence: str) -> None:
    world = make_world()
    fold(world.ctx, [Fact("fact-1", type_name, "wallet", EARLIER, ACCOUNT, data)])
    told = ask(world)
    assert told["matters"][0]["matter"] == matter
    assert sentence in told["matters"][0]["text"]
    assert told["matters"][0]["text"].endswith("If that was not you, freeze the account.")
    if matter != "sim_changed":
        # No code goes to a number whose SIM has just changed, so that its owner has to come by another way.
        compare(world, "en-US")


def test_an_owner_who_has_denied_a_login_hears_what_is_under_way() -> None:
    world = make_world()
    sign_in(world, "device-1", EARLIER)
    detector = OF_ACCOUNTS["success_after_attack"]
    finding = finding_of("fnd_1", EARLIER, account_id=ACCOUNT, rule=detector.rule, logins={"event-1": EARLIER})
    take_step(world.store, world.ctx.ids, world.clock.now(), Kind.RAISE, finding)
    (login,) = ask(world)["logins"]
    client = world.client()
    assert client.ask("POST", "/v1/me/repudiations", body={"about": "login", "id": login["id"]}).status == 202
    told = ring(world)
    assert told.startswith("Your account is being frozen.")
    assert "You told us that what was noticed at 10:00 AM today was not you: our people will check it." in told
    assert "If" not in told
    matters = compare(world, "en-US")
    assert matters[:2] == ["lock", "reported"]
