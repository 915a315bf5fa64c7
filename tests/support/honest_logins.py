"""Customers who log in as people do, and attackers who know what they want, both from a seed.

Addresses are shared by households, offices and carriers' gateways. People fly, roam, mistype, forget passwords, wait
for codes, and buy telephones. True places are kept apart from what an address says, so tests know who was where.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from math import asin, cos, radians, sin, sqrt
from typing import Any, Final

from hotline.security.detectors import Event
from hotline.security.detectors.rule import DAY_MS, HOUR_MS, MINUTE_MS, example_ms

BEGIN_MS: Final = example_ms(0) - 9 * HOUR_MS
"""Midnight before the first day."""
SECOND_MS: Final = 1_000

type Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class City:
    name: str
    country: str
    place: Place
    people: int


CITIES: Final = (
    City("shanghai", "CN", (31.23, 121.47), 24),
    City("beijing", "CN", (39.90, 116.41), 21),
    City("shenzhen", "CN", (22.54, 114.06), 17),
    City("chengdu", "CN", (30.57, 104.07), 16),
    City("urumqi", "CN", (43.83, 87.62), 4),
    City("harbin", "CN", (45.80, 126.53), 6),
    City("hongkong", "HK", (22.32, 114.17), 7),
    City("singapore", "SG", (1.35, 103.82), 3),
    City("london", "GB", (51.51, -0.13), 1),
)
PLANE_KM_H: Final = 880
"""A fast plane with the wind from behind."""
ON_GROUND_MS: Final = 50 * MINUTE_MS
"""From the last login before boarding to take-off, and from landing to the next, together at least."""
OFFICE_PEOPLE: Final = 150
GATEWAYS: Final = 6
"""Addresses of a carrier in a city."""
TWO_PLACES: Final = 0.006
"""The share of people with devices at two places, of all kinds together. Nobody publishes it."""
LOGINS_A_DAY: Final = (0, 1, 1, 1, 2, 2, 3, 5)


class TwoPlaces(StrEnum):
    """Why somebody is at two places at once without a journey."""

    GATEWAY = "gateway"
    """A telephone whose carrier's gateway is in another city, and a computer at home."""
    CORNER = "corner"
    """The same, where both places are at corners of degrees, and each address is told as any of its four cells."""
    ROAMING = "roaming"
    """A telephone that is routed home while its owner is abroad, and a tablet in the hotel."""
    BORDER = "border"
    """A telephone of the one country and a computer in the other, on working days."""


@dataclass(slots=True)
class World:
    """Everything that happened, by the streams of the activity. `places`: where the person of a login really was.
    `attacked`: what attackers did, by the kind of attack: (subject that shows it, beginning in ms)."""

    accounts: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))
    sources: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))
    agents: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))
    places: dict[str, Place] = field(default_factory=dict)
    attacked: dict[str, list[tuple[str, int]]] = field(default_factory=lambda: defaultdict(list))
    count: int = 0

    def tell(self, account: str, at_ms: int, type_: str, /, **values: Any) -> str:
        """Let something happen to an account; a login also to its address. Gives the id of the event."""
        self.count += 1
        event_id = f"event-{self.count:08d}"
        self.accounts[account].append(Event(event_id, at_ms, type_, values))
        if type_.startswith("login."):
            source: str = values.get("ip") or values["device"]
            self.sources[source].append(Event(event_id, at_ms, type_, {**values, "account": account}))
        return event_id


def distance_km(first: Place, second: Place) -> float:
    """The distance of two places on a sphere."""
    latitude, longitude, latitude_2, longitude_2 = map(radians, (*first, *second))
    half = sin((latitude_2 - latitude) / 2) ** 2
    half += cos(latitude) * cos(latitude_2) * sin((longitude_2 - longitude) / 2) ** 2
    return 2 * 6_371 * asin(min(1.0, sqrt(half)))


def cell_of(place: Place) -> str:
    """The place as facts tell it, in whole degrees."""
    return f"{round(place[0])},{round(place[1])}"


@dataclass(slots=True)
class Customer:
    account: str
    home: City
    home_ip: str
    office_ip: str | None
    phone: str
    tablet: str | None
    partner_phone: str | None
    vpn: City | None
    has_relay: bool
    city: City
    flying: tuple[int, int, City] | None = None
    """Take-off, landing, and where to, on the day that is lived."""


def live_honestly(seed: int, *, customers: int, days: int, world: World | None = None) -> World:
    """So many customers for so many days."""
    draw = random.Random(seed)
    world = World() if world is None else world
    for customer in settle(draw, customers):
        world.tell(customer.account, BEGIN_MS, "account.opened",
                   two_step=int(draw.random() < 0.3), points=draw.choice((1, 2, 2)))  # fmt: skip
        for day in range(days):
            _live_a_day(draw, world, customer, BEGIN_MS + day * DAY_MS, is_weekday=day % 7 < 5)
    # Of a seed of its own: so the lives of the others are as they were without them.
    draw = random.Random(seed * 17 + 7)
    for number in range(customers):
        if draw.random() < TWO_PLACES:
            kind = draw.choice((TwoPlaces.GATEWAY, TwoPlaces.ROAMING, TwoPlaces.BORDER))
            # Half of the places behind gateways are at corners, so there are as many people of either rule as before.
            if kind is TwoPlaces.GATEWAY and number % 2:
                kind = TwoPlaces.CORNER
            live_at_two_places(draw, world, f"customer-{number}", kind, days=days)
    return world


def live_at_two_places(draw: random.Random, world: World, account: str, kind: TwoPlaces, *, days: int) -> None:
    """Logins by two devices at two places within an hour or two, daily or now and then. People roam for nine days, so
    their pair of countries is seldom seen before."""
    home, other = draw.sample([city for city in CITIES if city.country == "CN"], k=2)
    abroad = draw.choice([city for city in CITIES if city.country != "CN"])
    often = draw.choice((0.9, 0.9, 0.2))
    away = draw.randint(0, max(0, days - 9))
    for day in range(days):
        first_ms = BEGIN_MS + day * DAY_MS + draw.randint(7 * HOUR_MS, 20 * HOUR_MS)
        second_ms = first_ms + draw.randint(MINUTE_MS, 2 * HOUR_MS)
        if draw.random() >= often:
            continue
        phone = {"ip": f"carrier-{home.name}-1", "device": f"second-phone-{account}", "country": home.country}
        computer = {"ip": f"home-of-{account}", "device": f"computer-{account}", "country": home.country}
        match kind:
            case TwoPlaces.GATEWAY:
                phone |= {"ip": f"carrier-{other.name}-1", "cell": cell_of(other.place)}
                computer |= {"cell": cell_of(home.place)}
            case TwoPlaces.CORNER:
                phone |= {"ip": f"carrier-{other.name}-{day % 5}", "cell": _corner_cell(draw, other.place)}
                computer |= {"cell": _corner_cell(draw, home.place)}
            case TwoPlaces.ROAMING:
                if not away <= day < away + 9:
                    continue
                computer |= {"ip": f"hotel-{abroad.name}-1", "country": abroad.country}
            case TwoPlaces.BORDER:
                if day % 7 >= 5:
                    continue
                computer |= {"ip": f"office-{account}", "country": "HK", "cell": "22,114"}
        for at_ms, source in ((first_ms, phone), (second_ms, computer)):
            world.tell(account, at_ms, "login.succeeded", kind="password", **source)


def _corner_cell(draw: random.Random, place: Place) -> str:
    """One of the four cells of which the place is the corner."""
    return f"{round(place[0]) + draw.randint(0, 1)},{round(place[1]) + draw.randint(0, 1)}"


def settle(draw: random.Random, customers: int) -> list[Customer]:
    """People with homes, offices and telephones. In one household of twenty all use one telephone."""
    people: list[Customer] = []
    offices: dict[str, int] = defaultdict(int)
    while len(people) < customers:
        home = draw.choices(CITIES, [city.people for city in CITIES])[0]
        household, shares_phone = f"home-{len(people)}", draw.random() < 0.05
        for member in range(draw.choice((1, 1, 2, 3, 4))):
            number = len(people)
            office = None
            if draw.random() < 0.5:
                offices[home.name] += 1
                office = f"office-{home.name}-{offices[home.name] // OFFICE_PEOPLE}"
            people.append(
                Customer(
                    account=f"customer-{number}",
                    home=home,
                    home_ip=household,
                    office_ip=office,
                    phone=f"phone-{household}" if shares_phone else f"phone-{number}",
                    tablet=f"tablet-{number}" if draw.random() < 0.15 else None,
                    partner_phone=f"partner-{number}" if draw.random() < 0.005 else None,
                    vpn=draw.choice(CITIES) if draw.random() < 0.02 and member == 0 else None,
                    has_relay=draw.random() < 0.03,
                    city=home,
                )
            )
    return people[:customers]


def _live_a_day(draw: random.Random, world: World, customer: Customer, midnight_ms: int, *, is_weekday: bool) -> None:
    customer.flying = None
    if draw.random() < (0.3 if customer.city is not customer.home else 0.01):
        away = [city for city in CITIES if city is not customer.city]
        to = customer.home if customer.city is not customer.home else draw.choice(away)
        take_off_ms = midnight_ms + draw.randint(7 * HOUR_MS, 14 * HOUR_MS)
        flight_ms = round(distance_km(customer.city.place, to.place) / PLANE_KM_H * HOUR_MS)
        customer.flying = (take_off_ms, take_off_ms + flight_ms, to)
    times = sorted(midnight_ms + draw.randint(7 * HOUR_MS, 24 * HOUR_MS - 1) for _ in range(draw.choice(LOGINS_A_DAY)))
    if customer.flying is not None:
        # People look at their wallet at the gate, and again in the taxi.
        take_off_ms, landing_ms, _ = customer.flying
        times = sorted([*times, take_off_ms - ON_GROUND_MS // 2, landing_ms + ON_GROUND_MS // 2])
    for at_ms in times:
        _log_in(draw, world, customer, at_ms, is_weekday=is_weekday)
    if customer.partner_phone is not None and draw.random() < 0.5:
        at_ms = midnight_ms + draw.randint(8 * HOUR_MS, 22 * HOUR_MS)
        world.tell(customer.account, at_ms, "login.succeeded", kind="password", ip=customer.home_ip,
                   device=customer.partner_phone, country=customer.home.country,
                   cell=cell_of(customer.home.place))  # fmt: skip
    for _ in range(draw.choice((0, 0, 1, 1, 2, 6))):
        world.tell(
            customer.account, midnight_ms + draw.randint(9 * HOUR_MS, 22 * HOUR_MS), "code.sent", purpose="payment"
        )
    if draw.random() < 1 / 700:
        _buy_a_phone(draw, world, customer, midnight_ms + draw.randint(10 * HOUR_MS, 20 * HOUR_MS))
    if customer.flying is not None:
        customer.city = customer.flying[2]


def _log_in(draw: random.Random, world: World, customer: Customer, at_ms: int, *, is_weekday: bool) -> None:
    city = customer.city
    if customer.flying is not None:
        take_off_ms, landing_ms, to = customer.flying
        if take_off_ms - ON_GROUND_MS // 2 < at_ms < landing_ms + ON_GROUND_MS // 2:
            if take_off_ms < at_ms < landing_ms:
                _use(world, customer, at_ms, None, ip="plane", device=customer.phone, country="US", cell="40,-75",
                     network="satellite")  # fmt: skip
            return
        city = to if at_ms >= landing_ms else city
    source = _source_at(draw, customer, city, at_ms, is_weekday=is_weekday)
    slips = draw.random()
    if slips < 0.03:
        at_ms = _fail(draw, world, customer, at_ms, draw.choice((1, 1, 1, 2, 3)), source)
    elif slips < 0.0315:
        at_ms = _forget(draw, world, customer, at_ms, source)
    if draw.random() < 0.05:
        # A message that comes late is asked for again.
        for number in range(draw.choice((1, 1, 1, 1, 1, 1, 1, 1, 2, 3))):
            world.tell(customer.account, at_ms + number * MINUTE_MS, "code.sent", purpose="login")
        at_ms += 4 * MINUTE_MS
    _use(world, customer, at_ms, city, **source)


def _use(world: World, customer: Customer, at_ms: int, city: City | None, **source: str) -> None:
    event_id = world.tell(customer.account, at_ms, "login.succeeded", kind="password", **source)
    if city is not None:
        world.places[event_id] = city.place


def _source_at(draw: random.Random, customer: Customer, city: City, at_ms: int, *, is_weekday: bool) -> dict[str, str]:
    """The address and device of a login, and what the address says of the place."""
    hour = (at_ms - BEGIN_MS) % DAY_MS // HOUR_MS
    is_home = city is customer.home
    here = {"device": customer.phone, "country": city.country, "cell": cell_of(city.place)}
    if customer.has_relay and draw.random() < 0.5:
        exit_city = draw.choice(CITIES)
        return {**here, "ip": f"relay-{exit_city.name}", "country": exit_city.country, "network": "relay",
                "cell": cell_of(exit_city.place)}  # fmt: skip
    if customer.vpn is not None and 9 <= hour < 18:
        exit_place = {"country": customer.vpn.country, "cell": cell_of(customer.vpn.place)}
        told = {"network": "vpn"} if draw.random() < 0.8 else {}
        return {**here, **exit_place, **told, "ip": f"vpn-{customer.vpn.name}"}
    if is_home and customer.office_ip is not None and is_weekday and 9 <= hour < 18 and draw.random() < 0.7:
        return {**here, "ip": customer.office_ip}
    if draw.random() < 0.55:
        if is_home:
            has_tablet = customer.tablet is not None and draw.random() < 0.3
            return {**here, "ip": customer.home_ip, "device": str(customer.tablet) if has_tablet else customer.phone}
        return {**here, "ip": f"hotel-{city.name}-{draw.randint(1, 5)}"}
    # A telephone abroad, and often one in another province, is routed through its carrier at home.
    carrier = customer.home if draw.random() < 0.7 else city
    at = {"country": carrier.country, "cell": cell_of(carrier.place)}
    if draw.random() < 0.1:
        at = {"country": carrier.country}
    return {"device": customer.phone, **at, "ip": f"carrier-{carrier.name}-{draw.randint(1, GATEWAYS)}"}


def _fail(draw: random.Random, world: World, customer: Customer, at_ms: int, times: int, source: dict[str, str]) -> int:
    for _ in range(times):
        world.tell(customer.account, at_ms, "login.failed", kind="password", **source)
        at_ms += draw.randint(8 * SECOND_MS, 60 * SECOND_MS)
    return at_ms


def _forget(draw: random.Random, world: World, customer: Customer, at_ms: int, source: dict[str, str]) -> int:
    """A forgotten password: a few tries, one in fifty people many, then codes and a new one."""
    times = draw.randint(10, 14) if draw.random() < 0.02 else draw.randint(3, 7)
    at_ms = _fail(draw, world, customer, at_ms, times, source)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        world.tell(customer.account, at_ms, "code.sent", purpose="reset")
        at_ms += 90 * SECOND_MS
    world.tell(customer.account, at_ms, "password.changed")
    return at_ms + 30 * SECOND_MS


def _buy_a_phone(draw: random.Random, world: World, customer: Customer, at_ms: int) -> None:
    """A new telephone, with some a tablet or a watch on the same evening."""
    for number in range(draw.choice((1,) * 17 + (2, 2, 3))):
        device = f"{customer.phone}-{at_ms}-{number}"
        world.tell(customer.account, at_ms + number * 20 * MINUTE_MS, "device.registered", device=device)
        if number == 0:
            customer.phone = device


def break_down(world: World, begin_ms: int, end_ms: int) -> World:
    """The same lives with an outage of the wallet's login: each login between the two fails three times."""
    broken = World()
    for account, events in world.accounts.items():
        for event in events:
            if event.type == "login.succeeded" and begin_ms <= event.at_ms < end_ms:
                for number in range(3):
                    broken.tell(account, event.at_ms + number * 40 * SECOND_MS, "login.failed", **event.values)
            else:
                broken.tell(account, event.at_ms, event.type, **event.values)
    return broken


# ---------------------------------------------------------------- attackers

ABROAD: Final = {"country": "NL", "cell": "52,5"}
VICTIMS: Final = 30
"""So many attacks of each kind."""


def stuff(draw: random.Random, world: World, accounts: list[str], at_ms: int) -> None:
    """A list of leaked passwords, tried from one address at the pace of a person or of a machine. One of two hundred
    works."""
    source, pace_ms = f"stuffer-{draw.random()}", draw.choice((500, 5 * SECOND_MS, 20 * SECOND_MS))
    world.attacked["stuffing"].append((source, at_ms))
    for account in draw.sample(accounts, k=min(len(accounts), 300)):
        for _ in range(draw.choice((1, 1, 2))):
            word = "succeeded" if draw.random() < 0.005 else "failed"
            world.tell(account, at_ms, f"login.{word}", kind="password", ip=source, device=f"{source}-device", **ABROAD)
            at_ms += draw.randint(1, 2 * pace_ms)


def stuff_slowly(draw: random.Random, world: World, accounts: list[str], at_ms: int) -> None:
    """The same list from sixty addresses, ten accounts each, over hours."""
    source = f"net-{draw.random()}"
    world.attacked["slow_stuffing"].append((f"{source}-0", at_ms))
    for number, account in enumerate(draw.sample(accounts, k=min(len(accounts), 600))):
        world.tell(account, at_ms, "login.failed", kind="password", ip=f"{source}-{number % 60}", **ABROAD)
        at_ms += draw.randint(1, 60 * SECOND_MS)


def spray(draw: random.Random, world: World, accounts: list[str], at_ms: int) -> None:
    """The same three to five passwords at some accounts from one address, a round every few minutes."""
    source = f"sprayer-{draw.random()}"
    world.attacked["spray"].append((source, at_ms))
    chosen = draw.sample(accounts, k=draw.randint(8, 40))
    for turn in range(draw.randint(3, 5)):
        for number, account in enumerate(chosen):
            moment_ms = at_ms + turn * 10 * MINUTE_MS + number * 2 * SECOND_MS
            world.tell(account, moment_ms, "login.failed", kind="password", ip=source, **ABROAD)


def burst(draw: random.Random, world: World, account: str, at_ms: int) -> None:
    """One account, from one address, as fast as somebody types."""
    world.attacked["burst"].append((account, at_ms))
    source = f"burster-{draw.random()}"
    for _ in range(draw.randint(12, 40)):
        world.tell(account, at_ms, "login.failed", kind="password", ip=source, **ABROAD)
        at_ms += draw.randint(2 * SECOND_MS, 25 * SECOND_MS)


def guess(draw: random.Random, world: World, account: str, at_ms: int) -> None:
    """One account, from a net of machines in several countries. One in three finds the password and comes in."""
    world.attacked["guessing"].append((account, at_ms))
    machines = [
        {"ip": f"bot-{draw.random()}", "country": draw.choice(("BR", "VN", "NL", "US"))}
        for _ in range(draw.randint(6, 40))
    ]
    for _ in range(draw.randint(15, 60)):
        world.tell(account, at_ms, "login.failed", kind="password", **draw.choice(machines))
        at_ms += draw.randint(SECOND_MS, 100 * SECOND_MS)
    if draw.random() < 1 / 3:
        world.attacked["guessed"].append((account, at_ms))
        world.tell(
            account, at_ms, "login.succeeded", kind="password", device=f"thief-{account}", **draw.choice(machines)
        )


def take_over(draw: random.Random, world: World, account: str, at_ms: int) -> None:
    """Somebody who has the password comes in from abroad, without a single failure."""
    world.attacked["takeover"].append((account, at_ms))
    world.tell(account, at_ms, "login.succeeded", kind="password", ip=f"thief-{draw.random()}",
               device=f"thief-{account}", **ABROAD)  # fmt: skip


def flood(draw: random.Random, world: World, account: str, at_ms: int) -> None:
    """Codes for a reset, asked for again and again."""
    world.attacked["flooding"].append((account, at_ms))
    for _ in range(draw.randint(6, 12)):
        world.tell(account, at_ms, "code.sent", purpose="reset")
        at_ms += draw.randint(30 * SECOND_MS, 6 * MINUTE_MS)


def bind(draw: random.Random, world: World, account: str, at_ms: int) -> None:
    """A gang binds its telephones to the account."""
    world.attacked["binding"].append((account, at_ms))
    for number in range(draw.randint(3, 6)):
        world.tell(account, at_ms, "device.registered", device=f"gang-{account}-{number}")
        at_ms += draw.randint(20 * SECOND_MS, 4 * MINUTE_MS)


def attack(seed: int, world: World, *, days: int) -> World:
    """Attacks of each kind, at any time of the days but the first, on the customers of the world."""
    draw = random.Random(seed)
    accounts = sorted(world.accounts)
    victims = draw.sample(accounts, k=4 * VICTIMS)
    of_one: tuple[Callable[[random.Random, World, str, int], None], ...] = (guess, take_over, flood, bind)
    for number in range(VICTIMS):
        for kind, act in enumerate(of_one):
            act(draw, world, victims[kind * VICTIMS + number], _some_time(draw, days))
        stuff(draw, world, accounts, _some_time(draw, days))
        spray(draw, world, accounts, _some_time(draw, days))
    stuff_slowly(draw, world, accounts, _some_time(draw, days))
    return world


def _some_time(draw: random.Random, days: int) -> int:
    return BEGIN_MS + DAY_MS + draw.randint(0, (days - 1) * DAY_MS)
