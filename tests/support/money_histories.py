"""Histories of money with known frauds, from a seed: mobile money, cards at terminals, and the spending of people.

Each gives facts of the wallet (docs/contracts.md) in the order of their times, and the ids of the movements that are
fraud. The shapes are those of published simulators; the figures are our own.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, NamedTuple

START: Final = datetime(2026, 3, 1, tzinfo=UTC)
SECONDS_PER_DAY: Final = 86_400
SLICES_MAX: Final = 12
"""Thieves do not cut a balance into more slices than these."""
WORTH_MINOR: Final = 20_000
"""Thieves leave accounts alone that hold less."""
LABEL_DELAY: Final = timedelta(days=7)


@dataclass(slots=True)
class History:
    """Facts and what is fraud in them. `day_of` and `account_of`: day and payer of each outward movement."""

    facts: list[dict[str, Any]] = field(default_factory=list)
    frauds: set[str] = field(default_factory=set)
    day_of: dict[str, int] = field(default_factory=dict)
    account_of: dict[str, str] = field(default_factory=dict)

    def tell(self, at_s: float, type_: str, account: str, data: dict[str, Any]) -> None:
        """Add a fact at so many seconds after the start."""
        number = len(self.facts)
        self.facts.append(
            {
                "specversion": "1.0",
                "id": f"fact-{number:07d}",
                "source": "wallet",
                "type": f"{type_}.v1",
                "time": (START + timedelta(milliseconds=round(at_s * 1000))).isoformat(timespec="milliseconds"),
                "subject": account,
                "data": data,
            }
        )

    def move(
        self,
        at_s: float,
        kind: str,
        account: str,
        amount_minor: int,
        *,
        is_fraud: bool = False,
        status: str = "succeeded",
        currency: str = "CNY",
        **more: Any,
    ) -> str:
        """Add a movement; returns its id."""
        movement_id = f"mov-{len(self.facts):07d}"
        data = {
            "movement_id": movement_id,
            "version": 1,
            "initiated_at": (START + timedelta(seconds=at_s)).isoformat(timespec="milliseconds"),
            "amount": {"minor": amount_minor, "currency": currency},
            "instrument": {"kind": "balance"},
            "money": "debited" if status == "succeeded" else "none",
            **more,
        }
        self.tell(at_s, f"{kind}.{status}", account, data)
        if kind != "top_up" and status == "succeeded":
            self.day_of[movement_id] = int(at_s // SECONDS_PER_DAY)
            self.account_of[movement_id] = account
        if is_fraud:
            self.frauds.add(movement_id)
        return movement_id

    def confirm(self, at_s: float, account: str, movement_id: str, **more: Any) -> None:
        """Add the label of a fraud, seven days after it."""
        late_s = at_s + LABEL_DELAY.total_seconds()
        data = {"movement_id": movement_id, "confirmed_at": (START + timedelta(seconds=late_s)).isoformat(), **more}
        self.tell(late_s, "transaction.confirmed_fraud", account, data)

    def in_order(self) -> History:
        """The same, with the facts in the order of their times."""
        self.facts.sort(key=lambda fact: fact["time"])
        return self


type _Act = Callable[[float], None]
"""Something that happens at a time in seconds."""


class _Town:
    """Accounts with balances, and what happens to them in the order of time."""

    def __init__(
        self,
        draw: random.Random,
        *,
        accounts: int,
        tells_receipts: bool,
        step_s: int,
        kept_most: float,
        left_share: float,
    ) -> None:
        self.draw = draw
        self.history = History()
        self.names = [f"acct-{number}" for number in range(accounts)]
        self._balances: dict[str, int] = {}
        self._tells_receipts = tells_receipts
        self._step_s = step_s
        self._kept_most = kept_most
        self._left_share = left_share
        self._plan: list[tuple[float, int, _Act]] = []
        self._planned = 0

    def plan(self, at_s: float, act: _Act) -> None:
        """Let something happen later."""
        self._planned += 1
        heapq.heappush(self._plan, (at_s // self._step_s * self._step_s, self._planned, act))

    def live(self) -> History:
        """Let all happen that is planned."""
        while self._plan:
            at_s, _, act = heapq.heappop(self._plan)
            act(at_s)
        return self.history.in_order()

    def begin(self, name: str, minor: int, at_s: float) -> None:
        """Tell a balance."""
        self._balances[name] = minor
        balance = {"minor": minor, "currency": "CNY"}
        self.history.tell(at_s, "funds.balance_changed", name, {"version": 1, "balance": balance})

    def do(self, name: str, minor: int, friends: Sequence[str], agent: str, dice: float, at_s: float) -> None:
        """Let an honest person pay in, take out cash, pay, or send. One cash-out in 1,250 takes all."""
        if name not in self._balances:
            return
        if dice < 0.35:
            self._balances[name] += 2 * minor
            self.history.move(at_s, "top_up", name, 2 * minor, balance_after_minor=self._balances[name])
        elif dice < 0.60:
            minor = self._balances[name] if dice < 0.3502 else minor
            self._leave(at_s, "withdrawal", name, minor, counterparty=agent)
        elif dice < 0.85:
            merchant = {"id": f"shop-{int(dice * 1e6) % 200}", "name": "Shop"}
            self._leave(at_s, "payment", name, minor, merchant=merchant)
        else:
            other = self.draw.choice(friends if dice < 0.95 else self.names)
            if other != name and other in self._balances:
                self._leave(at_s, "transfer", name, minor, counterparty=other, counterparty_account=other)

    def rob(self, victim: str, number: int, slice_minor: int, at_s: float) -> None:
        """Plan to empty an account in slices, but for the share that thieves leave."""
        held_minor = self._balances.get(victim, 0)
        left_minor = held_minor - math.ceil(held_minor * self._left_share)
        if left_minor < WORTH_MINOR:
            return
        slice_minor = max(slice_minor, math.ceil(left_minor / SLICES_MAX))
        for part, begin_minor in enumerate(range(0, left_minor, slice_minor)):
            minor = min(slice_minor, left_minor - begin_minor)
            self.plan(
                at_s + part * self.draw.uniform(5, 60), partial(self._steal, victim, f"mule-{number}-{part}", minor)
            )

    def _steal(self, victim: str, mule: str, minor: int, at_s: float) -> None:
        sent = self._leave(at_s, "transfer", victim, minor, is_fraud=True, counterparty=mule, counterparty_account=mule)
        if sent:
            self.plan(at_s + self.draw.uniform(0, 3300), partial(self._cash_out, mule, minor))

    def _cash_out(self, mule: str, minor: int, at_s: float) -> None:
        kept_minor = math.floor(minor * self.draw.uniform(0, self._kept_most)) if self._kept_most else 0
        self._leave(at_s, "withdrawal", mule, minor - kept_minor, is_fraud=True, counterparty="agent-0")

    def _leave(self, at_s: float, kind: str, name: str, minor: int, *, is_fraud: bool = False, **more: Any) -> bool:
        if not 0 < minor <= self._balances[name]:
            return False
        self._balances[name] -= minor
        more["balance_after_minor"] = self._balances[name]
        self.history.move(at_s, kind, name, minor, is_fraud=is_fraud, **more)
        other = more.get("counterparty_account")
        if other is not None:
            after_minor = self._balances.get(other, 0) + minor
            self._balances[other] = after_minor
            if self._tells_receipts:
                self.begin(other, after_minor, at_s)
        return True


def mobile_money(
    seed: int,
    *,
    accounts: int = 1500,
    days: int = 30,
    victim_share: float = 0.03,
    slice_minor: int = 40_000,
    step_s: int = 1,
    tells_receipts: bool = True,
    kept_most: float = 0.0,
    left_share: float = 0.0,
) -> History:
    """Honest people pay in, send, pay and take out cash. Thieves empty victims in slices of about `slice_minor` into
    fresh accounts that cash out within the hour. `step_s`: times are cut to whole steps, as simulators do.
    `tells_receipts`: the wallet tells the balance after money has come. `kept_most`: the largest share that a mule
    keeps. `left_share`: the share of a balance that thieves leave."""
    draw = random.Random(seed)
    town = _Town(
        draw,
        accounts=accounts,
        tells_receipts=tells_receipts,
        step_s=step_s,
        kept_most=kept_most,
        left_share=left_share,
    )
    end_s = days * SECONDS_PER_DAY
    for name in town.names:
        usual = math.exp(draw.gauss(9.5, 1.0))
        friends = [draw.choice(town.names) for _ in range(draw.randint(3, 15))]
        agent = f"agent-{draw.randrange(accounts // 20)}"
        time_s = 0.0 if draw.random() < 0.8 else draw.uniform(0, end_s * 0.8)
        town.plan(time_s, partial(town.begin, name, round(usual * draw.uniform(0, 8))))
        rate = draw.uniform(0.3, 3.0)
        while (time_s := time_s + draw.expovariate(rate) * SECONDS_PER_DAY) < end_s:
            minor = max(100, round(usual * math.exp(draw.gauss(0, 0.8))))
            town.plan(time_s, partial(town.do, name, minor, friends, agent, draw.random()))
    for number in range(max(1, round(accounts * victim_share))):
        at_s = draw.uniform(3 * SECONDS_PER_DAY, end_s - 7200)
        town.plan(at_s, partial(town.rob, draw.choice(town.names), number, slice_minor))
    return town.live()


def cards(
    seed: int,
    *,
    customers: int = 500,
    terminals: int = 1000,
    days: int = 120,
    terminals_per_day: float = 0.2,
    customers_per_day: float = 0.3,
    reach: float = 5.0,
    large: float = 220.0,
) -> History:
    """Card payments at terminals in the plane: customers pay at terminals within their reach, about their own mean.

    Every payment above `large` is fraud. `terminals_per_day` begin four weeks in which all their payments are fraud;
    `customers_per_day` lose their credentials. For two weeks a third of their payments is five times as much, and is
    fraud.
    """
    draw = random.Random(seed)
    history = History()
    places = [(draw.uniform(0, 100), draw.uniform(0, 100)) for _ in range(terminals)]
    side = math.sqrt(terminals / 10_000)
    compromised: dict[int, list[int]] = {}
    leaked: dict[int, list[int]] = {}
    for day in range(days):
        for chosen, rate, of in ((compromised, terminals_per_day, terminals), (leaked, customers_per_day, customers)):
            for _ in range(int(rate) + (draw.random() < rate % 1)):
                chosen.setdefault(draw.randrange(of), []).append(day)
    payments: list[tuple[float, int, int, float, bool]] = []
    for customer in range(customers):
        x, y = draw.uniform(0, 100), draw.uniform(0, 100)
        mean, rate = draw.uniform(5, 100), draw.uniform(0, 4)
        near = [n for n, (a, b) in enumerate(places) if (a - x) ** 2 + (b - y) ** 2 < (reach / side) ** 2]
        for day in range(days) if near else ():
            for _ in range(_poisson(draw, rate)):
                time_s = draw.gauss(43_200, 20_000)
                if not 0 < time_s < SECONDS_PER_DAY:
                    continue
                amount = draw.gauss(mean, mean / 2)
                amount = amount if amount > 0 else draw.uniform(0, 2 * mean)
                terminal = draw.choice(near)
                is_fraud = amount > large or any(0 <= day - began < 28 for began in compromised.get(terminal, ()))
                if any(0 <= day - began < 14 for began in leaked.get(customer, ())) and draw.random() < 1 / 3:
                    amount, is_fraud = amount * 5, True
                payments.append((day * SECONDS_PER_DAY + time_s, customer, terminal, amount, is_fraud))
    for at_s, customer, terminal, amount, is_fraud in sorted(payments):
        name, merchant = f"card-{customer}", f"terminal-{terminal}"
        minor = max(1, round(amount * 100))
        movement_id = history.move(at_s, "payment", name, minor, is_fraud=is_fraud, currency="EUR",
                                   merchant={"id": merchant, "name": merchant})  # fmt: skip
        if is_fraud:
            history.confirm(at_s, name, movement_id, merchant_id=merchant)
    return history.in_order()


def _poisson(draw: random.Random, mean: float) -> int:
    limit, count, product = math.exp(-mean), 0, draw.random()
    while product > limit:
        count += 1
        product *= draw.random()
    return count


def spenders(
    seed: int, *, accounts: int = 600, days: int = 120, anomaly_share: float = 0.004, is_lognormal: bool = True
) -> History:
    """People whose amounts spread by a lognormal law of their own, or else by a normal one as in simulators of cards.
    They spend more on payday, and have a day in town now and then. An anomaly is 5 to 20 times as much as the account's
    median, by somebody else."""
    draw = random.Random(seed)
    history = History()
    payments: list[tuple[float, str, float, bool, str]] = []
    for account in range(accounts):
        name = f"acct-{account}"
        median, spread = math.exp(draw.gauss(8.6, 0.7)), draw.uniform(0.25, 0.7)
        rate, payday = draw.uniform(0.5, 3.0), draw.randrange(30)
        spree_left = 0
        for day in range(days):
            if spree_left == 0 and draw.random() < 0.01:
                spree_left = draw.randint(1, 2)
            is_payday = (day - payday) % 30 < 2
            times = 1.6 if is_payday else 1.0
            count = _poisson(draw, rate * (3 if spree_left else 1.5 if is_payday else 1))
            times *= draw.uniform(1.2, 1.8) if spree_left else 1.0
            spree_left = max(0, spree_left - 1)
            for _ in range(count):
                at_s = (day + draw.betavariate(4, 3)) * SECONDS_PER_DAY
                is_bad = day > 20 and draw.random() < anomaly_share
                factor = math.exp(draw.uniform(math.log(5), math.log(20))) if is_bad else times
                if is_lognormal or is_bad:
                    amount = median * factor * math.exp(draw.gauss(0, spread if not is_bad else 0.2))
                else:
                    part = draw.gauss(1, 0.5)
                    amount = median * factor * (part if part > 0 else draw.uniform(0, 2))
                shop = f"shop-{draw.randrange(40) if is_bad else account % 20 + draw.randrange(20)}"
                payments.append((at_s, name, amount, is_bad, shop))
    for at_s, name, amount, is_bad, shop in sorted(payments):
        history.move(at_s, "payment", name, max(1, round(amount)), is_fraud=is_bad, merchant={"id": shop, "name": shop})
    return history.in_order()


class Category(NamedTuple):
    """A kind of purchase: how often, mean and deviation of honest amounts; the same of a thief."""

    weight: float
    mean: float
    deviation: float
    stolen_weight: float
    stolen_mean: float
    stolen_deviation: float


CATEGORIES: Final = (
    Category(130, 63, 15, 7, 12, 2),
    Category(120, 115, 35, 18, 312, 20),
    Category(60, 78, 160, 9, 797, 60),
    Category(80, 62, 130, 3, 20, 5),
    Category(100, 83, 230, 18, 1000, 100),
    Category(115, 75, 225, 9, 876, 75),
    Category(95, 64, 62, 2.5, 500, 50),
    Category(300, 54, 47, 7, 80, 60),
    Category(40, 110, 590, 1, 9, 2),
)
"""A few of the categories of a published generator of card payments. Honest amounts of some are seldom and large."""
DEGREES_FROM_HOME: Final = 1.0
"""Shops lie so far from home at most, in latitude and longitude, as in that generator."""


BANK_CATEGORIES: Final = (
    Category(505, 27, 18, 0, 1, 1),
    Category(26, 37, 25, 0, 1, 1),
    Category(14, 104, 70, 17, 407, 303),
    Category(14, 57, 39, 7, 229, 171),
    Category(19, 48, 32, 5, 183, 137),
    Category(7, 98, 66, 30, 376, 280),
    Category(2, 107, 72, 8, 390, 291),
    Category(0.2, 669, 450, 6, 2660, 1980),
)
"""A few of the categories of a published generator of bank payments. Most honest amounts are fares."""


def shoppers(
    seed: int,
    *,
    accounts: int = 60,
    days: int = 250,
    categories: Sequence[Category] = CATEGORIES,
    payments_a_day: tuple[float, float] = (1, 4),
    stolen_days: int = 2,
    stolen_a_day: float = 5,
) -> History:
    """People who pay by card for things of all categories, so that their amounts spread by heavy tails. A stolen card
    is used `stolen_a_day` times on each of its `stolen_days`, mostly at night, while its owner does not use it. Each
    fact has `lat` and `lon` of its shop beside its data."""
    draw = random.Random(seed)
    history = History()
    payments: list[tuple[float, str, float, bool, str, float, float]] = []
    for account in range(accounts):
        name, rate = f"card-{account}", draw.uniform(*payments_a_day)
        home = draw.uniform(30, 48), draw.uniform(-120, -75)
        weights = [one.weight * draw.uniform(0.6, 1.4) for one in categories]
        stolen_from = draw.randrange(60, days - stolen_days)
        for day in range(days):
            is_stolen = stolen_from <= day < stolen_from + stolen_days
            for _ in range(_poisson(draw, stolen_a_day if is_stolen else rate)):
                second = draw.uniform(22, 28) if is_stolen and draw.random() < 0.8 else draw.uniform(0, 24)
                stolen = [one.stolen_weight for one in categories]
                chosen = draw.choices(categories, stolen if is_stolen else weights)[0]
                mean = chosen.stolen_mean if is_stolen else chosen.mean
                deviation = chosen.stolen_deviation if is_stolen else chosen.deviation
                amount = draw.gammavariate((mean / deviation) ** 2, deviation**2 / mean)
                shop = f"shop-{categories.index(chosen)}-{draw.randrange(40)}"
                lat, lon = (one + draw.uniform(-DEGREES_FROM_HOME, DEGREES_FROM_HOME) for one in home)
                at_s = day * SECONDS_PER_DAY + second * 3600
                payments.append((at_s, name, amount if amount >= 1 else draw.uniform(1, 10), is_stolen, shop, lat, lon))
    for at_s, name, amount, is_bad, shop, lat, lon in sorted(payments):
        merchant = {"id": shop, "name": shop}
        history.move(at_s, "payment", name, round(amount * 100), is_fraud=is_bad, currency="USD", merchant=merchant)
        history.facts[-1] |= {"lat": lat, "lon": lon}
    return history.in_order()
