"""The life of a small town with one wallet, and the thieves that come to it, all from a seed, as facts of the wallet.

People log in as in `honest_logins`: from home, offices, gateways and journeys, some families with one telephone. They
live with money too. Wages come on payday and the rent goes after it. They know some shops and try others, and go on a
spree on a Saturday. They travel, give a child pocket money, and top up just before a large bill. Payments are refused,
and goods are sent back. Figures are our own: they show that rules hold to their form, not what your customers do.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from zlib import crc32

from hotline.security.detectors import Event
from hotline.security.detectors.rule import DAY_MS, HOUR_MS, MINUTE_MS
from tests.support.honest_logins import (
    BEGIN_MS,
    Customer,
    World,
    burst,
    flood,
    guess,
    live_honestly,
    settle,
    spray,
    stuff,
    stuff_slowly,
)

PAYDAYS: Final = (9, 39)
"""Days since the beginning."""
SHOPS: Final = 300
SLICE_MINUTES: Final = (2, 9)
"""Between two transfers of a thief."""
ATTACKS_EACH: Final = 25
LISTS_EACH: Final = 10
"""Lists of accounts that are tried, of each kind, and shops with a terminal that copies cards."""
COPIED_DAYS: Final = 28
LABEL_DAYS: Final = 7
"""From a payment to the day on which its owner reports it."""

type Fact = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Attack:
    """One theft from one account: the account on which it shows, its beginning, and the money that goes."""

    account: str
    begun_ms: int
    thefts: tuple[tuple[int, int], ...]
    """(time in ms, minor units) of each movement by which money is lost."""


@dataclass(slots=True)
class Town:
    """Facts in the order of their times, and the attacks among them by kind."""

    facts: list[Fact] = field(default_factory=list)
    attacks: dict[str, list[Attack]] = field(default_factory=lambda: defaultdict(list))
    intrusions: dict[str, list[Attack]] = field(default_factory=lambda: defaultdict(list))
    """Attacks on logins, by kind: the account or the address on which each shows. They take no money."""
    copied: list[Attack] = field(default_factory=list)
    """Shops that copy cards, with the payments there until somebody stops them."""
    balances: dict[str, int] = field(default_factory=dict)
    usual_minor: dict[str, float] = field(default_factory=dict)
    """The middle of what each person pays in a shop."""

    def tell(self, at_ms: int, type_: str, account: str, data: dict[str, Any]) -> None:
        """Let a fact be told."""
        self.facts.append(
            {
                "specversion": "1.0",
                "id": f"town-{len(self.facts):08d}",
                "source": "wallet",
                "type": f"{type_}.v1",
                "time": _text_of(at_ms),
                "subject": account,
                "data": data,
            }
        )

    def move(self, at_ms: int, kind: str, account: str, minor: int, *, status: str = "succeeded", **more: Any) -> str:
        """Let money move; gives the id of the movement. Money that the account does not have does not leave it."""
        movement_id = f"mov-{len(self.facts):08d}"
        comes = kind == "top_up" or more.get("direction") == "in"
        if status == "succeeded":
            self.balances[account] = self.balances.get(account, 0) + (minor if comes else -minor)
        data = {
            "movement_id": movement_id,
            "version": 1,
            "initiated_at": _text_of(at_ms),
            "amount": {"minor": minor, "currency": "CNY"},
            "instrument": {"kind": "balance"},
            "money": "debited" if status == "succeeded" else "none",
            "balance_after_minor": self.balances.get(account, 0),
            **more,
        }
        self.tell(at_ms, f"{kind}.{status}", account, data)
        return movement_id


@dataclass(slots=True)
class Purse:
    """How one person lives with money."""

    customer: Customer
    wage_minor: int
    rent_minor: int
    usual_minor: float
    shops: list[str]
    landlord: str
    friends: list[str]
    child: str | None
    travels_until_ms: int = 0


def live_in_town(seed: int, *, customers: int, days: int) -> Town:
    """So many honest people for so many days, without any thief."""
    town = Town()
    world = live_honestly(seed, customers=customers, days=days)
    for account, events in world.accounts.items():
        for event in events:
            town.tell(event.at_ms, event.type, account, _data_of(event))
    draw = random.Random(seed * 7 + 1)
    purses = _fill_purses(draw, settle(random.Random(seed), customers))
    town.usual_minor = {purse.customer.account: purse.usual_minor for purse in purses}
    # Day by day, so that a balance is what it was at that moment.
    for day in range(days):
        for purse in purses:
            _live_a_day(draw, town, purse, day)
    town.facts.sort(key=lambda fact: fact["time"])
    return town


def let_thieves_in(seed: int, town: Town, *, since_day: int, days: int) -> Town:
    """Attacks of each kind on people of the town, at any time from a day on."""
    draw = random.Random(seed * 11 + 3)
    rich = sorted(name for name, minor in town.balances.items() if minor > 50_000 and name.startswith("customer-"))
    kinds: tuple[Callable[[random.Random, Town, str, int], None], ...] = (
        *(take_over, take_over_quietly, try_a_card, spend_for_others, be_a_mule),
    )
    victims = draw.sample(rich, k=len(kinds) * min(ATTACKS_EACH, len(rich) // len(kinds)))
    for number, victim in enumerate(victims):
        at_ms = BEGIN_MS + since_day * DAY_MS + draw.randint(0, (days - since_day - 1) * DAY_MS)
        kinds[number % len(kinds)](draw, town, victim, at_ms)
    town.facts.sort(key=lambda fact: fact["time"])
    return town


def let_guessers_in(seed: int, town: Town, *, since_day: int, days: int) -> Town:
    """Attacks of each kind on logins of the town: guesses at one account, and lists of accounts."""
    draw = random.Random(seed * 13 + 5)
    people = sorted(town.usual_minor)
    of_one = (burst, guess, flood)
    victims = draw.sample(people, k=len(of_one) * ATTACKS_EACH)
    world = World()

    def some_time() -> int:
        return BEGIN_MS + since_day * DAY_MS + draw.randint(0, (days - since_day - 1) * DAY_MS)

    for number, victim in enumerate(victims):
        of_one[number % len(of_one)](draw, world, victim, some_time())
    for act in (stuff, spray, stuff_slowly):
        for _ in range(LISTS_EACH):
            act(draw, world, people, some_time())
    for account, events in world.accounts.items():
        for event in events:
            town.tell(event.at_ms, event.type, account, _data_of(event))
    for kind, attacks in world.attacked.items():
        for subject, begun_ms in attacks:
            shown_on = subject if subject in town.usual_minor else _address(subject)
            town.intrusions[kind.replace("_", " ")].append(Attack(shown_on, begun_ms, ()))
    town.facts.sort(key=lambda fact: fact["time"])
    return town


def copy_cards(seed: int, town: Town, *, since_day: int) -> Town:
    """Some shops have a terminal that copies cards for four weeks. Each payment there is reported a week later."""
    draw = random.Random(seed * 17 + 7)
    begun_ms = BEGIN_MS + since_day * DAY_MS
    begun, ended = _text_of(begun_ms), _text_of(begun_ms + COPIED_DAYS * DAY_MS)
    shops = {f"shop-{number}" for number in draw.sample(range(SHOPS), k=LISTS_EACH)}
    paid: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for fact in [one for one in town.facts if one["type"] == "payment.succeeded.v1" and begun <= one["time"] < ended]:
        data = fact["data"]
        shop = data["merchant"]["id"]
        if shop in shops:
            at_ms = round(datetime.fromisoformat(fact["time"]).timestamp() * 1000)
            paid[shop].append((at_ms, data["amount"]["minor"]))
            label = {"movement_id": data["movement_id"], "merchant_id": shop}
            town.tell(at_ms + LABEL_DAYS * DAY_MS, "transaction.confirmed_fraud", fact["subject"], label)
    town.copied += [Attack(shop, begun_ms, tuple(thefts)) for shop, thefts in sorted(paid.items())]
    town.facts.sort(key=lambda fact: fact["time"])
    return town


def take_over(draw: random.Random, town: Town, victim: str, at_ms: int) -> None:
    """A thief resets the password, registers a telephone, and sends the balance to fresh accounts in slices. They cash
    out within the hour."""
    _enter(draw, town, victim, at_ms)
    town.tell(at_ms + MINUTE_MS, "password.changed", victim, {"version": 2})
    town.tell(at_ms + 3 * MINUTE_MS, "device.registered", victim, {"device_id": f"thief-{victim}"})
    _empty(draw, town, "takeover", victim, (at_ms, at_ms + 5 * MINUTE_MS), slices=draw.randint(3, 6))


def take_over_quietly(draw: random.Random, town: Town, victim: str, at_ms: int) -> None:
    """A thief has the password and changes nothing; the rest is as above, in fewer slices."""
    _enter(draw, town, victim, at_ms)
    _empty(draw, town, "quiet takeover", victim, (at_ms, at_ms + 2 * MINUTE_MS), slices=draw.randint(1, 4))


def try_a_card(draw: random.Random, town: Town, victim: str, at_ms: int) -> None:
    """Small payments show that a stolen card works; large ones follow within hours."""
    begun_ms = at_ms
    for number in range(draw.randint(5, 9)):
        status = "failed" if number < 4 and draw.random() < 0.6 else "succeeded"
        _pay(town, at_ms, victim, draw.randint(100, 900), "shop-testing", status=status)
        at_ms += draw.randint(20_000, 4 * MINUTE_MS)
    thefts = []
    for _ in range(draw.randint(1, 4)):
        at_ms += draw.randint(5 * MINUTE_MS, 3 * HOUR_MS)
        minor = draw.randint(60_000, 250_000)
        _pay(town, at_ms, victim, minor, f"shop-{draw.randrange(SHOPS)}")
        thefts.append((at_ms, minor))
    town.attacks["card testing"].append(Attack(victim, begun_ms, tuple(thefts)))


def spend_for_others(draw: random.Random, town: Town, victim: str, at_ms: int) -> None:
    """Credentials leak, and for two weeks somebody else pays five times what the owner does."""
    thefts = []
    usual = town.usual_minor[victim]
    for _ in range(draw.randint(6, 12)):
        minor = round(5 * usual * draw.lognormvariate(0, 0.3))
        _pay(town, at_ms, victim, minor, f"shop-{draw.randrange(SHOPS)}")
        thefts.append((at_ms, minor))
        at_ms += draw.randint(3 * HOUR_MS, 40 * HOUR_MS)
    town.attacks["leaked credentials"].append(Attack(victim, thefts[0][0], tuple(thefts)))


def be_a_mule(draw: random.Random, town: Town, victim: str, at_ms: int) -> None:
    """A fresh account gets money of strangers and passes it on within minutes."""
    mule, begun_ms = f"mule-of-{victim}", at_ms
    thefts = []
    for number in range(draw.randint(3, 7)):
        minor = draw.randint(40_000, 400_000)
        payer = f"stranger-{victim}-{number}"
        town.move(at_ms, "transfer", mule, minor, direction="in", counterparty=payer)
        out_ms = at_ms + draw.randint(2 * MINUTE_MS, 25 * MINUTE_MS)
        town.move(out_ms, "withdrawal", mule, minor)
        thefts.append((out_ms, minor))
        at_ms = out_ms + draw.randint(10 * MINUTE_MS, 5 * HOUR_MS)
    town.attacks["mule"].append(Attack(mule, begun_ms, tuple(thefts)))


def _enter(draw: random.Random, town: Town, victim: str, at_ms: int) -> None:
    source = {"ip": _address(f"thief-{victim}"), "device_id": f"thief-{victim}", "country": draw.choice(("US", "MM"))}
    data = {"attempt_id": f"try-thief-{victim}", "kind": "password", "source": source}
    town.tell(at_ms, "login.succeeded", victim, data)


def _empty(draw: random.Random, town: Town, kind: str, victim: str, times_ms: tuple[int, int], *, slices: int) -> None:
    begun_ms, at_ms = times_ms
    left, thefts = max(60_000, _balance_at(town, victim, at_ms)), []
    town.balances[victim] = left
    mules = [f"fresh-{victim}-{number}" for number in range(2)]
    for number in range(slices):
        minor = left // (slices - number)
        left -= minor
        mule = mules[number % 2]
        town.move(at_ms, "transfer", victim, minor, counterparty_account=mule, counterparty=mule)
        thefts.append((at_ms, minor))
        town.balances[mule] = town.balances.get(mule, 0) + minor
        town.move(at_ms + draw.randint(4 * MINUTE_MS, 30 * MINUTE_MS), "withdrawal", mule, minor)
        at_ms += draw.randint(*SLICE_MINUTES) * MINUTE_MS
    town.attacks[kind].append(Attack(victim, begun_ms, tuple(thefts)))


def _balance_at(town: Town, account: str, at_ms: int) -> int:
    """The balance that the account had at a time."""
    text = _text_of(at_ms)
    told = [
        fact["data"]["balance_after_minor"]
        for fact in town.facts
        if fact["subject"] == account and fact["time"] <= text and "balance_after_minor" in fact["data"]
    ]
    return int(told[-1]) if told else 0


def _fill_purses(draw: random.Random, people: list[Customer]) -> list[Purse]:
    homes: dict[str, list[str]] = defaultdict(list)
    for person in people:
        homes[person.home_ip].append(person.account)
    purses = []
    for person in people:
        family = [name for name in homes[person.home_ip] if name != person.account]
        is_parent = homes[person.home_ip][0] == person.account
        wage = round(draw.lognormvariate(math.log(700_000), 0.5))
        shops = [f"shop-{draw.randrange(SHOPS)}" for _ in range(6)]
        friends = [f"customer-{draw.randrange(len(people))}" for _ in range(3)]
        friends = [name for name in friends if name != person.account] or ["customer-friend"]
        purses.append(
            Purse(
                person,
                wage_minor=wage if draw.random() < 0.8 else 0,
                rent_minor=round(wage * 0.3) if is_parent else 0,
                usual_minor=wage / 220,
                shops=shops,
                landlord=f"landlord-{draw.randrange(20)}",
                friends=friends,
                child=family[-1] if family and is_parent and draw.random() < 0.5 else None,
            )
        )
    return purses


def _live_a_day(draw: random.Random, town: Town, purse: Purse, day: int) -> None:
    midnight_ms, account = BEGIN_MS + day * DAY_MS, purse.customer.account
    if day == 0:
        town.move(midnight_ms + MINUTE_MS, "top_up", account, round(purse.usual_minor * draw.uniform(20, 60)))
    if day in PAYDAYS and purse.wage_minor:
        hired_by = f"employer-{crc32(account.encode()) % 9}"
        town.move(midnight_ms + 9 * HOUR_MS, "transfer", account, purse.wage_minor, direction="in",
                  counterparty=hired_by)  # fmt: skip
    if day in {payday + 1 for payday in PAYDAYS} and purse.rent_minor:
        # A person without a wage here tops up just before the bill.
        at_ms = midnight_ms + draw.randint(10 * HOUR_MS, 20 * HOUR_MS)
        _afford(town, account, purse.rent_minor, at_ms)
        town.move(at_ms, "transfer", account, purse.rent_minor, counterparty=purse.landlord)
    times = sorted(midnight_ms + draw.randint(8 * HOUR_MS, 23 * HOUR_MS) for _ in range(_poisson(draw, 1.1)))
    factor = 1.5 if any(0 <= day - payday <= 3 for payday in PAYDAYS) else 1.0
    for at_ms in times:
        _shop(draw, town, purse, at_ms, factor)
    if draw.random() < 1 / 70:
        purse.travels_until_ms = midnight_ms + draw.randint(2, 5) * DAY_MS
        _pay_well(draw, town, purse, midnight_ms + 9 * HOUR_MS, "shop-railway", 4)
    if midnight_ms < purse.travels_until_ms:
        _pay_well(draw, town, purse, midnight_ms + 21 * HOUR_MS, f"hotel-{draw.randrange(60)}", 6)
    if day % 7 == 5 and draw.random() < 1 / 15:
        at_ms = midnight_ms + draw.randint(12 * HOUR_MS, 16 * HOUR_MS)
        for _ in range(draw.randint(4, 9)):
            _pay_well(draw, town, purse, at_ms, f"mall-{draw.randrange(40)}", 2)
            at_ms += draw.randint(6 * MINUTE_MS, 35 * MINUTE_MS)
    if purse.child is not None and day % 7 == 6:
        _send(town, midnight_ms + 18 * HOUR_MS, account, purse.child, 5_000 + 1_000 * (crc32(account.encode()) % 10))
    if draw.random() < 1 / 12:
        friend = draw.choice(purse.friends)
        _send(town, midnight_ms + 20 * HOUR_MS, account, friend, round(purse.usual_minor * draw.uniform(0.5, 4)))
    if day % 30 == 20 and draw.random() < 0.2 and town.balances[account] > purse.usual_minor * 40:
        town.move(midnight_ms + 12 * HOUR_MS, "withdrawal", account, town.balances[account] // 2)


def _shop(draw: random.Random, town: Town, purse: Purse, at_ms: int, factor: float) -> None:
    away = at_ms < purse.travels_until_ms
    shop = draw.choice(purse.shops) if draw.random() < 0.85 and not away else f"shop-{draw.randrange(SHOPS)}"
    minor = max(100, round(purse.usual_minor * factor * draw.lognormvariate(0, 0.7)))
    account = purse.customer.account
    if draw.random() < 0.02:
        _pay(town, at_ms - MINUTE_MS, account, minor, shop, status="failed")
    _afford(town, account, minor, at_ms)
    movement_id = _pay(town, at_ms, account, minor, shop)
    if draw.random() < 0.012:
        data = {
            "refund_id": f"ref-{movement_id}", "movement_id": movement_id, "version": 1,
            "amount": {"minor": minor, "currency": "CNY"},
        }  # fmt: skip
        town.tell(at_ms + draw.randint(1, 6) * DAY_MS, "refund.settled", account, data)


def _pay_well(draw: random.Random, town: Town, purse: Purse, at_ms: int, shop: str, times: float) -> None:
    minor = round(purse.usual_minor * times * draw.lognormvariate(0, 0.4))
    _afford(town, purse.customer.account, minor, at_ms)
    _pay(town, at_ms, purse.customer.account, minor, shop)


def _pay(town: Town, at_ms: int, account: str, minor: int, shop: str, *, status: str = "succeeded") -> str:
    """Pay in a shop by a linked card, at which the rule about tried cards looks. The balance is told as if it had paid,
    for the rules about balances."""
    by = {"merchant": {"id": shop, "name": shop}, "instrument": {"kind": "bank_card", "last4": "4242"}}
    return town.move(at_ms, "payment", account, minor, status=status, **by)


def _send(town: Town, at_ms: int, account: str, to: str, minor: int) -> None:
    _afford(town, account, minor, at_ms)
    town.move(at_ms, "transfer", account, minor, counterparty=to, counterparty_account=to)
    town.balances[to] = town.balances.get(to, 0) + minor


def _afford(town: Town, account: str, minor: int, at_ms: int) -> None:
    """Top up what is missing, in round sums, a few minutes before."""
    missing = minor - town.balances.get(account, 0)
    if missing > 0:
        town.move(at_ms - 3 * MINUTE_MS, "top_up", account, -(-missing // 50_000) * 50_000)


def _data_of(event: Event) -> dict[str, Any]:
    """An event of `honest_logins` as the data of a fact."""
    values = event.values
    match event.type:
        case "login.succeeded" | "login.failed":
            source: dict[str, Any] = {"ip": _address(values["ip"])}
            if "device" in values:
                source["device_id"] = values["device"]
            source |= {name: values[name] for name in ("country", "network") if name in values}
            if "cell" in values:
                latitude, _, longitude = values["cell"].partition(",")
                source |= {"lat": int(latitude) + 0.5, "lon": int(longitude) + 0.5}
            return {"attempt_id": f"try-{event.id}", "kind": values["kind"], "source": source}
        case "device.registered":
            return {"device_id": values["device"]}
        case "password.changed":
            return {"version": event.at_ms // MINUTE_MS}
        case "account.opened":
            points = [{"kind": "phone", "number": number} for number in range(values["points"])]
            return {"version": 1, "two_step": bool(values["two_step"]), "contact_points": points}
        case _:
            return dict(values)


def _address(name: str) -> str:
    """An address for each name, of the range for documents (RFC 3849)."""
    number = f"{crc32(name.encode()):08x}"
    return f"2001:db8::{number[:4]}:{number[4:]}"


def _text_of(at_ms: int) -> str:
    instant = datetime.fromtimestamp(at_ms // 1000, UTC).replace(microsecond=at_ms % 1000 * 1000)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _poisson(draw: random.Random, mean: float) -> int:
    count, product, limit = 0, draw.random(), math.exp(-mean)
    while product > limit:
        count += 1
        product *= draw.random()
    return count
