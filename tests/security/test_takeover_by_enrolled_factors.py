"""A thief with the phone enrols a second factor, or moves the number; the owner freezes. The thief cannot wait it out.

A factor that was too new to act when a freeze or hold began stays so until that ends, whatever kind of factor it is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from hotline.accounts.changes import CHANGE_WAIT, SIM_CHANGE_WAIT, deciding_instant, pin_acts
from hotline.accounts.stops import Stop, find_stop, stops_from, stops_item, with_earlier
from hotline.contracts.model import ContactPointChanged, Fact, LockAction, LockTold, PointKind, SimChanged
from hotline.lockout.items import lock_key
from hotline_local.testing.memory_store import MemoryStore
from tests.support.api_world import ACCOUNT, EMAIL, PHONE, ApiWorld
from tests.support.phone import Phone, give, opened

PIN = "482137"
HALF_AN_HOUR = timedelta(minutes=30)
MS = timedelta(milliseconds=1)
LONG = CHANGE_WAIT + timedelta(days=30)

type Enrol = Callable[[ApiWorld], None]
type Stopped = Callable[[ApiWorld], None]


# ---------------------------------------------------------------- what a thief enrols


def choose_pin(world: ApiWorld) -> None:
    client = world.client(sign_in="thief")
    client.prove("set_pin")
    assert client.ask("PUT", "/v1/me/pin", body={"pin": PIN}).status == 200


def move_number(world: ApiWorld) -> None:
    """The registered number becomes another one, in the thief's hand."""
    now = world.clock.now()
    data = ContactPointChanged(7, PointKind.PHONE, None, "+8613800000077", now, reassigned=False)
    give(world.ctx, [Fact("moved", "contact_point.changed", "wallet", now, ACCOUNT, data)])


def swap_sim(world: ApiWorld) -> None:
    now = world.clock.now()
    give(world.ctx, [Fact("sim", "contact_point.sim_changed", "wallet", now, ACCOUNT, SimChanged(8, PHONE, now))])


def rung(world: ApiWorld, number: str, contact_id: str = "contact-1") -> Phone:
    phone = Phone(world.ctx, number, contact_id=contact_id)
    phone.press("start")
    return phone


def acts_by_pin(world: ApiWorld) -> bool:
    """Whether a text message and the PIN end a freeze."""
    phone = rung(world, PHONE)
    phone.prove("sms", "unfreeze")
    phone.press("check_pin", pin=PIN)
    phone.press("choose_account")
    return phone.press("unfreeze")["outcome"] == "ASKED"


def acts_by_number(number: str) -> Callable[[ApiWorld], bool]:
    """Whether a code to the number and one to the address end a freeze."""

    def acts(world: ApiWorld) -> bool:
        phone = rung(world, number)
        phone.press("send_code", method="sms", goal="unfreeze")
        if phone.press("check_code", code=phone.code)["outcome"] != "PROVED":
            return False
        phone.press("choose_account")
        phone.prove("email", "unfreeze")
        phone.press("choose_account")
        return phone.press("unfreeze")["outcome"] == "ASKED"

    return acts


WAYS: list[tuple[Enrol, Callable[[ApiWorld], bool]]] = [
    (choose_pin, acts_by_pin),
    (move_number, acts_by_number("+8613800000077")),
    (swap_sim, acts_by_number(PHONE)),
]


def freeze(world: ApiWorld) -> None:
    client = world.client(sign_in="owner")
    assert client.ask("POST", "/v1/me/freeze").status == 202


def wallet_freezes(world: ApiWorld) -> None:
    tell(world, LockAction.FREEZE_APPLIED, "CUSTOMER_REQUEST")


def tell(world: ApiWorld, action: LockAction, cause: str, *, name: str = "1") -> None:
    now = world.clock.now()
    told = LockTold(action, f"wallet-{name}", 1, cause)
    give(world.ctx, [Fact(f"told-{action}-{name}", f"{action}", "wallet", now, ACCOUNT, told)])


@pytest.mark.parametrize("stop", [freeze, wallet_freezes])
@pytest.mark.parametrize(("enrol", "acts"), WAYS, ids=["a PIN", "a number", "a SIM"])
def test_a_factor_that_was_new_when_the_owner_froze_never_ends_that_freeze(
    world: ApiWorld, enrol: Enrol, acts: Callable[[ApiWorld], bool], stop: Stopped
) -> None:
    enrol(world)
    world.clock.advance(HALF_AN_HOUR)
    stop(world)
    world.clock.advance(LONG)
    assert not acts(world)


@pytest.mark.parametrize(("enrol", "acts"), WAYS, ids=["a PIN", "a number", "a SIM"])
@pytest.mark.parametrize(("short_of", "acting"), [(MS, False), (timedelta(), True)])
def test_a_factor_that_acted_when_the_owner_froze_ends_the_freeze(
    world: ApiWorld, enrol: Enrol, acts: Callable[[ApiWorld], bool], short_of: timedelta, acting: bool
) -> None:
    enrol(world)
    world.clock.advance(CHANGE_WAIT - short_of)
    freeze(world)
    world.clock.advance(timedelta(minutes=1))
    assert acts(world) is acting


def test_a_factor_enrolled_during_a_hold_acts_on_nothing_until_the_hold_ends(world: ApiWorld) -> None:
    tell(world, LockAction.LOCK_APPLIED, "COMPROMISED_CREDENTIAL")
    move_number(world)
    world.clock.advance(LONG)
    assert not resets_by_new_number(world, "contact-1")
    tell(world, LockAction.LOCK_RELEASED, "COMPROMISED_CREDENTIAL")
    assert resets_by_new_number(world, "contact-2")


def resets_by_new_number(world: ApiWorld, contact_id: str) -> bool:
    phone = rung(world, "+8613800000077", contact_id)
    phone.press("send_code", method="sms", goal="reset")
    if phone.press("check_code", code=phone.code)["outcome"] != "PROVED":
        return False
    phone.press("choose_account")
    return phone.press("reset")["outcome"] == "GRANTED"


def test_a_wallet_that_tells_of_a_hold_again_begins_no_new_one(world: ApiWorld) -> None:
    tell(world, LockAction.LOCK_APPLIED, "COMPROMISED_CREDENTIAL")
    move_number(world)
    world.clock.advance(LONG)
    tell(world, LockAction.LOCK_APPLIED, "COMPROMISED_CREDENTIAL", name="2")
    assert not resets_by_new_number(world, "contact-1")


def test_the_app_is_held_to_the_same_rule(world: ApiWorld) -> None:
    choose_pin(world)
    world.clock.advance(HALF_AN_HOUR)
    freeze(world)
    world.clock.advance(LONG)
    client = world.client(sign_in="thief-2")
    client.prove("unfreeze", "sms")
    assert client.ask("POST", "/v1/me/unfreeze").json["needs"] == ["email"]
    asked = client.ask("POST", "/v1/challenges", body={"operation": "unfreeze", "method": "pin"})
    assert asked.code == "method_unavailable"


def test_the_owner_with_two_old_factors_ends_the_freeze_and_the_new_factor_acts_after_it(world: ApiWorld) -> None:
    choose_pin(world)
    world.clock.advance(HALF_AN_HOUR)
    freeze(world)
    world.clock.advance(LONG)
    client = world.client(sign_in="owner-2")
    client.prove("unfreeze", "sms")
    client.prove("unfreeze", "email")
    assert client.ask("POST", "/v1/me/unfreeze").status == 202
    asked = client.ask("POST", "/v1/challenges", body={"operation": "unlock", "method": "pin"})
    assert asked.status == 201


# ---------------------------------------------------------------- points that come back, and accounts that are new

THIEFS = "thief@mail.example"


def point_changes(world: ApiWorld, *, old: str | None = None, new: str | None = None, account: str = ACCOUNT) -> None:
    """The wallet tells now that an address has gone or come."""
    now = world.clock.now()
    version = int(now.timestamp())
    data = ContactPointChanged(version, PointKind.EMAIL, old, new, now, reassigned=False)
    give(world.ctx, [Fact(f"point-{old}-{new}-{version}", "contact_point.changed", "wallet", now, account, data)])


def had_the_address_for_an_hour(world: ApiWorld) -> None:
    point_changes(world, old=EMAIL)
    point_changes(world, new=THIEFS)
    world.clock.advance(timedelta(hours=1))
    point_changes(world, old=THIEFS)
    world.clock.advance(LONG)


def unfreezes(world: ApiWorld, number: str = PHONE) -> bool:
    """Whether a code to the number and one to the address that comes first end the freeze."""
    phone = rung(world, number, contact_id=f"contact-{world.clock.now().timestamp()}")
    phone.prove("sms", "unfreeze")
    phone.press("send_code", method="email", goal="unfreeze")
    phone.press("check_code", code=phone.code)
    phone.press("choose_account")
    return phone.press("unfreeze")["outcome"] == "ASKED"


def test_an_address_that_comes_back_during_a_freeze_never_ends_that_freeze(world: ApiWorld) -> None:
    had_the_address_for_an_hour(world)
    freeze(world)
    world.clock.advance(HALF_AN_HOUR)
    point_changes(world, new=THIEFS)
    world.clock.advance(LONG)
    assert not unfreezes(world)


def test_an_address_that_came_back_before_the_freeze_is_as_new_as_any(world: ApiWorld) -> None:
    had_the_address_for_an_hour(world)
    point_changes(world, new=THIEFS)
    world.clock.advance(HALF_AN_HOUR)
    freeze(world)
    world.clock.advance(LONG)
    assert not unfreezes(world)


def test_a_first_address_that_a_thief_adds_to_a_new_account_never_ends_the_freeze(world: ApiWorld) -> None:
    number = "+8613800000003"
    give(world.ctx, [opened("acct-3", (PointKind.PHONE, number), at=world.clock.now())])
    world.clock.advance(timedelta(hours=24))
    point_changes(world, new=THIEFS, account="acct-3")
    world.clock.advance(HALF_AN_HOUR)
    assert world.client("acct-3", sign_in="owner").ask("POST", "/v1/me/freeze").status == 202
    world.clock.advance(timedelta(hours=1))
    assert not unfreezes(world, number)


def test_a_freeze_by_the_hotline_is_stored_beside_the_locks(world: ApiWorld, store: MemoryStore) -> None:
    freeze(world)
    stored = store.get(lock_key(ACCOUNT))
    assert find_stop(stored, world.clock.now()) == world.clock.now()
    assert EMAIL not in str(stored)


# ---------------------------------------------------------------- the rule itself

NOON = datetime.fromisoformat("2026-11-23T12:00:00+00:00")


@pytest.mark.parametrize(("early", "acts"), [(MS, True), (timedelta(), True), (-MS, False)])
def test_a_pin_acts_when_it_acted_at_the_deciding_instant(early: timedelta, acts: bool) -> None:
    assert pin_acts(NOON - CHANGE_WAIT - early, NOON, None) is acts
    assert pin_acts(NOON - CHANGE_WAIT - early, NOON + LONG, NOON) is acts


def test_the_deciding_instant_is_never_later_than_now() -> None:
    assert deciding_instant(NOON, NOON + MS) == NOON
    assert deciding_instant(NOON, NOON - MS) == NOON - MS
    assert SIM_CHANGE_WAIT == CHANGE_WAIT


def test_the_oldest_stop_that_runs_decides_and_an_ended_one_does_not() -> None:
    stops = {
        "FREEZE": Stop(NOON, None),
        "RISK_SCORE": Stop(NOON - timedelta(hours=1), None),
        "AGENT": Stop(NOON - timedelta(hours=2), NOON + timedelta(hours=1)),
    }
    item = stops_item(stops)
    assert stops_from(item) == stops
    assert find_stop(item, NOON) == NOON - timedelta(hours=2)
    assert find_stop(item, NOON + timedelta(hours=1)) == NOON - timedelta(hours=1)
    assert find_stop(None, NOON) is None
    assert find_stop({}, NOON) is None


def test_a_stop_keeps_the_earliest_moment_at_which_it_was_known_to_be_on() -> None:
    later, earlier = Stop(NOON, None), Stop(NOON - timedelta(days=1), None)
    over = Stop(NOON - timedelta(days=1), NOON - MS)
    assert with_earlier({"AGENT": later}, {"AGENT": earlier}, NOON) == {"AGENT": earlier}
    assert with_earlier({"AGENT": later}, {"AGENT": over}, NOON) == {"AGENT": later}
    assert with_earlier({"AGENT": later}, {"COMPLIANCE": earlier}, NOON) == {"AGENT": later}
    assert with_earlier({}, {"AGENT": earlier}, NOON) == {}
